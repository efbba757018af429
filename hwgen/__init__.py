"""hwgen: command-line generator of synthesisable, verified neural-network accelerators."""

__version__ = "0.1.0"

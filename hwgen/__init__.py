"""hwgen: command-line generator of synthesisable, verified neural-network accelerators."""

import os

__version__ = "0.1.0"

# `hwgen.training` lies in the wheel inside this package, in a checkout beside it
_BESIDE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if os.path.isfile(os.path.join(_BESIDE, "training", "__init__.py")):
    __path__.append(_BESIDE)

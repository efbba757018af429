"""`python -m hwgen` is the same as `hwgen`."""

from hwgen.cli.app import main

main()

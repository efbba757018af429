"""Where the files that are not Python live: templates, rtl, tb, training.

In a checkout they stand beside the package; in an installed wheel inside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from hwgen.errors import HwgenError, Problem

Kind = Literal["templates", "rtl", "tb", "training"]

_PACKAGE = Path(__file__).resolve().parent


@cache
def folder(kind: Kind) -> Path:
    """The folder of `kind`. Raises HwgenError if the installation lacks it."""
    for base in (_PACKAGE, _PACKAGE.parent):
        if (base / kind).is_dir():
            return base / kind
    raise HwgenError(
        Problem(
            f"this installation of hwgen has no folder '{kind}'",
            fix="install hwgen again: pip install --force-reinstall hwgen",
        )
    )

"""What of this machine can be seen inside the jail, read-only and at the same paths."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import hwgen

_TOOLS = ("iverilog", "vvp", "verilator", "g++", "make", "perl")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
PACKAGE = Path(hwgen.__file__).parent


@cache
def packages() -> tuple[str, ...]:
    """The folders of installed Python packages."""
    found = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    return tuple(p for p in dict.fromkeys(found) if os.path.isdir(p))


def python() -> str:
    """The interpreter itself, not the name that a virtual environment gives it."""
    return os.path.realpath(sys.executable)


@cache
def links() -> dict[str, str]:
    """Links by name, such as /bin to usr/bin.

    There is no /proc; but Yosys insists on reading where its program lies.
    """
    system = {name: os.readlink(name) for name in _SYSTEM if os.path.islink(name)}
    return {**system, "/proc/self/exe": python()}


@cache
def seen() -> tuple[str, ...]:
    """Paths that are shown: the system's programs, Python, its packages, hwgen's own code, and
    the folders of tools that are installed elsewhere."""
    base, here = Path(sys.base_prefix), Path(sys.prefix)
    wanted = [p for p in _SYSTEM if os.path.isdir(p) and not os.path.islink(p)]
    wanted += [str(base / "lib"), str(base / "bin"), sysconfig.get_path("stdlib"), python()]
    wanted += [str(here / "bin"), str(here / "pyvenv.cfg"), *packages(), str(PACKAGE)]
    wanted += filter(None, map(_prefix, _TOOLS))
    return outermost(wanted)


def _prefix(name: str) -> str:
    """The folder to show for a tool on PATH: that above its bin, unless it is somebody's home."""
    program = shutil.which(name)
    if program is None:
        return ""
    place = Path(program).resolve().parent
    folder = place.parent if place.name == "bin" else place
    return "" if Path.home().is_relative_to(folder) else str(folder)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that exist and do not lie in another one, shortest first."""
    kept: list[str] = []
    for path in sorted(set(filter(os.path.exists, map(os.path.abspath, paths))), key=len):
        if not any(path == top or path.startswith(top + "/") for top in kept):
            kept.append(path)
    return tuple(kept)


def parents(paths: Iterable[str]) -> list[str]:
    """The folders above `paths`, outermost first, without the root."""
    above = {str(folder) for path in paths for folder in Path(path).parents}
    return sorted(above - {"/"}, key=len)

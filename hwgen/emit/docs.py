"""Register documentation of a bundle, by PeakRDL's command line."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from hwgen import __version__
from hwgen.emit.bundle import Bundle, DataFile
from hwgen.errors import HwgenError, Problem, ToolMissing

RDL = "registers.rdl"
_STAMP = re.compile(rb"(BUILD_TS = |\?ts=)\d+")


def with_docs(bundle: Bundle) -> Bundle:
    """The bundle with docs/registers/ (HTML) and docs/registers.ipxact.xml added.

    Raises ToolMissing without PeakRDL, HwgenError if it fails.
    """
    if find_spec("peakrdl") is None:
        raise ToolMissing(
            Problem("--docs needs PeakRDL, which is not installed", fix="pip install peakrdl~=1.5")
        )
    source = next(f.data for f in bundle.files if f.path == RDL)
    with tempfile.TemporaryDirectory(prefix="hwgen-docs-") as work:
        place = Path(work)
        (place / RDL).write_bytes(source)
        _peakrdl(place, "html", "-o", "docs/registers")
        _peakrdl(
            place, "ip-xact", "-o", "docs/registers.ipxact.xml",
            "--vendor", "hwgen", "--library", bundle.arch, "--version", __version__,
        )  # fmt: skip
        files = [
            # the pages carry the time of the build to defeat browser caches
            DataFile(name, _STAMP.sub(rb"\g<1>0", (place / name).read_bytes()), "peakrdl")
            for name in sorted(
                path.relative_to(place).as_posix()
                for path in (place / "docs").rglob("*")
                if path.is_file()
            )
        ]
    return replace(bundle, files=(*bundle.files, *files))


def _peakrdl(place: Path, command: str, *arguments: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "peakrdl", command, RDL, *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        said = (run.stderr or run.stdout).strip().splitlines()
        raise HwgenError(Problem(f"peakrdl {command} failed: {said[-1] if said else 'no message'}"))

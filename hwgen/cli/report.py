"""hwgen report: one self-contained page of a run or of benchmark results."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.errors import Problem, UsageError


def report(
    source: Annotated[Path, typer.Argument(help="run folder, or a file of benchmark results")],
    output: Annotated[Path, typer.Option("-o", "--output", help="HTML file to write")],
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> None:
    """Make one HTML page that needs no network: table, roofline, timeline of the engines.

    Example: hwgen report run -o report.html
    """
    from hwgen.report.page import read_page

    page = read_page(source)
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(
            Problem(f"{output} cannot be written", "name a file in an existing folder")
        )
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        beside.write_text(page, encoding="utf-8")
        os.replace(beside, output)
    finally:
        beside.unlink(missing_ok=True)
    if json_output:
        print(json.dumps({"source": str(source), "output": str(output), "bytes": len(page)}))
    else:
        say(f"{output}: {len(page.encode()):,} bytes")

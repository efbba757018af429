"""hwgen list: what can be built."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from hwgen.arch import all_archs


class What(StrEnum):
    """What to list."""

    ARCHS = "archs"
    PRESETS = "presets"
    SUITES = "suites"


SUITES = {
    "verilog-eval": "VerilogEval v2, spec-to-rtl and code-complete",
    "rtllm": "RTLLM v1.1 and v2",
}
"""Benchmarks that `hwgen eval` knows."""


def list_command(
    what: Annotated[What, typer.Argument(help="archs, presets or suites")] = What.ARCHS,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> None:
    """List architectures, their presets, or the benchmarks of `hwgen eval`.

    Example: hwgen list --json
    """
    if what is What.SUITES:
        _suites(json_output)
        return
    archs = all_archs()
    if json_output:
        rows = [
            {"name": arch.name, "summary": arch.summary, "presets": list(arch.presets)}
            for arch in archs
        ]
        print(json.dumps({"archs": rows}, indent=2))
        return
    for arch in archs:
        if what is What.PRESETS:
            for preset in arch.presets:
                print(f"{arch.name} {preset}")
        else:
            print(f"{arch.name}: {arch.summary}\n  presets: {', '.join(arch.presets)}")


def _suites(as_json: bool) -> None:
    if as_json:
        rows = [{"name": name, "summary": summary} for name, summary in SUITES.items()]
        print(json.dumps({"suites": rows}, indent=2))
        return
    for name, summary in SUITES.items():
        print(f"{name}: {summary}")

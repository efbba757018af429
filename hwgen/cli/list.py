"""hwgen list: what can be built, trained and run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from hwgen.arch import all_archs


class What(StrEnum):
    """What to list."""

    ARCHS = "archs"
    PRESETS = "presets"
    SUITES = "suites"
    RECIPES = "recipes"


SUITES = {
    "verilog-eval": "VerilogEval v2, spec-to-rtl and code-complete",
    "rtllm": "RTLLM v1.1 and v2",
}
"""Benchmarks that `hwgen eval` knows."""


def list_command(
    what: Annotated[What, typer.Argument(help="archs, presets, suites or recipes")] = What.ARCHS,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> None:
    """List architectures, their presets, benchmarks of `hwgen eval`, recipes of `hwgen train`.

    Example: hwgen list --json
    """
    if what is What.SUITES:
        _summaries("suites", SUITES, json_output)
        return
    if what is What.RECIPES:
        from hwgen.training.configs import names

        _summaries("recipes", names(), json_output)
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


def _summaries(what: str, found: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        rows = [{"name": name, "summary": summary} for name, summary in found.items()]
        print(json.dumps({what: rows}, indent=2))
        return
    for name, summary in found.items():
        print(f"{name}: {summary}")

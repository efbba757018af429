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


def list_command(
    what: Annotated[What, typer.Argument(help="archs or presets")] = What.ARCHS,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> None:
    """List architectures and their presets.

    Example: hwgen list --json
    """
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

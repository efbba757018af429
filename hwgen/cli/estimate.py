"""hwgen estimate: cycles per layer and resources by formula, without any tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.cli.compile import ArchName, Build, Json, Preset, Split
from hwgen.cli.layers import plain, show_layers
from hwgen.cli.target import compile_network, design_spec, open_program
from hwgen.errors import Problem, UsageError


def estimate(
    source: Annotated[Path, typer.Argument(help="quantised ONNX file, or a program folder")],
    build: Build = None,
    arch: ArchName = None,
    preset: Preset = "tiny",
    split: Split = "auto",
    json_output: Json = False,
) -> None:
    """Estimate cycles per layer, memory traffic and FPGA resources.

    Example: hwgen estimate net.onnx --arch n3h --preset z7020
    """
    if source.is_dir():
        if build is not None or arch is not None or split != "auto":
            raise UsageError(
                Problem(
                    f"{source} is a program: its design and split are fixed",
                    "--build, --arch and --split go with a network",
                    f"leave them out: hwgen estimate {source}",
                )
            )
        program = open_program(source)
    else:
        record, spec = design_spec(build, arch, preset)
        _, program = compile_network(source, record, spec, split)
    summary = program.summary()
    if json_output:
        print(json.dumps(summary, indent=2))
        return
    show_layers(summary)
    print()
    for line in plain([["resource", "estimate"], *_resources(summary["resources"]["totals"])]):
        print(line)
    say("estimates are formulas; they leave out stalls of one part on another")


def _resources(totals: dict[str, int]) -> list[list[str]]:
    return [[name, f"{count:,}"] for name, count in totals.items()]

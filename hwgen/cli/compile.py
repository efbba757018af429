"""hwgen compile: a quantised network to a program folder for one design."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.cli.layers import show_layers
from hwgen.cli.target import compile_network, design_spec, working
from hwgen.errors import EXIT_FAILED

Network = Annotated[Path, typer.Argument(help="quantised ONNX file: QDQ or QONNX")]
Build = Annotated[Path | None, typer.Option("--build", help="folder that hwgen built")]
ArchName = Annotated[str | None, typer.Option("--arch", help="instead of --build: architecture")]
Preset = Annotated[str, typer.Option(help="with --arch: preset")]
Split = Annotated[str, typer.Option(help="auto, lut, dsp, or a YAML file of filters by layer")]
Json = Annotated[bool, typer.Option("--json", help="data on stdout")]


def compile_command(
    network: Network,
    output: Annotated[Path, typer.Option("-o", "--output", help="program folder to write")],
    build: Build = None,
    arch: ArchName = None,
    preset: Preset = "tiny",
    split: Split = "auto",
    check: Annotated[
        bool, typer.Option("--check", help="run it on the ISA simulator against the integer model")
    ] = False,
    json_output: Json = False,
) -> int:
    """Compile a quantised ONNX network into instructions, weights and a memory map.

    Example: hwgen compile net.onnx --arch n3h --preset tiny -o prog
    """
    record, spec = design_spec(build, arch, preset)
    qnet, program = compile_network(network, record, spec, split)
    wrong: list[str] = []
    if check:
        with working("checking the program on the ISA simulator"):
            wrong = program.mismatches(qnet)
    program.write(output)
    summary = {**program.summary(), "output": str(output)}
    if check:
        summary["check"] = {"tensors": len(qnet.layers), "mismatches": wrong}
    if json_output:
        print(json.dumps(summary, indent=2))
    else:
        show_layers(summary)
    say(
        f"{output}: {summary['words']} words, {summary['weights_bytes']:,} bytes of weights, "
        f"{summary['memory_bytes']:,} bytes of memory, specification {summary['spec_digest'][:16]}"
    )
    if check:
        bad = f"; these differ: {', '.join(wrong)}" if wrong else ", all equal the integer model"
        say(f"checked {len(qnet.layers)} layers{bad}")
    return EXIT_FAILED if wrong else 0

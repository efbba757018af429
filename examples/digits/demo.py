"""Handwritten digits, classified by the accelerator's RTL.

    python examples/digits/demo.py

Builds the preset `tiny`, compiles the network, runs test digits through the RTL in Verilator,
shows them with prediction and label, then the cycles of every layer. Exit code 1 if a prediction
differs from the integer model's or its accuracy on the whole test split is below 96 %.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from data import NETWORK, held_out
from numpy.typing import NDArray

from hwgen.arch import get_arch
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.run import Outcome, Request, run_program
from hwgen.cli.app import guarded, say
from hwgen.cli.measured import Ticker, show_run
from hwgen.cli.run import write_run
from hwgen.cli.target import compile_network, open_program

GOAL = 0.96
SHADES = " .:-=+*#%@"

Scores = NDArray[Any]


def demo(
    count: Annotated[int, typer.Option(min=1, max=360, help="digits to run on the RTL")] = 20,
    build: Annotated[Path | None, typer.Option(help="folder that hwgen built, else made")] = None,
    program: Annotated[Path | None, typer.Option(help="compiled program, else made")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="results")] = Path(".demo"),
) -> int:
    """Classify handwritten test digits on the accelerator's RTL in Verilator."""
    images, labels = held_out()
    design, network = prepare(build, program, output)
    say(f"3/4 running {count} test digits on the RTL")
    rtl = simulate(network, images[:count], "verilator", design)
    say(f"4/4 running all {len(images)} test digits on the integer model")
    model = simulate(network, images, "golden", design)

    show_digits(images[:count], rtl.outputs.argmax(axis=1), labels[:count])
    show_run(rtl.record)
    write_run(output / "run", rtl)
    right = int((model.outputs.argmax(axis=1) == labels).sum())
    share = right / len(labels)
    equal = np.array_equal(rtl.outputs, model.outputs[:count])
    seen = int((rtl.outputs.argmax(axis=1) == labels[:count]).sum())
    print(
        f"\nRTL: {seen} of {count} digits right, "
        f"scores {'equal' if equal else 'DIFFER from'} the integer model's\n"
        f"integer model: {right} of {len(labels)} test digits right, {share:.2%}\n"
        f"report: {output / 'run' / 'report.html'}"
    )
    for problem in rtl.problems:
        say(problem.render())
    return 0 if equal and share >= GOAL and not rtl.problems else 1


def prepare(build: Path | None, program: Path | None, output: Path) -> tuple[Path, Program]:
    """The design's folder and the compiled network; what is not given is made in `output`."""
    arch = get_arch("n3h")
    spec = arch.spec_class().preset("tiny")
    if build is None:
        build = output / "design"
        say(f"1/4 building the preset tiny: {build}")
        arch.emit(spec).write(build)
    if program is not None:
        return build, open_program(program)
    say(f"2/4 compiling {NETWORK.name}: {output / 'program'}")
    _, compiled = compile_network(NETWORK, arch, spec, "auto")
    compiled.write(output / "program")
    return build, compiled


def simulate(program: Program, images: Scores, sim: str, build: Path) -> Outcome:
    ticker = Ticker(len(images), [row.name for row in program.layers])
    try:
        return run_program(program, images, Request(sim, build), say, ticker)
    finally:
        ticker.close()


def show_digits(images: Scores, found: Scores, labels: Scores) -> None:
    """Rows of small pictures, below each the prediction and the label."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    draw, width, per_row = (half_blocks, 8, 10) if colour else (shades, 16, 5)
    for start in range(0, len(images), per_row):
        part = range(start, min(start + per_row, len(images)))
        print()
        for line in zip(*(draw(images[i, 0]) for i in part), strict=True):
            print("  ".join(line))
        signs = ["=" if found[i] == labels[i] else "not" for i in part]
        notes = [f"{found[i]} {sign} {labels[i]}" for i, sign in zip(part, signs, strict=True)]
        print("  ".join(note.center(width) for note in notes))
    print("\nprediction of the RTL = label\n")


def half_blocks(image: Scores) -> list[str]:
    """Four lines of eight half-block characters in 24-bit grey; image [8, 8] of 0..16."""
    grey = (image * 15.9).astype(int)
    cell = "\033[38;2;{0};{0};{0};48;2;{1};{1};{1}m\N{UPPER HALF BLOCK}"
    return [
        "".join(cell.format(*pair) for pair in zip(grey[y], grey[y + 1], strict=True)) + "\033[0m"
        for y in range(0, 8, 2)
    ]


def shades(image: Scores) -> list[str]:
    """Eight lines of plain characters, two per pixel."""
    level = np.minimum(image * len(SHADES) / 17, len(SHADES) - 1).astype(int)
    return ["".join(SHADES[v] * 2 for v in row) for row in level]


if __name__ == "__main__":
    typer.run(guarded(demo))

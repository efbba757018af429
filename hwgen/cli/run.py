"""hwgen run: a compiled network on the RTL, on the ISA simulator, or on the integer model."""

from __future__ import annotations

import csv
import io
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from hwgen.arch import get_arch, load
from hwgen.cli.app import say
from hwgen.cli.measured import Ticker, show_run
from hwgen.cli.target import open_program
from hwgen.errors import EXIT_FAILED, Problem, UsageError

RUN_FILES = {"output.npy", "run.json", "layers.csv", "timeline.json", "report.html"}


class Sim(StrEnum):
    """What runs the program."""

    VERILATOR = "verilator"
    ICARUS = "icarus"
    GOLDEN = "golden"
    ISA = "isa"


def run(
    program: Annotated[Path, typer.Argument(help="program folder that hwgen compiled")],
    input_file: Annotated[Path, typer.Option("--input", help=".npy of one or more inputs [N,...]")],
    build: Annotated[Path | None, typer.Option("--build", help="folder that hwgen built")] = None,
    sim: Annotated[Sim, typer.Option(help="what runs it")] = Sim.VERILATOR,
    waves: Annotated[
        Path | None, typer.Option(help="record all signals: FST, VCD on Icarus")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="run folder")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """Run a program and compare every layer with the integer model.

    Example: hwgen run prog --input x.npy -o run
    """
    if output is not None:
        check_target(output)
    loaded = open_program(program)
    inputs = read_input(input_file)
    check_waves(waves, sim)
    runner = load(get_arch(loaded.spec.arch).run)
    ticker = Ticker(len(inputs), [row.name for row in loaded.layers])
    try:
        outcome = runner(loaded, inputs, sim.value, build, waves, say, ticker)
    finally:
        ticker.close()
    record: dict[str, Any] = outcome.record
    if output is not None:
        write_run(output, outcome)
        say(f"{output}: output.npy, run.json, layers.csv, report.html")
    if waves is not None:
        say(f"{waves}: signals below {outcome.top}")
    if json_output:
        print(json.dumps(record, indent=2))
    else:
        show_run(record)
    for problem in outcome.problems:
        say(problem.render())
    return EXIT_FAILED if outcome.problems else 0


def read_input(path: Path) -> npt.NDArray[Any]:
    """The array of a .npy file. Raises UsageError if it is none, or holds objects."""
    fix = "write one with numpy: np.save('x.npy', x)"
    if not path.is_file():
        raise UsageError(Problem(f"there is no file {path}", "inputs are .npy files", fix))
    try:
        with path.open("rb") as handle:
            return np.lib.format.read_array(handle, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        what = str(error).splitlines()[0]
        raise UsageError(Problem(f"{path} is no .npy file of numbers: {what}", fix=fix)) from error


def check_waves(waves: Path | None, sim: Sim) -> None:
    """Raise UsageError if signals cannot be recorded there."""
    if waves is None:
        return
    if sim in (Sim.GOLDEN, Sim.ISA):
        raise UsageError(
            Problem(
                f"--sim {sim.value} has no signals", "waves come from RTL", "use --sim verilator"
            )
        )
    if not waves.parent.is_dir() or waves.is_dir():
        raise UsageError(Problem(f"{waves} cannot be written", "name a file in an existing folder"))


def check_target(folder: Path) -> None:
    """Raise UsageError unless `folder` is absent, empty, or a run folder and nothing else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    what = "is a file"
    if folder.is_dir():
        foreign = sorted(p.name for p in folder.iterdir() if p.name not in RUN_FILES)
        if not foreign and _is_run(folder):
            return
        what = f"holds files that hwgen did not put there: {', '.join(foreign[:3]) or 'run.json'}"
    raise UsageError(
        Problem(f"{folder} {what}", "only a run folder is replaced", "choose another folder")
    )


def _is_run(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "run.json").read_bytes())["kind"] == "run")
    except (OSError, KeyError, TypeError, ValueError):
        return False


def write_run(folder: Path, outcome: Any) -> None:
    """Write the run folder: built beside it and renamed."""
    from hwgen.emit.bundle import replace_folder
    from hwgen.report.page import run_page

    array = io.BytesIO()
    np.save(array, outcome.outputs)
    files = {
        "output.npy": array.getvalue(),
        "run.json": _json(outcome.record),
        "layers.csv": layers_csv(outcome.record["layers"]).encode(),
        "report.html": run_page(outcome.record, outcome.timeline).encode(),
    }
    if outcome.timeline is not None:
        files["timeline.json"] = _json(outcome.timeline, indent=None)
    replace_folder(folder, files, check_target)


def layers_csv(layers: list[dict[str, Any]]) -> str:
    """One line per layer; nested values become columns like GEMM_L_run, utilisation_lut."""
    text = io.StringIO()
    writer: Any = None
    for layer in layers:
        row = {k: v for k, v in layer.items() if not isinstance(v, dict | list)}
        row |= {f"utilisation_{core}": share for core, share in layer["utilisation"].items()}
        for engine, times in layer["engines"].items():
            row |= {f"{engine}_{state}": cycles for state, cycles in times.items()}
        if writer is None:
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    return text.getvalue()


def _json(value: Any, indent: int | None = 1) -> bytes:
    return (json.dumps(value, indent=indent) + "\n").encode()

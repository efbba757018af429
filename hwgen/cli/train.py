"""hwgen train: a recipe, from data to a policy that reinforcement learning has improved."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwgen.cli.app import say
from hwgen.cli.build import Settings
from hwgen.errors import Problem, ToolMissing, UsageError

if TYPE_CHECKING:
    from rich.status import Status


def train(
    recipe: Annotated[str, typer.Argument(help="name (hwgen list recipes) or YAML file")],
    settings: Settings = None,
    data: Annotated[Path | None, typer.Option(help="data set instead of the recipe's own")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with a stopped run")] = False,
    bench: Annotated[
        bool, typer.Option("--bench", help="seeds, baselines and ablations of the recipe")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="folder of the run (runs/RECIPE)")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> None:
    """Train a policy by a recipe: SFT, reward model, RL, rejection sampling, again, evaluation.

    Stops at any moment (Ctrl-C) and goes on with --resume. The folder gets one folder a stage,
    results.json, curves/ and policy, which build and eval take as a model.

    Example: hwgen train smoke -o runs/smoke
    """
    _check_libraries()
    from hwgen.training.configs import path_of

    path_of(recipe)  # a wrong name is said before libraries are loaded
    from hwgen.training.configs.read import read_recipe
    from hwgen.training.driver.libraries import prepare

    read = read_recipe(recipe, settings or ())
    folder = output or Path("runs") / read.name
    if data is not None and not data.is_dir():
        raise UsageError(
            Problem(f"there is no data set {data}", fix="make one: hwgen data build -o DIR")
        )
    threads = prepare(read.threads)
    command = f"hwgen train {recipe}" + "".join(f" --set {s}" for s in settings or ())
    with _shown() as (talk, status):
        if bench:
            from hwgen.training.bench import bench as run_bench
            from hwgen.training.bench import table as bench_table

            results = run_bench(
                recipe, settings or (), folder, data=data, resume=resume, threads=threads, say=talk
            )
            print(json.dumps(results, indent=2) if json_output else bench_table(results))
            return
        from hwgen.training.driver.processes import rank
        from hwgen.training.driver.results import table, write_results
        from hwgen.training.driver.run import train as run
        from hwgen.training.driver.stages import STAGES

        try:
            state = run(
                read, folder, STAGES, data=data, resume=resume, threads=threads, say=talk,
                begun=status,
            )  # fmt: skip
        except KeyboardInterrupt:
            again = f"{command} -o {folder}" + (f" --data {data}" if data else "")
            say(f"stopped; go on with: {again} --resume")
            raise
    if rank():
        return
    found = write_results(read, state, f"{command} -o {folder}")
    print(json.dumps(found, indent=2) if json_output else table(found))
    say(f"policy: {folder / 'policy'}")


def _check_libraries() -> None:
    from importlib.util import find_spec

    missing = [m for m in ("torch", "transformers", "trl", "peft", "datasets") if not find_spec(m)]
    if missing:
        raise ToolMissing(
            Problem(
                f"learning libraries are missing: {', '.join(missing)}",
                "training needs torch, transformers, trl, peft and datasets",
                "pip install 'hwgen[train]'",
            )
        )


@contextlib.contextmanager
def _shown() -> Iterator[tuple[Callable[[str], None], Callable[[int, int, object], None]]]:
    """How the run talks: a line above a status on a terminal, plain lines elsewhere; and what to
    call when a stage begins.
    """
    began = time.monotonic()
    if not sys.stderr.isatty():

        def headline(number: int, count: int, step: object) -> None:
            say(f"[{number}/{count}] {getattr(step, 'name', step)}")

        yield say, headline
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)

    def above(text: str) -> None:
        console.print(text, markup=False)

    with console.status("starting") as status:

        def line(number: int, count: int, step: object) -> None:
            _update(status, number, count, str(getattr(step, "name", step)), began)

        yield above, line


def _update(status: Status, number: int, count: int, name: str, began: float) -> None:
    minutes = (time.monotonic() - began) / 60
    status.update(f"stage {number} of {count}: {name} ({minutes:.0f} min so far)")

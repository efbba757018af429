"""hwgen data: a data set to learn from, built from the task families and from files, or checked."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from hwgen.cli.app import say
from hwgen.errors import Problem, ToolMissing, UsageError

NEEDED = ("datasets", "datasketch", "pyarrow", "pyslang", "pyverilog")


class Action(StrEnum):
    """What to do."""

    BUILD = "build"
    CHECK = "check"


class Judged(StrEnum):
    """Which references of the families are simulated."""

    SAMPLED = "sampled"
    ALL = "all"


def data(
    action: Annotated[Action, typer.Argument(help="build -o DIR, or check PATH")],
    path: Annotated[
        Path | None, typer.Argument(help="with check: a data set, or a JSONL or Parquet file")
    ] = None,
    rows: Annotated[int, typer.Option(help="rows of the task families")] = 4000,
    repair: Annotated[float, typer.Option(help="share of repair rows among them")] = 0.12,
    family: Annotated[list[str] | None, typer.Option(help="only these task families")] = None,
    local: Annotated[list[Path] | None, typer.Option(help="more rows: JSONL or Parquet")] = None,
    judge: Annotated[Judged, typer.Option(help="references to simulate")] = Judged.SAMPLED,
    noise: Annotated[float, typer.Option(help="share of references made wrong, first")] = 0.0,
    leak_check: Annotated[
        list[Path] | None, typer.Option(help="folder of VerilogEval or RTLLM")
    ] = None,
    drop_leaks: Annotated[
        bool, typer.Option("--drop-leaks", help="leave leaking rows out instead of failing")
    ] = False,
    seed: Annotated[int, typer.Option(help="of the draw, the mutants and the stimulus")] = 0,
    jobs: Annotated[int, typer.Option(help="workers of the judge (0: one more than cores)")] = 0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="the set's folder")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="counts on stdout")] = False,
) -> None:
    """Build a data set of prompts and right answers, or check one: columns, splits, leaks.

    Example: hwgen data build --rows 500 --family counter --family fifo -o data
    """
    _check_libraries()
    if action is Action.CHECK:
        report = _check(path, leak_check or [])
    else:
        settings = {
            "rows": rows, "repair": repair, "local": local or (), "judge": judge.value,
            "noise": noise, "leak_check": leak_check or (), "drop_leaks": drop_leaks,
            "seed": seed, "jobs": jobs,
        }  # fmt: skip
        report = _build(path, output, settings, family or [])
    if json_output:
        print(json.dumps(report, indent=2))


def _build(
    path: Path | None, output: Path | None, settings: dict[str, Any], families: list[str]
) -> dict[str, Any]:
    from pydantic import ValidationError

    from hwgen.training.data.build import build
    from hwgen.training.data.config import DataConfig

    if output is None or path is not None:
        raise UsageError(
            Problem("hwgen data build needs a folder, with -o", fix="hwgen data build -o DIR")
        )
    try:
        config = DataConfig.model_validate(settings)
    except ValidationError as error:
        raise UsageError(
            *(
                Problem(f"--{e['loc'][0]} = {e['input']} is not usable", e["msg"].lower())
                for e in error.errors()
            )
        ) from None
    report: dict[str, Any] = build(config, output, families=families, say=say)
    return report


def _check(path: Path | None, leak_check: list[Path]) -> dict[str, Any]:
    from hwgen.training.data.check import check

    if path is None:
        raise UsageError(
            Problem("hwgen data check needs a data set or a file", fix="hwgen data check DIR")
        )
    report: dict[str, Any] = check(path, leak_check, say)
    return report


def _check_libraries() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ToolMissing(
            Problem(
                f"learning libraries are missing: {', '.join(missing)}",
                f"data sets need {', '.join(NEEDED)}",
                "pip install 'hwgen[train]'",
            )
        )

"""hwgen tasks: the built-in tasks, one of them in full, or a folder to begin a new one."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hwgen.cli.app import say
from hwgen.emit.env import render
from hwgen.errors import Problem, UsageError
from hwgen.tasks.family import Family
from hwgen.tasks.library import families, find_task
from hwgen.tasks.task import Task


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    SHOW = "show"
    NEW = "new"


class Kind(StrEnum):
    """Kinds of task."""

    COMB = "comb"
    CYCLE = "cycle"
    STREAM = "stream"


NEW_FILES = ("task.yaml", "golden.py", "reference.v")


def tasks(
    action: Annotated[Action, typer.Argument(help="list, show ID, or new DIR")],
    name: Annotated[str | None, typer.Argument(help="task id, family or folder")] = None,
    kind: Annotated[Kind, typer.Option(help="with new: kind of task")] = Kind.CYCLE,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """List the built-in tasks, show one with its prompt and ports, or begin a new folder.

    Example: hwgen tasks show counter:width=8,enable=1
    """
    if action is Action.LIST:
        _list(json_output)
        return 0
    if name is None:
        raise UsageError(
            Problem(f"hwgen tasks {action.value} needs a name", fix="see: hwgen tasks --help")
        )
    if action is Action.NEW:
        _new(Path(name), kind)
    else:
        _show(find_task(name), json_output)
    return 0


def _list(as_json: bool) -> None:
    known = families().values()
    if as_json:
        print(json.dumps({"families": [_record(f) for f in known]}, indent=2))
        return
    width = max(len(f.name) for f in known)
    for family in known:
        print(f"{family.name.ljust(width)}  {family.kind.ljust(6)}  {family.summary}")
        axes = (f"{n}={_span(v)}" for n, v in family.axes.items())
        print(f"{' ' * width}          {' '.join(axes)}")


def _record(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "kind": family.kind,
        "summary": family.summary,
        "parameters": {n: list(v) for n, v in family.parameters.items()},
        "options": {n: list(v) for n, v in family.options.items()},
        "combinations": math.prod(len(v) for v in family.axes.values()),
    }


def _span(values: Any) -> str:
    shown = list(values)
    if len(shown) > 6 and all(isinstance(v, int) for v in shown):
        return f"{min(shown)}..{max(shown)}"
    return "|".join(map(str, shown))


def _show(task: Task, as_json: bool) -> None:
    spec = task.spec
    if as_json:
        said = {**spec.model_dump(mode="json"), "digest": task.digest}
        print(json.dumps({**said, "phrasings": task.phrasings}, indent=2))
        return
    print(f"{spec.id} ({spec.kind})\n")
    print(f"{spec.prompt}\n")
    print(f"module {spec.module}")
    for port in spec.ports:
        sign = " signed" if port.signed else ""
        bits = f"{port.width} bit{'s' if port.width > 1 else ''}"
        print(f"  {port.dir.ljust(3)}  {port.name}: {bits}{sign}")
    for name, value in spec.parameters.items():
        print(f"  parameter {name} = {value}")
    if task.reference is None:
        print("\nno reference: nothing can be proved")


def _new(folder: Path, kind: Kind) -> None:
    if folder.exists():
        raise UsageError(Problem(f"{folder} exists", "a new task gets a new folder"))
    folder.mkdir(parents=True)
    for file in NEW_FILES:
        view = {"id": folder.name}
        (folder / file).write_text(render(f"tasks/new/{kind.value}/{file}.j2", view))
    say(f"{folder} holds a {kind.value} task to change: {', '.join(NEW_FILES)}")
    say(f"try it: hwgen judge {folder / 'reference.v'} --task {folder}")

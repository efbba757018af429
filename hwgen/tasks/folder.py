"""Tasks that users write: a folder with task.yaml, golden.py and perhaps reference.v.

golden.py is the user's own Python and runs with the user's rights: it is trusted, candidates are
not. It holds `golden(inputs)` for comb, a class `Golden` for cycle and stream, and may hold
`stimulus(rng)`. Everything that is wrong with a folder is reported at once.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from hwgen.errors import Problem, UsageError
from hwgen.tasks.rules import broken_rules
from hwgen.tasks.task import Golden, Outputs, Task, TaskSpec


class _Function:
    """A comb function as a golden model."""

    def __init__(self, function: Callable[[Any], Outputs]) -> None:
        self.step = function

    def reset(self) -> None:
        return None


def read_task(folder: Path) -> Task:
    """The task in `folder`. Runs its golden.py. Raises UsageError with every problem."""
    if not (folder / "task.yaml").is_file():
        raise UsageError(
            Problem(
                f"{folder} is no task: it has no task.yaml",
                "a task is a folder with task.yaml and golden.py",
                "see docs/tasks.md, or begin with: hwgen tasks new DIR",
            )
        )
    spec, problems = _read_spec(folder / "task.yaml")
    source = _text(folder / "golden.py", problems)
    names = _run(folder / "golden.py", source, problems) if source is not None else {}
    golden = _golden(names, spec, problems) if source is not None and spec else None
    reference = folder / "reference.v"
    if problems:
        raise UsageError(*problems)
    assert spec is not None
    assert golden is not None
    assert source is not None
    return Task(
        spec=spec,
        golden=golden,
        golden_source=source,
        stimulus=names.get("stimulus"),
        reference=_text(reference, problems) if reference.exists() else None,
        phrasings=(spec.prompt,),
        origin=str(folder.resolve()),
    )


def _read_spec(path: Path) -> tuple[TaskSpec | None, list[Problem]]:
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        return None, [Problem(f"{path} cannot be read: {said}", fix="write it as YAML text")]
    if not isinstance(data, dict):
        rule = "it is a mapping with id, kind, prompt, module, ports"
        return None, [Problem(f"{path} is not a mapping", rule, "see docs/tasks.md")]
    try:
        spec = TaskSpec.model_validate(data)
    except ValidationError as error:
        return None, [_problem(path, dict(e)) for e in error.errors()]
    return spec, broken_rules(spec, str(path))


def _problem(path: Path, error: dict[str, Any]) -> Problem:
    """One pydantic error in our words."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return Problem(f"{path}: {where} is unknown", "", "remove it, or see docs/tasks.md")
    if error["type"] == "missing":
        return Problem(f"{path}: {where} is missing", "", "see docs/tasks.md")
    given = repr(error["input"])[:60]
    rule = error["msg"].removeprefix("Input should ")
    return Problem(f"{path}: {where} = {given} is not usable", f"it should {rule}")


def _text(path: Path, problems: list[Problem]) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.append(Problem(f"{path} cannot be read: {reason}"))
        return None


def _run(path: Path, source: str, problems: list[Problem]) -> dict[str, Any]:
    """The names that golden.py defines. It may import what lies on the path, not its neighbours."""
    module = types.ModuleType("golden")
    module.__file__ = str(path)
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except Exception as error:
        problems.append(Problem(f"{path} does not run: {type(error).__name__}: {error}"))
    return module.__dict__


def _golden(
    names: dict[str, Any], spec: TaskSpec, problems: list[Problem]
) -> Callable[[], Golden] | None:
    wanted = "golden" if spec.kind == "comb" else "Golden"
    found = names.get(wanted)
    if not callable(found):
        what = "a function golden(inputs)" if spec.kind == "comb" else "a class Golden"
        problems.append(Problem(f"golden.py has no {wanted}", f"kind {spec.kind} needs {what}"))
        return None
    if spec.kind == "comb":
        return lambda: _Function(found)
    lacking = [name for name in ("reset", "step") if not callable(getattr(found, name, None))]
    if lacking:
        problems.append(Problem(f"golden.py: Golden has no {' and no '.join(lacking)}"))
        return None
    maker: Callable[[], Golden] = found
    return maker

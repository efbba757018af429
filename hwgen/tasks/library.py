"""All built-in tasks by id: the classic families, and the leaf blocks of the architectures."""

from __future__ import annotations

import difflib
import pkgutil
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path

from hwgen.errors import Problem, UsageError
from hwgen.tasks import families as package
from hwgen.tasks.family import Family
from hwgen.tasks.folder import read_task
from hwgen.tasks.leaves import get_leaf_task
from hwgen.tasks.task import Task

TASKS_KEPT = 512


@cache
def families() -> dict[str, Family]:
    """Every built-in family by name: the value FAMILY (or FAMILIES) of each file of the package."""
    found: dict[str, Family] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        module = import_module(f"{package.__name__}.{info.name}")
        for family in getattr(module, "FAMILIES", None) or (module.FAMILY,):
            assert family.name not in found, f"two families are called {family.name}"
            found[family.name] = family
    return found


def get_family(name: str) -> Family:
    """The family called `name`. Raises UsageError."""
    known = families()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, 3)
    raise UsageError(
        Problem(
            f"there is no task or family '{name}'",
            f"close: {', '.join(close)}" if close else "",
            "see: hwgen tasks list",
        )
    )


@lru_cache(TASKS_KEPT)
def get_task(task_id: str) -> Task:
    """The built-in task with this id: `family` or `family:name=value,...`, and `@1` or `@2` at its
    end for the second and third phrasing; `arch/module:NAME=value,...` for a leaf block of an
    architecture. Raises UsageError.
    """
    said, _, phrasing = task_id.partition("@")
    name, _, values = said.partition(":")
    if phrasing not in ("", "0", "1", "2"):
        raise UsageError(Problem(f"{task_id}: a task has the phrasings @0, @1 and @2"))
    if "/" in name:
        return get_leaf_task(said, int(phrasing or 0))
    family = get_family(name)
    return family.task(family.choice_of(values), int(phrasing or 0))


@lru_cache(TASKS_KEPT)
def find_task(said: str) -> Task:
    """The task that a user means: a folder, or the id of a built-in task. Raises UsageError."""
    folder = Path(said)
    return read_task(folder) if folder.is_dir() else get_task(said)

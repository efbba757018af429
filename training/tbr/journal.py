"""Records of what was sampled and judged, a line a task; a run that was stopped goes on behind
the last complete group of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import write_text
from hwgen.training.records import read_lines

TREES = "trees.jsonl"
SETTINGS = "settings.json"


def begin(
    folder: Path, settings: Mapping[str, Any], ids: Sequence[str], group: int, resume: bool
) -> list[dict[str, Any]]:
    """Records of whole groups of `group` tasks that are there already, in the order of `ids`.

    Without `resume`, what is there is replaced. Records behind the last whole group are removed:
    their group is done again as a whole, so that it is done in the same batches. Raises UsageError
    where what is there was made with other settings (JSON values).
    """
    path = folder / TREES
    wanted = json.loads(json.dumps(dict(settings)))
    if not resume or not (folder / SETTINGS).exists():
        path.unlink(missing_ok=True)
        write_text(folder / SETTINGS, json.dumps(wanted, indent=2, sort_keys=True) + "\n")
        return []
    _check(folder, wanted)
    lines = read_lines(path)
    whole = len(lines) if len(lines) == len(ids) else len(lines) // group * group
    same = [line.get("id") for line in lines[:whole]] == list(ids[:whole])
    if not same:
        raise _damaged(path, "its tasks are not those of this run")
    if path.exists():
        write_text(path, "".join(json.dumps(line) + "\n" for line in lines[:whole]))
    return lines[:whole]


def _check(folder: Path, wanted: Mapping[str, Any]) -> None:
    try:
        found = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(folder / SETTINGS, "it is not JSON") from error
    problems = [
        Problem(
            f"{folder} was begun with another {key}: {_short(found.get(key))}, "
            f"now {_short(wanted.get(key))}",
            "a run goes on with what it began with",
            "give the same again, or take another folder",
        )
        for key in sorted({*found, *wanted})
        if found.get(key) != wanted.get(key)
    ]
    if problems:
        raise UsageError(*problems)


def _short(value: Any) -> str:
    said = json.dumps(value)
    return said if len(said) <= 80 else said[:77] + "..."


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(Problem(f"{path} is damaged: {why}", fix="start anew without --resume"))

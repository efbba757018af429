"""What an evaluation keeps while it runs: lines that are complete, and the settings they hold for.

Answers and verdicts are appended as they come, flushed to the disk chunk by chunk. A run that is
killed leaves at most one torn line, which is cut off when the run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import write_text

SETTINGS = "settings.json"
ANSWERS = "answers.jsonl"
VERDICTS = "verdicts.jsonl"


def begin(folder: Path, settings: Mapping[str, Any], resume: bool) -> None:
    """Make `folder` the place of an evaluation with these settings (JSON values).

    Without `resume` it must not hold one. With `resume` one that is there must have the same
    settings; where there is none, one begins. Raises UsageError.
    """
    path = folder / SETTINGS
    wanted = json.loads(json.dumps(dict(settings)))
    if folder.exists() and not folder.is_dir():
        raise UsageError(Problem(f"{folder} is a file", "an evaluation lies in a folder"))
    if path.exists():
        if not resume:
            raise UsageError(
                Problem(
                    f"{folder} holds an evaluation",
                    "nothing that was generated or judged is thrown away",
                    "go on with it by --resume, or take another folder",
                )
            )
        _same(path, wanted)
        return
    if (folder / ANSWERS).exists():
        what = f"{folder} holds answers without {SETTINGS}"
        raise UsageError(Problem(what, "nobody knows how they were drawn", "take another folder"))
    write_text(path, json.dumps(wanted, indent=2, sort_keys=True) + "\n")


def _same(path: Path, wanted: Mapping[str, Any]) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(Problem(f"{path} is damaged", fix="take another folder")) from error
    problems = [
        Problem(
            f"{path.parent} is another evaluation: {key} is {found.get(key)!r} there, "
            f"{wanted.get(key)!r} here",
            "an evaluation goes on with the settings that it began with",
            "give those settings, or another folder",
        )
        for key in sorted({*found, *wanted})
        if found.get(key) != wanted.get(key)
    ]
    if problems:
        raise UsageError(*problems)

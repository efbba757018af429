"""What an evaluation keeps while it runs: lines that are complete, and the settings they hold for.

Answers and verdicts are appended as they come, flushed to the disk chunk by chunk. A run that is
killed leaves at most one torn line, which is cut off when the run goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import full_disk, write_text

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


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a JSONL file, none if it is not there; a torn last line is cut off the file.

    Raises UsageError for a line that is damaged elsewhere.
    """
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    records = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            what = f"{path}, line {number}: this is no record"
            raise UsageError(Problem(what, "each line is one JSON object", "delete that line"))
        records.append(record)
    return records


def append(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Add records to a JSONL file and flush them to the disk. A full disk is an HwgenError."""
    lines = "".join(json.dumps(record) + "\n" for record in records)
    try:
        with path.open("ab") as file:
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise full_disk(error, path) from error

"""JSONL files that grow while a run goes on: whole lines are kept, whatever ends the run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import full_disk


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

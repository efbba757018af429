"""Rows of other people's files: JSONL or Parquet, read, checked, compiled in the jail, structured.

Layouts: {question, testbench} and {index, description, code} (Veribench-53K), {code, description,
rank, complexity} (PyraNet), or any mixture: a description and at least one of code and testbench.
A file's own rank and complexity are not used: the label here follows from the text alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.data.folder import raise_some

DESCRIPTIONS = ("description", "question")
FORMATS = (".jsonl", ".parquet")


@dataclass(frozen=True)
class Found:
    """A row as it stands in a file. `id` is the file's name and the row's number from 1; code or
    testbench may be empty, not both.
    """

    id: str
    description: str
    code: str
    testbench: str

    @property
    def digest(self) -> str:
        """sha256 of description and code."""
        return hashlib.sha256(f"{self.description}\0{self.code}".encode()).hexdigest()


@dataclass
class Files:
    """What the files hold: rows with code, and problems that have a bench but no code."""

    rows: list[Found] = field(default_factory=list)
    problems: list[Found] = field(default_factory=list)


def read_files(paths: Sequence[Path]) -> Files:
    """The rows of all files. Raises UsageError with the first rows that cannot be used."""
    names = [path.name for path in paths]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(Problem(f"two files are called {twice}", "rows are named by their files"))
    files, problems = Files(), list[Problem]()
    for path in paths:
        for number, record in enumerate(_records(path), 1):
            row, fault = _found(f"{path.name}:{number}", record)
            if fault or row is None:
                problems.append(
                    Problem(
                        f"{path}, row {number}: {fault}",
                        "a row has a description (or question) and code, a testbench, or both",
                    )
                )
            else:
                (files.rows if row.code else files.problems).append(row)
    raise_some(problems)
    return files


def _records(path: Path) -> Iterator[Any]:
    """The rows of a file as they come."""
    if path.suffix not in FORMATS:
        raise UsageError(
            Problem(f"{path} is no data file", f"its name ends with {' or '.join(FORMATS)}")
        )
    try:
        if path.suffix == ".jsonl":
            yield from _lines(path)
        else:
            yield from _table(path)
    except OSError as error:
        raise UsageError(Problem(f"{path} cannot be read: {error.strerror or error}")) from error


def _lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError) as error:
                    what = f"{path}, line {number}: it is no JSON ({str(error)[:80]})"
                    raise UsageError(Problem(what, "JSONL has one object a line")) from error


def _table(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        for batch in parquet.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        first = str(error).partition("\n")[0]
        raise UsageError(Problem(f"{path} is no Parquet file: {first}")) from error


def _found(name: str, record: Any) -> tuple[Found | None, str]:
    """The row of a record, or what is wrong with it."""
    if not isinstance(record, Mapping):
        return None, "it is no object with columns"
    described = next((c for c in DESCRIPTIONS if record.get(c) is not None), None)
    if described is None:
        return None, f"it has no column {' or '.join(DESCRIPTIONS)} with a value"
    if all(record.get(column) is None for column in ("code", "testbench")):
        return None, "it has no column code or testbench with a value"
    texts = {described: record[described], "code": record.get("code") or "",
             "testbench": record.get("testbench") or ""}  # fmt: skip
    for column, text in texts.items():
        if not isinstance(text, str):
            return None, f"its {column} is no text but {type(text).__name__}"
        if not text.isprintable() and any(ord(c) < 9 or 0xD800 <= ord(c) < 0xE000 for c in text):
            return None, f"its {column} holds control characters"
    if not texts[described].strip():
        return None, f"its {described} is empty"
    if not texts["code"].strip() and not texts["testbench"].strip():
        return None, "its code and testbench are empty"
    return Found(name, texts[described], texts["code"], texts["testbench"]), ""

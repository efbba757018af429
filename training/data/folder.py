"""The folder of a data set: `set/` (a DatasetDict), `card.md` and `report.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwgen.errors import Problem, UsageError
from hwgen.training.data.rows import COLUMNS

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

SET = "set"
CARD = "card.md"
REPORT = "report.json"
KINDS = ("write", "repair")
SHOWN = 10  # faults that are named


def load_rows(folder: Path) -> Dataset:
    """The rows to learn from, of the folder that `hwgen data build` wrote.

    Raises UsageError where there is no set, or a column is missing or of another type.
    """
    rows = load_set(folder)["train"]
    _check_columns(rows, str(folder))
    return rows


def load_set(folder: Path) -> DatasetDict:
    """All splits of the folder. Raises UsageError where there is no set."""
    from datasets import DatasetDict, load_from_disk

    place = folder / SET
    if not place.is_dir():
        raise UsageError(
            Problem(
                f"{folder} holds no data set",
                f"a data set has a folder {SET}",
                "make one: hwgen data build -o DIR",
            )
        )
    try:
        found = load_from_disk(str(place))
    except Exception as error:  # the library raises what its file formats raise
        first = str(error).partition("\n")[0]
        raise UsageError(
            Problem(
                f"the data set {place} cannot be read: {first}",
                fix="build it again: hwgen data build",
            )
        ) from error
    if not isinstance(found, DatasetDict) or "train" not in found:
        raise UsageError(Problem(f"{place} has no split train", fix="build it again"))
    return found


def read_report(folder: Path) -> dict[str, Any]:
    """The counts after each step. Raises UsageError where there are none."""
    try:
        report: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(Problem(f"{folder / REPORT} cannot be read: {error}")) from error
    return report


def faults_of(records: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """What is wrong with rows of a set, each with the row's number and id."""
    problems = []
    for number, record in enumerate(records):
        fault = _fault(record)
        if fault:
            problems.append(Problem(f"row {number} ({record.get('id')}): {fault}"))
    return problems


def raise_some(problems: Sequence[Problem]) -> None:
    """Raise the first problems as one UsageError, if there are any, and how many more there are."""
    if problems:
        more = len(problems) - SHOWN
        rest = [Problem(f"and {more} more rows")] if more > 0 else []
        raise UsageError(*problems[:SHOWN], *rest)


def _fault(record: Mapping[str, Any]) -> str:
    for name, kind in COLUMNS.items():
        if not isinstance(record.get(name), kind):
            return f"its {name} is no {'text' if kind is str else 'whole number'}"
    if record["kind"] not in KINDS:
        return f"its kind is {record['kind']}, not one of {', '.join(KINDS)}"
    empty = next((n for n in ("id", "prompt", "completion") if not record[n].strip()), "")
    return f"its {empty} is empty" if empty else ""


def _check_columns(rows: Dataset, place: str) -> None:
    missing = [name for name in COLUMNS if name not in rows.column_names]
    if missing:
        raise UsageError(
            Problem(
                f"the data set {place} has no column {', '.join(missing)}",
                f"it has {', '.join(rows.column_names)}",
                "build it again: hwgen data build",
            )
        )

"""A data set on disk: written beside its place, then renamed, so that half a set is no set."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import full_disk, sha256_of
from hwgen.training.data.card import card
from hwgen.training.data.folder import CARD, REPORT, SET
from hwgen.training.data.local import Found
from hwgen.training.data.rows import COLUMNS, Row, family_of
from hwgen.training.data.splits import Split

HELD_COLUMNS = ("id", "family")
PROBLEM_COLUMNS = ("id", "prompt", "testbench")


def check_place(folder: Path) -> None:
    """Raises UsageError where `folder` is something else than a data set that may be replaced."""
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if taken and not (folder / CARD).is_file():
        raise UsageError(
            Problem(
                f"{folder} exists and is no data set",
                "a set replaces a set, and nothing else",
                "give another folder with -o",
            )
        )


def write_set(
    folder: Path,
    rows: Sequence[Row],
    held: Mapping[Split, Sequence[str]],
    problems: Sequence[Found],
    report: Mapping[str, Any],
) -> None:
    """Write rows, the ids of held-out specs, problems without code, card and report."""
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        new.mkdir()
        _save(new / SET, rows, held, problems)
        (new / CARD).write_text(card(report), encoding="utf-8")
        text = json.dumps(report, indent=2, ensure_ascii=False)
        (new / REPORT).write_text(text + "\n", encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise full_disk(error, folder) from error


def _save(
    place: Path,
    rows: Sequence[Row],
    held: Mapping[Split, Sequence[str]],
    problems: Sequence[Found],
) -> None:
    from datasets import Dataset, DatasetDict, Features, Value

    kinds = {str: Value("string"), int: Value("int64")}
    records = [row.record() for row in rows]
    columns = {name: [record[name] for record in records] for name in COLUMNS}
    splits = {
        "train": Dataset.from_dict(columns, Features({n: kinds[k] for n, k in COLUMNS.items()}))
    }
    for split, task_ids in held.items():
        if not task_ids:
            continue  # the library cannot read an empty split
        values = {"id": list(task_ids), "family": [family_of(said) for said in task_ids]}
        splits[split.replace("-", "_")] = Dataset.from_dict(values, _text(HELD_COLUMNS))
    if problems:
        values = {
            "id": [p.id for p in problems],
            "prompt": [p.description for p in problems],
            "testbench": [p.testbench for p in problems],
        }
        splits["problems"] = Dataset.from_dict(values, _text(PROBLEM_COLUMNS))
    with _without_bars():
        DatasetDict(splits).save_to_disk(str(place))
    for path in sorted(place.glob("*/state.json")):
        _settle(path)


def _text(names: Sequence[str]) -> Any:
    from datasets import Features, Value

    return Features({name: Value("string") for name in names})


@contextlib.contextmanager
def _without_bars() -> Iterator[None]:
    import datasets

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


def _settle(path: Path) -> None:
    """Name a split after its bytes: the library draws another name each time."""
    state = json.loads(path.read_text(encoding="utf-8"))
    files = [path.with_name(entry["filename"]) for entry in state["_data_files"]]
    state["_fingerprint"] = "".join(sha256_of(file) for file in files)[:16]
    path.write_text(json.dumps(state, indent=2, sort_keys=True), encoding="utf-8")
    with path.open("rb") as file:
        os.fsync(file.fileno())

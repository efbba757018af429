"""Looking at a data set, or at a file that is to become part of one, without changing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.data.folder import faults_of, load_rows, raise_some
from hwgen.training.data.leaks import Guard, leaks, suite_secrets
from hwgen.training.data.local import FORMATS, read_files
from hwgen.training.data.rows import COLUMNS, LOCAL, Row
from hwgen.training.data.splits import split_of


def check(
    path: Path, leak_check: Sequence[Path] = (), say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check a folder of `hwgen data build`, or a JSONL or Parquet file: columns and values of every
    row; of a set also that its specs are for training, that their tasks are what they were, and
    that nothing of the benchmarks in `leak_check` is in it. Returns counts.

    Raises UsageError that names the first faulty rows.
    """
    secrets = [secret for place in leak_check for secret in suite_secrets(place)]
    if path.suffix in FORMATS and not path.is_dir():
        files = read_files([path])
        say(f"{path}: {len(files.rows)} rows with code, {len(files.problems)} with a bench alone")
        rows = [Row(f.id, LOCAL, "write", f.digest, f.description, f.code) for f in files.rows]
        _raise_leaks(rows, Guard(secrets))
        return {"rows": len(files.rows), "problems": len(files.problems)}
    records = list(load_rows(path))
    raise_some(faults_of(records))
    say(f"{path}: {len(records)} rows have all columns")
    raise_some(list(_foreign(records)))
    say("their specs are for training, their tasks have not changed")
    rows = [Row(**{name: record[name] for name in COLUMNS}) for record in records]
    _raise_leaks(rows, Guard(secrets))
    if secrets:
        say(f"they hold none of {len(secrets)} problems of benchmarks")
    kinds = Counter(row.kind for row in rows)
    return {"rows": len(rows), **{kind: kinds[kind] for kind in sorted(kinds)}}


def _foreign(records: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Rows whose spec is held out, or whose task is no longer what it was."""
    for number, record in enumerate(records):
        if record["family"] == LOCAL:
            continue
        task_id = record["id"].partition("#")[0]
        try:
            split = split_of(task_id)
        except UsageError as error:
            yield Problem(f"row {number} ({task_id}): {error.problems[0].what}")
            continue
        if split != "train":
            yield Problem(f"row {number} ({task_id}): its spec is held out ({split})")
        elif get_task(task_id).digest != record["digest"]:
            yield Problem(
                f"row {number} ({task_id}): its task has changed since the set was built",
                fix="build the set again",
            )


def _raise_leaks(rows: Sequence[Row], suites: Guard) -> None:
    raise_some([Problem(str(leak)) for leak in leaks(rows, Guard(()), suites)])

"""The rows of a data set, and those that the task families give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from hwgen.tasks.library import get_task
from hwgen.training.text import completion_of, prompt_of

COLUMNS = {
    "id": str,
    "family": str,
    "kind": str,
    "digest": str,
    "prompt": str,
    "completion": str,
    "complexity": str,
    "bench_killed": int,
    "bench_total": int,
}
"""Columns of the split `train` and the type of their values."""

LOCAL = "local"
"""Family of the rows that come from a file."""


@dataclass(frozen=True)
class Row:
    """One thing to learn: write `completion` when asked `prompt`.

    `kind` is "write" or "repair"; `digest` the task's sha256, of a file's row its own text's.
    `bench_killed` of `bench_total` mutants of the completion were found by the task's bench; -1
    and -1 where nobody tried. `testbench` belongs to a file's row and is no column of the set.
    """

    id: str
    family: str
    kind: str
    digest: str
    prompt: str
    completion: str
    complexity: str = ""
    bench_killed: int = -1
    bench_total: int = -1
    testbench: str = ""

    def record(self) -> dict[str, str | int]:
        """The row as columns."""
        return {name: getattr(self, name) for name in COLUMNS}

    def with_(self, **changes: str | int) -> Row:
        """This row with some columns changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


assert set(COLUMNS) < {field.name for field in fields(Row)}


def family_rows(task_ids: Iterable[str]) -> Iterator[Row]:
    """A `write` row for each task: its prompt in the phrasing of the id, its reference."""
    for task_id in task_ids:
        task = get_task(task_id)
        assert task.reference is not None, task_id
        yield Row(
            id=task_id,
            family=family_of(task_id),
            kind="write",
            digest=task.digest,
            prompt=prompt_of(task),
            completion=completion_of(task.reference),
        )


def family_of(task_id: str) -> str:
    """The family's name in a task id."""
    return task_id.partition("@")[0].partition(":")[0]

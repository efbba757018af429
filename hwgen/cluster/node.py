"""One actor on each node: a pool of that machine's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hwgen.tasks.library import get_task
from hwgen.verify.options import Options
from hwgen.verify.pool import Pool

Item = tuple[str, dict[str, str | bytes]]
"""A built-in task's id, and the files of a candidate for it."""


class Node:
    """Judges lists of candidates with all cores of its machine. Made a Ray actor by the driver."""

    def __init__(self, options: dict[str, Any], jobs: int | None = None) -> None:
        self.pool = Pool(Options(**options), jobs)

    def judge(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        """Verdicts of `items` as JSON values, in their order."""
        said: list[dict[str, Any]] = [{}] * len(items)
        candidates = ((get_task(task_id), files) for task_id, files in items)
        for number, verdict in self.pool.judge_many(candidates):
            said[number] = verdict.as_dict()
        return said

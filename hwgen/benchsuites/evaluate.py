"""An evaluation: every reference first, then every solution, each under both rules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from typing import TypeVar

from hwgen.benchsuites import store
from hwgen.benchsuites.health import Health, Judged, check, judge
from hwgen.benchsuites.lab import Lab
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.upstream import Suite
from hwgen.verify.jail.cells import Jail

Item = TypeVar("Item")
Done = TypeVar("Done")
Progress = Callable[[int, int, str], None]
"""Told after each problem or solution: how many are done, of how many, and which."""


def evaluate(
    suite: Suite,
    problems: Sequence[Problem],
    solutions: Mapping[str, Mapping[str, str]] | None,
    jail: Jail,
    jobs: int,
    progress: Progress,
) -> tuple[list[Health], list[Judged]]:
    """The references' health and the solutions' verdicts, in the order of the problems.

    solutions: {problem: {name: text}}; None takes the references as solutions, which the health
    check has judged. jobs: worker threads, each with cells of its own.
    """
    with _Workers(jail, jobs) as workers:

        def checked(problem: Problem) -> Health:
            return check(workers.lab(), suite, problem)

        weights = {p.id: store.weight(p) for p in problems}
        checks = [(weights[p.id], p.id, p) for p in problems]
        found = workers.each(checked, checks, progress)
        if solutions is None:
            return found, [health.reference for health in found]
        calls = [
            (weights[health.problem.id], name, (health, name, text))
            for health in found
            for name, text in solutions.get(health.problem.id, {}).items()
        ]

        def judged(call: tuple[Health, str, str]) -> Judged:
            return judge(workers.lab(), suite, *call)

        return found, workers.each(judged, calls, progress)


class _Workers:
    """Threads, each with a lab that it opens at its first use; the simulators do the work."""

    def __init__(self, jail: Jail, jobs: int) -> None:
        self._jail = jail
        self._own = threading.local()
        self._lock = threading.Lock()
        self._labs = ExitStack()
        self._pool = ThreadPoolExecutor(jobs)

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._labs.close()

    def lab(self) -> Lab:
        """The calling thread's lab."""
        if not hasattr(self._own, "lab"):
            with self._lock:
                self._own.lab = self._labs.enter_context(Lab(self._jail))
        lab: Lab = self._own.lab
        return lab

    def each(
        self,
        work: Callable[[Item], Done],
        items: Sequence[tuple[int, str, Item]],
        progress: Progress,
    ) -> list[Done]:
        """`work` on every item (weight, name, item), heavy ones first; results in their order."""
        futures: dict[int, Future[Done]] = {}
        for index in sorted(range(len(items)), key=lambda i: -items[i][0]):
            futures[index] = self._pool.submit(work, items[index][2])
        names = {future: items[index][1] for index, future in futures.items()}
        for done, future in enumerate(as_completed(names), 1):
            future.result()
            progress(done, len(names), names[future])
        return [futures[index].result() for index in range(len(items))]

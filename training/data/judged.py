"""What the judge says of rows: which references fail, what mutants of them are told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

from hwgen.tasks.library import get_task
from hwgen.tasks.mutate import Mutant, mutants_of
from hwgen.training.data.rows import Row
from hwgen.training.text import repair_prompt_of
from hwgen.verify.options import Options
from hwgen.verify.pool import Pool
from hwgen.verify.store import Store, default_store
from hwgen.verify.verdict import Verdict, feedback

MUTANTS = 3  # judged of one reference
REPAIRS = 2  # rows made of one reference
SPARE = 4  # references more than are needed if all of their mutants fail
OFTEN_S = 5.0  # between two lines of progress
STAGE = "simulate"

Said = Callable[[str], None]


class DataJudge:
    """The judge up to simulation, with a store: what was judged once is not judged again, so that
    an interrupted build goes on where it was. A context manager.
    """

    def __init__(self, seed: int, jobs: int, say: Said, store: Store | None = None) -> None:
        self._say = say
        self._pool = Pool(
            Options(until="simulate", seed=seed), jobs or None, store or default_store()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()
        self._pool.store.close()

    def verdicts(self, what: str, asked: Sequence[tuple[str, str]]) -> list[Verdict]:
        """Verdicts on pairs of a task's id and a text, in their order."""
        files = ((get_task(task_id), {"answer.v": code}) for task_id, code in asked)
        found: dict[int, Verdict] = {}
        told = time.monotonic()
        for number, verdict in self._pool.judge_many(files):
            found[number] = verdict
            if time.monotonic() - told > OFTEN_S:
                told = time.monotonic()
                self._say(f"{what}: {len(found)} of {len(asked)}")
        return [found[number] for number in range(len(asked))]


def sampled(rows: Sequence[Row], count: int, seed: int) -> list[int]:
    """Numbers of `count` rows, families in turn, so that each family is looked at."""
    by_family: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        by_family.setdefault(row.family, []).append(number)
    rng = random.Random(f"{seed} judged")
    queues = [rng.sample(numbers, len(numbers)) for numbers in by_family.values()]
    found: list[int] = []
    while queues and len(found) < count:
        found += [queue.pop() for queue in queues][: count - len(found)]
        queues = [queue for queue in queues if queue]
    return sorted(found)


def wrong_twins(rows: Sequence[Row], share: float, seed: int) -> list[Row]:
    """The rows, of which `share` hold a mutant of the reference: one small change each."""
    rng = random.Random(f"{seed} noise")
    swapped = set(rng.sample(range(len(rows)), round(share * len(rows))))
    result = []
    for number, row in enumerate(rows):
        twins = mutants_of(row.completion) if number in swapped else ()
        result.append(row.with_(completion=rng.choice(twins).text) if twins else row)
    return result


def repairs(
    rows: Sequence[Row], wanted: int, seed: int, judge: DataJudge
) -> tuple[list[Row], list[Row]]:
    """The rows with their benches measured, and `wanted` repair rows made of them.

    References are taken in an order of the seed, a few mutants of each are judged, and what the
    judge says of those that fail becomes the line of feedback. Fewer if the references run out.
    """
    measured, made = list(rows), list[Row]()
    order = sampled(rows, len(rows), seed)
    random.Random(f"{seed} repairs").shuffle(order)
    while order and len(made) < wanted:
        batch = -(-(wanted - len(made)) // REPAIRS) + SPARE
        chosen, order = order[:batch], order[batch:]
        drawn = [(number, mutant) for number in chosen for mutant in _drawn(rows[number], seed)]
        asked = [(rows[number].id, mutant.text) for number, mutant in drawn]
        verdicts = judge.verdicts("mutants judged", asked)
        for number in chosen:
            own = [(m, v) for (n, m), v in zip(drawn, verdicts, strict=True) if n == number]
            measured[number] = _measured(rows[number], [v for _, v in own])
            made += _repair_rows(measured[number], own)
    return measured, made[:wanted]


def _drawn(row: Row, seed: int) -> list[Mutant]:
    mutants = mutants_of(row.completion)
    rng = random.Random(f"{seed} mutants of {row.id}")
    return rng.sample(mutants, min(MUTANTS, len(mutants)))


def _measured(row: Row, verdicts: Iterable[Verdict]) -> Row:
    """The row with its bench's figures: mutants that ran, and those that it found. A mutant that
    behaves as the reference counts as one that was not found.
    """
    ran = [v for v in verdicts if v.passed or (v.stage == STAGE and v.outcome == "FAIL")]
    return row.with_(bench_killed=sum(not v.passed for v in ran), bench_total=len(ran))


def _repair_rows(row: Row, judged: Iterable[tuple[Mutant, Verdict]]) -> Iterator[Row]:
    task = get_task(row.id)
    failed = [(mutant, verdict) for mutant, verdict in judged if verdict.outcome == "FAIL"]
    for number, (mutant, verdict) in enumerate(failed[:REPAIRS]):
        yield row.with_(
            id=f"{row.id}#{number}",
            kind="repair",
            prompt=repair_prompt_of(task, mutant.text, feedback(verdict)),
        )

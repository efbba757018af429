"""Judging beside training: one thread drives one pool of workers while the caller generates or
updates.

The judge's secret follows from the run's seed, so that a run that is resumed pays what it would
have paid. Verdicts are handed over in the order of their candidates: who came first is never seen.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from hwgen.errors import HwgenError, Problem
from hwgen.tasks.library import get_task
from hwgen.tasks.task import Task
from hwgen.verify.jail.cells import find_jail
from hwgen.verify.options import Options, Simulator
from hwgen.verify.pool import Pool
from hwgen.verify.store import Store
from hwgen.verify.verdict import Verdict

FILE = "candidate.v"
_TICK = 0.05  # seconds after which the thread looks for new candidates while others are judged


def secret_of(seed: int) -> int:
    """The judge's secret for a run with this seed: 64 bits that say nothing of the seed."""
    return int.from_bytes(hashlib.sha256(f"judging {seed}".encode()).digest()[:8], "big")


def check_errors(verdicts: Sequence[Verdict], share: float = 0.1, few: int = 3) -> None:
    """Raise HwgenError where the judge itself failed on more than `share` of the candidates, and
    on more than `few`: what is left says little of them.
    """
    causes = Counter(v.cause for v in verdicts if v.outcome == "ERROR")
    if causes.total() > max(few, share * len(verdicts)):
        said = ", ".join(f"{cause} {count}" for cause, count in causes.most_common(3))
        raise HwgenError(
            Problem(
                f"the judge failed on {causes.total()} of {len(verdicts)} candidates ({said})",
                f"a run goes on with at most {share:.0%} of candidates that have no verdict",
                "see: hwgen doctor; then go on with --resume",
            )
        )


@dataclass(frozen=True)
class Counts:
    """What judging has cost so far. `candidates` = `judged` + `duplicates` + `hits` once all are
    there: duplicates are equal texts for one task within a batch, hits come out of the cache.

    `judge_s` is the workers' own time, `busy_s` the time in which a verdict was due, `waited_s`
    the part of it in which a caller stood still.
    """

    candidates: int = 0
    judged: int = 0
    duplicates: int = 0
    hits: int = 0
    errors: int = 0
    judge_s: float = 0.0
    busy_s: float = 0.0
    waited_s: float = 0.0

    def __sub__(self, before: Counts) -> Counts:
        """What came since `before`."""
        ours, theirs = asdict(self), asdict(before)
        return Counts(**{name: ours[name] - theirs[name] for name in ours})

    def as_dict(self) -> dict[str, float]:
        """Values to log; seconds to the millisecond."""
        return {n: round(v, 3) if n.endswith("_s") else v for n, v in asdict(self).items()}


@dataclass
class Pending:
    """A batch that is being judged. `verdicts()` waits for it."""

    size: int
    _judging: Judging
    _found: dict[int, Verdict] = field(default_factory=dict)
    _ready: threading.Event = field(default_factory=threading.Event)
    _waited: bool = False

    @property
    def ready(self) -> bool:
        """Whether `verdicts` would answer at once."""
        return self._ready.is_set()

    def verdicts(self) -> list[Verdict]:
        """The verdicts in the order of the candidates. Raises HwgenError if judging broke down."""
        began = time.perf_counter()
        while not self._ready.wait(1.0):
            self._judging.alive()
        self._judging.count(waited_s=time.perf_counter() - began)
        self._judging.alive()
        return [self._found[number] for number in range(self.size)]


class Judging:
    """A judge for a training run; a context manager.

    `seed` is the run's. `until` is the last stage (`simulate` for the weak judge of comparisons);
    `jobs` the number of workers (None: one more than cores); `store` a file that keeps verdicts
    between runs (None: they are kept while this is open). On entering, raises ToolMissing where
    there is no jail, unless `unsafe`.
    """

    def __init__(
        self, seed: int, *, until: Literal["simulate", "synthesise", "prove"] = "prove",
        sim: Simulator = "icarus", jobs: int | None = None, store: Path | None = None,
        unsafe: bool = False,
    ) -> None:  # fmt: skip
        self.options = Options(sim=sim, until=until, seed=secret_of(seed))
        self._jobs, self._path, self._unsafe = jobs, store, unsafe
        self._inbox: queue.SimpleQueue[tuple[Pending, list[tuple[Task, str]]] | None]
        self._inbox = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._counts = Counts()
        self._fault: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        find_jail(unsafe=self._unsafe)
        self._thread = threading.Thread(target=self._run, name="judging", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers. What is still being judged is lost."""
        if self._thread:
            self._inbox.put(None)
            self._thread.join()
            self._thread = None

    def start(self, candidates: Sequence[tuple[str, str]]) -> Pending:
        """Have candidates judged, each (task id, Verilog text), while the caller goes on.

        Raises UsageError for an unknown task.
        """
        work = [(get_task(task_id), text) for task_id, text in candidates]
        pending = Pending(len(work), self)
        self.alive()
        self.count(candidates=len(work))
        if work:
            self._inbox.put((pending, work))
        else:
            pending._ready.set()
        return pending

    def verdicts(self, candidates: Sequence[tuple[str, str]]) -> list[Verdict]:
        """The verdicts on candidates, in their order."""
        return self.start(candidates).verdicts()

    def reference_cells(self, task_ids: Sequence[str]) -> dict[str, int]:
        """Cells of each task's reference after synthesis; a task without one is left out."""
        have = [name for name in dict.fromkeys(task_ids) if get_task(name).reference]
        verdicts = self.verdicts([(name, get_task(name).reference or "") for name in have])
        return {n: v.cells for n, v in zip(have, verdicts, strict=True) if v.cells is not None}

    def counts(self) -> Counts:
        """What judging has cost so far."""
        with self._lock:
            return self._counts

    def count(self, **more: float) -> None:
        """Add to the counts."""
        with self._lock:
            now: dict[str, Any] = asdict(self._counts)
            self._counts = Counts(**{**now, **{name: now[name] + more[name] for name in more}})

    def alive(self) -> None:
        """Raise what ended judging, if anything did."""
        if isinstance(self._fault, HwgenError):
            raise self._fault
        if self._fault is not None:
            raise HwgenError(Problem(f"judging broke down: {self._fault}")) from self._fault
        if self._thread is None:
            raise HwgenError(Problem("the judge is closed", fix="use Judging in a with statement"))

    def _run(self) -> None:
        try:
            # the pool and its store belong to this thread: neither may be touched by another
            store = _Counted(self._path)
            with Pool(self.options, self._jobs, store, unsafe=self._unsafe) as pool:
                _Desk(self, pool, store).work()
            store.close()
        except BaseException as error:
            self._fault = error


class _Counted(Store):
    """A store that counts what it answers."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        self.hits = 0

    def get(self, key: str) -> Verdict | None:
        found = super().get(key)
        self.hits += found is not None
        return found


class _Desk:
    """The thread's own work: batches in, their verdicts out."""

    def __init__(self, judging: Judging, pool: Pool, store: _Counted) -> None:
        self.judging, self.pool, self.store = judging, pool, store
        self.asked: dict[int, tuple[Pending, list[int], bool]] = {}  # by number given to the pool
        self.number = 0

    def work(self) -> None:
        """Until judging is closed."""
        while True:
            try:
                batch = self.judging._inbox.get(block=not self.pool.busy)
                if batch is None:
                    return
                self.take(*batch)
            except queue.Empty:
                began = time.perf_counter()
                finished = self.pool.finished(_TICK)
                self.judging.count(busy_s=time.perf_counter() - began)
                for number, verdict in finished:
                    self.give(number, verdict)

    def take(self, pending: Pending, work: Sequence[tuple[Task, str]]) -> None:
        """Submit each distinct candidate of a batch once."""
        places: dict[tuple[str, str], list[int]] = {}
        for place, (task, text) in enumerate(work):
            places.setdefault((task.digest, text), []).append(place)
        self.judging.count(duplicates=len(work) - len(places))
        for equal in places.values():
            task, text = work[equal[0]]
            before = self.store.hits
            self.pool.submit(self.number, task, {FILE: text})
            self.asked[self.number] = (pending, equal, self.store.hits > before)
            self.number += 1

    def give(self, number: int, verdict: Verdict) -> None:
        """Hand a verdict to its places; the batch is ready with its last one."""
        pending, places, kept = self.asked.pop(number)
        pending._found.update(dict.fromkeys(places, verdict))
        seconds = 0.0 if kept else verdict.seconds
        errors = len(places) * (verdict.outcome == "ERROR")
        self.judging.count(judged=not kept, hits=kept, judge_s=seconds, errors=errors)
        if len(pending._found) == pending.size:
            pending._ready.set()

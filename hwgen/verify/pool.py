"""Many candidates, judged side by side by persistent workers, each exactly once.

Workers are processes of their own. One that dies gives its candidates back, and they go to
another; a candidate that loses three workers is an ERROR. Duplicates within a batch are judged
once; what a store holds is not judged again. Verdicts come as they are finished.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Self

from hwgen.errors import Problem, UsageError
from hwgen.tasks.task import Task
from hwgen.verify.options import DEFAULTS, Files, Options
from hwgen.verify.store import Store, key_of
from hwgen.verify.verdict import Verdict

ATTEMPTS = 3
AHEAD = 2  # candidates that a worker holds: the next one is there when it ends one

Candidate = tuple[Task, Files]


@dataclass
class _Job:
    """A candidate that is being judged, and everyone who asked for it."""

    key: str
    origin: str
    files: dict[str, str | bytes]
    numbers: list[int]
    attempts: int = 0


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    link: Connection[Any, Any]
    jobs: dict[int, _Job] = field(default_factory=dict)
    begun: int = -1  # the job that it is at


WORKERS = (os.cpu_count() or 1) + 1  # one more than cores: a worker idles while its cells work


class Pool:
    """`jobs` workers that judge with the same options; a context manager.

    `judge_many` for a batch; `submit` and `finished` for work that comes in bits, by one thread.
    `store` keeps verdicts between batches.
    """

    def __init__(
        self, options: Options, jobs: int | None = None, store: Store | None = None, *,
        unsafe: bool = False,
    ) -> None:  # fmt: skip
        self.options, self.unsafe = options, unsafe
        self.count = jobs or WORKERS
        self.store = store or Store()
        self._workers: list[_Worker] = []
        self._waiting: deque[_Job] = deque()  # in no worker's hands
        self._running: dict[str, _Job] = {}  # those, and what workers hold
        self._done: deque[tuple[int, Verdict]] = deque()
        self._numbers = iter(range(sys.maxsize))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, and write what the store has not yet written."""
        for worker in self._workers:
            self._end(worker)
        self._workers.clear()
        self._waiting.clear()
        self._running.clear()
        self._done.clear()
        self.store.flush()

    @property
    def room(self) -> int:
        """How many candidates would find a worker without a long wait."""
        return AHEAD * self.count - len(self._running) - len(self._done)

    @property
    def busy(self) -> bool:
        """Whether a submitted candidate has no verdict yet, or one that nobody fetched."""
        return bool(self._running or self._done)

    def submit(self, number: int, task: Task, files: Files) -> None:
        """Take a candidate; its verdict comes from `finished` under `number`. Raises UsageError."""
        if not task.origin:
            raise UsageError(
                Problem(
                    f"task {task.spec.id} exists in this process alone",
                    "workers find a task by its id or its folder",
                    "write it as a folder, or judge its candidates one by one",
                )
            )
        key = key_of(task, files, self.options)
        kept = self.store.get(key)
        if kept is not None:
            self._done.append((number, kept))
        elif key in self._running:
            self._running[key].numbers.append(number)
        else:
            self._running[key] = _Job(key, task.origin, dict(files), [number])
            self._waiting.append(self._running[key])
        self._hand_out()

    def finished(self, timeout: float | None = None) -> list[tuple[int, Verdict]]:
        """Verdicts that are new, waiting for the first one up to `timeout` seconds (None: long)."""
        if self._running and not self._done:
            self._hand_out()
            for job, verdict in self._collect(timeout):
                del self._running[job.key]
                self.store.put(job.key, verdict)
                self._done.extend((number, verdict) for number in job.numbers)
            self._hand_out()
        found = list(self._done)
        self._done.clear()
        return found

    def judge_many(self, candidates: Iterable[Candidate]) -> Iterator[tuple[int, Verdict]]:
        """Yield (number, verdict) of every candidate as it is finished; numbers count from 0.

        Takes candidates as workers get free, so that `candidates` may be endless.
        """
        source = enumerate(candidates)
        try:
            for number, (task, files) in source:
                self.submit(number, task, files)
                while self.room <= 0:
                    yield from self.finished()
            while self.busy:
                yield from self.finished()
        finally:
            if self.busy:  # left early: what workers still hold is nobody's
                self.close()
            self.store.flush()

    def _hand_out(self) -> None:
        waiting = self._waiting
        while len(self._workers) < min(self.count, len(self._running)) and waiting:
            self._workers.append(self._start())
        for worker in sorted(self._workers, key=lambda w: len(w.jobs)):
            while waiting and len(worker.jobs) < AHEAD:
                job, number = waiting.popleft(), next(self._numbers)
                worker.jobs[number] = job
                with suppress(OSError):  # a dead worker is found in _collect
                    worker.link.send((number, job.origin, job.files))

    def _collect(self, timeout: float | None) -> Iterator[tuple[_Job, Verdict]]:
        for link in wait([w.link for w in self._workers], timeout):
            worker = next(w for w in self._workers if w.link is link)
            try:
                number, said = worker.link.recv()
            except (EOFError, OSError):
                self._workers.remove(worker)
                self._end(worker)
                yield from self._lost(worker)
                continue
            if said is None:
                worker.begun = number
            else:
                yield worker.jobs.pop(number), Verdict.from_dict(said)

    def _lost(self, worker: _Worker) -> Iterator[tuple[_Job, Verdict]]:
        """Give the candidates of a dead worker to others; one of them may be what killed it."""
        for number, job in worker.jobs.items():
            job.attempts += number == worker.begun
            if job.attempts < ATTEMPTS:
                self._waiting.append(job)
            else:
                yield job, Verdict.stopped("screen", "lost", f"{ATTEMPTS} workers died on it")

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        settings = json.dumps({"options": asdict(self.options), "unsafe": self.unsafe})
        command = [sys.executable, "-m", "hwgen.verify.worker", str(theirs.fileno()), settings]
        with theirs:
            process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        return _Worker(process, Connection(ours.detach()))

    def _end(self, worker: _Worker) -> None:
        worker.link.close()
        if worker.jobs:
            worker.process.kill()
        try:
            worker.process.wait(5)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def judge_many(
    candidates: Iterable[Candidate],
    options: Options = DEFAULTS,
    *,
    jobs: int | None = None,
    store: Store | None = None,
    unsafe: bool = False,
) -> Iterator[tuple[int, Verdict]]:
    """Yield (number, verdict) of every candidate as it is finished, from a pool of its own."""
    with Pool(options, jobs, store, unsafe=unsafe) as pool:
        yield from pool.judge_many(candidates)


async def judge_many_async(
    candidates: Iterable[Candidate], pool: Pool
) -> AsyncIterator[tuple[int, Verdict]]:
    """`pool.judge_many` for an event loop: the pool is driven by a thread of its own."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[tuple[int, Verdict] | BaseException | None] = asyncio.Queue()
    stopped = threading.Event()

    def drive() -> None:
        end: BaseException | None = None
        try:
            for item in pool.judge_many(candidates):
                loop.call_soon_threadsafe(arrived.put_nowait, item)
                if stopped.is_set():
                    break
        except BaseException as error:
            end = error
        with suppress(RuntimeError):  # the loop may be gone
            loop.call_soon_threadsafe(arrived.put_nowait, end)

    thread = threading.Thread(target=drive, daemon=True)
    thread.start()
    try:
        while (item := await arrived.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()

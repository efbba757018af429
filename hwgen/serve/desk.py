"""The desk between requests and the pool: bounded, idempotent, one owner for each batch.

A thread of its own feeds the pool and files verdicts; requests only look at what lies here.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hwgen.tasks.task import Task
from hwgen.verify.options import Files
from hwgen.verify.pool import Candidate, Pool
from hwgen.verify.verdict import Verdict

BATCHES_KEPT = 256
IDLE_S = 0.02  # how long the pool is waited for before new requests are looked at


class Full(Exception):
    """There is no room for these candidates now."""


class Conflict(Exception):
    """Another batch has this id."""


@dataclass
class Batch:
    """Candidates of one request, their digest, and the verdicts that exist so far."""

    owner: str
    digest: str
    total: int
    verdicts: dict[int, Verdict] = field(default_factory=dict)


class Desk:
    """`room` candidates at most wait or are being judged; finished batches are kept for a while."""

    def __init__(self, pool: Pool, room: int) -> None:
        self.pool, self.room = pool, room
        self.judged = Counter[tuple[str, str]]()  # by outcome and stage
        self.seconds = 0.0
        self._batches: OrderedDict[tuple[str, str], Batch] = OrderedDict()
        self._queue: list[tuple[Batch, int, Candidate]] = []
        self._places: dict[int, tuple[Batch, int]] = {}
        self._next = 0
        self._change = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)

    @property
    def load(self) -> int:
        """Candidates that have no verdict yet."""
        return len(self._queue) + len(self._places)

    @property
    def alive(self) -> bool:
        """Whether verdicts are being made."""
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let go of everything that has no verdict."""
        with self._change:
            self._ended = True
            self._change.notify_all()
        self._thread.join()

    def submit(self, owner: str, batch_id: str, candidates: Sequence[Candidate]) -> Batch:
        """Take a batch, or find it taken already. Raises Full, Conflict."""
        digest = _digest(candidates)
        with self._change:
            known = self._batches.get((owner, batch_id))
            if known is not None:
                if known.digest != digest:
                    raise Conflict
                return known
            if self.load + len(candidates) > self.room:
                raise Full
            batch = Batch(owner, digest, len(candidates))
            self._batches[owner, batch_id] = batch
            self._queue += [(batch, number, c) for number, c in enumerate(candidates)]
            self._forget()
            self._change.notify_all()
        return batch

    def find(self, owner: str, batch_id: str) -> Batch | None:
        """A batch of this owner; nobody else's is ever found."""
        return self._batches.get((owner, batch_id))

    def _forget(self) -> None:
        """Drop the oldest batches that are finished."""
        for key, batch in list(self._batches.items())[:-BATCHES_KEPT]:
            if len(batch.verdicts) == batch.total:
                del self._batches[key]

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._queue and not self._places and not self._ended:
                    self._change.wait()
                if self._ended:
                    return
                taken = self._queue[: max(0, self.pool.room)]
                del self._queue[: len(taken)]
                for batch, number, (task, files) in taken:
                    self._places[self._next] = (batch, number)
                    self.pool.submit(self._next, task, files)
                    self._next += 1
            for place, verdict in self.pool.finished(IDLE_S):
                batch, number = self._places.pop(place)
                batch.verdicts[number] = verdict
                self.judged[verdict.outcome, verdict.stage] += 1
                self.seconds += verdict.seconds


def _digest(candidates: Sequence[tuple[Task, Files]]) -> str:
    digest = sha256()
    for task, files in candidates:
        digest.update(f"{task.origin}\0".encode())
        for name in sorted(files):
            text = files[name]
            data = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def published(verdict: Verdict) -> dict[str, Any]:
    """A verdict for a submitter: everything but the seed, from which stimulus could be foretold."""
    said = verdict.as_dict()
    del said["seed"]
    return said

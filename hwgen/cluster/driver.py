"""Candidates over the nodes of a Ray cluster: chunks out, verdicts in, canaries in every chunk.

A node that dies, raises, or tells wrong of a canary is not asked again, and nothing of that chunk
is believed: it goes to another node. At most `AHEAD` chunks are under way on a node.
"""

from __future__ import annotations

import os
import random
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from hwgen.cluster.canary import Canary, canaries
from hwgen.cluster.node import Item, Node
from hwgen.errors import HwgenError, Problem, ToolMissing, UsageError
from hwgen.tasks.library import get_task
from hwgen.verify.options import DEFAULTS, Options
from hwgen.verify.pool import Candidate
from hwgen.verify.verdict import Verdict

CHUNK = 48  # candidates of a call
AHEAD = 2


@dataclass
class _Chunk:
    """Candidates with their numbers, shuffled among canaries: `numbers[i]` is None for those."""

    items: list[Item]
    numbers: list[int | None]
    canaries: dict[int, Canary]


class Cluster:
    """The nodes of a running Ray cluster; a context manager. `jobs` candidates at once on each.

    `quarantined` holds the ids of nodes that are not asked any more, with the reason. Raises
    ToolMissing without Ray, UsageError if the cluster would talk to anybody.
    """

    def __init__(
        self,
        address: str,
        options: Options = DEFAULTS,
        jobs: int | None = None,
        node_class: type[Node] = Node,
    ) -> None:
        self.ray = _ray()
        if os.environ.get("RAY_AUTH_MODE") != "token":
            raise UsageError(
                Problem(
                    "the cluster's token authentication is off",
                    "who reaches a Ray cluster runs code on it",
                    "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN here and on every node",
                )
            )
        self.ray.init(
            address=address, log_to_driver=False, ignore_reinit_error=True, logging_level="ERROR"
        )
        self.quarantined: dict[str, str] = {}
        self.nodes: dict[str, Any] = {}
        actor = self.ray.remote(node_class)
        for node in self.ray.nodes():
            if node["Alive"]:
                self.nodes[node["NodeID"]] = actor.options(
                    num_cpus=0, scheduling_strategy=_here(self.ray, node["NodeID"])
                ).remote(asdict(options), jobs)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self.nodes.values():
            self.ray.kill(actor)
        self.ray.shutdown()

    def judge_many(self, candidates: Iterable[Candidate]) -> Iterator[tuple[int, Verdict]]:
        """Yield (number, verdict) of every candidate, chunk by chunk.

        Tasks must be built in. Raises HwgenError when no node is left.
        """
        rng = random.Random(secrets.randbits(64))  # a node must not foretell the canaries
        source = enumerate(candidates)
        waiting: deque[_Chunk] = deque()
        running: dict[Any, tuple[str, _Chunk]] = {}
        while True:
            for name in list(self.nodes):
                while sum(n == name for n, _ in running.values()) < AHEAD:
                    chunk = waiting.popleft() if waiting else _chunk(source, rng)
                    if chunk is None:
                        break
                    running[self.nodes[name].judge.remote(chunk.items)] = (name, chunk)
            if not self.nodes and (waiting or running or _chunk(source, rng)):
                raise HwgenError(
                    Problem(
                        "no node of the cluster is left",
                        "; ".join(f"{n[:12]}: {why}" for n, why in self.quarantined.items()),
                        "start the cluster again; verdicts so far are good",
                    )
                )
            if not running:
                return
            ready, _ = self.ray.wait(list(running), num_returns=1)
            for reference in ready:
                name, chunk = running.pop(reference)
                verdicts = self._fetched(name, reference, chunk)
                if verdicts is None:
                    waiting.append(chunk)
                    continue
                for number, verdict in zip(chunk.numbers, verdicts, strict=True):
                    if number is not None:
                        yield number, verdict

    def _fetched(self, name: str, reference: Any, chunk: _Chunk) -> list[Verdict] | None:
        """The verdicts of a chunk, or None after its node lost our trust."""
        if name in self.quarantined:
            return None
        try:
            verdicts = [Verdict.from_dict(said) for said in self.ray.get(reference)]
        except Exception as error:
            last = (str(error).splitlines() or [""])[-1]
            self._quarantine(name, f"it failed: {type(error).__name__}: {last}"[:200])
            return None
        lies = [at for at, canary in chunk.canaries.items() if not canary.told_by(verdicts[at])]
        if lies or len(verdicts) != len(chunk.items):
            self._quarantine(name, "it told wrong of a candidate whose verdict is known")
            return None
        return verdicts

    def _quarantine(self, name: str, why: str) -> None:
        self.quarantined[name] = why
        actor = self.nodes.pop(name, None)
        if actor is not None:
            self.ray.kill(actor)


def _chunk(source: Iterator[tuple[int, Candidate]], rng: random.Random) -> _Chunk | None:
    """The next candidates, with a good and a bad canary among them; None when there are none."""
    entries: list[tuple[int | None, Item, Canary | None]] = []
    for number, (task, files) in islice(source, CHUNK):
        get_task(task.origin)  # raises UsageError for what other machines do not have
        entries.append((number, (task.origin, dict(files)), None))
    if not entries:
        return None
    for canary in canaries(rng):
        item = (canary.task.origin, dict(canary.files))
        entries.insert(rng.randint(0, len(entries)), (None, item, canary))
    known = {at: canary for at, (_, _, canary) in enumerate(entries) if canary}
    return _Chunk([item for _, item, _ in entries], [n for n, _, _ in entries], known)


def _ray() -> Any:
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ToolMissing(
            Problem("the cluster needs Ray", fix="pip install 'hwgen[cluster]'")
        ) from error
    return ray


def _here(ray: Any, node_id: str) -> Any:
    strategies = ray.util.scheduling_strategies
    return strategies.NodeAffinitySchedulingStrategy(node_id, soft=False)

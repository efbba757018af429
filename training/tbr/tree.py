"""Trees of candidates: what every one is worth, and which is preferred to which.

Pure functions of what the judge said. The tree is that of trace-back based rescore (VeriRL, Teng et
al., ICCAD 2025): a bad candidate is reflected on and tried again, and is then worth what its
retries are worth.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Rule = Literal["ours", "published"]


@dataclass(frozen=True)
class Thresholds:
    """When candidate i is preferred to j. Always: score i > score j + `gap`.

    Rule `published`: score i > `better` and score j > `above`; the values are the published ones.
    Rule `ours`: i itself passed every case and the judge, j did not, and j ran at all. A case here
    is a whole sequence from reset, and most wrong designs pass none: a score above 0 would leave
    them out, and a reward model would never see what it meets most.
    """

    rule: Rule = "ours"
    better: float = 0.8
    gap: float = 0.4
    above: float = 0.0


@dataclass(frozen=True)
class Node:
    """A candidate. `parent` is the number of the node whose fault it was told (-1: none), `level`
    its depth. `r` is the share of cases that it passed, None where the judge failed; `passed` says
    whether it is a PASS, `ran` whether it came as far as a simulation. `text` is the whole answer,
    `told` the judge's sentence on it.
    """

    parent: int
    level: int
    text: str
    r: float | None
    passed: bool = False
    ran: bool = False
    worthy: bool = False
    cells: int | None = None
    cause: str = ""
    told: str = ""


@dataclass
class Tree:
    """Candidates for the task `id`; a parent comes before its children."""

    id: str
    nodes: list[Node] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"id": self.id, "nodes": [asdict(node) for node in self.nodes]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tree:
        """The tree that `as_dict` made `data` of."""
        return cls(data["id"], [Node(**node) for node in data["nodes"]])


@dataclass(frozen=True)
class Candidate:
    """A distinct answer: its score, and whether that text itself passed, and ran."""

    text: str
    score: float
    passed: bool
    ran: bool


def scores(nodes: Sequence[Node]) -> list[float | None]:
    """The score of every node: its r, or where it was reflected on, the mean of its children's
    scores. Children without a verdict do not count; None where there is nothing to go by.
    """
    found: list[float | None] = [node.r for node in nodes]
    children: list[list[float]] = [[] for _ in nodes]
    for number in range(len(nodes) - 1, -1, -1):  # children come behind their parent
        if children[number]:
            found[number] = sum(children[number]) / len(children[number])
        score, parent = found[number], nodes[number].parent
        if score is not None and parent >= 0:
            children[parent].insert(0, score)
    return found


def candidates(tree: Tree, levels: int | None = None) -> list[Candidate]:
    """The distinct answers of a tree in the order in which they were first given, each with the
    mean score of the nodes that gave it. `levels`: of a tree that had grown no deeper.
    """
    nodes = [n for n in tree.nodes if levels is None or n.level <= levels]
    assert all(node.parent < place for place, node in enumerate(nodes))
    by_text: dict[str, list[tuple[Node, float]]] = {}
    for node, score in zip(nodes, scores(nodes), strict=True):
        if score is not None and node.r is not None:
            by_text.setdefault(node.text, []).append((node, score))
    return [
        Candidate(
            text,
            sum(score for _, score in same) / len(same),
            any(node.passed and node.r == 1.0 for node, _ in same),
            any(node.ran for node, _ in same),
        )
        for text, same in by_text.items()
    ]


def preferred(found: Sequence[Candidate], wanted: Thresholds) -> Iterator[tuple[int, int]]:
    """(i, j) for every candidate i that is preferred to j."""
    for i, one in enumerate(found):
        for j, other in enumerate(found):
            if i == j or one.score <= other.score + wanted.gap:
                continue
            if wanted.rule == "published":
                fit = one.score > wanted.better and other.score > wanted.above
            else:
                fit = one.passed and other.ran and not other.passed
            if fit:
                yield i, j


def pairs(
    tree: Tree, wanted: Thresholds, most: int, seed: int, levels: int | None = None
) -> list[tuple[Candidate, Candidate]]:
    """Preferred and rejected candidates of a tree, at most `most` pairs, drawn by `seed`."""
    found = candidates(tree, levels)
    every = list(preferred(found, wanted))
    if len(every) > most:
        kept = random.Random(f"{seed} {tree.id}").sample(range(len(every)), most)
        every = [every[place] for place in sorted(kept)]
    return [(found[i], found[j]) for i, j in every]

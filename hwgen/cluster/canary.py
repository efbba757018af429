"""Candidates whose verdicts are known: what a node says of them says what its word is worth."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hwgen.tasks.library import get_family, get_task
from hwgen.tasks.task import Task
from hwgen.verify.options import Files
from hwgen.verify.verdict import Verdict

FAMILIES = ("adder", "counter", "stream_scale")
_SPOILS = (("+ ", "- "), ("* ", "+ "), ("- ", "+ "))
"""Replacements that make a reference of these families wrong."""


@dataclass(frozen=True)
class Canary:
    """A candidate, and whether it is right."""

    task: Task
    files: Files
    good: bool

    def told_by(self, verdict: Verdict) -> bool:
        """Whether `verdict` is what it must be."""
        return verdict.outcome == ("PASS" if self.good else "FAIL")


def canaries(rng: random.Random) -> tuple[Canary, Canary]:
    """A right and a wrong candidate, of random tasks so that no node knows them by heart."""
    return _canary(rng, good=True), _canary(rng, good=False)


def _canary(rng: random.Random, good: bool) -> Canary:
    family = get_family(rng.choice(FAMILIES))
    choice = family.sample(rng)
    while choice["width"] < 4:  # one bit less is one bit more
        choice = family.sample(rng)
    task = get_task(family.id_of(choice))
    text = task.reference or ""
    if not good:
        text = next(text.replace(a, b, 1) for a, b in _SPOILS if a in text)
    # a comment makes the source new to a node that remembers sources
    return Canary(task, {"candidate.v": f"// {rng.getrandbits(64):x}\n{text}"}, good)

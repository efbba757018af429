"""What the adapters share: one judge for the process, and rewards for answers to tasks."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence

from hwgen.training.judged import Judging, check_errors
from hwgen.training.rewards import Scheme, components, reward
from hwgen.training.text import code_in

PARTS = ("parses", "elaborates", "cases", "passes", "proved", "worthy", "error")
"""Parts of a reward that trainers log: the same ones for every answer, as their tables need."""

_open: dict[int, Judging] = {}
_lock = threading.Lock()


def judging_of(seed: int) -> Judging:
    """The judge of this process for a run with this seed; opened once, closed at exit."""
    with _lock:
        if seed not in _open:
            _open[seed] = Judging(seed).__enter__()
            atexit.register(_open[seed].close)
        return _open[seed]


def paid(
    task_ids: Sequence[str], answers: Sequence[str], *, seed: int = 0, scheme: Scheme = "shaped"
) -> list[dict[str, float]]:
    """{"score": reward in [0, 1], and `PARTS`} of each answer, which may hold more than code.

    These trainers cannot leave a sample out. One that the judge failed on is paid the mean of the
    others (0 where there is none), which moves nothing much, and has "error" 1. Raises UsageError
    for an unknown task, HwgenError where the judge fails on more than a tenth.
    """
    asked = list(zip(map(str, task_ids), map(code_in, answers), strict=True))
    verdicts = judging_of(seed).verdicts(asked)
    check_errors(verdicts)
    rewards = [reward(verdict, scheme) for verdict in verdicts]
    known = [r for r in rewards if r is not None]
    mean = sum(known) / len(known) if known else 0.0
    found = []
    for verdict, value in zip(verdicts, rewards, strict=True):
        parts = components(verdict)
        score = {"score": mean if value is None else value}
        found.append(score | {name: parts.get(name, 0.0) for name in PARTS})
    return found

"""What the judge found of the samples to one task, and how a verdict is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hwgen.training.evaluate.answers import Answer
from hwgen.verify.verdict import OURS, SENTENCES, Verdict

CONTEXT = "context"  # the cause of samples that could not be asked for
CAUSES: Mapping[str, str] = {
    **SENTENCES,
    CONTEXT: "The prompt leaves no room for an answer in the policy's context.",
}
"""Every cause of a sample that did not pass, with its sentence."""


@dataclass(frozen=True)
class Row:
    """Samples to one task: how many there are, how many compiled, passed, passed worthily (see
    `Verdict.worthy`), ended by themselves; their tokens; how often each cause failed one.

    A sample that hwgen failed to judge counts as failed, with a cause of ours. `family` is the
    task's, `split` the one it was drawn for.
    """

    id: str
    split: str
    family: str
    samples: int
    compiled: int
    passed: int
    worthy: int
    ended: int
    tokens: int
    causes: Mapping[str, int]

    @property
    def lost(self) -> int:
        """Samples without a verdict, by our failure."""
        return sum(count for cause, count in self.causes.items() if cause in OURS)

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**asdict(self), "causes": dict(sorted(self.causes.items()))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Row:
        """The row that `as_dict` made `data` of."""
        return cls(**data)


def compiled(verdict: Verdict) -> bool:
    """Whether the syntax was right: screen and simulator's compiler took the source, with the
    ports that the task asks for. What it does is another matter.
    """
    return verdict.stage not in ("screen", "elaborate")


def family_of(task_id: str) -> str:
    """The family that a task's id names."""
    return task_id.partition("@")[0].partition(":")[0]


def row_of(split: str, answer: Answer, verdicts: Sequence[Verdict], samples: int) -> Row:
    """The row of one task; `samples` that were wanted, which were not asked without room."""
    name = answer.name
    if not answer.asked:
        return Row(name, split, family_of(name), samples, 0, 0, 0, 0, 0, {CONTEXT: samples})
    causes = Counter(v.cause for v in verdicts if not v.passed)
    return Row(
        id=name,
        split=split,
        family=family_of(name),
        samples=len(verdicts),
        compiled=sum(map(compiled, verdicts)),
        passed=sum(v.passed for v in verdicts),
        worthy=sum(v.passed and v.worthy for v in verdicts),
        ended=sum(answer.ended),
        tokens=sum(answer.tokens),
        causes=dict(sorted(causes.items())),
    )

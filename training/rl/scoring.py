"""Rewards of answers: the judge's, a reward model's, or a mixture of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from hwgen.training.judged import Counts, Judging
from hwgen.training.rewards import Scheme, components, reward
from hwgen.training.text import code_in
from hwgen.verify.verdict import Verdict


@dataclass(frozen=True)
class Answer:
    """What a policy wrote for a task: its id, the prompt shown and the text."""

    task: str
    prompt: str
    text: str


@dataclass(frozen=True)
class Score:
    """A reward in [0, 1], None where we failed; whether the judge passed the answer (None if it was
    not asked or failed), and parts of the reward for the log.
    """

    reward: float | None
    passed: bool | None = None
    parts: Mapping[str, float] = field(default_factory=dict)


Wait = Callable[[], list[Score]]


class Scoring(Protocol):
    """`start` begins to score answers and returns at once; calling what it returns waits for the
    scores, in the order of the answers. `costs` says what scoring has cost since it was last asked.
    """

    def start(self, answers: Sequence[Answer]) -> Wait: ...

    def costs(self) -> dict[str, float]: ...


class Judged:
    """The judge's verdicts; `scheme` and `ppa` say how they pay (`hwgen.training.rewards.reward`),
    `cells` the size of each task's reference.
    """

    def __init__(
        self,
        judging: Judging,
        scheme: Scheme = "shaped",
        ppa: float = 0.0,
        cells: Mapping[str, int] | None = None,
    ) -> None:
        self.judging, self.scheme, self.ppa, self.cells = judging, scheme, ppa, cells or {}
        self._before = Counts()

    def start(self, answers: Sequence[Answer]) -> Wait:
        pending = self.judging.start([(a.task, code_in(a.text)) for a in answers])

        def wait() -> list[Score]:
            said = zip(answers, pending.verdicts(), strict=True)
            return [self._score(a.task, verdict) for a, verdict in said]

        return wait

    def costs(self) -> dict[str, float]:
        now = self.judging.counts()
        spent, self._before = now - self._before, now
        return {f"judge/{name}": float(value) for name, value in asdict(spent).items()}

    def _score(self, task: str, verdict: Verdict) -> Score:
        cells = self.cells.get(task)
        paid = reward(verdict, self.scheme, ppa=self.ppa, reference_cells=cells)
        passed = None if paid is None else verdict.passed
        return Score(paid, passed, components(verdict, cells))


class Modelled:
    """A reward model: `scorer.score(prompts, texts)` gives numbers in (0, 1)."""

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer

    def start(self, answers: Sequence[Answer]) -> Wait:
        def wait() -> list[Score]:
            said = self.scorer.score([a.prompt for a in answers], [a.text for a in answers])
            return [Score(float(s), None, {"model": float(s)}) for s in said]

        return wait

    def costs(self) -> dict[str, float]:
        return {}


class Mixed:
    """`share` of the reward model's number and the rest of the judge's; no reward where the judge
    has none.
    """

    def __init__(self, judged: Scoring, modelled: Scoring, share: float) -> None:
        self.judged, self.modelled, self.share = judged, modelled, share

    def start(self, answers: Sequence[Answer]) -> Wait:
        judged, modelled = self.judged.start(answers), self.modelled.start(answers)

        def wait() -> list[Score]:
            said = modelled()  # in our own process, while the judge works
            return [self._mix(j, m) for j, m in zip(judged(), said, strict=True)]

        return wait

    def costs(self) -> dict[str, float]:
        return self.judged.costs()

    def _mix(self, judged: Score, modelled: Score) -> Score:
        if judged.reward is None or modelled.reward is None:
            return Score(None, judged.passed, judged.parts)
        reward = self.share * modelled.reward + (1 - self.share) * judged.reward
        return Score(reward, judged.passed, {**judged.parts, **modelled.parts})

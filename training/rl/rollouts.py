"""Answers of one step: drawn in batches, each handed to the judge while the next is drawn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch import nn

from hwgen.training.policy import Policy
from hwgen.training.policy.sample import Drawing, decode
from hwgen.training.rl.scoring import Answer, Score, Scoring, Wait


@dataclass
class Rollouts:
    """The answers of one process in one step, and what is still being said of them.

    `tasks` and `prompts` have one entry a row; rows of the same prompt follow each other.
    """

    scoring: Scoring
    tasks: Sequence[str]
    prompts: Sequence[str]
    drawn: list[list[int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    _waits: list[tuple[list[int], Wait]] = field(default_factory=list)

    def draw(
        self,
        policy: Policy,
        model: nn.Module,
        ids: Sequence[Sequence[int]],
        drawing: Drawing,
        *,
        samples: int,
        batch: int,
        max_new_tokens: int,
    ) -> list[list[int]]:
        """Tokens of an answer to each row of `ids` (`samples` equal rows a prompt), drawn from
        `model`, prompts of like length together, at most `batch` answers at a time.
        """
        began = time.perf_counter()
        source = replace(policy, model=model)
        self.drawn = [[] for _ in ids]
        firsts = sorted(range(0, len(ids), samples), key=lambda row: (len(ids[row]), row))
        width = max(1, batch // samples)
        for start in range(0, len(firsts), width):
            group = firsts[start : start + width]
            found = decode(
                source,
                [ids[row] for row in group],
                samples,
                drawing,
                batch=batch,
                max_new_tokens=max_new_tokens,
            )
            rows = [row + k for row in group for k in range(samples)]
            for row, answer in zip(rows, (a for answers in found for a in answers), strict=True):
                self.drawn[row] = answer
            self.score(policy, rows)
        self.seconds["generate"] = time.perf_counter() - began
        return self.drawn

    def take(self, policy: Policy, drawn: list[list[int]]) -> None:
        """Answers that another sampler has drawn."""
        self.drawn = drawn
        self.score(policy, list(range(len(drawn))))

    def score(self, policy: Policy, rows: list[int]) -> None:
        """Start to score some rows."""
        self.texts = self.texts or [""] * len(self.drawn)
        said = policy.tokenizer.batch_decode(
            [self.drawn[row] for row in rows], skip_special_tokens=True
        )
        answers = []
        for row, text in zip(rows, said, strict=True):
            self.texts[row] = text
            answers.append(Answer(self.tasks[row], self.prompts[row], text))
        self._waits.append((rows, self.scoring.start(answers)))

    def scores(self) -> list[Score]:
        """Wait for all scores, in the order of the rows."""
        began = time.perf_counter()
        found: list[Score] = [Score(None)] * len(self.drawn)
        for rows, wait in self._waits:
            for row, score in zip(rows, wait(), strict=True):
                found[row] = score
        self.seconds["score"] = time.perf_counter() - began
        return found

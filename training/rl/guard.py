"""When a run must not go on: answers without a verdict, none that passes, a loss without value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hwgen.errors import HwgenError, Problem, UsageError

MOST_NONE = 0.1
"""Largest share of a step's answers that may be without a reward."""

ENOUGH = 64  # judged answers after which the policy's start is known
POOR = 0.1  # pass rate below which learning hardly starts


def check_none(rewards: Tensor) -> None:
    """Raises HwgenError if more than `MOST_NONE` of (N,) rewards are NaN."""
    count, none = len(rewards), int(rewards.isnan().sum())
    if none > MOST_NONE * count:
        raise HwgenError(
            Problem(
                f"{none} of {count} answers have no verdict: the judge failed, not the policy",
                "a step with more than a tenth of them would teach the policy what the judge "
                "happens to finish",
                "see `hwgen doctor`, then go on with --resume: nothing before this step is lost",
            )
        )


def check_loss(loss: Tensor, update: int) -> None:
    """Raises HwgenError if the loss of an update (from 1) is no number."""
    if not torch.isfinite(loss).all():
        raise HwgenError(
            Problem(
                f"the loss of update {update} is {float(loss)}",
                "what would be trained from here on is lost",
                "take a smaller rl.learning_rate; the last checkpoint is sound",
            )
        )


@dataclass
class Start:
    """How many of the first answers were judged, and how many passed."""

    judged: int = 0
    passed: int = 0

    def check(self, passed: Tensor, say: Callable[[str], None]) -> None:
        """Count (N,) outcomes: 1 passed, 0 not, NaN not judged. Once `ENOUGH` are known, raises
        UsageError if none passed and warns if few did.
        """
        known = passed[~passed.isnan()]
        if self.judged >= ENOUGH or not len(known):
            return
        self.judged += len(known)
        self.passed += int(known.sum())
        if self.judged < ENOUGH:
            return
        if self.passed == 0:
            raise UsageError(
                Problem(
                    f"none of the policy's first {self.judged} answers passed: "
                    "reinforcement learning cannot start",
                    "it makes those answers likelier that were better than others, and none was "
                    "right",
                    "train longer before it (stage sft: more steps or rows), or ask easier tasks",
                )
            )
        share = self.passed / self.judged
        if share < POOR:
            say(
                f"warning: {100 * share:.0f} % of the first {self.judged} answers passed; below "
                f"{100 * POOR:.0f} % reinforcement learning is slow to start"
            )

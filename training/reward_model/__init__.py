"""A reward model from preference pairs: a policy's body with a scalar head, trained so that the
chosen answer scores above the rejected one (Bradley and Terry, 1952), by TRL's RewardTrainer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from hwgen.training.policy import Policy
    from hwgen.training.reward_model.scorer import Scorer

__all__ = ["RewardModelConfig", "load_scorer", "measure", "reward_model"]


class RewardModelConfig(BaseModel):
    """How a reward model is trained. `batch` pairs make an update, `micro` of them a forward pass;
    `margin`: the loss demands the distance of the two scores in the trees. `held_out` of the specs
    is kept for the report. `centre` weighs the mean of both scores towards 0. `lora` is the rank
    of an adapter (0: all weights are trained).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_rate: float = Field(1e-4, gt=0)
    epochs: int = Field(1, ge=1, le=100)
    steps: int = Field(0, ge=0, description="updates; 0: as many as the epochs have")
    batch: int = Field(32, ge=1)
    micro: int = Field(16, ge=1)
    warmup: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    margin: bool = True
    centre: float = Field(0.01, ge=0)
    most_pairs: int = Field(0, ge=0, description="pairs learnt from; 0: all")
    held_out: float = Field(0.1, ge=0, lt=1)
    lora: int = Field(0, ge=0)
    bf16: bool = False
    gradient_checkpointing: bool = False
    save_every: int = Field(50, ge=1)


def reward_model(
    base: Policy,
    pairs: Path,
    config: RewardModelConfig,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
) -> Scorer:
    """Train a scorer on a file of pairs (`hwgen.training.tbr`); `base` is not changed.

    `folder` gets model/ (`load_scorer` reads it), report.json, log.jsonl and checkpoints/, from
    which a stopped run goes on with `resume`. Raises UsageError: no pairs, too few specs, a line
    that is no pair (named), a checkpoint of another recipe.
    """
    from hwgen.training.reward_model.fit import fit

    return fit(base, pairs, config, folder, seed=seed, resume=resume, say=say)


def load_scorer(folder: Path) -> Scorer:
    """The scorer in `folder`. Raises UsageError where there is none."""
    from hwgen.training.reward_model import scorer

    return scorer.load_scorer(folder)


def measure(scorer: Scorer, pairs: Path) -> dict[str, Any]:
    """What a scorer makes of a file of pairs: `calibration.measured_pairs`."""
    from hwgen.training.reward_model.data import read_pairs, sides

    return sides(scorer, read_pairs(pairs))

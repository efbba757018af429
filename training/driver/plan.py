"""The order of a recipe's stages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwgen.training.recipe import Recipe

KINDS = ("sft", "tbr", "reward_model", "rl", "rejection")
"""Stages of a round, in their order. Rejection sampling feeds the next round's SFT; a reward model
is trained on the pairs of all rounds so far and serves until a later round refreshes it."""

POLICIES = ("sft", "rl")
"""Stages that make a policy."""


@dataclass(frozen=True)
class Step:
    """One stage of a run. `name` is its folder; `round` counts from 1, 0 outside of rounds;
    `config` is the stage's part of the recipe.
    """

    name: str
    kind: str
    round: int
    config: Any

    def seed(self, seed: int) -> int:
        """This stage's own seed in [0, 2^31), from the run's: no two stages share a stream."""
        text = f"{seed}:{self.name}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


def plan(recipe: Recipe) -> list[Step]:
    """Every stage of the recipe in the order they run; `evaluate-X` follows the stage X."""
    steps = [Step("data", "data", 0, recipe.data), Step("start", "start", 0, recipe.model)]
    after = recipe.evaluate.after if recipe.evaluate else ()
    for number, part in enumerate(recipe.rounds, start=1):
        for kind in KINDS:
            config = getattr(part, kind)
            if config is None:
                continue
            name = f"{kind.replace('_', '-')}-{number}"
            steps.append(Step(name, kind, number, config))
            if name in after:
                steps.append(Step(f"evaluate-{name}", "evaluate", number, recipe.evaluate))
    return steps

"""Which task is asked when: drawn before the run starts, so that a resumed run asks the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwgen.errors import Problem, UsageError


def schedule(ids: Sequence[str], steps: int, prompts: int, seed: int) -> list[str]:
    """`steps` times `prompts` task ids. All ids come once before any comes again, each round in an
    order of its own, and no step asks the same id twice. Raises UsageError.
    """
    unique = list(dict.fromkeys(ids))
    if len(unique) < prompts:
        raise UsageError(
            Problem(
                f"{len(unique)} tasks are too few for {prompts} prompts a step",
                "a step asks each task at most once",
                f"set rl.prompts = {max(len(unique), 1)} or give more tasks",
            )
        )
    random = np.random.default_rng([seed, 0x5C4ED])
    order: list[str] = []
    wanted = steps * prompts
    while len(order) < wanted:
        fresh = [unique[i] for i in random.permutation(len(unique))]
        # What the step begun by the last round still holds may not be asked in it again.
        begun = set(order[len(order) - len(order) % prompts :])
        order += sorted(fresh, key=begun.__contains__)
    return order[:wanted]

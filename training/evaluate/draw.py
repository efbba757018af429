"""Which tasks a policy is evaluated on: some of each split, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from hwgen.errors import Problem, UsageError
from hwgen.training.data.splits import HELD_OUT, SPLITS, all_families, ids

KEPT_OUT = "out"
"""The split of blocks that are kept for model-written accelerators, and for nothing else."""


def draw(
    splits: Sequence[str],
    count: int,
    seed: int,
    families: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, list[str]]:
    """{split: at most `count` ids of distinct tasks}, balanced over families or `families`.

    Says which split has fewer, and which is no test set. Raises UsageError:
    an unknown split or family, one named twice, a split without any task of these families.
    """
    known = [name for name in SPLITS if name != KEPT_OUT]
    problems = [
        Problem(f"there is no split '{name}' to evaluate on", f"splits are {', '.join(known)}")
        for name in splits
        if name not in known
    ]
    if len(set(splits)) < len(splits):
        problems.append(Problem(f"a split is named twice in {','.join(splits)}"))
    if problems:
        raise UsageError(*problems)
    # `ids` takes families in turn: shuffled, so that few tasks are not those of a, b and c
    names = list(dict.fromkeys(families)) or list(all_families())
    random.Random(f"{seed} families").shuffle(names)
    found: dict[str, list[str]] = {}
    for split in splits:
        found[split] = ids(split, count, seed, names)
        if not found[split]:
            what = f"split {split} has no task of {', '.join(families) or 'any family'}"
            problems.append(Problem(what, fix="name other families, or leave the split out"))
        elif len(found[split]) < count:
            say(f"split {split} has {len(found[split])} tasks, {count} were asked for")
        if split not in HELD_OUT:
            say(f"split {split} is no test set: training may have used its specs")
    if problems:
        raise UsageError(*problems)
    return found

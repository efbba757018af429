"""Which specs are for training and which are held out: a pure function of a spec's id.

The draw is a sha256 of the canonical id (every parameter said, no phrasing), so that no list has to
be kept and no process can disagree. Held out are, of each family, 15 % of the values of every
parameter (P), whole combinations of options (C, C-new) and single specs (S). P and C have a half
whose prompts and golden models reinforcement learning may use and a half that nobody sees.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from hwgen.arch import all_archs, get_arch
from hwgen.tasks.family import Choice, Family
from hwgen.tasks.leaves import leaf_blocks, leaf_families
from hwgen.tasks.library import families as classic_families
from hwgen.tasks.library import get_task

Split = Literal["train", "S", "P-rl", "P-test", "C-rl", "C-test", "C-new", "out"]
SPLITS: tuple[Split, ...] = get_args(Split)
HELD_OUT: tuple[Split, ...] = ("S", "P-test", "C-test", "C-new")
"""Splits that no stage may see; figures are measured on them."""

VALUES_HELD = 0.15  # of the values of every parameter with at least FEWEST
COMBINATIONS_HELD = 0.15  # of a family's combinations of options: C
COMBINATIONS_NEW = 0.05  # C-new
SPECS_HELD = 0.10  # of what is left: S
FEWEST = 4  # values or combinations, below which none is held out
SEEN_WHOLE = 8  # specs of one combination, below which none of them is in S
EVERYWHERE = ("reset",)
"""Options that are no part of a combination: every family has them, in the same words."""

MISSES = 3000  # draws without a new spec after which a family has no more


@lru_cache(1 << 16)
def split_of(task_id: str) -> Split:
    """The split of a task; its phrasing does not matter.

    "out" is in no split: held out in two ways at once, or a block that a preset of an architecture
    uses. Raises UsageError for an unknown id.
    """
    name, choice = _parsed(task_id)
    return split_of_choice(name, choice)


def split_of_choice(name: str, choice: Choice) -> Split:
    """The split of a family's choice; `name` is the family's as in `all_families`."""
    family = family_called(name)
    digest = family.id_of(choice)
    ways: list[Split] = []
    half = "rl" if _share("half", digest) < 0.5 else "test"
    if any(choice[axis] in held for axis, held in held_values(name).items()):
        ways.append("P-rl" if half == "rl" else "P-test")
    combination = _combination(family, choice)
    if combination in held_combinations(name):
        ways.append("C-rl" if half == "rl" else "C-test")
    if combination in new_combinations(name):
        ways.append("C-new")
    if len(ways) > 1 or ("/" in name and digest in _used_by_presets()):
        return "out"
    if ways:
        return ways[0]
    enough = _size(family) >= SEEN_WHOLE
    return "S" if enough and _share("spec", digest) < SPECS_HELD else "train"


def ids(split: Split, count: int, seed: int, families: Sequence[str] = ()) -> list[str]:
    """Up to `count` task ids of `split`: distinct specs, families in turn, phrasings by `seed`.

    `families` are names as in `all_families`, all of them if empty. There are fewer where the
    families have no more specs in that split. Raises UsageError for an unknown family.
    """
    names = tuple(families) or tuple(all_families())
    rng = random.Random(f"{seed} phrasings")
    sources = [_specs(name, split, seed) for name in dict.fromkeys(names)]
    found: list[str] = []
    while sources and len(found) < count:
        for source in list(sources):
            said = next(source, None)
            if said is None:
                sources.remove(source)
            elif len(found) < count:
                found.append(f"{said}@{rng.randrange(3)}")
    return found


@cache
def all_families() -> Mapping[str, Family]:
    """Every family that data is drawn from: the classic ones by name, and the leaf blocks of the
    architectures as `arch/module` (blocks that architectures share, once).
    """
    found = dict(classic_families())
    shared: set[int] = set()
    for arch in all_archs():
        for name, family in leaf_families(arch).items():
            if id(family) not in shared:
                shared.add(id(family))
                found[name] = family
    return found


def family_called(name: str) -> Family:
    """The family that the part of an id before the colon says. Raises UsageError."""
    known = all_families()
    if name in known:
        return known[name]
    if "/" in name:
        others = leaf_families(get_arch(name.partition("/")[0]))
        if name in others:
            return others[name]
    get_task(name)  # its sentence names what is close
    raise AssertionError(name)


@cache
def held_values(name: str) -> Mapping[str, frozenset[int]]:
    """Values of each parameter of a family that only P has.

    The order in which values are taken is shared by all parameters called a width: one that is
    held out in one family is, for the most part, no width in any other. Defaults are never taken:
    a policy that has not met 8 bits would be of little use.
    """
    held = {}
    for axis, values in family_called(name).parameters.items():
        kind = "width" if "width" in axis.lower() else axis.lower()
        count = max(1, round(VALUES_HELD * len(values))) if len(values) >= FEWEST else 0
        order = {_share("value", f"{kind}={value}"): value for value in values[1:]}
        held[axis] = frozenset(order[key] for key in sorted(order)[:count])
    return held


@cache
def held_combinations(name: str) -> frozenset[tuple[Any, ...]]:
    """Combinations of options, in the order of the family's axes, that are in C."""
    return frozenset(_held(name)[0])


@cache
def new_combinations(name: str) -> frozenset[tuple[Any, ...]]:
    """Combinations that no stage sees at all: C-new."""
    return frozenset(_held(name)[1])


@cache
def _held(name: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """C and C-new: by hash, but every value of an option stays in some combination for training.
    A value that was never seen could only be guessed.
    """
    family = family_called(name)
    left = _combinations(family)
    if len(left) < FEWEST:
        return [], []
    held = max(1, round(COMBINATIONS_HELD * len(left)))
    new = round(COMBINATIONS_NEW * len(left))
    order = sorted(left, key=lambda c: _share("combination", f"{name} {c}"))
    taken: list[tuple[Any, ...]] = []
    for one in order:
        if len(taken) == held + new:
            break
        rest = [other for other in left if other != one]
        if all(set(a) == set(b) for a, b in zip(_columns(rest), _columns(left), strict=True)):
            left = rest
            taken.append(one)
    return taken[:held], taken[held:]


def _columns(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _combinations(family: Family) -> list[tuple[Any, ...]]:
    """Combinations of options that are legal at some drawn parameters."""
    options = {n: v for n, v in family.options.items() if n not in EVERYWHERE}
    rng = random.Random(f"parameters of {family.name}")
    drawn = [family.default()]
    drawn += [{n: rng.choice(list(v)) for n, v in family.axes.items()} for _ in range(64)]
    found = []
    for values in itertools.product(*options.values()):
        chosen = dict(zip(options, values, strict=True))
        if any(family.legal({**parameters, **chosen}) for parameters in drawn):
            found.append(values)
    return found if options else []


def _combination(family: Family, choice: Choice) -> tuple[Any, ...]:
    return tuple(choice[name] for name in family.options if name not in EVERYWHERE)


def _size(family: Family) -> int:
    """Specs of one combination, legal or not."""
    size = 1
    for name, values in family.axes.items():
        size *= len(values) if name in family.parameters or name in EVERYWHERE else 1
    return size


def _specs(name: str, split: Split, seed: int) -> Iterator[str]:
    """Distinct ids of a family in a split, in an order of the seed, until there are no more."""
    family = family_called(name)
    prefix = f"{name.partition('/')[0]}/" if "/" in name else ""
    seen: set[str] = set()
    misses = 0
    for choice in _drawn(name, split, random.Random(f"{seed} {split} {name}")):
        said = family.id_of(choice)
        if said not in seen and family.legal(choice) and split_of_choice(name, choice) == split:
            seen.add(said)
            misses = 0
            yield prefix + said
        else:
            misses += 1
            if misses == MISSES:
                return


def _drawn(name: str, split: Split, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Choices among which those of `split` are: all of a small family, else without an end."""
    family = family_called(name)
    if math.prod(len(values) for values in family.axes.values()) <= MISSES:
        listed = list(family.choices())
        rng.shuffle(listed)
        yield from listed
    elif split in ("C-rl", "C-test", "C-new"):
        held = new_combinations(name) if split == "C-new" else held_combinations(name)
        taken = sorted(held, key=str)
        options = [axis for axis in family.options if axis not in EVERYWHERE]
        while taken:
            yield {**family.sample(rng), **dict(zip(options, rng.choice(taken), strict=True))}
    else:
        while True:
            yield family.sample(rng)


def _parsed(task_id: str) -> tuple[str, Mapping[str, Any]]:
    said = task_id.partition("@")[0]
    name, _, values = said.partition(":")
    return name, family_called(name).choice_of(values)


@cache
def _used_by_presets() -> frozenset[str]:
    """Ids, without the architecture, of the blocks that the presets of all architectures hold."""
    found = set()
    for arch in all_archs():
        for preset in arch.presets:
            for leaf in leaf_blocks(arch, arch.spec_class().preset(preset)):
                if leaf.task:
                    name, choice = _parsed(leaf.task)
                    found.add(family_called(name).id_of(choice))
    return frozenset(found)


def _share(salt: str, text: str) -> float:
    """A number in [0, 1) that follows from the texts alone."""
    digest = hashlib.sha256(f"hwgen split 1 {salt} {text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64

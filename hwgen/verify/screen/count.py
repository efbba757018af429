"""What parts of a design elaborate to, as numbers that add and multiply."""

from __future__ import annotations

from typing import NamedTuple


class Count(NamedTuple):
    """Instances and generate blocks, bits of memories, bits of other signals, passes of loops."""

    instances: int = 0
    memory: int = 0
    bits: int = 0
    trips: int = 0


def total(one: Count, other: Count) -> Count:
    """Both parts."""
    return Count(*map(int.__add__, one, other))


def larger(one: Count, other: Count) -> Count:
    """The larger of two in each respect."""
    return Count(*map(max, one, other))


def scaled(one: Count, factor: int) -> Count:
    """A part, `factor` times."""
    return Count(*(number * factor for number in one))

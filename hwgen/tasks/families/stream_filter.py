"""Filters: beats that match pass, the others are dropped."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

TESTS = {
    "equal": ("is equal to {key}", "s_data == {lit}"),
    "unequal": ("is not equal to {key}", "s_data != {lit}"),
    "above": ("is greater than {key} (unsigned)", "s_data > {lit}"),
    "below": ("is less than {key} (unsigned)", "s_data < {lit}"),
    "any": ("has a 1 in at least one bit position in which {key} has a 1", "|(s_data & {lit})"),
    "all": ("has a 1 in every bit position in which {key} has a 1", "(s_data & {lit}) == {lit}"),
}


class Filter:
    """Passes the beats that `test` likes."""

    def __init__(self, test: str, key: int, mark: bool) -> None:
        self.test, self.key, self.mark = test, key, mark
        self.reset()

    def reset(self) -> None:
        self.dropped = 0

    def likes(self, value: int) -> bool:
        common = sum(1 for i in range(self.key.bit_length()) if (self.key & value) >> i & 1)
        return {
            "equal": value == self.key,
            "unequal": value != self.key,
            "above": value > self.key,
            "below": value < self.key,
            "any": common > 0,
            "all": common == bin(self.key).count("1"),
        }[self.test]

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        value = inputs["s"]["s_data"]
        if not self.likes(value):
            self.dropped = min(self.dropped + 1, 15)
            return {"m": []}
        beat = {"m_data": value, **({"m_skipped": self.dropped} if self.mark else {})}
        self.dropped = 0
        return {"m": [beat]}


def make(choice: Choice) -> Blueprint:
    width, key, mark = choice["width"], choice["key"], choice["skipped"] == 1
    words, verilog = TESTS[choice["test"]]
    test = words.format(key=f"{key} (0x{key:x})")
    also = (
        " m_skipped (4 bits) is the number of beats dropped since the last beat that passed (or"
        " since reset), at most 15: it stays at 15 when more are dropped."
    )
    also = also if mark else ""
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width}),
            Link("m", "out", {"data": width, **({"skipped": 4} if mark else {})}),
        ],
        golden=lambda: Filter(choice["test"], key, mark),
        says=(
            f"A stream filter: beats whose s_data ({width} bits) {test} leave unchanged as m_data,"
            f" all others are taken and dropped.{also}",
            f"Let only those beats of s through to m whose {width}-bit s_data {test}; m_data is"
            f" that s_data. Swallow the rest.{also}",
            f"Stream m has exactly the beats of stream s of which it is true that the value s_data"
            f" {test}. m_data equals s_data, {width} bits wide.{also}",
        ),
        registers={
            "m_valid": (1, 0),
            "m_data": (width, None),
            **({"m_skipped": (4, None), "dropped": (4, 0)} if mark else {}),
        },
        view={"likes": verilog.format(lit=f"{width}'d{key}")},
        stimulus=lambda rng: {"beats": {"s": near(rng, width, key) + (gaps(key) if mark else [])}},
    )


def gaps(key: int) -> list[dict[str, int]]:
    """Every number of beats, up to 16, that are the key between others, and the other way."""
    runs = [[key] * n + [key ^ 1] for n in range(1, 17)] + [
        [key ^ 1] * n + [key] for n in range(17)
    ]
    return [{"s_data": value} for run in runs for value in run]


def near(rng: random.Random, width: int, key: int) -> list[dict[str, int]]:
    """Values next to the key or one bit from it, and a long row of values that rarely pass."""
    top = 1 << width
    values = [key, key, (key + 1) % top, (key - 1) % top]
    values += [key ^ (1 << rng.randrange(width)) for _ in range(12)] + [key, 0, top - 1]
    values += [key ^ (1 << n) for n in range(width)]
    values += [0, top - 1, key] + [0] * 17 + [top - 1] * 17 + [key ^ 1] * 17
    values += [key, key, key ^ 1] * 16 + [(key + 2) % top, (key - 2) % top] * 8
    values += [key, (key + 1) % top, (key - 1) % top]
    return [{"s_data": value} for value in values]


FAMILY = Family(
    name="stream_filter",
    kind="stream",
    summary="a filter that drops the beats that do not match",
    parameters={"width": (8, *range(3, 8), *range(9, 65)), "key": (5, *range(1, 5), 6, 37, 170)},
    options={"test": tuple(TESTS), "skipped": (0, 1), "reset": RESETS},
    legal=lambda choice: choice["key"] < 2 ** choice["width"],
    make=make,
    template="stream_filter.v.j2",
)

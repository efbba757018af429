"""Decimators: every n-th beat passes, or the sum of every n."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, ordinal, streaming
from hwgen.tasks.resets import RESETS


class Decimate:
    """Beats of the packet so far, in groups of `every`."""

    def __init__(self, every: int, phase: int) -> None:
        self.every, self.phase = every, phase
        self.reset()

    def reset(self) -> None:
        self.seen = 0

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        beat = inputs["s"]
        chosen = self.seen % self.every == self.phase
        self.seen = 0 if beat.get("s_last") else self.seen + 1
        return {"m": [{"m_data": beat["s_data"]}] if chosen else []}


def make(choice: Choice) -> Blueprint:
    width, every, last = choice["width"], choice["every"], choice["restart"] == "last"
    phase = {"first": 0, "last": every - 1, "second": 1}[choice["keep"]]
    bits = (every - 1).bit_length()
    again = " After a beat with s_last = 1 a new group begins, however long the old one was."
    again = again if last else ""
    place = ordinal(phase + 1)
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width, **({"last": 1} if last else {})}),
            Link("m", "out", {"data": width}),
        ],
        golden=lambda: Decimate(every, phase),
        says=(
            f"A decimator by {every}: the beats of s ({width}-bit s_data) are counted in groups of"
            f" {every}, starting after reset; the {place} beat of each group leaves as m_data, the"
            f" others are taken and dropped.{again}",
            f"Of each {every} consecutive beats on s pass on the {place} one (m_data = s_data,"
            f" {width} bits), drop {every - 1}. The first beat after reset is the 1st of a group."
            f"{again}",
            f"Keep one beat in {every}: from the beginning, number the beats of s 1 to {every} over"
            f" and over; the beats with number {phase + 1} appear on m, {width}-bit s_data as"
            f" m_data, no others.{again}",
        ),
        registers={"place": (bits, 0), "m_valid": (1, 0), "m_data": (width, None)},
        view={"bits": bits, "end": every - 1, "phase": phase, "restarts": last},
        stimulus=lambda rng: {"beats": {"s": packets(rng, width, every, last)}},
    )


def packets(rng: random.Random, width: int, every: int, last: bool) -> list[dict[str, int]]:
    """Two groups and a bit more in one packet, then packets shorter than a group."""
    lengths = [2 * every + 1, every, every - 1, every + 1, 1, 2 * every]
    ends = [n == length - 1 for length in lengths for n in range(length)]
    return [
        {"s_data": rng.getrandbits(width), **({"s_last": int(end)} if last else {})} for end in ends
    ]


FAMILY = Family(
    name="stream_decimate",
    kind="stream",
    summary="a decimator that keeps one beat of n",
    parameters={"width": (8, *range(1, 8), *range(9, 65)), "every": (3, 2, *range(4, 17))},
    options={
        "keep": ("first", "last", "second"),
        "restart": ("never", "last"),
        "reset": RESETS,
    },
    legal=lambda choice: choice["every"] > 2 or choice["keep"] != "second",
    make=make,
    template="stream_decimate.v.j2",
)

"""Counts of bits: ones, zeros, and how many zeros a number begins or ends with."""

from __future__ import annotations

import itertools
import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

WHAT = {
    "ones": "the number of 1 bits of s_data",
    "zeros": "the number of 0 bits of s_data",
    "leading": "the number of 0 bits of s_data above its highest 1 bit ({width} if s_data is 0)",
    "trailing": "the number of 0 bits of s_data below its lowest 1 bit ({width} if s_data is 0)",
    "highest": "the position of the highest 1 bit of s_data plus one (bit 0 gives 1; 0 if s_data"
    " is 0)",
    "changes": "the number of pairs of neighbouring bits of s_data that differ",
}


class CountBits:
    """Counts in the binary digits of a beat."""

    def __init__(self, width: int, what: str) -> None:
        self.width, self.what = width, what

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        text = format(inputs["s"]["s_data"], f"0{self.width}b")
        count = {
            "ones": text.count("1"),
            "zeros": text.count("0"),
            "leading": len(text) - len(text.lstrip("0")),
            "trailing": len(text) - len(text.rstrip("0")),
            "highest": len(text.lstrip("0")),
            "changes": sum(a != b for a, b in itertools.pairwise(text)),
        }[self.what]
        return {"m": [{"m_data": count}]}


def make(choice: Choice) -> Blueprint:
    width, what = choice["width"], choice["what"]
    bits = width.bit_length()
    words = WHAT[what].format(width=width)
    return streaming(
        choice,
        links=[Link("s", "in", {"data": width}), Link("m", "out", {"data": bits})],
        golden=lambda: CountBits(width, what),
        says=(
            f"For each beat of s send one beat on m: m_data ({bits} bits) is {words}; s_data has"
            f" {width} bits.",
            f"A bit counter on a stream: s_data of {width} bits comes in, {words} goes out as"
            f" {bits}-bit m_data.",
            f"Stream m answers each {width}-bit s_data of stream s with {words}, an unsigned number"
            f" of {bits} bits on m_data.",
        ),
        registers={"m_valid": (1, 0), "m_data": (bits, None)},
        view={"bits": bits, "what": what},
        stimulus=lambda rng: {"beats": {"s": lone(rng, width)}},
    )


def lone(rng: random.Random, width: int) -> list[dict[str, int]]:
    """No bit, all bits, each bit alone, and each bit as the highest and as the lowest one."""
    values = [0, 2**width - 1, *(1 << i for i in range(width))]
    values += [1 << i | rng.getrandbits(i) for i in range(1, width, 1 + width // 16)]
    values += [rng.getrandbits(width) >> i << i for i in range(0, width, 1 + width // 16)]
    return [{"s_data": value} for value in values]


FAMILY = Family(
    name="stream_count_bits",
    kind="stream",
    summary="counts of ones, zeros and leading or trailing zeros",
    parameters={"width": (8, *range(2, 8), *range(9, 65))},
    options={"what": tuple(WHAT), "reset": RESETS},
    make=make,
    template="stream_count_bits.v.j2",
)

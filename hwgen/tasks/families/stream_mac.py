"""Dot products: the products of two payload fields, added up to a last beat."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Dot:
    """One beat per packet: the sum of a * b modulo 2**total."""

    def __init__(self, width: int, total: int, signed: bool, bias: bool) -> None:
        self.width, self.total, self.signed, self.bias = width, total, signed, bias
        self.reset()

    def reset(self) -> None:
        self.pairs: list[tuple[int, int]] = []

    def number(self, pattern: int) -> int:
        negative = self.signed and pattern >= 1 << self.width - 1
        return pattern - (1 << self.width) * negative

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        beat = inputs["s"]
        self.pairs.append((self.number(beat["s_a"]), self.number(beat["s_b"])))
        if not beat["s_last"]:
            return {"m": []}
        total = sum(a * b for a, b in self.pairs) + (self.pairs[0][0] if self.bias else 0)
        self.pairs = []
        return {"m": [{"m_data": total % 2**self.total}]}


def make(choice: Choice) -> Blueprint:
    width, signed, bias = choice["width"], choice["sign"] == "signed", choice["start"] == "first"
    total = 2 * width + choice["guard"]
    sort = "signed (two's complement)" if signed else "unsigned"
    start = (
        "The sum starts in each packet with the s_a of the first beat, whose product is added too"
        if bias
        else "The sum starts at 0 in each packet"
    )
    wrap = f"{start}; it has {total} bits and wraps modulo 2**{total}."
    shown = ("a", "b") if signed else ()
    return streaming(
        choice,
        links=[
            Link("s", "in", {"a": width, "b": width, "last": 1}, shown),
            Link("m", "out", {"data": total}, ("data",) if signed else ()),
        ],
        golden=lambda: Dot(width, total, signed, bias),
        says=(
            f"A multiply-accumulate unit for packets: each beat of s carries {sort} {width}-bit s_a"
            " and s_b; their products are added up, and after the beat with s_last = 1 (which"
            f" counts too) the sum leaves as one beat m_data of {total} bits. {wrap}",
            f"Compute dot products. s_a and s_b are {sort}, {width} bits each; a vector ends with"
            f" s_last = 1. For each vector send one beat with m_data = sum of s_a * s_b. {wrap}",
            f"Multiply the {sort} fields s_a and s_b ({width} bits) of every beat of s, accumulate,"
            f" and give the {total}-bit accumulator on m_data once per packet, when its s_last = 1"
            f" beat has been accumulated. {wrap}",
        ),
        registers={
            "sum": (total, 0),
            "m_valid": (1, 0),
            "m_data": (total, None),
            **({"first": (1, 1)} if bias else {}),
        },
        view={
            "total": total,
            "sign": "signed " if signed else "",
            "bias": bias,
            "guard": total - width,
            "top": width - 1,
            "signed": signed,
        },
        stimulus=lambda rng: {"beats": {"s": extremes(rng, width)}},
    )


def extremes(rng: random.Random, width: int) -> list[dict[str, int]]:
    """Every pair of extreme operands alone, and long packets of them."""
    ends = (0, 1, 2 ** (width - 1) - 1, 2 ** (width - 1), 2**width - 1)
    beats = [{"s_a": a, "s_b": b, "s_last": 1} for a in ends for b in ends]
    for a, b in ((ends[4], ends[4]), (ends[3], ends[3]), (ends[3], ends[2])):
        beats += [{"s_a": a, "s_b": b, "s_last": 0}] * rng.randrange(9, 18)
        beats += [{"s_a": 1, "s_b": b, "s_last": 1}]
    return beats


FAMILY = Family(
    name="stream_mac",
    kind="stream",
    summary="a dot product of two payload fields for each packet",
    parameters={"width": (8, *range(2, 8), *range(9, 21)), "guard": (8, 0, 1, 2, 3, 4, 16)},
    options={"sign": ("signed", "unsigned"), "start": ("zero", "first"), "reset": RESETS},
    make=make,
    template="stream_mac.v.j2",
)

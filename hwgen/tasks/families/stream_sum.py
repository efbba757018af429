"""Sums of packets: the beats up to a last one, added up."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class PacketSum:
    """One beat per packet: the sum of its beats, wrapped or saturated after each addition."""

    def __init__(self, width: int, total: int, signed: bool, saturate: bool) -> None:
        self.width, self.total, self.signed, self.saturate = width, total, signed, saturate
        self.reset()

    def reset(self) -> None:
        self.packet: list[int] = []

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        value = inputs["s"]["s_data"]
        if self.signed and value >= 2 ** (self.width - 1):
            value -= 2**self.width
        self.packet.append(value)
        if not inputs["s"]["s_last"]:
            return {"m": []}
        low = -(2 ** (self.total - 1)) if self.signed else 0
        result = 0
        for addend in self.packet:
            result += addend
            if self.saturate:
                result = sorted((low, result, low + 2**self.total - 1))[1]
        self.packet = []
        return {"m": [{"m_data": result % 2**self.total}]}


def make(choice: Choice) -> Blueprint:
    width, signed, saturate = choice["width"], choice["sign"] == "signed", choice["over"] == "clamp"
    total = width + choice["growth"]
    low, high = (-(1 << total - 1), (1 << total - 1) - 1) if signed else (0, (1 << total) - 1)
    over = (
        f"saturates after each addition at {low} and {high}"
        if saturate
        else f"wraps modulo 2**{total}"
    )
    pad, sign = choice["growth"] + saturate, f"s_data[{width - 1}]"
    addend = f"{{{{{pad}{{{sign}}}}}, s_data}}" if signed else f"{{{pad}'d0, s_data}}"
    addend = addend if pad else "s_data"
    sort = "signed (two's complement)" if signed else "unsigned"
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width, "last": 1}, ("data",) if signed else ()),
            Link("m", "out", {"data": total}, ("data",) if signed else ()),
        ],
        golden=lambda: PacketSum(width, total, signed, saturate),
        says=(
            f"Add up the packets of stream s: s_data is {sort}, {width} bits; a packet ends with"
            f" the beat with s_last = 1. Each packet gives one beat on m, m_data ({total} bits)"
            f" being the sum of its s_data from 0. The sum {over}.",
            f"A packet accumulator. Starting from 0, it adds {sort} {width}-bit s_data beat by"
            f" beat; the beat with s_last = 1 is added too and then the {total}-bit sum leaves as"
            f" m_data, and the next beat begins a new sum. The accumulator {over}.",
            f"For every packet on s (beats up to and with s_last = 1) send one beat m_data on m:"
            f" the sum of all its {sort} s_data values. Widths: s_data {width} bits, m_data {total}"
            f" bits. The running sum, which starts at 0 in each packet, {over}.",
        ),
        registers={"sum": (total, 0), "m_valid": (1, 0), "m_data": (total, None)},
        view={
            "total": total,
            "signed": signed,
            "saturate": saturate,
            "carry": total,
            "top": total - 1,
            "addend": addend,
            "lows": f"{total}'d{1 << total - 1}",
            "highs": f"{total}'d{(1 << total - 1) - 1 if signed else (1 << total) - 1}",
        },
        stimulus=lambda rng: {"beats": {"s": extremes(rng, width)}},
    )


def extremes(rng: random.Random, width: int) -> list[dict[str, int]]:
    """Packets of one beat, and packets of extreme values long enough to overflow."""
    beats = []
    ends = (0, 1, 2 ** (width - 1) - 1, 2 ** (width - 1), 2**width - 1)
    for value in ends:
        for length in (1, 2, rng.randrange(3, 12)):
            beats += [{"s_data": value, "s_last": int(i + 1 == length)} for i in range(length)]
    for value in ends:
        back = [{"s_data": ends[-1 - ends.index(value)], "s_last": 0} for _ in range(3)]
        beats += [{"s_data": value, "s_last": 0}] * 9 + back + [{"s_data": value, "s_last": 1}]
    return beats


FAMILY = Family(
    name="stream_sum",
    kind="stream",
    summary="the sum of the beats of each packet",
    parameters={"width": (8, *range(2, 8), *range(9, 33)), "growth": (0, 1, 2, 3, 4, 8)},
    options={"sign": ("unsigned", "signed"), "over": ("wrap", "clamp"), "reset": RESETS},
    make=make,
    template="stream_sum.v.j2",
)

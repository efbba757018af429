"""The largest or smallest beat of each packet, and where it was."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

PLACE = 4  # bits of the position


class Extreme:
    """One beat per packet: its extreme value and the position of it."""

    def __init__(self, width: int, choice: Choice) -> None:
        self.width, self.choice = width, choice
        self.reset()

    def reset(self) -> None:
        self.packet: list[int] = []

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        self.packet.append(inputs["s"]["s_data"])
        if not inputs["s"]["s_last"]:
            return {"m": []}
        offset = 2 ** (self.width - 1) if self.choice["sign"] == "signed" else 0
        pick = max if self.choice["find"] == "max" else min
        best = pick(self.packet, key=lambda v: (v + offset) % 2**self.width)
        places = [i for i, value in enumerate(self.packet) if value == best]
        self.packet = []
        if self.choice["place"] == "none":
            return {"m": [{"m_data": best}]}
        place = places[0 if self.choice["place"] == "first" else -1]
        return {"m": [{"m_data": best, "m_place": place % 2**PLACE}]}


def make(choice: Choice) -> Blueprint:
    width, signed, place = choice["width"], choice["sign"] == "signed", choice["place"]
    word = {"max": "largest", "min": "smallest"}[choice["find"]]
    sort = "signed (two's complement)" if signed else "unsigned"
    where = (
        f" m_place ({PLACE} bits) is the position in its packet of the {place} beat with that"
        f" value, counted from 0, modulo {2**PLACE}."
    )
    where = "" if place == "none" else where
    compare = {"max": ">", "min": "<"}[choice["find"]] + ("=" if place == "last" else "")
    shown = ("data",) if signed else ()
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width, "last": 1}, shown),
            Link("m", "out", {"data": width, **({"place": PLACE} if where else {})}, shown),
        ],
        golden=lambda: Extreme(width, choice),
        says=(
            f"For each packet of stream s (it ends with the beat with s_last = 1) send one beat"
            f" on m: m_data is the {word} s_data of the packet, {sort}, {width} bits.{where}",
            f"Find the {word} value of every packet. s_data and m_data are {sort} numbers of"
            f" {width} bits; s_last = 1 marks the last beat of a packet, which counts too; m gets"
            f" one beat per packet.{where}",
            f"A packet {choice['find']} unit: compares {width}-bit {sort} s_data of all beats up to"
            f" and with s_last = 1, then gives the {word} one as a single beat m_data.{where}",
        ),
        registers={
            "first": (1, 1),
            "best": (width, None),
            "m_valid": (1, 0),
            "m_data": (width, None),
            **(
                {"count": (PLACE, 0), "at": (PLACE, None), "m_place": (PLACE, None)}
                if where
                else {}
            ),
        },
        view={
            "compare": f"$signed(s_data) {compare} $signed(best)"
            if signed
            else f"s_data {compare} best",
            "where": bool(where),
            "bits": PLACE,
        },
        stimulus=lambda rng: {"beats": {"s": packets(rng, width)}},
    )


def packets(rng: random.Random, width: int) -> list[dict[str, int]]:
    """Rising, falling, level, and longer than the position can count."""
    top, half = 2**width - 1, 2 ** (width - 1)
    rising = sorted(rng.getrandbits(width) for _ in range(5))
    rows = [rising, rising[::-1], [half] * 4, [half - 1, half, half - 1, half], [0, top, 0, top]]
    rows += [[top], [0], [half], [half, half - 1], [half - 1, half], [1, 1, 0, 0], [0, 0, 1, 1]]
    rows += [[0] * 17 + [top] + [0] * 2, [top] * 17 + [0] + [top] * 2]
    for place in range(4, 16):  # each position wins, upwards or downwards
        rows += [[half] * place + [half + side * (1 + place % 3), half] for side in (1, -1)]
    return [
        {"s_data": v % (top + 1), "s_last": int(i == len(r) - 1)}
        for r in rows
        for i, v in enumerate(r)
    ]


FAMILY = Family(
    name="stream_extreme",
    kind="stream",
    summary="the largest or smallest beat of each packet",
    parameters={"width": (8, *range(2, 8), *range(9, 65))},
    options={
        "find": ("max", "min"),
        "sign": ("unsigned", "signed"),
        "place": ("none", "first", "last"),
        "reset": RESETS,
    },
    make=make,
    template="stream_extreme.v.j2",
)

"""Width converters from narrow to wide: several beats become lanes of one."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Gather:
    """Collects `lanes` beats, or what there is at a last one, into a word."""

    def __init__(self, width: int, lanes: int, big: bool, last: bool) -> None:
        self.width, self.lanes, self.big, self.last = width, lanes, big, last
        self.held: list[int] = []

    def reset(self) -> None:
        self.held = []

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        self.held.append(inputs["s"]["s_data"])
        last = inputs["s"].get("s_last", 0)
        if not last and len(self.held) < self.lanes:
            return {"m": []}
        word = keep = 0
        for number, value in enumerate(self.held):
            lane = self.lanes - 1 - number if self.big else number
            word += value * 2 ** (self.width * lane)
            keep += 2**lane
        self.held = []
        return {"m": [{"m_data": word, **({"m_keep": keep, "m_last": last} if self.last else {})}]}


def make(choice: Choice) -> Blueprint:
    width, lanes, last = choice["width"], choice["lanes"], choice["last"] == 1
    big, fill = choice["first"] == "high", (lanes - 1).bit_length()
    lane = "highest" if big else "lowest"
    extra = {"keep": lanes, "last": 1} if last else {}
    flush = (
        f" A beat with s_last = 1 ends the word early: lanes without a beat are 0, m_keep ({lanes}"
        " bits, bit i for lane i, lane 0 in the least significant bits) tells which lanes hold a"
        " beat, and m_last is 1 for the word that holds the beat with s_last, else 0."
    )
    flush = flush if last else ""
    order = range(lanes - 1, -1, -1) if big else range(lanes)
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width, "last": 1} if last else {"data": width}),
            Link("m", "out", {"data": width * lanes, **extra}),
        ],
        golden=lambda: Gather(width, lanes, big, last),
        says=(
            f"A width up-converter: each {lanes} beats of {width}-bit s_data become one beat of"
            f" {width * lanes}-bit m_data, the first of them in the {lane} {width} bits, the"
            f" following ones in {'descending' if big else 'ascending'} order.{flush}",
            f"Pack s_data ({width} bits) into words m_data of {lanes} lanes,"
            f" {'most' if big else 'least'} significant lane first; a word leaves when its lanes"
            f" are full.{flush}",
            f"Stream m carries {lanes} consecutive beats of stream s side by side ({lanes} x"
            f" {width} = {width * lanes} bits, {'big' if big else 'little'}-endian: the earliest"
            f" s_data is in the {'most' if big else 'least'} significant bits of m_data).{flush}",
        ),
        registers={
            "fill": (fill, 0),
            "m_valid": (1, 0),
            "m_data": (width * lanes, None),
            **({"m_keep": (lanes, None), "m_last": (1, None)} if last else {}),
        },
        view={
            "fill": fill,
            "end": lanes - 1,
            "lanes": [
                {"number": n, "lane": i, "high": i * width + width - 1, "low": i * width}
                for n, i in enumerate(order)
            ],
        },
    )


FAMILY = Family(
    name="stream_upsize",
    kind="stream",
    summary="a width converter from narrow to wide beats",
    parameters={"width": (8, *range(1, 8), *range(9, 33)), "lanes": (4, 2, 3, 5, 6, 7, 8)},
    options={"first": ("low", "high"), "last": (0, 1), "reset": RESETS},
    make=make,
    template="stream_upsize.v.j2",
)

"""Width converters from wide to narrow: the lanes of one beat leave one after the other."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Scatter:
    """Each beat becomes its lanes, the last of them marked if the beat was."""

    def __init__(self, width: int, lanes: int, big: bool, last: bool) -> None:
        self.width, self.lanes, self.big, self.last = width, lanes, big, last

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        rest, pieces = inputs["s"]["s_data"], []
        for _ in range(self.lanes):
            rest, piece = divmod(rest, 2**self.width)
            pieces.append({"m_data": piece, **({"m_last": 0} if self.last else {})})
        if self.big:
            pieces.reverse()
        if self.last:
            pieces[-1]["m_last"] = inputs["s"]["s_last"]
        return {"m": pieces}


def make(choice: Choice) -> Blueprint:
    width, lanes, last = choice["width"], choice["lanes"], choice["last"] == 1
    big, wide = choice["first"] == "high", choice["width"] * choice["lanes"]
    tail = (
        f" m_last is s_last for the last of the {lanes} beats of a word and 0 for the others."
        if last
        else ""
    )
    low, high = f"s_data[{width - 1}:0]", f"s_data[{wide - 1}:{wide - width}]"
    ends = (high, low) if big else (low, high)
    also = {"last": 1} if last else {}
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": wide, **also}),
            Link("m", "out", {"data": width, **also}),
        ],
        golden=lambda: Scatter(width, lanes, big, last),
        says=(
            f"A width down-converter: each beat of {wide}-bit s_data leaves as {lanes} beats of"
            f" {width}-bit m_data, the {'highest' if big else 'lowest'} {width} bits first.{tail}",
            f"Split words s_data ({wide} bits) into {lanes} pieces m_data of {width} bits, sent in"
            f" the order from {ends[0]} to {ends[1]}.{tail}",
            f"Serialise the {lanes} lanes of s_data on stream m, {'most' if big else 'least'}"
            f" significant lane first ({'big' if big else 'little'}-endian). A lane, and m_data,"
            f" has {width} bits; s_data has {wide}.{tail}",
        ),
        registers={
            "word": (wide, None),
            "left": (lanes.bit_length(), 0),
            **({"ends": (1, None)} if last else {}),
        },
        view={
            "count": lanes.bit_length(),
            "pieces": lanes,
            "wide": wide,
            "shift": "<<" if big else ">>",
            "high": wide - 1 if big else width - 1,
            "low": wide - width if big else 0,
        },
    )


FAMILY = Family(
    name="stream_downsize",
    kind="stream",
    summary="a width converter from wide to narrow beats",
    parameters={"width": (8, *range(1, 8), *range(9, 33)), "lanes": (4, 2, 3, 5, 6, 7, 8)},
    options={"first": ("low", "high"), "last": (0, 1), "reset": RESETS},
    make=make,
    template="stream_downsize.v.j2",
)

"""Delta coding: differences of neighbouring beats, and the values back from them."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

RULES = {
    "encode": ("minus the s_data of the beat before", "-"),
    "decode": ("plus the m_data of the beat before", "+"),
    "xor": ("exclusive-or (bitwise) the s_data of the beat before", "^"),
}


class Delta:
    """Keeps the values of the packet, and works out the newest result from all of them."""

    def __init__(self, way: str, width: int, start: int, last: bool) -> None:
        self.way, self.modulus, self.start, self.last = way, 2**width, start, last
        self.reset()

    def reset(self) -> None:
        self.values = [self.start]

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        beat = inputs["s"]
        self.values.append(beat["s_data"])
        before, now = self.values[-2:]
        result = {"encode": now - before, "decode": sum(self.values), "xor": now ^ before}[self.way]
        if self.last and beat["s_last"]:
            self.values = [self.start]
        end = {"m_last": beat["s_last"]} if self.last else {}
        return {"m": [{"m_data": result % self.modulus, **end}]}


def make(choice: Choice) -> Blueprint:
    width, way, last = choice["width"], choice["way"], choice["last"] == 1
    start = {"zero": 0, "one": 1, "middle": 1 << width - 1}[choice["start"]]
    words, operator = RULES[way]
    wrap = "" if way == "xor" else f" modulo 2**{width}"
    again = f" and in the first beat after a beat with s_last = 1, {start} takes its place"
    again = again if last else f", {start} takes its place"
    copy = " m_last is s_last." if last else ""
    fields = {"data": width, "last": 1} if last else {"data": width}
    return streaming(
        choice,
        links=[Link("s", "in", fields), Link("m", "out", fields)],
        golden=lambda: Delta(way, width, start, last),
        says=(
            f"Each beat of s gives one beat of m: m_data is s_data {words},{wrap or ' bit by bit'}"
            f" ({width} bits). In the first beat after reset there is none before{again}.{copy}",
            f"A delta {'decoder' if way == 'decode' else 'encoder'} on {width}-bit beats: m_data ="
            f" s_data {words}{wrap}. In the first beat after reset, which has no"
            f" predecessor{again}.{copy}",
            f"Stream m carries for every beat of s the value s_data {words}{wrap}, {width} bits on"
            f" m_data. For lack of a beat before, in the first beat after reset{again}.{copy}",
        ),
        registers={
            "previous": (width, start),
            "m_valid": (1, 0),
            "m_data": (width, None),
            **({"m_last": (1, None)} if last else {}),
        },
        view={
            "operator": operator,
            "kept": "result" if way == "decode" else "s_data",
            "begin": start,
        },
    )


FAMILY = Family(
    name="stream_delta",
    kind="stream",
    summary="differences of neighbouring beats, and back",
    parameters={"width": (8, *range(2, 8), *range(9, 65))},
    options={
        "way": tuple(RULES),
        "start": ("zero", "one", "middle"),
        "last": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="stream_delta.v.j2",
)

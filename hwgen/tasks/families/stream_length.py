"""Lengths of packets: beats counted, and packets numbered."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Length:
    """One beat per packet: how many beats it had, and the how manyth it was."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.reset()

    def reset(self) -> None:
        self.beats: list[int] = []
        self.packets = 0

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        self.beats.append(inputs["s"].get("s_data", 0))
        if not inputs["s"]["s_last"]:
            return {"m": []}
        zeros = self.beats.count(0)
        what = {"beats": len(self.beats), "zeros": zeros, "nonzero": len(self.beats) - zeros}
        count, limit = what[self.choice["what"]], 2 ** self.choice["bits"]
        count = min(count, limit - 1) if self.choice["over"] == "stay" else count % limit
        beat = {"m_count": count}
        if self.choice["number"]:
            beat["m_number"] = self.packets % 2 ** self.choice["number"]
        self.packets, self.beats = self.packets + 1, []
        return {"m": [beat]}


def make(choice: Choice) -> Blueprint:
    width, bits, number = choice["width"], choice["bits"], choice["number"]
    stay = choice["over"] == "stay"
    noun = {
        "beats": "beats",
        "zeros": "beats with s_data equal to 0",
        "nonzero": "beats with s_data not equal to 0",
    }[choice["what"]]
    over = f"a count that would exceed {2**bits - 1} stays there"
    over = over if stay else f"the count wraps modulo {2**bits}"
    also = (
        f" m_number ({number} bits) numbers the packets: 0 for the first after reset, then one more"
        f" for each, modulo {2**number}."
    )
    also = also if number else ""
    test = {"beats": [], "zeros": [f"s_data == {width}'d0"], "nonzero": [f"s_data != {width}'d0"]}
    hits = test[choice["what"]] + ([f"count != {bits}'d{2**bits - 1}"] if stay else [])
    data = {} if choice["what"] == "beats" else {"data": width}
    given = f"{width}-bit s_data; the" if data else "payload s_last alone; the"
    size = f" s_data has {width} bits." if data else ""
    fields = f"{width}-bit s_data and s_last" if data else "s_last alone"
    return streaming(
        choice,
        links=[
            Link("s", "in", {**data, "last": 1}),
            Link("m", "out", {"count": bits, **({"number": number} if number else {})}),
        ],
        golden=lambda: Length(choice),
        says=(
            f"For each packet of stream s ({given} beat with s_last = 1 is its last)"
            f" send one beat with m_count ({bits} bits), the number of {noun} in the packet, the"
            f" last beat included; {over}.{also}",
            f"Count the {noun} of every packet on s. A packet goes up to and with the beat with"
            f" s_last = 1; after it one beat m_count of {bits} bits leaves and counting starts"
            f" from 0 again. {over[:1].upper()}{over[1:]}.{size}{also}",
            f"A packet meter. Stream s: {fields}. Stream m: one beat per packet,"
            f" m_count = how many {noun} it had (its s_last beat counts like the others), {bits}"
            f" bits; {over}.{also}",
        ),
        registers={
            "count": (bits, 0),
            "m_valid": (1, 0),
            "m_count": (bits, None),
            **({"serial": (number, 0), "m_number": (number, None)} if number else {}),
        },
        view={
            "hit": f"({' && '.join(hits)})" if hits else "",
        },
        stimulus=lambda rng: {"beats": {"s": packets(width, bits, bool(data))}},
    )


def packets(width: int, bits: int, data: bool) -> list[dict[str, int]]:
    """Packets of each length from one beat to beyond the count, of zeros and of others."""
    lengths = [1, 2, 3, *(range(2**bits - 2, 2**bits + 2) if bits < 6 else ())]
    return [
        {**({"s_data": value} if data else {}), "s_last": int(n == length - 1)}
        for value in (0, 1, 2 ** (width - 1))
        for length in lengths
        if length > 0
        for n in range(length)
    ]


FAMILY = Family(
    name="stream_length",
    kind="stream",
    summary="the length of each packet, in beats",
    parameters={
        "width": (8, *range(2, 8), *range(9, 33)),
        "bits": (4, 2, 3, 5),
        "number": (0, 3, 4, 8),
    },
    options={
        "what": ("beats", "zeros", "nonzero"),
        "over": ("wrap", "stay"),
        "reset": RESETS,
    },
    legal=lambda choice: choice["what"] != "beats" or choice["width"] == 8,
    make=make,
    template="stream_length.v.j2",
)

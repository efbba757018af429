"""Repeaters: every beat leaves n times, n fixed or carried by the beat."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Repeat:
    """Each beat as often as it says, or `times` times."""

    def __init__(self, times: int, last: bool) -> None:
        self.times, self.last = times, last

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        beat = inputs["s"]
        times = beat.get("s_count", self.times)
        if not self.last:
            return {"m": [{"m_data": beat["s_data"]}] * times}
        ends = [int(number == times) for number in range(1, times + 1)]
        return {"m": [{"m_data": beat["s_data"], "m_last": end} for end in ends]}


def make(choice: Choice) -> Blueprint:
    width, times, last = choice["width"], choice["times"], choice["last"] == 1
    carried = choice["number"] == "carried"
    bits = times.bit_length()
    count = f"as often as its field s_count ({bits} bits, unsigned) says, not at all if it is 0"
    often = count if carried else f"{times} times"
    mark = " m_last is 1 for the last copy of each beat and 0 for the copies before it."
    mark = mark if last else ""
    payload = f"s_data ({width} bits)"
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width, **({"count": bits} if carried else {})}),
            Link("m", "out", {"data": width, **({"last": 1} if last else {})}),
        ],
        golden=lambda: Repeat(times, last),
        says=(
            f"Each beat of stream s leaves on stream m {often}, in a row, with m_data ="
            f" {payload}.{mark}",
            f"A beat repeater: take {payload}, then send it on m_data {often}, before the next beat"
            f" of s.{mark}",
            f"Stretch a stream: every {payload} of s appears on m as m_data {often}; order is"
            f" kept.{mark}",
        ),
        registers={"word": (width, None), "left": (bits, 0)},
        view={"bits": bits, "times": times, "carried": carried},
        most=16,
        stimulus=(
            lambda rng: {
                "beats": {
                    "s": [
                        {"s_data": rng.getrandbits(width), "s_count": i % 2**bits}
                        for i in range(2 * 2**bits)
                    ]
                }
            }
        )
        if carried
        else None,
    )


FAMILY = Family(
    name="stream_repeat",
    kind="stream",
    summary="a repeater that sends every beat several times",
    parameters={"width": (8, *range(1, 8), *range(9, 65)), "times": (3, 2, *range(4, 13))},
    options={"number": ("fixed", "carried"), "last": (0, 1), "reset": RESETS},
    legal=lambda choice: choice["number"] == "fixed" or choice["times"] in (3, 7),
    make=make,
    template="stream_repeat.v.j2",
)

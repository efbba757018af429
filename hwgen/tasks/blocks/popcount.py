"""hw_popcount: ones in the AND of two words."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row


class Popcount:
    """y is the number of positions at which both words have a one."""

    def reset(self) -> None:
        return None

    def step(self, inputs: Row) -> dict[str, int]:
        return {"y": (inputs["a"] & inputs["b"]).bit_count()}


def make(choice: Choice) -> Blueprint:
    width = choice["WIDTH"]
    count = width.bit_length()
    return Blueprint(
        ports=ports(f"clk< a<{width} b<{width} y>{count}"),
        clock="clk",
        golden=Popcount,
        phrasings=(
            f"At every rising edge of clk the number of ones in a & b (both {width} bits) goes"
            f" into a register whose value is y ({count} bits). One pair per cycle, latency one"
            " cycle; there is no reset and no enable.",
            "Registered population count: y, after each rising clock edge of clk, tells at how"
            f" many of the {width} bit positions a and b were both 1 at that edge. No reset, no"
            " enable.",
            f"Bitwise AND of the {width}-bit inputs a and b, then count the ones of the result (0"
            f" to {width}), then one register clocked by the rising edge of clk that drives the"
            f" {count}-bit output y. The register takes a new count in every cycle and has no"
            " reset.",
        ),
        view={"regs": ["y"], "top": width - 1, "count": count},
        stimulus=lambda rng: [directed(rng, width)],
    )


def directed(rng: random.Random, width: int) -> list[Row]:
    """All counts around 0 and the full word, each bit alone, dense and sparse words."""
    full = (1 << width) - 1
    rows = [{"a": full, "b": full}, {"a": full, "b": 0}, {"a": 0, "b": full}, {"a": 0, "b": 0}]
    for n in rng.sample(range(width), min(width, 24)):
        rows += [{"a": 1 << n, "b": full}, {"a": full, "b": full ^ 1 << n}]
    for _ in range(24):
        a, b = rng.getrandbits(width), rng.getrandbits(width)
        rows += [{"a": a | b, "b": full}, {"a": a, "b": full ^ a}]
    return rows


FAMILY = Family(
    name="hw_popcount",
    kind="cycle",
    summary="ones in the AND of two words, one register",
    parameters={"WIDTH": (64, *range(2, 64), 96, 128, 160, 192, 256, 512)},
    options={},
    make=make,
    template="blocks/popcount.v.j2",
)

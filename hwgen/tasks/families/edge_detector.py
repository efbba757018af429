"""Edge detectors: a pulse after each change of a bit, with or without synchroniser stages."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port

WORDS = {
    "rise": ("rising", "was 0 and is 1 now"),
    "fall": ("falling", "was 1 and is 0 now"),
    "both": ("rising or falling", "differs"),
}
VERILOG = {"rise": "now & ~previous", "fall": "~now & previous", "both": "now ^ previous"}


class Edges:
    """Looks at the samples `stages` and `stages` + 1 edges ago, bit by bit."""

    def __init__(self, width: int, kind: str, level: int, stages: int) -> None:
        self.width, self.kind, self.level, self.stages = width, kind, level, stages
        self.reset()

    def reset(self) -> dict[str, int]:
        self.seen = [self.level * (2**self.width - 1)] * (self.stages + 2)
        return {"y": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        self.seen = [*self.seen[1:], inputs["d"]]
        y = 0
        for bit in range(self.width):
            before, now = (self.seen[i] >> bit & 1 for i in (0, 1))
            hit = {"rise": now > before, "fall": now < before, "both": now != before}[self.kind]
            y += hit << bit
        return {"y": y}


def make(choice: Choice) -> Blueprint:
    width, kind, level, stages = (choice[n] for n in ("width", "kind", "level", "stages"))
    edge, rule = WORDS[kind]
    ones = level * (2**width - 1)
    each = "" if width == 1 else f" Each of the {width} bits is watched by itself."
    late = f"{stages} synchroniser flip-flop{'s' * (stages > 1)} in front" if stages else "no delay"
    chain = (
        f" d first passes {stages} flip-flop{'s' * (stages > 1)} (all set to {level} by reset),"
        f" which delays every pulse by {stages} cycle{'s' * (stages > 1)}."
        if stages
        else ""
    )
    names = [f"sync{i}" for i in range(stages)]
    return clocked(
        choice,
        ports=[Port(name="d", dir="in", width=width), Port(name="y", dir="out", width=width)],
        golden=lambda: Edges(width, kind, level, stages),
        says=(
            f"An edge detector with a registered output: at each rising edge of clk y becomes 1 if"
            f" the sample of d {rule} compared with the sample at the clock edge before, else 0"
            f" ({edge} edges of d).{each}{chain}",
            f"y is a register that pulses for one cycle after every {edge} edge of d: the new value"
            f" of y tells whether d as sampled at this clock edge and d as sampled at the one"
            f" before form such an edge; {late}.{each}{chain}",
            f"Detect {edge} edges on d. One cycle long pulses on y, taken from flip-flops. y after"
            " a clock edge depends on d at that edge and at the edge before"
            f" ({late}).{each}{chain}",
        ),
        start=f"y is 0, and the sample before the first one counts as {level}"
        + (" in every bit" if width > 1 else ""),
        registers={
            **dict.fromkeys(names, (width, ones)),
            "previous": (width, ones),
            "y": (width, 0),
        },
        view={
            "moves": dict(zip(names, ["d", *names], strict=False)),
            "source": [*["d"], *names][-1],
            "hit": VERILOG[kind],
        },
        stimulus=lambda rng: cases(width, stages),
    )


def cases(width: int, stages: int) -> list[list[dict[str, int]]]:
    """Steady inputs before and after a reset, which forgets them; then edges."""
    top, length = 2**width - 1, stages + 3
    steady = [[{"d": value}] * length for value in (top, top, 0, top, 0, 0)]
    return [*steady, [{"d": value} for value in (top, 0, top, 0) for _ in range(length)]]


FAMILY = Family(
    name="edge_detector",
    kind="cycle",
    summary="edge detectors with a registered output",
    parameters={"width": (1, *range(2, 33)), "stages": (0, 1, 2, 3)},
    options={"kind": tuple(WORDS), "level": (0, 1), "reset": RESETS},
    make=make,
    template="edge_detector.v.j2",
)

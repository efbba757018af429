"""Binary counters: up or down, with or without an enable, wrapping at 2**width."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Counter:
    """Counts by `step_by` modulo 2**width in cycles with `en` (always without that port)."""

    def __init__(self, width: int, step_by: int) -> None:
        self.modulus, self.step_by, self.count = 1 << width, step_by, 0

    def reset(self) -> dict[str, int]:
        self.count = 0
        return {"count": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        self.count = (self.count + self.step_by * inputs.get("en", 1)) % self.modulus
        return {"count": self.count}


def make(choice: Choice) -> Blueprint:
    width, down, enable = choice["width"], choice["dir"] == "down", choice["enable"] == 1
    word, reset = ("down" if down else "up"), reset_words(choice["reset"])
    gate = " in cycles in which en is 1" if enable else " every cycle"
    ends = (0, 2**width - 1) if down else (2**width - 1, 0)
    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="count", dir="out", width=width),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Counter(width, -1 if down else 1),
        phrasings=(
            f"{sentence(bits(width))} {word} counter with {reset}. The output count changes by"
            f" one{gate} and wraps from {ends[0]} to {ends[1]}; reset sets it to 0.",
            f"count is a register of {width} bits. {sentence(reset)} clears it. On each rising"
            f" edge of clk it is {'decremented' if down else 'incremented'}{gate}, modulo"
            f" {2**width}.",
            f"Count {word} on rising edges of clk{gate}: {ends[0]} is followed by {ends[1]}. Width"
            f" of count: {width} bits. There is {reset}, after which count is 0.",
        ),
        view={**reset_view(choice["reset"]), "width": width, "sign": "-" if down else "+",
              "enable": enable, "regs": ["count"]},
        stimulus=lambda rng: [wrap(width, enable)] if width <= 10 else [],
    )  # fmt: skip


def wrap(width: int, enable: bool) -> list[dict[str, int]]:
    """Once around and a little further, so that the wrap is seen."""
    row = {"en": 1} if enable else {}
    return [row] * ((1 << width) + 2)


FAMILY = Family(
    name="counter",
    kind="cycle",
    summary="binary up and down counters",
    parameters={"width": (8, *range(1, 8), *range(9, 65))},
    options={"dir": ("up", "down"), "enable": (0, 1), "reset": RESETS},
    make=make,
    template="counter.v.j2",
)

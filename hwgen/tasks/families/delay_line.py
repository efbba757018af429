"""Chains of flip-flops: synchronisers and delay lines, with or without an enable."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Chain:
    """Shows the sample `stages` - 1 enabled edges before the latest one."""

    def __init__(self, width: int, stages: int, start: int) -> None:
        self.stages, self.start = stages, start
        self.reset()

    def reset(self) -> dict[str, int]:
        self.samples = [self.start] * self.stages
        return {"q": self.start}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        if inputs.get("en", 1):
            self.samples.append(inputs["d"])
        return {"q": self.samples[-self.stages]}


def make(choice: Choice) -> Blueprint:
    width, stages, enable = choice["width"], choice["stages"], choice["enable"] == 1
    start = {"zeros": 0, "ones": 2**width - 1, "one": 1}[choice["start"]]
    gate = " at which en is 1; with en = 0 all flip-flops keep their values" if enable else ""
    names = [*(f"stage{i}" for i in range(1, stages)), "q"]
    size = "one bit" if width == 1 else f"{width} bits"
    return clocked(
        choice,
        ports=[
            Port(name="d", dir="in", width=width),
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="q", dir="out", width=width),
        ],
        golden=lambda: Chain(width, stages, start),
        says=(
            f"A chain of {stages} flip-flop stages of {size} each from d to q: at each rising edge"
            f" of clk{gate} the first stage takes d, each other stage takes the one before it; q is"
            " the last stage.",
            f"Delay d by {stages} clock cycle{'s' * (stages > 1)}: q is what d was ({size}) at the"
            f" {f'clock edge {stages - 1} before' if stages > 1 else 'very'} latest one. Only"
            f" rising edges of clk count{gate}.",
            f"A {stages}-stage synchroniser for {size} of d, output q from its last register. The"
            f" registers shift at every rising edge of clk{gate}.",
        ),
        start=f"every stage, and with it q, is {start}",
        registers=dict.fromkeys(names, (width, start)),
        view={"moves": dict(zip(names, ["d", *names], strict=False)), "gate": enable},
    )


FAMILY = Family(
    name="delay_line",
    kind="cycle",
    summary="synchroniser chains and delay lines",
    parameters={"width": (1, *range(2, 33)), "stages": (2, 1, *range(3, 13))},
    options={"enable": (0, 1), "start": ("zeros", "ones", "one"), "reset": RESETS},
    legal=lambda choice: choice["width"] > 1 or choice["start"] != "one",
    make=make,
    template="delay_line.v.j2",
)

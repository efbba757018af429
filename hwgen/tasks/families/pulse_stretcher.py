"""Pulse stretchers: a short pulse becomes one of n cycles, retriggerable or not."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Stretcher:
    """Knows the edge at which the pulse began, and from it when it ends."""

    def __init__(self, cycles: int, again: bool, delay: int) -> None:
        self.cycles, self.again, self.delay = cycles, again, delay
        self.reset()

    def reset(self) -> dict[str, int]:
        self.time, self.began = 0, -10_000
        return {"y": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        self.time += 1
        busy = self.time < self.began + self.cycles + self.delay
        if inputs["trig"] and (self.again or not busy):
            self.began = self.time
        age = self.time - self.began
        return {"y": int(self.delay <= age < self.cycles + self.delay)}


def make(choice: Choice) -> Blueprint:
    cycles, again, delay = choice["cycles"], choice["retrigger"] == 1, choice["delay"]
    total = cycles + delay
    bits = total.bit_length()
    while_on = (
        f"A trig = 1 sampled in the meantime starts all {total} cycles anew"
        if again
        else "Samples of trig in the meantime are ignored"
    )
    first = (
        f"y stays 0 for {delay} cycle{'s' * (delay > 1)}, is then 1 for {cycles} cycles"
        if delay
        else f"y is 1 for {cycles} cycles, beginning right after that edge"
    )
    words = f"{first}, and falls back to 0 unless started again."
    late = (
        f"; the meantime are the {total - 1} clock edges after the one that started it, at the next"
        " one trig is looked at again."
    )
    return clocked(
        choice,
        ports=[Port(name="trig", dir="in"), Port(name="y", dir="out")],
        golden=lambda: Stretcher(cycles, again, delay),
        says=(
            f"A pulse stretcher. When trig is 1 at a rising edge of clk, {words} {while_on}{late}",
            f"Stretch pulses on trig to {cycles} clock cycles on y. trig sampled as 1 while idle"
            f" starts: {words} {while_on}{late}",
            f"Monostable: input trig, output y. From the clock edge at which trig = 1 starts it,"
            f" {words} {while_on}{late}",
        ),
        start="y is 0 and nothing is running",
        registers={"left": (bits, 0)},
        view={"bits": bits, "total": total, "again": again},
        stimulus=lambda rng: cases(total),
    )


def cases(total: int) -> list[list[dict[str, int]]]:
    """A lone pulse, one that stays, and a second one at every distance."""
    on, off = {"trig": 1}, {"trig": 0}
    pairs = [
        row for gap in range(total + 2) for row in [on, *[off] * gap, on, *[off] * (total + 1)]
    ]
    return [[on, *[off] * (total + 2)], [on] * (2 * total + 3) + [off] * total, pairs]


FAMILY = Family(
    name="pulse_stretcher",
    kind="cycle",
    summary="pulse stretchers, retriggerable or not, with or without delay",
    parameters={"cycles": (4, 2, 3, *range(5, 33)), "delay": (0, 1, 2, 3, 5)},
    options={"retrigger": (0, 1), "reset": RESETS},
    make=make,
    template="pulse_stretcher.v.j2",
)

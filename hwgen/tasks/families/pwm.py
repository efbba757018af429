"""Pulse width modulators: a counter against a duty value."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Pwm:
    """Position in the period and the duty in force; the output is decided at each edge."""

    def __init__(self, period: int, buffered: bool, invert: bool, centre: bool) -> None:
        self.period, self.buffered, self.invert, self.centre = period, buffered, invert, centre
        self.reset()

    def reset(self) -> dict[str, int]:
        self.cycle, self.duty = 0, 0
        return {"y": int(self.invert), "start": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        if inputs.get("en", 1) == 0:
            return {"y": int(self.invert), "start": 0}
        length = 2 * self.period if self.centre else self.period
        phase = self.cycle % length
        if phase == 0 or not self.buffered:
            self.duty = inputs["duty"]
        count = min(phase, length - 1 - phase) if self.centre else phase
        self.cycle += 1
        return {"y": int((count < self.duty) != self.invert), "start": int(phase == 0)}


def make(choice: Choice) -> Blueprint:
    period, buffered = choice["period"], choice["duty"] == "buffered"
    invert, centre, enable = choice["invert"] == 1, choice["shape"] == "centre", choice["en"] == 1
    bits = period.bit_length()
    on, off = (0, 1) if invert else (1, 0)
    shape = (
        f"counts 0, 1, ... {period - 1}, {period - 1}, ... 1, 0 and again (both ends twice in a"
        f" row, a period of {2 * period} cycles)"
        if centre
        else f"counts 0 to {period - 1} and again (a period of {period} cycles)"
    )
    load = (
        "At the edge that begins a period (position 0) the duty value is taken from the input duty"
        " and is used, from this very edge on, for the whole period"
        if buffered
        else "duty is looked at anew at every edge"
    )
    stop = (
        f" At an edge with en = 0 the position stays (and no duty is taken), y becomes {off} and"
        " start becomes 0."
        if enable
        else ""
    )
    rule = (
        f"at each rising edge of clk y becomes {on} if the position c before the edge is less than"
        f" the duty value, else {off}; start becomes 1 if the edge begins a period, else 0; and the"
        " position moves on"
    )
    wide = f"duty ({bits} bits, unsigned; {period} and more mean always {on})"
    return clocked(
        choice,
        ports=[
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="duty", dir="in", width=bits),
            Port(name="y", dir="out"),
            Port(name="start", dir="out"),
        ],
        golden=lambda: Pwm(period, buffered, invert, centre),
        says=(
            f"A pulse width modulator with {wide}. An internal position c {shape}; {rule}. {load}."
            f"{stop}",
            f"PWM generator, outputs y and start from registers. The position c {shape}. {load}. In"
            f" numbers: {rule}. The input is {wide}.{stop}",
            f"Compare a position with {wide} to make a PWM signal y: the position c {shape};"
            f" {rule}. {load}.{stop}",
        ),
        start=f"y is {off}, start is 0 and the next edge begins a period",
        registers={
            "count": (bits, 0),
            "y": (1, off),
            "start": (1, 0),
            **({"held": (bits, None)} if buffered else {}),
            **({"down": (1, 0)} if centre else {}),
        },
        view={
            "bits": bits,
            "end": period - 1,
            "buffered": buffered,
            "centre": centre,
            "inverted": invert,
            "off": off,
            "gate": enable,
        },
        stimulus=lambda rng: (
            [
                [{"duty": duty, **({"en": 1} if enable else {})}] * (2 * period + 1) * (1 + centre)
                for duty in dict.fromkeys((0, 1, period // 2, period - 1, period, 2**bits - 1))
            ]
            + [every_duty(period * (1 + centre), bits, {"en": 1} if enable else {})]
        ),
    )


def every_duty(length: int, bits: int, gate: dict[str, int]) -> list[dict[str, int]]:
    """One period of each duty, at most some 1,000 rows of them; then a pause after every step."""
    some = range(0, 2**bits, max(1, length * 2**bits // 1000))
    halting = [{**gate, "en": 1}, {**gate, "en": 0}] * (2 * length) if gate else []
    halting = [{"duty": length // 4, **row} for row in halting]
    return [*({"duty": duty, **gate} for duty in some for _ in range(length)), *halting]


FAMILY = Family(
    name="pwm",
    kind="cycle",
    summary="pulse width modulators, edge or centre aligned",
    parameters={"period": (16, *range(2, 16), *range(17, 41))},
    options={
        "duty": ("direct", "buffered"),
        "shape": ("edge", "centre"),
        "invert": (0, 1),
        "en": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="pwm.v.j2",
)

"""Timers: one-shot or periodic count-down from a loaded value, and watchdogs."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Timer:
    """A deadline in counted edges."""

    def __init__(self, periodic: bool) -> None:
        self.periodic = periodic
        self.reset()

    def reset(self) -> dict[str, int]:
        self.left, self.period = 0, 0
        return {"busy": 0, "done": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        done = 0
        if inputs.get("stop"):
            self.left = 0
        elif inputs["start"]:
            self.left = self.period = inputs["value"]
            done = int(self.period == 0)
        elif self.left and inputs.get("en", 1):
            self.left -= 1
            done = int(self.left == 0)
            if done and self.periodic:
                self.left = self.period
        return {"busy": int(self.left > 0), "done": done}


class Watchdog:
    """Bites once `limit` counted edges have gone by without a kick."""

    def __init__(self, limit: int, latch: bool) -> None:
        self.limit, self.latch = limit, latch
        self.reset()

    def reset(self) -> dict[str, int]:
        self.quiet = 0
        return {"bite": 0, "warn": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        bitten = self.quiet >= self.limit
        if inputs["kick"] and not (bitten and self.latch):
            self.quiet = 0
        elif inputs.get("en", 1) and not bitten:
            self.quiet += 1
        return {"bite": int(self.quiet >= self.limit), "warn": int(2 * self.quiet >= self.limit)}


def make_timer(choice: Choice) -> Blueprint:
    width, periodic = choice["width"], choice["mode"] == "periodic"
    stop, enable = choice["stop"] == 1, choice["enable"] == 1
    count = "each further edge at which en is 1" if enable else "each further edge"
    end = (
        "the timer starts again with the same value without being idle (busy stays 1)"
        if periodic
        else "busy becomes 0"
    )
    order = " stop = 1 makes it idle at once (busy 0, done 0) and has priority over start."
    order = order if stop else ""
    rule = (
        f"At a rising edge of clk with start = 1, busy or not, it loads value ({width} bits); if"
        " value is not 0, busy becomes 1 and done 0; if it is 0, busy becomes 0 and done 1. While"
        f" it is busy, {count} counts down by one; at the edge that brings the count to 0 done"
        f" becomes 1 and {end}. done is 1 for one cycle only: every edge that does not set it"
        " clears it" + (", one with en = 0 too." if enable else ".")
    )
    return clocked(
        choice,
        ports=[
            Port(name="start", dir="in"),
            *([Port(name="stop", dir="in")] if stop else []),
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="value", dir="in", width=width),
            Port(name="busy", dir="out"),
            Port(name="done", dir="out"),
        ],
        golden=lambda: Timer(periodic),
        says=(
            f"A {choice['mode'].replace('_', '-')} timer. {rule}{order}",
            f"Count-down timer with registered outputs busy and done, {width}-bit start value."
            f" {rule}{order}",
            f"Measure time in clock cycles with a {width}-bit down counter"
            f" ({choice['mode'].replace('_', '-')}). {rule}{order}",
        ),
        start="the timer is idle: busy and done are 0",
        registers={
            "left": (width, 0),
            "done": (1, 0),
            **({"period": (width, None)} if periodic else {}),
        },
        view={"stops": stop, "gate": enable, "periodic": periodic},
        stimulus=lambda rng: (
            [
                [{"start": 1, "value": value, **({"en": 1} if enable else {})}]
                + [{"value": 3, **({"en": 1} if enable else {})}] * (2 * value + 2)
                for value in (0, 1, 2, min(2**width - 1, 40))
            ]
            + [each_bit(width, {"en": 1} if enable else {})]
        ),
    )


def each_bit(width: int, gate: dict[str, int]) -> list[dict[str, int]]:
    """Starts, each over the one before, at which a bit that is lost ends the count too early."""
    values = [(1 << n) + more & (1 << width) - 1 for n in range(width) for more in (0, 1)]
    wait = [{"value": 1, **gate}] * 4
    return [row for value in values for row in ({"start": 1, "value": value, **gate}, *wait)]


def make_watchdog(choice: Choice) -> Blueprint:
    limit, latch, enable = choice["limit"], choice["latch"] == 1, choice["enable"] == 1
    bits, half = limit.bit_length(), (limit + 1) // 2
    which = "edge at which en is 1" if enable else "edge"
    idle = " An edge with kick = 0 and en = 0 changes nothing." if enable else ""
    after = (
        "once bite is 1 only reset clears it, kick does nothing then"
        if latch
        else "kick clears it in that state too"
    )
    rule = (
        f"At each rising edge of clk with kick = 1 a count is set to 0; each other {which} adds one"
        f" to it, up to {limit}, where it stays. bite is 1 while the count is {limit}; warn is 1"
        f" while the count is at least {half}. {after[:1].upper()}{after[1:]}.{idle}"
    )
    return clocked(
        choice,
        ports=[
            Port(name="kick", dir="in"),
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="bite", dir="out"),
            Port(name="warn", dir="out"),
        ],
        golden=lambda: Watchdog(limit, latch),
        says=(
            f"A watchdog. {rule}",
            f"Supervise the input kick: outputs bite and warn tell how long it has been missing"
            f" ({limit} counted cycles at most). {rule}",
            f"bite becomes 1 when kick has not come for {limit} counted cycles. {rule}",
        ),
        start="the count, bite and warn are 0",
        registers={"count": (bits, 0)},
        view={"bits": bits, "half": half, "gate": enable, "latch": latch},
        stimulus=lambda rng: quiet_cases(limit, half, {"en": 1} if enable else {}),
    )


def quiet_cases(limit: int, half: int, gate: dict[str, int]) -> list[list[dict[str, int]]]:
    """Silence of each telling length, after reset or after a kick, and a kick that ends it."""
    idle, kick = {"kick": 0, **gate}, {"kick": 1, **gate}
    silences = [
        [kick] * first + [idle] * quiet + [kick] * 2 + [idle] * 3
        for first in (0, 1)
        for quiet in (half - 1, half, limit - 1, limit, limit + 3)
    ]
    return [*silences, [idle, {**idle, "en": 0}] * (limit + 2)] if gate else silences


FAMILIES = (
    Family(
        name="timer",
        kind="cycle",
        summary="one-shot and periodic count-down timers",
        parameters={"width": (8, *range(2, 8), *range(9, 33))},
        options={
            "mode": ("one_shot", "periodic"),
            "stop": (0, 1),
            "enable": (0, 1),
            "reset": RESETS,
        },
        make=make_timer,
        template="timer.v.j2",
    ),
    Family(
        name="watchdog",
        kind="cycle",
        summary="watchdogs with a warning",
        parameters={"limit": (20, *range(3, 20), *range(21, 101))},
        options={"latch": (0, 1), "enable": (0, 1), "reset": RESETS},
        make=make_watchdog,
        template="watchdog.v.j2",
    ),
)

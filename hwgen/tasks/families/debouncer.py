"""Debouncers: an output that follows an input once it has been stable."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Debouncer:
    """Keeps the last samples; the output changes when `count` of them in a row say so."""

    def __init__(self, up: int, down: int, level: int, tick: bool) -> None:
        self.need, self.level, self.tick = (down, up), level, tick
        self.reset()

    def reset(self) -> dict[str, int]:
        self.y, self.samples = self.level, []  # type: int, list[int]
        return {"y": self.y}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        if self.tick and not inputs["tick"]:
            return {"y": self.y}
        self.samples.append(inputs["d"])
        new = 1 - self.y
        need = self.need[new]
        if self.samples[-need:] == [new] * need:
            self.y, self.samples = new, []
        return {"y": self.y}


def make(choice: Choice) -> Blueprint:
    up, down, level = choice["up"], choice["down"] or choice["up"], choice["level"]
    tick = choice["tick"] == 1
    names, most = ("d", "tick") if tick else ("d",), max(up, down)
    bits = most.bit_length()
    when = "rising edges of clk at which tick is 1" if tick else "rising edges of clk"
    hold = " Edges with tick = 0 change nothing and do not count." if tick else ""
    if up == down:
        rule = f"{up} consecutive {when}"
        each = f"either way it takes {up} equal samples"
    else:
        rule = f"{up} (to go to 1) or {down} (to go to 0) consecutive {when}"
        each = f"it takes {up} samples of 1 to go to 1 and {down} samples of 0 to go to 0"
    return clocked(
        choice,
        ports=[
            Port(name="d", dir="in"),
            *([Port(name="tick", dir="in")] if tick else []),
            Port(name="y", dir="out"),
        ],
        golden=lambda: Debouncer(up, down, level, tick),
        says=(
            f"A debouncer: the register y takes the value of d when d has been sampled different"
            f" from y at {rule}; y changes at the last of them. A sample equal to y starts the"
            f" count anew.{hold}",
            f"y follows d only after d has been stable: {each}, in a row, all different from y, and"
            f" y flips at the clock edge of the last of these samples. d is sampled at {when}. One"
            f" sample that agrees with y cancels the count.{hold}",
            f"Filter the bouncing input d into y. Count {when} at which d differs from y; when d"
            f" equals y the count goes back to 0; {each}; at the edge that completes the count y"
            f" changes and the count is 0 again.{hold}",
        ),
        start=f"y is {level} and the count is 0",
        registers={"count": (bits, 0), "y": (1, level)},
        view={"bits": bits, "ups": up - 1, "downs": down - 1, "same": up == down},
        stimulus=lambda rng: [
            [{n: r[n] for n in names} for r in c] for c in cases(up, down, level, rng)
        ],
    )


def cases(up: int, down: int, level: int, rng: random.Random) -> list[list[dict[str, int]]]:
    """Runs of every length up to and beyond the count, both ways, and each of them cancelled; by
    a reset too, which then finds a count."""
    most, value = max(up, down), 0
    rows: list[dict[str, int]] = []
    for length in [*range(1, most + 2), *range(1, most + 2), most + 1, most + 1]:
        value = 1 - value
        rows += [{"d": value, "tick": 1}] * length
    slow = [{"d": 1 - n // (3 * most + 3) % 2, "tick": int(n % 3 == 0)} for n in range(12 * most)]
    starts = [{"d": 1, "tick": 1}, *rows], [{"d": 0, "tick": 1}] * (most + 2) + rows
    after = [{"d": 1 - level, "tick": 1}] * (most + 1)
    ways = [cancelled(1, up, down), after, cancelled(0, down, up), after]
    return [*starts, slow, *ways, noisy(most, rng)]


def noisy(most: int, rng: random.Random) -> list[dict[str, int]]:
    """Runs between which, and within which, anything happens without a tick."""
    rows = []
    for n in range(16):
        for _ in range(rng.choice((1, most - 1, most, most, most + 1))):
            rows += [{"d": rng.getrandbits(1), "tick": 0}] * rng.choice((0, 0, 0, 1, 2))
            rows.append({"d": n & 1, "tick": 1})
    return rows


def cancelled(value: int, need: int, back: int) -> list[dict[str, int]]:
    """From the other level: every run too short for `value`, one sample against it, a full run; in
    the end a run that is not finished."""
    samples = [1 - value] * (back + 1)
    for length in range(1, need):
        samples += [*[value] * length, 1 - value, *[value] * need, *[1 - value] * back]
    return [{"d": sample, "tick": 1} for sample in [*samples, *[value] * (need - 1)]]


FAMILY = Family(
    name="debouncer",
    kind="cycle",
    summary="debouncers that want n equal samples",
    parameters={"up": (4, 2, 3, *range(5, 17)), "down": (0, 2, 3, 4, 5, 6, 7, 8)},
    options={"level": (0, 1), "tick": (0, 1), "reset": RESETS},
    make=make,
    template="debouncer.v.j2",
)

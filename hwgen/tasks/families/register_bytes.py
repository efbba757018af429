"""Registers with a write enable, lanes of their own enable, and a synchronous clear."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Lanes:
    """A list of lanes, each written by its bit of `be`."""

    def __init__(self, lane: int, lanes: int, start: int, mode: str) -> None:
        self.lane, self.lanes, self.start, self.mode = lane, lanes, start, mode
        self.reset()

    def reset(self) -> dict[str, int]:
        self.values = self.split(self.start)
        return self.outputs()

    def split(self, word: int) -> list[int]:
        return [word // 2 ** (i * self.lane) % 2**self.lane for i in range(self.lanes)]

    def outputs(self) -> dict[str, int]:
        return {"q": sum(v * 2 ** (i * self.lane) for i, v in enumerate(self.values))}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        if inputs.get("clr"):
            self.values = [0] * self.lanes
        elif inputs.get("we", 1):
            for i, value in enumerate(self.split(inputs["d"])):
                if inputs["be"] >> i & 1:
                    old = self.values[i]
                    self.values[i] = {"write": value, "set": old | value, "toggle": old ^ value,
                                      "clear": old - (old & value)}[self.mode]  # fmt: skip
        return self.outputs()


MODES = {
    "write": ("takes its part of d", "{d}"),
    "set": ("has those bits set that are 1 in d", "{q} | {d}"),
    "clear": ("has those bits cleared that are 1 in d", "{q} & ~{d}"),
    "toggle": ("has those bits inverted that are 1 in d", "{q} ^ {d}"),
}


def make(choice: Choice) -> Blueprint:
    lane, lanes, mode = choice["lane"], choice["lanes"], choice["mode"]
    width, write, clear = lane * lanes, choice["we"] == 1, choice["clr"] == 1
    start = {"zero": 0, "ones": 2**width - 1, "alternating": 2**width // 3}[choice["start"]]
    does, verilog = MODES[mode]
    gate = " while we is 1" if write else ""
    wipe = " clr = 1 sets q to 0 and has priority over writing." if clear else ""
    part = f"bits {lane}*i + {lane - 1} down to {lane}*i" if lane > 1 else "bit i"
    return clocked(
        choice,
        ports=[
            *([Port(name="clr", dir="in")] if clear else []),
            *([Port(name="we", dir="in")] if write else []),
            Port(name="be", dir="in", width=lanes),
            Port(name="d", dir="in", width=width),
            Port(name="q", dir="out", width=width),
        ],
        golden=lambda: Lanes(lane, lanes, start, mode),
        says=(
            f"A {width}-bit register q with {lanes} lanes of {lane} bit{'s' * (lane > 1)}. At each"
            f" rising edge of clk{gate}, lane i of q ({part}) {does} if be[i] is 1 and keeps its"
            f" value if be[i] is 0.{wipe}",
            f"Register with lane enables: d and q have {width} bits, be has {lanes}. be[i] selects"
            f" lane i ({part}). At rising clock edges{gate} a selected lane of q {does}; the other"
            f" lanes do not change.{wipe}",
            f"q is a register of {width} bits. For every i with be[i] = 1 lane i, {part}, {does},"
            f" lane by lane, at the rising edge of clk{gate}; everything else stays.{wipe}",
        ),
        start=f"q is {start} (0x{start:x})",
        registers={"q": (width, start)},
        stimulus=lambda rng: lane_cases(width, lanes, write, rng),
        view={
            "clears": clear,
            "gate": write,
            "width": width,
            "parts": [
                {"number": i, "value": verilog.format(q=f"q{r}", d=f"d{r}"), "range": r}
                for i in range(lanes)
                for r in [f"[{i * lane + lane - 1}:{i * lane}]"]
            ],
        },
    )


def lane_cases(
    width: int, lanes: int, write: bool, rng: random.Random
) -> list[list[dict[str, int]]]:
    """Each lane written alone, right after reset, with ones and with a pattern; then every choice
    of up to six lanes."""
    values = (2**width - 1, 2**width // 3, 2**width // 3 * 2, 2**width // 5)
    gate = {"we": 1} if write else {}
    alone = [[{"be": 1 << i, "d": value, **gate} for value in values] for i in range(lanes)]
    every = [{"be": be, "d": rng.getrandbits(width), **gate} for be in range(min(2**lanes, 64))]
    but_one = [{"be": 2**lanes - 1 - (1 << i), "d": values[0], **gate} for i in range(lanes)]
    return [*alone, but_one, every]


def legal(choice: Choice) -> bool:
    """There are bits to clear, or to set."""
    mode, start = choice["mode"], choice["start"]
    return (mode, start) not in (("clear", "zero"), ("set", "ones"))


FAMILY = Family(
    name="register_bytes",
    kind="cycle",
    summary="registers with lane enables, set, clear and toggle",
    parameters={"lane": (8, 1, 2, 3, 4, 5, 6, 7, 9, 12, 16), "lanes": (4, 2, 3, 5, 6, 7, 8)},
    options={
        "mode": tuple(MODES),
        "we": (0, 1),
        "clr": (0, 1),
        "start": ("zero", "ones", "alternating"),
        "reset": RESETS,
    },
    legal=legal,
    make=make,
    template="register_bytes.v.j2",
)

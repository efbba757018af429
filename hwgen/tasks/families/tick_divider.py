"""Clock-enable dividers: a tick of one cycle every n counted cycles."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked, ordinal
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Divider:
    """Counts enabled edges since the start; every n-th of them makes a tick."""

    def __init__(self, every: int, first: int) -> None:
        self.every, self.first = every, first
        self.reset()

    def reset(self) -> dict[str, int]:
        self.edges, self.half = 0, 0
        return {"tick": 0, "half": 0}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        if inputs.get("sync"):
            return self.reset()
        hit = 0
        if inputs.get("en", 1):
            self.edges += 1
            hit = int(self.edges >= self.first and (self.edges - self.first) % self.every == 0)
        self.half ^= hit
        return {"tick": hit, "half": self.half}


def make(choice: Choice) -> Blueprint:
    every, enable, sync = choice["every"], choice["enable"] == 1, choice["sync"] == 1
    first = 1 if choice["first"] == "at_once" else every
    bits = max(1, (every - 1).bit_length())
    load = every - 1 if first == every else 0
    edges = "rising edges of clk at which en is 1" if enable else "rising edges of clk"
    begin = "1st" if first == 1 else ordinal(every)
    hold = " An edge with en = 0 does not count: tick becomes 0 and half stays." if enable else ""
    again = (
        " sync = 1 at an edge does the same as reset, in whatever state"
        + (" and whatever en is." if enable else ".")
        if sync
        else ""
    )
    return clocked(
        choice,
        ports=[
            *([Port(name="en", dir="in")] if enable else []),
            *([Port(name="sync", dir="in")] if sync else []),
            Port(name="tick", dir="out"),
            Port(name="half", dir="out"),
        ],
        golden=lambda: Divider(every, first),
        says=(
            f"A clock-enable divider by {every}. Counting {edges} from reset, tick becomes 1 at the"
            f" {begin} and then at every {ordinal(every)} one after it, and 0 at all other"
            f" edges; half is inverted at the edges at which tick becomes 1.{hold}{again}",
            f"Registers tick and half: of the {edges} the {begin} after reset, and from there each"
            f" {ordinal(every)}, sets tick to 1 and toggles half; each other edge sets tick to"
            f" 0.{hold}{again}",
            f"Make a tick, one cycle long, for every {every} {edges}; the first tick comes with the"
            f" {begin} edge counted after reset. half changes its value together with the beginning"
            f" of each tick; it is a square wave of twice the distance.{hold}{again}",
        ),
        start="tick and half are 0 and counting starts from the beginning",
        registers={"left": (bits, load), "tick": (1, 0), "half": (1, 0)},
        view={"bits": bits, "reload": every - 1, "begin": load, "gate": enable, "syncs": sync},
        stimulus=lambda rng: cases(every, enable, sync),
    )


def cases(every: int, enable: bool, sync: bool) -> list[list[dict[str, int]]]:
    """Some ticks in a row; a pause after every edge; a start anew at telling places."""
    on, pause, anew = {"en": 1}, {"en": 0}, {"en": 1, "sync": 1}
    found = [[on] * (3 * every + 2)]
    if enable:
        found.append([on, pause] * (2 * every + 2))
    for place in (1, every // 2, every - 1, every, every + 1, 2 * every) if sync else ():
        late = [pause | anew] if enable and place % 2 else []
        found.append([*[on] * place, *late, anew, *[on] * (every + 2)])
        found[-1] += [{"en": 0, "sync": 1}, *[on] * 3] if enable else []
    return found


FAMILY = Family(
    name="tick_divider",
    kind="cycle",
    summary="a tick every n cycles",
    parameters={"every": (10, *range(2, 10), *range(11, 101))},
    options={
        "first": ("after_all", "at_once"),
        "enable": (0, 1),
        "sync": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="tick_divider.v.j2",
)

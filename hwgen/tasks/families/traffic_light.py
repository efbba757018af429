"""Traffic light controllers: fixed times, with or without a request of the side road."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port

RED, YELLOW, GREEN, BOTH = 4, 2, 1, 6


class Lights:
    """Works through a list of phases, each with its lights and its number of ticks."""

    def __init__(self, phases: list[tuple[int, int, int]], request: bool) -> None:
        self.phases, self.request = phases, request
        self.reset()

    def reset(self) -> dict[str, int]:
        self.phase, self.spent, self.asked = 0, 0, 0
        return self.outputs()

    def outputs(self) -> dict[str, int]:
        main, side, _ = self.phases[self.phase]
        return {"main": main, "side": side}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        self.asked |= inputs.get("car", 0)
        if inputs.get("tick", 1):
            self.spent = min(self.spent + 1, self.phases[self.phase][2])
            free = not self.request or self.phase != 0 or self.asked
            if self.spent == self.phases[self.phase][2] and free:
                self.phase, self.spent = (self.phase + 1) % len(self.phases), 0
                if self.phase == 0:
                    self.asked = 0
        return self.outputs()


def phases_of(choice: Choice) -> list[tuple[int, int, int]]:
    """Lights of the main road, lights of the side road, ticks."""
    long, short, amber = choice["main"], choice["side"], choice["yellow"]
    all_red = [(RED, RED, 1)] if choice["all_red"] else []
    early = choice["red_yellow"] == 1
    to_side = [(RED, BOTH, 1)] if early else []
    to_main = [(BOTH, RED, 1)] if early else []
    return [
        (GREEN, RED, long),
        (YELLOW, RED, amber),
        *all_red,
        *to_side,
        (RED, GREEN, short),
        (RED, YELLOW, amber),
        *all_red,
        *to_main,
    ]


def make(choice: Choice) -> Blueprint:
    phases, request, tick = phases_of(choice), choice["car"] == 1, choice["tick"] == 1
    lit = {RED: "red", YELLOW: "yellow", GREEN: "green", BOTH: "red and yellow"}
    unit = "tick" if tick else "cycle"
    steps = "; ".join(
        f"{n}: main {lit[m]}, side {lit[s]}, {time} {unit}{'s' * (time > 1)}"
        for n, (m, s, time) in enumerate(phases)
    )
    time = (
        "Only rising edges of clk with tick = 1 count for the times"
        if tick
        else "Every rising edge of clk counts for the times"
    )
    ask = (
        f" Phase 0 lasts at least {phases[0][2]} {unit}s: after that time it ends at the first"
        " counted edge at or before which (in this cycle of phases) car was 1 at a clock edge"
        f"{' (with or without tick)' if tick else ''}; a car = 1 sampled at any edge is remembered"
        " until the lights come back to phase 0, at which edge it is forgotten (also if car is 1"
        " at that edge)."
        if request
        else ""
    )
    rule = (
        f"main and side are 3 bits each: bit 2 red, bit 1 yellow, bit 0 green. Phases, in a circle:"
        f" {steps}. {time}; a phase of n {unit}s ends at the n-th counted edge after the one that"
        f" began it.{ask}"
    )
    bits = max(t for *_, t in phases).bit_length()
    size = (len(phases) - 1).bit_length()
    return clocked(
        choice,
        ports=[
            *([Port(name="tick", dir="in")] if tick else []),
            *([Port(name="car", dir="in")] if request else []),
            Port(name="main", dir="out", width=3),
            Port(name="side", dir="out", width=3),
        ],
        golden=lambda: Lights(phases, request),
        says=(
            f"A traffic light controller for a main road and a side road. {rule}",
            f"Control the lamps main and side of a crossing with {len(phases)} phases. {rule}",
            f"Write the finite state machine of a crossing; its outputs depend on the phase only."
            f" {rule}",
        ),
        start="phase 0 begins and no car has been seen" if request else "phase 0 begins",
        registers={
            "phase": (size, 0),
            "left": (bits, phases[0][2] - 1),
            **({"asked": (1, 0)} if request else {}),
        },
        view={
            "size": size,
            "bits": bits,
            "phases": [
                {"main": m, "side": s, "next": (n + 1) % len(phases),
                 "load": phases[(n + 1) % len(phases)][2] - 1}
                for n, (m, s, _) in enumerate(phases)
            ],
            "ticked": tick,
            "request": request,
        },
        stimulus=lambda rng: [
            [{**({"tick": 1} if tick else {}), **({"car": car} if request else {})}]
            * (2 * sum(t for *_, t in phases) + 3)
            for car in (1, 0)
        ],
    )  # fmt: skip


FAMILY = Family(
    name="traffic_light",
    kind="cycle",
    summary="traffic light controllers",
    parameters={
        "main": (8, *range(2, 8), *range(9, 21)),
        "side": (5, 2, 3, 4, *range(6, 13)),
        "yellow": (2, 1, 3, 4),
    },
    options={
        "all_red": (0, 1),
        "red_yellow": (0, 1),
        "car": (0, 1),
        "tick": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="traffic_light.v.j2",
)

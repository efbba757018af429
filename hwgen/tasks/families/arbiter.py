"""Arbiters with registered grants: fixed priority and round robin, with or without hold."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Arbiter:
    """Ranks the requesters at each edge and grants the first of them that asks."""

    def __init__(self, ways: int, order: str, hold: bool, start: int) -> None:
        self.ways, self.order, self.hold, self.start = ways, order, hold, start
        self.reset()

    def reset(self) -> dict[str, int]:
        self.owner: int | None = None
        self.first = self.start
        return {"grant": 0, "busy": 0}

    def ranking(self) -> list[int]:
        if self.order == "round_robin":
            return [(self.first + i) % self.ways for i in range(self.ways)]
        return sorted(range(self.ways), reverse=self.order == "highest")

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        asking = [i for i in self.ranking() if inputs["req"] >> i & 1]
        if not (self.hold and self.owner in asking):
            self.owner = asking[0] if asking else None
            if self.owner is not None:
                self.first = self.owner + 1
        return {"grant": 0 if self.owner is None else 1 << self.owner, "busy": int(bool(asking))}


def make(choice: Choice) -> Blueprint:
    ways, hold, order = choice["ways"], choice["hold"] == 1, choice["order"]
    bits = (ways - 1).bit_length()
    turn = order == "round_robin"
    start = ways // 2 if choice["begin"] == "middle" else 0
    if turn:
        rule = (
            f"the first requester found when looking from position p upwards (p, p + 1, ..., after"
            f" {ways - 1} comes 0); p then becomes the position after the one granted (after"
            f" {ways - 1} comes 0). p does not change at edges that make no new choice or at which"
            " nobody requests"
        )
    else:
        side = "lowest" if order == "lowest" else "highest"
        rule = f"the requester with the {side} index"
    keep = (
        " A requester that holds the grant keeps it as long as its req bit is 1 at the edges;"
        " only an edge at which it is 0 (or at which nobody held the grant) makes a new choice."
        if hold
        else " A new choice is made at every edge."
    )
    what = (
        f"grant ({ways} bits, at most one of them 1, bit i for req[i]) and busy are registers. At"
        f" each rising edge of clk with any bit of req ({ways} bits) set, busy becomes 1 and the"
        f" grant goes to {rule}. With req = 0 grant and busy become 0.{keep}"
    )
    kind = {"lowest": "fixed-priority", "highest": "fixed-priority"}.get(order, "round-robin")
    return clocked(
        choice,
        ports=[
            Port(name="req", dir="in", width=ways),
            Port(name="grant", dir="out", width=ways),
            Port(name="busy", dir="out"),
        ],
        golden=lambda: Arbiter(ways, order, hold, start),
        says=(
            f"A {kind} arbiter for {ways} requesters. {what}",
            f"Decide between {ways} requesters ({kind}{', sticky grant' if hold else ''}). {what}",
            f"One of the bits of req wins a {kind} arbitration at every clock edge"
            f"{' that is free to choose' if hold else ''}. {what}",
        ),
        start=f"grant and busy are 0{f' and p is {start}' if turn else ''}",
        registers={
            "grant": (ways, 0),
            "busy": (1, 0),
            **({"first": (bits, start)} if turn else {}),
        },
        view={
            "bits": bits,
            "turn": turn,
            "hold": hold,
            "end": ways - 1,
            "upwards": list(range(ways)),
            "downwards": list(range(ways - 1, -1, -1)),
        },
        stimulus=lambda rng: sweep(ways),
    )


def sweep(ways: int) -> list[list[dict[str, int]]]:
    """Everybody at once, then everybody but one, then pairs and lone requesters; pairs after every
    grant; every choice of up to six."""
    full = 2**ways - 1
    lone = [{"req": 1 << i} for i in range(ways)]
    but_one = [{"req": full - (1 << i)} for i in range(ways)]
    pairs = [{"req": 1 << i | 1 << j} for i in range(ways) for j in range(i)]
    after = [row for i in range(ways) for row in ({"req": 1 << i}, {"req": full}, {"req": 0})]
    few = range(ways) if ways <= 8 else range(0, ways, 4)
    # who was granted twice, then any two neighbours: tells where p is
    then = [{"req": req} for i in range(ways) for j in few
            for req in (1 << i, 1 << i, 1 << j | 1 << (j + 1) % ways)]  # fmt: skip
    each = [{"req": req} for choice in range(min(full + 1, 64)) for req in (choice, 0)]
    return [[{"req": full}] * (2 * ways + 1), but_one + lone + pairs, after, then, each]


FAMILY = Family(
    name="arbiter",
    kind="cycle",
    summary="fixed-priority and round-robin arbiters",
    parameters={"ways": (4, 2, 3, *range(5, 17))},
    options={
        "order": ("round_robin", "lowest", "highest"),
        "hold": (0, 1),
        "begin": ("zero", "middle"),
        "reset": RESETS,
    },
    legal=lambda choice: choice["begin"] == "zero" or choice["order"] == "round_robin",
    make=make,
    template="arbiter.v.j2",
)

"""hw_token: a counter of tokens between a giver and a taker."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Reset


class Token:
    """A count in 0..most, and whether the last cycle asked for what was impossible."""

    def __init__(self, most: int) -> None:
        self.most, self.count, self.error = most, 0, False

    def reset(self) -> dict[str, int]:
        self.count, self.error = 0, False
        return self.shown()

    def step(self, inputs: Row) -> dict[str, int]:
        put, take, count = inputs["put"], inputs["take"], self.count
        self.error = bool((put and count == self.most) or (take and count == 0))
        self.count = count + (put and count < self.most) - (take and count > 0)
        return self.shown()

    def shown(self) -> dict[str, int]:
        room = self.count < self.most
        return {"has": int(self.count > 0), "room": int(room), "error": int(self.error)}


def make(choice: Choice) -> Blueprint:
    most = choice["MAX"]
    return Blueprint(
        ports=ports("clk< rst< put< take< has> room> error>"),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Token(most),
        phrasings=(
            f"A counter of synchronisation tokens, 0 to {most}. has is 1 when the count is not 0,"
            f" room is 1 when it is less than {most}; both come from the present count, so a put"
            " does not serve a take of the same cycle. At a rising edge of clk, put with room"
            " adds a token, take with has removes one, and both together leave the count as it"
            " is. A put without room and a take without has each change nothing on their own"
            " side (the other side still works); either makes error 1 in the next cycle only."
            " rst is synchronous and active high: count 0, has 0, room 1, error 0.",
            f"Implement an up/down counter that saturates at 0 and {most}. On each rising clk"
            f" edge: with put = 1 and count < {most} count up, with take = 1 and count > 0 count"
            " down, with both effective keep it. Both conditions look at the count before the"
            f" edge. error is a register: 1 after an edge at which put was 1 at count {most} or"
            f" take was 1 at count 0, else 0. has = (count != 0), room = (count != {most})."
            " Synchronous active-high reset rst clears the count and error.",
            f"Token counter with capacity {most}, clocked by rising edges of clk, synchronous"
            " reset rst (active high) to an empty counter without error. Outputs: has (a token"
            " is there), room (one more fits), error (in the cycle before, a put found no room"
            " or a take found no token). Inputs put and take are judged separately against the"
            " count before the edge: a legal put adds one, a legal take subtracts one, an"
            " illegal one is ignored.",
        ),
        view={"regs": ["has", "room", "error"], "width": most.bit_length(), "last": most - 1},
        stimulus=lambda rng: directed(rng, most),
    )


def directed(rng: random.Random, most: int) -> list[list[Row]]:
    """Beyond the brim, both at once there, beyond the bottom; walks near the ends."""
    put, take, both = {"put": 1}, {"take": 1}, {"put": 1, "take": 1}
    brim = [put] * (most + 2) + [both, both, put, take, both] + [take] * (most + 2) + [both, take]
    empty = [take, both, both, take, take, put, both, {}, take]
    walk = [{"put": rng.randrange(2), "take": rng.randrange(2)} for _ in range(60)]
    return [brim, empty, [put] * (most - 1) + walk]


FAMILY = Family(
    name="hw_token",
    kind="cycle",
    summary="a counter of tokens between a giver and a taker",
    parameters={"MAX": (63, *range(1, 63), *range(64, 128))},
    options={},
    make=make,
    template="blocks/token.v.j2",
)

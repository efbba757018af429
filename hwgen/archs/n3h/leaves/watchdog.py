"""n3h_watchdog: who holds a program up, said once after a time without progress."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Outputs, Reset

WAITING, RUNNING, STALLED = 1, 2, 3
NOBODY = 15


class Watchdog:
    """Counts quiet cycles up to the limit of the last cycle that ran.

    The limit that counts right after reset is that of the reset's last cycle, which a model does
    not see: until something runs, whether it fires is not known.
    """

    def __init__(self, engines: int) -> None:
        self.engines = engines
        self.reset()

    def reset(self) -> Outputs:
        self.limit: int | None = None
        self.quiet, self.fired, self.unsure = 0, False, False
        return {"fire": 0, "info": None}

    def step(self, i: Row) -> Outputs:
        states = [i["q_state"] >> 2 * q & 3 for q in range(self.engines)]
        fire: int | None = 0
        if RUNNING in states:
            self.limit, self.quiet = i["limit"], 0
        elif self.limit is None:
            fire, self.unsure = None, True
        else:
            self.quiet += 1
            fire = int(self.quiet == self.limit and not self.fired)
            self.fired = self.fired or bool(fire)
            if fire and self.unsure:
                fire = None
        return {"fire": fire, "info": self.info(states, i["q_missing"])}

    def info(self, states: list[int], missing: int) -> int:
        for state in (WAITING, STALLED):
            if state in states:
                q = states.index(state)
                tokens = missing >> 4 * q & 15 if state == WAITING else 0
                return tokens << 6 | state << 4 | q
        return NOBODY


TEXTS = (
    "A watchdog over {count} queues. Queue q has a state in q_state[2q+1:2q] (0 idle, 1 waiting,"
    " 2 running, 3 stalled) and four bits q_missing[4q+3:4q]. A 32-bit down counter is loaded"
    " with limit at each rising edge of clk at which at least one queue is running; at other"
    " edges it falls by one until it is 0, where it stays. At an edge at which no queue runs and"
    " the counter is 1, fire becomes 1 for one cycle, but only once after a reset; at all other"
    " edges fire becomes 0. So limit = 0 never fires, and a limit counts from the next running"
    " cycle. info is a register loaded at every edge: if a queue is waiting, {{missing[3:0],"
    " 2'd1, queue[3:0]}} of the lowest-numbered waiting one; else, if one is stalled, {{4'd0,"
    " 2'd3, queue[3:0]}} of the lowest-numbered stalled one; else 15. rst, synchronous and"
    " active high, loads the counter with limit, clears fire and lets it fire anew; info does"
    " not matter in reset.",
    "Registers, clocked by rising clk edges: left (32 bits), fired, fire, info (10 bits). move ="
    " some queue q of {count} has q_state[2q+1:2q] == 2. Without reset: left <= move ? limit :"
    " (left == 0 ? 0 : left - 1); fire <= !fired && !move && left == 1; fired becomes 1 with"
    " fire and stays so. With rst = 1 (synchronous): left <= limit, fire <= 0, fired <= 0. info"
    " is always loaded: bits 3..0 a queue number, 5..4 its state, 9..6 its nibble"
    " q_missing[4q+3:4q]. Chosen is the lowest q in state 1; if none, the lowest q in state 3,"
    " with bits 9..6 zero; if none, the value 15 (all other bits zero). While rst is active info"
    " is don't care.",
    "Detects that nothing has run for limit cycles. Inputs per queue q (0 to {last}): two bits"
    " of q_state at 2q (2 means running, 1 waiting, 3 stalled, 0 idle), four bits of q_missing"
    " at 4q. limit is taken over in every cycle in which any queue runs, and in reset. When as"
    " many consecutive cycles without a running queue have been sampled as the limit taken over"
    " last says, output fire is 1 in the next cycle, then 0, and 1 never again until the"
    " synchronous active-high reset rst. A limit of 0 turns the watchdog off. Output info is a"
    " register that describes the culprit of every sampled cycle: {{missing, state, queue}} = 4"
    " + 2 + 4 bits of the first waiting queue, or, without one, of the first stalled queue with"
    " missing = 0, or 15 without either. Rising edges of clk; info is free in reset.",
)


def make(choice: Choice) -> Blueprint:
    count = choice["ENGINES"]
    one, two, three = (text.format(count=count, last=count - 1) for text in TEXTS)
    return Blueprint(
        ports=ports(f"clk< rst< limit<32 q_state<{2 * count} q_missing<{4 * count} fire> info>10"),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Watchdog(count),
        phrasings=(one, two, three),
        view={"regs": ["fire", "info"]},
        stimulus=lambda rng: directed(rng, count),
    )


def directed(rng: random.Random, count: int) -> list[list[Row]]:
    """Limits from 0 to 12, quiet for just less, for the limit and for long; each queue blamed."""

    def row(limit: int, running: bool) -> Row:
        states = [rng.choice((0, 0, WAITING, STALLED)) for _ in range(count)]
        if rng.randrange(4) == 0:
            states = [0] * count
            states[rng.randrange(count)] = rng.choice((0, WAITING, STALLED))
        if running:
            states[rng.randrange(count)] = RUNNING
        bits = sum(state << 2 * q for q, state in enumerate(states))
        return {"limit": limit, "q_state": bits, "q_missing": rng.getrandbits(4 * count)}

    cases = []
    for limit in (0, 1, 2, 3, 7, 12):
        near, far = [row(limit, False)] * max(0, limit - 1), [row(9, False) for _ in range(16)]
        start = [row(5, True), row(limit, True)]
        cases.append([*start, *near, *start, *far, *start, *far])
    return cases


FAMILY = Family(
    name="n3h_watchdog",
    kind="cycle",
    summary="fires once after a time without progress and names the queue",
    parameters={"ENGINES": (9, *range(2, 9), *range(10, 16))},
    options={},
    make=make,
    template="n3h/watchdog.v.j2",
)

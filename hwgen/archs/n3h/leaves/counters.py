"""n3h_counters: cycles of a run, and what every queue spent them on."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Reset

WRAP = 1 << 32
STATES = {"q_wait": 1, "q_run": 2, "q_stall": 3}


class Counters:
    """Lists of counts by output; the single ones are lists of one."""

    def __init__(self, engines: int) -> None:
        self.engines = engines
        self.reset()

    def reset(self) -> dict[str, int]:
        several = dict.fromkeys((*STATES, "q_beats"), self.engines)
        sizes = {"cycles": 1, "fetch_beats": 1, **several}
        self.counts = {name: [0] * size for name, size in sizes.items()}
        return self.shown()

    def step(self, i: Row) -> dict[str, int]:
        self.counts["cycles"][0] += i["running"]
        self.counts["fetch_beats"][0] += i["fetch_beat"]
        for q in range(self.engines):
            self.counts["q_beats"][q] += i["q_beat"] >> q & 1
            for name, state in STATES.items():
                self.counts[name][q] += (i["q_state"] >> 2 * q & 3) == state
        return self.shown()

    def shown(self) -> dict[str, int]:
        return {
            name: sum((count % WRAP) << 32 * q for q, count in enumerate(counts))
            for name, counts in self.counts.items()
        }


TEXTS = (
    "Performance counters of 32 bits, all changing on the rising edge of clk. cycles counts the"
    " edges with running = 1, fetch_beats those with fetch_beat = 1. For each queue q from 0 to"
    " {last} a two-bit state q_state[2q+1:2q] and a bit q_beat[q] come in, and four counters go"
    " out at bits 32q+31..32q of their vectors: q_wait counts edges with state 1, q_run those"
    " with state 2, q_stall those with state 3 (state 0 counts nowhere), q_beats those with"
    " q_beat[q] = 1. clear, synchronous and active high, sets all counters to 0 and wins over"
    " counting. Nothing else changes them; they wrap modulo 2^32.",
    "On each rising clk edge: if clear is 1 every counter becomes 0; otherwise cycles +="
    " running, fetch_beats += fetch_beat, and for q in 0..{last}: q_beats[q] += q_beat[q] and,"
    " by the two bits s = q_state[2q+1:2q], s = 1: q_wait[q] += 1, s = 2: q_run[q] += 1, s = 3:"
    " q_stall[q] += 1, s = 0: none. Every counter has 32 bits and wraps; counter q of an output"
    " vector is at bits 32q+31 to 32q.",
    "{count} queues are watched. Each has registers of 32 bits for the cycles spent waiting"
    " (state 1, output q_wait), running (2, q_run), stalled (3, q_stall), with idle (0) not"
    " counted, and for its bus beats (q_beat to q_beats); queue q uses bits 2q and 2q+1 of"
    " q_state, bit q of q_beat and bits 32q to 32q+31 of the outputs. Two more registers count"
    " cycles with running and with fetch_beat (outputs cycles and fetch_beats). Clock clk,"
    " rising edge; a synchronous active-high clear zeroes all, even if there is something to"
    " count.",
)


def make(choice: Choice) -> Blueprint:
    count = choice["ENGINES"]
    one, two, three = (text.format(last=count - 1, count=count) for text in TEXTS)
    wide = 32 * count
    return Blueprint(
        ports=ports(
            f"clk< clear< running< q_state<{2 * count} q_beat<{count} fetch_beat< cycles>32",
            f"q_run>{wide} q_wait>{wide} q_stall>{wide} q_beats>{wide} fetch_beats>32",
        ),
        clock="clk",
        reset=Reset(port="clear"),
        golden=lambda: Counters(count),
        phrasings=(one, two, three),
        view={"regs": ["cycles", "q_run", "q_wait", "q_stall", "q_beats", "fetch_beats"]},
        stimulus=lambda rng: [directed(rng, count)],
    )


def directed(rng: random.Random, count: int) -> list[Row]:
    """Long enough that all counters pass 256 and carries run."""
    full = (1 << count) - 1
    ones = sum(1 << 2 * q for q in range(count))
    steady = [
        {"running": 1, "fetch_beat": 1, "q_beat": full, "q_state": state * ones}
        for state in STATES.values()
        for _ in range(260)
    ]
    mixed = [
        {"running": 1, "q_state": rng.getrandbits(2 * count), "q_beat": rng.getrandbits(count)}
        for _ in range(60)
    ]
    return [*steady, *mixed]


FAMILY = Family(
    name="n3h_counters",
    kind="cycle",
    summary="performance counters of several queues",
    parameters={"ENGINES": (9, *range(2, 9), *range(10, 17))},
    options={},
    make=make,
    template="n3h/counters.v.j2",
)

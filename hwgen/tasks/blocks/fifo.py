"""hw_fifo: a first-word fall-through queue with a registered head, exact in every cycle."""

from __future__ import annotations

import random
from collections import deque

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Outputs, Reset


class Fifo:
    """Words wait in `store`; the one at the head has left it for the output register."""

    def __init__(self, depth: int) -> None:
        self.depth, self.store = depth, deque[int]()
        self.head: int | None = None
        self.ready = False

    def reset(self) -> Outputs:
        self.store.clear()
        self.head, self.ready = None, False
        return self.shown()

    def step(self, inputs: Row) -> Outputs:
        push = inputs["s_valid"] and self.ready
        if inputs["m_ready"]:
            self.head = None
        if self.head is None and self.store:
            self.head = self.store.popleft()
        if push:
            self.store.append(inputs["s_data"])
        self.ready = self.level() < self.depth
        return self.shown()

    def level(self) -> int:
        return len(self.store) + (self.head is not None)

    def shown(self) -> Outputs:
        return {
            "s_ready": int(self.ready),
            "m_data": self.head,
            "m_valid": int(self.head is not None),
            "level": self.level(),
        }


def make(choice: Choice) -> Blueprint:
    width, depth = choice["WIDTH"], choice["DEPTH"]
    address = depth.bit_length() - 1
    return Blueprint(
        ports=ports(
            f"clk< rst< s_data<{width} s_valid< s_ready> m_data>{width} m_valid> m_ready<",
            f"level>{address + 1}",
        ),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Fifo(depth),
        phrasings=(
            f"A queue of up to {depth} words of {width} bits, exact in every cycle: a memory, and"
            " an output register (m_data, m_valid) that holds the oldest word. At a rising edge"
            " of clk: the word s_data is pushed into the memory if s_valid and s_ready are 1;"
            " the word at the output leaves if m_valid and m_ready are 1; the oldest word of the"
            " memory moves to the output register if the memory was not empty before the edge"
            " and the register was empty or its word leaves; if nothing moves there, m_valid"
            " falls when the word leaves. So a word pushed at one edge is at m_data after the"
            " next edge at the earliest. level, a register, counts all words inside (memory and"
            " output). s_ready, a register, is 1 after an edge if and only if level after it is"
            f" below {depth}, except that rst (synchronous, active high) sets s_ready, m_valid"
            " and level to 0 and empties the queue. m_data does not matter while m_valid is 0.",
            f"First-word fall-through FIFO, {depth} x {width} bits, whose outputs are all"
            " registers. Ports: s_data/s_valid/s_ready push, m_data/m_valid/m_ready pop, level ="
            " words inside, those at the output included. Per rising clk edge, with all"
            " conditions taken before it: push = s_valid & s_ready (word goes to the memory),"
            " pop = m_valid & m_ready, fetch = (memory not empty) & (!m_valid | m_ready) (oldest"
            " word of the memory goes to m_data and m_valid becomes 1); m_valid becomes 0 on a"
            " pop without fetch. level changes by push minus pop; s_ready becomes (new level !="
            f" {depth}). A word never passes the memory in the cycle of its push. Synchronous"
            " active-high rst: empty, and s_ready = 0, m_valid = 0, level = 0 after it. m_data"
            " is free while m_valid = 0.",
            f"Build a {depth}-deep queue for {width}-bit words on clock clk (rising edge) with"
            " synchronous active-high reset rst. In front of the output stands a register that"
            " holds the head of the queue (m_valid says whether there is one; m_data is don't"
            " care otherwise); behind it a memory. Each cycle the head is refilled from the"
            " memory, if that held a word at the start of the cycle, whenever the head is free"
            " or is being taken (m_ready with m_valid). A word on s_data is accepted when"
            " s_valid and s_ready are both 1 and is in the memory from the next cycle on. level"
            " is the registered number of words in head and memory, s_ready the register that"
            f" says level is not {depth}; but in reset s_ready is 0, like m_valid and level.",
        ),
        view={
            "regs": ["s_ready", "m_data", "m_valid", "level"],
            "address": address,
            "wide": address + 1,
        },
        stimulus=lambda rng: directed(rng, width, depth),
    )


def directed(rng: random.Random, width: int, depth: int) -> list[list[Row]]:
    """Filled beyond the brim and drained; then phases in which one side is slow, both ways."""

    def rows(count: int, push: float, pop: float) -> list[Row]:
        return [
            {
                "s_data": rng.getrandbits(width),
                "s_valid": int(rng.random() < push),
                "m_ready": int(rng.random() < pop),
            }
            for _ in range(count)
        ]

    length = depth + 4
    swing = rows(length, 1, 0) + rows(length, 1, 1) + rows(length, 0, 1) + rows(8, 1, 1)
    mixed = rows(length, 0.9, 0.4) + rows(length, 0.4, 0.9) + rows(length, 0.5, 0.5)
    return [swing, mixed, rows(length, 1, 0) + rows(length, 0.8, 0.8)]


FAMILY = Family(
    name="hw_fifo",
    kind="cycle",
    summary="a first-word fall-through queue over a memory, with a level",
    parameters={"WIDTH": (8, *range(1, 8), *range(9, 129)), "DEPTH": (16, 2, 4, 8, 32, 64)},
    options={},
    make=make,
    template="blocks/fifo.v.j2",
)

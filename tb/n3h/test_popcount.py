"""hw_popcount, fields and counter tree, against Python's bit_count; one pair per cycle."""

from __future__ import annotations

import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

WIDTH = json.loads(os.environ["BENCH_PARAMS"])["WIDTH"]


def pairs() -> list[tuple[int, int]]:
    """Extremes, every single bit and its complement, runs, then words of every density."""
    full = (1 << WIDTH) - 1
    words = [(0, 0), (full, full), (full, 0), (0, full)]
    for i in range(WIDTH):
        words += [(1 << i, full), (full, full ^ 1 << i), (full, (2 << i) - 1)]
    for _ in range(1500):
        a, b = random.getrandbits(WIDTH), random.getrandbits(WIDTH)
        a |= random.choice((0, full, random.getrandbits(WIDTH)))
        b |= random.choice((0, random.getrandbits(WIDTH), random.getrandbits(WIDTH)))
        words.append((a, b))
    return words


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def counts(dut) -> None:
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns", impl="gpi").start())
    expected: list[int] = []
    await RisingEdge(dut.clk)
    for a, b in pairs():
        dut.a.value, dut.b.value = a, b
        await RisingEdge(dut.clk)
        expected.append((a & b).bit_count())
        if len(expected) > 1:  # taken one edge ago, still there
            assert int(dut.y.value) == expected[-2], f"a {a:x} b {b:x}"

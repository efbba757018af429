"""hw_fifo against a deque: random sides, full and empty for long, reset at any time."""

from __future__ import annotations

import json
import os
import random
from collections import deque

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
WIDTH, DEPTH = PARAMS["WIDTH"], PARAMS["DEPTH"]


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(giver=[0.1, 0.5, 1.0], taker=[0.1, 0.5, 1.0])
async def random_sides(dut, giver, taker):
    """Order, level, nothing lost; a word shows two cycles after its push at the latest."""
    queue: deque[tuple[int, int]] = deque()  # (word, cycle of its push)
    shown = None
    dut.rst.value, dut.s_valid.value, dut.m_ready.value = 1, 0, 0
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    for _ in range(2):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    await FallingEdge(dut.clk)
    for cycle in range(1000):
        valid = int(dut.m_valid.value)
        assert int(dut.level.value) == len(queue)
        assert int(dut.s_ready.value) == (len(queue) < DEPTH)
        if valid:
            assert int(dut.m_data.value) == queue[0][0]
        else:
            assert not queue or queue[0][1] >= cycle - 1, "a word does not show"
            assert shown is None, "m_valid fell without a read"
        # the handshakes of the coming edge
        push, pop, word = (
            random.random() < giver,
            random.random() < taker,
            random.getrandbits(WIDTH),
        )
        rst = random.random() < 0.002
        dut.s_valid.value, dut.s_data.value = push, word
        dut.m_ready.value, dut.rst.value = pop, rst
        room = len(queue) < DEPTH and int(dut.s_ready.value)
        shown = queue[0] if valid and not pop else None
        if valid and pop:
            queue.popleft()
        if push and room:
            queue.append((word, cycle))
        await FallingEdge(dut.clk)
        if rst:
            queue.clear()
            shown = None
            dut.rst.value, dut.s_valid.value, dut.m_ready.value = 0, 0, 0
            await FallingEdge(dut.clk)

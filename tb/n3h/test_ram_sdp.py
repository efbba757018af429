"""hw_ram_sdp: sliced writes, reads that stay, the old word on a collision."""

import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
WIDTH, DEPTH, SLICE = PARAMS["WIDTH"], PARAMS["DEPTH"], PARAMS["SLICE"]


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def reads_and_writes(dut):
    """Random traffic on few addresses, the first and the last among them, after a full write."""
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
    places = [0, DEPTH - 1, *random.sample(range(DEPTH), 6)]
    memory: dict[int, int] = {}
    shown = None
    for k in range(4000):
        await RisingEdge(dut.clk)
        at, to = random.choice(places), random.choice(places)
        data, slices = random.getrandbits(WIDTH), random.getrandbits(WIDTH // SLICE)
        we = random.random() < 0.5
        if k < len(places):
            we, to, slices = True, places[k], (1 << WIDTH // SLICE) - 1
        re = at in memory and random.random() < 0.6
        dut.we.value, dut.waddr.value, dut.wdata.value = int(we), to, data
        dut.wslice_en.value = slices
        dut.re.value, dut.raddr.value = int(re), at
        await FallingEdge(dut.clk)
        if shown is not None:
            assert int(dut.rdata.value) == shown
        if re:
            shown = memory[at]
        if we:
            mask = sum(((1 << SLICE) - 1) << SLICE * i for i in range(WIDTH) if slices >> i & 1)
            memory[to] = memory.get(to, 0) & ~mask | data & mask

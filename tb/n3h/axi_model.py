"""Requesters of both bus ports and what memory must hold (bench test_axi)."""

from __future__ import annotations

import json
import os
import random
from collections import deque

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
N, AXI_W, BYTES = PARAMS["N"], PARAMS["AXI_W"], PARAMS["BYTES"]
BURST, OUTSTANDING = PARAMS["BURST"], PARAMS["OUTSTANDING"]
BEAT = AXI_W // 8
WORDS = BYTES // BEAT
HALF = WORDS // 2  # reads stay below, writes above: no order is promised between them
INPUTS = [
    "flush",
    "req_valid",
    "req_addr",
    "req_beats",
    "wreq_valid",
    "wreq_addr",
    "wreq_beats",
    "w_valid",
    "w_data",
    "err_enable",
    "err_addr",
]


class Bus:
    """Requesters of both ports. Inputs change after the falling edge, outputs are read before it.

    `asked[i]` holds the words requester i is still due; `wanted` the words memory must hold.
    """

    def __init__(self, dut, level: int = 0, rate: float = 1.0):
        self.dut, self.rate, self.level = dut, rate, level
        self.image = [random.getrandbits(AXI_W) for _ in range(WORDS)]
        self.asked: list[deque[int]] = [deque() for _ in range(N)]
        self.pending: list[tuple[int, int] | None] = [None] * N  # shown request: word, beats
        self.writes: deque[tuple[int, list[int]]] = deque()
        self.data: deque[int] = deque()
        self.reads = self.rd_errors = self.wr_errors = self.beats = self.cycle = 0
        self.slots: list[int] = []  # cycles in which a beat moved

    async def begin(self) -> None:
        dut = self.dut
        for name in INPUTS:
            getattr(dut, name).value = 0
        dut.rst.value = 1
        dut.stall_level.value = self.level
        dut.stall_seed.value = random.getrandbits(32)
        cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
        for word, value in enumerate(self.image):
            dut.u_mem.mem[word].value = value
        for _ in range(3):
            await FallingEdge(dut.clk)
        dut.rst.value = 0

    async def step(self) -> None:
        """One cycle: take what the rising edge gave, then set the next inputs."""
        dut = self.dut
        await ReadOnly()  # the inputs have settled
        ready, wready = int(dut.req_ready.value), int(dut.wreq_ready.value)
        shown, wshown = int(dut.req_valid.value), int(dut.wreq_valid.value)
        data_moves = int(dut.w_valid.value) and int(dut.w_ready.value)
        beat_moves = int(dut.wvalid.value) and int(dut.wready.value)
        await FallingEdge(dut.clk)
        self.cycle += 1
        if beat_moves or int(dut.rvalid.value):
            self.slots.append(self.cycle)
        for i in range(N):
            if shown & ready & (1 << i):
                word, beats = self.pending[i]
                self.asked[i].extend(self.image[word : word + beats])
                self.pending[i] = None
        valid = int(dut.rsp_valid.value)
        if valid:
            i = valid.bit_length() - 1
            assert valid == 1 << i, "two owners of one beat"
            assert self.asked[i], f"requester {i} got a beat it did not ask for"
            assert int(dut.rsp_data.value) == self.asked[i].popleft(), f"requester {i}"
            self.reads += 1
        if wshown and wready:
            word, values = self.writes.popleft()
            self.image[word : word + len(values)] = values
        if data_moves:
            self.data.popleft()
        self.rd_errors += int(dut.rd_error.value)
        self.wr_errors += int(dut.wr_error.value)
        self.beats += int(dut.wr_beat.value)
        self.drive()

    def drive(self) -> None:
        dut = self.dut
        valid = addr = count = 0
        for i, request in enumerate(self.pending):
            if request:
                valid |= 1 << i
                addr |= request[0] * BEAT << 32 * i
                count |= request[1] << 16 * i
        dut.req_valid.value, dut.req_addr.value, dut.req_beats.value = valid, addr, count
        dut.wreq_valid.value = bool(self.writes)
        if self.writes:
            dut.wreq_addr.value = self.writes[0][0] * BEAT
            dut.wreq_beats.value = len(self.writes[0][1])
        dut.w_valid.value = bool(self.data) and random.random() < self.rate
        if self.data:
            dut.w_data.value = self.data[0]

    def read(self, i: int, word: int, beats: int) -> None:
        self.pending[i] = (word, beats)

    def write(self, word: int, values: list[int]) -> None:
        self.writes.append((word, values))
        self.data.extend(values)

    @property
    def quiet(self) -> bool:
        return not (any(self.asked) or any(self.pending) or self.writes or self.data)

    async def drain(self, limit: int = 20000) -> None:
        """Until everything asked for has happened and both ports are idle."""
        for _ in range(limit):
            if self.quiet and int(self.dut.rd_idle.value) and int(self.dut.wr_idle.value):
                return
            await self.step()
        raise AssertionError("the bus did not become idle")

    def check_memory(self, words=range(HALF, WORDS)) -> None:
        for word in words:
            assert int(self.dut.u_mem.mem[word].value) == self.image[word], f"word {word}"

    def check_protocol(self) -> None:
        assert int(self.dut.axi_errors.value) == 0

"""A read port without a bus: takes requests, returns their beats later, in order (load benches)."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from cocotb.triggers import FallingEdge, ReadOnly


class ReadPort:
    """Answers `req_*` with `rsp_*` of memory `image` (a list of beats), with pauses.

    `rate` is the chance that a request is taken and that a beat returns, per cycle. Call `step`
    once per cycle; it calls `watch` when all signals have settled before the rising edge.
    """

    def __init__(self, dut, image: list[int], beat_bytes: int, rate: float, delay: int):
        self.dut, self.image, self.beat_bytes = dut, image, beat_bytes
        self.rate, self.delay = rate, delay
        self.due: deque[tuple[int, int]] = deque()  # (first cycle, beat)
        self.cycle = self.asked = 0
        self.watch: Callable[[], None] = lambda: None

    async def step(self) -> None:
        dut = self.dut
        await ReadOnly()
        if int(dut.req_valid.value) and int(dut.req_ready.value):
            addr, beats = int(dut.req_addr.value), int(dut.req_beats.value)
            assert addr % self.beat_bytes == 0
            assert beats > 0
            first = addr // self.beat_bytes
            self.asked += beats
            self.due.extend((self.cycle + self.delay, self.image[first + b]) for b in range(beats))
        self.watch()
        await FallingEdge(dut.clk)
        self.cycle += 1
        ready = self.due and self.due[0][0] <= self.cycle and random.random() < self.rate
        dut.rsp_valid.value = bool(ready)
        if ready:
            dut.rsp_data.value = self.due.popleft()[1]
        dut.req_ready.value = random.random() < self.rate

"""n3h_load_r against numpy: containers, signs, segments, strides, two readers of the ring."""

from __future__ import annotations

import json
import os
import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from n3h.port_model import ReadPort

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
AXI_W, LANES, DEPTH = PARAMS["AXI_W"], PARAMS["LANES"], PARAMS["RES_DEPTH"]
BEAT = AXI_W // 8
WORDS = 4096


def unpack(beats: list[int], count: int, bits: int, signed: bool) -> list[int]:
    """The first `count` codes of the beats, as bytes."""
    raw = np.frombuffer(b"".join(b.to_bytes(BEAT, "little") for b in beats), np.uint8)
    ones = np.unpackbits(raw, bitorder="little")[: count * bits].reshape(count, bits)
    codes = (ones.astype(np.int64) << np.arange(bits)).sum(1)
    if signed:
        codes = np.where(codes >> (bits - 1) & 1, codes - (1 << bits), codes)
    return [int(c) & 0xFF for c in codes]


class Ring:
    """The words still to come, and what the two readers have freed."""

    def __init__(self, dut, port: ReadPort, reader: float):
        self.dut, self.port, self.reader = dut, port, reader
        self.words: list[int] = []
        self.written = self.dones = 0
        self.freed = [0, 0]
        self.unused: int | None = None
        port.watch = self.watch

    def watch(self) -> None:
        dut = self.dut
        self.dones += int(dut.done.value)
        assert int(dut.rsd_done.value) == self.written
        if int(dut.rsd_we.value):
            assert int(dut.rsd_addr.value) == self.written % DEPTH
            assert int(dut.rsd_data.value) == self.words.pop(0)
            assert self.written - min(self.freed) < DEPTH, "overwrites a word that is still read"
            self.written += 1
        for i in range(2):
            if random.random() < self.reader:
                done = max(self.freed[i], int(dut.rsd_done.value))
                self.freed[i] = random.randint(self.freed[i], done)
        if self.unused is not None:  # a core without filters has left the words before they come
            self.freed[self.unused] = self.written + len(self.words)

    async def step(self) -> None:
        await self.port.step()
        self.dut.rsd_freed_l.value, self.dut.rsd_freed_d.value = self.freed


async def begin(dut, rate: float, reader: float) -> Ring:
    image = [random.getrandbits(AXI_W) for _ in range(WORDS)]
    for name in ("start", "req_ready", "rsp_valid", "rsd_freed_l", "rsd_freed_d"):
        getattr(dut, name).value = 0
    dut.rst.value = 1
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    return Ring(dut, ReadPort(dut, image, BEAT, rate, random.choice((1, 4, 33))), reader)


async def load(ring: Ring, rows: int, segs: int, seg_words: int, cont: int, extra: int = 0) -> int:
    """One instruction from start to done; the cycles it took."""
    dut = ring.dut
    bits, signed = 1 << cont, random.random() < 0.5
    beats = -(-seg_words * LANES * bits // AXI_W) + extra
    p_stride = random.choice((beats, beats + 2))
    y_stride = max(segs, 1) * p_stride + random.choice((0, 1))
    first = random.randint(0, WORDS - max(rows, 1) * y_stride - beats)
    for r in range(rows):
        for s in range(segs):
            at = first + r * y_stride + s * p_stride
            codes = unpack(ring.port.image[at : at + beats], seg_words * LANES, bits, signed)
            for w in range(seg_words):
                lanes = codes[w * LANES : (w + 1) * LANES]
                ring.words.append(int.from_bytes(bytes(lanes), "little"))
    for name, value in (
        ("i_dram", first * BEAT),
        ("i_x_beats", beats),
        ("i_y_cnt", rows),
        ("i_y_stride", y_stride),
        ("c_segs", segs),
        ("c_p_stride", p_stride),
        ("c_seg_words", seg_words),
        ("c_cont", cont),
        ("c_sext", int(signed)),
        ("start", 1),
    ):
        getattr(dut, name).value = value
    before, asked, cycles = ring.dones, ring.port.asked, 0
    while ring.dones == before:
        await ring.step()
        dut.start.value = 0
        cycles += 1
        assert cycles < 40000, "no done"
    assert not ring.words
    assert ring.port.asked - asked == rows * segs * beats
    assert not ring.port.due, "done before the last beat"
    return cycles


@cocotb.test(timeout_time=800, timeout_unit="us")
@cocotb.parametrize(rate=[1.0, 0.4], reader=[1.0, 0.05])
async def random_loads(dut, rate, reader):
    """All containers and signs, ragged segments, surplus beats; the ring wraps and fills."""
    ring = await begin(dut, rate, reader)
    for k in range(16):
        words = random.choice((1, 2, random.randint(1, 9), random.randint(1, 60)))
        rows, segs = random.randint(0, 4), random.choice((0, 1, 1, 1, 2, 5))
        ring.unused = random.choice((None, None, 0, 1))
        await load(ring, rows, segs, words, k % 4, random.choice((0, 0, 0, 1, 3)))
    await load(ring, 2, 2, 60, 3, 0)  # whatever was drawn, the ring has wrapped
    assert ring.written > 128


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(cont=[0, 1, 2, 3])
async def full_speed(dut, cont):
    """One word or one beat per cycle, whichever is slower."""
    ring = await begin(dut, 1.0, 1.0)
    words = 120
    cycles = await load(ring, 1, 1, words, cont)
    beats = -(-words * LANES * (1 << cont) // AXI_W)
    assert cycles <= max(words, beats) + ring.port.delay + beats // 4 + 24, (cycles, words, beats)


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(holder=[0, 1])
async def fills_the_ring(dut, holder):
    """Held by one reader it stops at exactly DEPTH words, without holding the bus."""
    ring = await begin(dut, 1.0, 0.0)
    ring.unused = 1 - holder
    task = cocotb.start_soon(load(ring, 1, 1, DEPTH + 40, 3))
    for _ in range(2 * DEPTH * max(1, LANES * 8 // AXI_W) + 300):
        await FallingEdge(dut.clk)
    assert ring.written == DEPTH
    assert int(dut.stall.value)
    assert not ring.port.due, "a beat was left on the bus"
    ring.reader = 0.3
    await task


@cocotb.test(timeout_time=400, timeout_unit="us")
async def reset_in_the_middle(dut):
    """A reset at any time leaves an engine that loads the next region completely."""
    ring = await begin(dut, 0.8, 0.5)
    for _ in range(6):
        task = cocotb.start_soon(load(ring, 3, 2, 30, random.randrange(4)))
        for _ in range(random.randint(2, 150)):
            await FallingEdge(dut.clk)
        task.cancel()
        dut.rst.value, dut.start.value, dut.rsp_valid.value = 1, 0, 0
        dut.rsd_freed_l.value = dut.rsd_freed_d.value = 0
        ring.port.due.clear()
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        ring = Ring(dut, ring.port, 0.5)
        await load(ring, 2, 2, 11, random.randrange(4))
        dut.rst.value = 1
        dut.rsd_freed_l.value = dut.rsd_freed_d.value = 0
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        ring = Ring(dut, ring.port, 0.5)

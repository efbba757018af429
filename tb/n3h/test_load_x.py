"""n3h_load_x against the list of writes it must make, with a reader that frees at random."""

from __future__ import annotations

import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from n3h.port_model import ReadPort

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
AXI_W, RAW_W, DEPTH = PARAMS["AXI_W"], PARAMS["RAW_W"], PARAMS["RAW_DEPTH"]
BEAT, SLICES = AXI_W // 8, RAW_W // AXI_W
WORDS = 4096
FIRST, LAST = 16, WORDS - 16  # beats used


class Ring:
    """The writes still to come, and the ring's pointers as the reader sees them."""

    def __init__(self, dut, port: ReadPort, reader: float):
        self.dut, self.port, self.reader = dut, port, reader
        self.writes: list[tuple[int, int, int]] = []  # absolute word, slice, beat
        self.rows: list[int] = []  # end (absolute word) of every row, in order
        self.base = self.freed = self.landed = 0
        self.dones = self.early = 0
        port.watch = self.watch

    def expect(self, dram: int, beats: int, rows: int, stride: int, row_words: int) -> None:
        for r in range(rows):
            for b in range(beats):
                value = self.port.image[dram // BEAT + r * stride + b]
                self.writes.append((self.base + b // SLICES, b % SLICES, value))
            self.base += row_words
            self.rows.append(self.base)

    def watch(self) -> None:
        dut = self.dut
        self.dones += int(dut.done.value)
        done = int(dut.x_done.value)
        complete = [end for end in self.rows if end <= done]
        assert done == (complete[-1] if complete else 0), "x_done is inside a row"
        # whatever was published has landed in an earlier cycle
        assert not [w for w, _, _ in self.writes if w < done], "x_done came too early"
        if int(dut.raw_we.value):
            word, part, value = self.writes.pop(0)
            assert int(dut.raw_addr.value) == word % DEPTH
            assert int(dut.raw_slice_en.value) == 1 << part
            assert int(dut.raw_data.value) == value
            assert word - self.freed < DEPTH, "overwrites a word that is still read"
        if done > self.freed and random.random() < self.reader:
            self.freed = random.choice((done, random.randint(self.freed + 1, done)))
        if len(self.writes) < self.early:  # the last rows are not needed: left before they come
            self.freed = self.base

    async def step(self) -> None:
        await self.port.step()
        self.dut.x_freed.value = self.freed


async def begin(dut, rate: float, reader: float) -> Ring:
    image = [random.getrandbits(AXI_W) for _ in range(WORDS)]
    for name in ("start", "req_ready", "rsp_valid", "x_freed"):
        getattr(dut, name).value = 0
    dut.rst.value = 1
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    return Ring(dut, ReadPort(dut, image, BEAT, rate, random.choice((1, 3, 33))), reader)


async def load(ring: Ring, beats: int, rows: int, stride: int, row_words: int) -> int:
    """One instruction from start to done; the cycles it took."""
    dut = ring.dut
    span = (max(rows, 1) - 1) * stride + beats
    dram = random.randint(FIRST, LAST - span) * BEAT
    ring.expect(dram, beats, rows, stride, row_words)
    for name, value in (
        ("i_dram", dram),
        ("i_x_beats", beats),
        ("i_y_cnt", rows),
        ("i_y_stride", stride),
        ("c_row_words", row_words),
        ("start", 1),
    ):
        getattr(dut, name).value = value
    before, cycles = ring.dones, 0
    while ring.dones == before:
        await ring.step()
        dut.start.value = 0
        cycles += 1
        assert cycles < 20000, "no done"
    assert not ring.writes
    assert int(dut.x_done.value) == ring.base
    return cycles


@cocotb.test(timeout_time=500, timeout_unit="us")
@cocotb.parametrize(rate=[1.0, 0.5], reader=[1.0, 0.03])
async def random_maps(dut, rate, reader):
    """Maps of every shape in succession; the ring wraps, fills and empties."""
    ring = await begin(dut, rate, reader)
    for _ in range(12):
        beats = random.choice((1, SLICES, random.randint(1, 3 * SLICES), random.randint(1, 40)))
        row_words = -(-beats // SLICES) + random.choice((0, 0, 1))
        if random.random() < 0.2:
            row_words = DEPTH  # a row as long as the ring
        rows = random.randint(0, 12 if beats < 10 else 4)
        ring.early = random.choice((0, 0, beats + 1, 3 * beats, 1000))
        await load(ring, beats, rows, random.choice((beats, beats + 3)), row_words)
    assert ring.base > DEPTH


@cocotb.test(timeout_time=200, timeout_unit="us")
async def full_speed(dut):
    """Long rows stream at a beat per cycle but for a few cycles per row."""
    ring = await begin(dut, 1.0, 1.0)
    ring.port.delay = 3
    beats, rows = min(16 * SLICES, (DEPTH // 4) * SLICES), 8
    cycles = await load(ring, beats, rows, beats, beats // SLICES)
    assert cycles <= beats * rows + 6 * rows + 10, cycles


@cocotb.test(timeout_time=200, timeout_unit="us")
async def stalls_when_full(dut):
    """With nothing freed it fills the ring to the last word, stalls, and goes on afterwards."""
    ring = await begin(dut, 1.0, 0.0)
    row_words, rows = DEPTH // 4, 6
    span = rows * row_words * SLICES
    dram = FIRST * BEAT
    assert span + FIRST <= WORDS
    ring.expect(dram, row_words * SLICES, rows, row_words * SLICES, row_words)
    dut.i_dram.value, dut.i_x_beats.value = dram, row_words * SLICES
    dut.i_y_cnt.value, dut.i_y_stride.value = rows, row_words * SLICES
    dut.c_row_words.value, dut.start.value = row_words, 1
    for _ in range(DEPTH * SLICES + 200):
        await ring.step()
        dut.start.value = 0
    assert int(dut.x_done.value) == DEPTH
    assert int(dut.stall.value)
    assert ring.port.asked == DEPTH * SLICES, "asked for a row without room"
    ring.reader = 0.2
    while not ring.dones:
        await ring.step()
    assert not ring.writes


@cocotb.test(timeout_time=200, timeout_unit="us")
async def reset_in_the_middle(dut):
    """After a reset the ring starts at word 0 and a new load is complete."""
    ring = await begin(dut, 0.7, 0.5)
    for _ in range(4):
        ring.expect(FIRST * BEAT, 20, 5, 20, -(-20 // SLICES))
        dut.i_dram.value, dut.i_x_beats.value, dut.i_y_cnt.value = FIRST * BEAT, 20, 5
        dut.i_y_stride.value, dut.c_row_words.value, dut.start.value = 20, -(-20 // SLICES), 1
        for _ in range(random.randint(1, 80)):
            await ring.step()
            dut.start.value = 0
        dut.rst.value = 1
        ring.port.watch = lambda: None
        ring.port.due.clear()
        dut.rsp_valid.value = 0
        dut.x_freed.value = 0
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        ring = Ring(dut, ring.port, 0.5)
        await load(ring, 9, 5, 11, -(-9 // SLICES))
        dut.rst.value = 1
        dut.x_freed.value = 0
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        ring = Ring(dut, ring.port, 0.5)

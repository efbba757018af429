"""n3h_load_w against three plain buffers: random loads, word and beat counts, wrap-around."""

from __future__ import annotations

import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from n3h.port_model import ReadPort

P = json.loads(os.environ["BENCH_PARAMS"])
AXI_W = P["AXI_W"]
BEAT = AXI_W // 8
WORDS = 4096
WIDTHS = (P["DN"] * P["DK"], P["PIN"] * P["POUT"] * 8, P["LANES"] * 64)
DEPTHS = (P["WL_DEPTH"], P["WD_DEPTH"], P["PRM_DEPTH"])
NAMES = ("wl", "wd", "prm")


class Buffers:
    """What the three memories hold; slices that were never written are absent."""

    def __init__(self, dut, port: ReadPort):
        self.dut, self.port = dut, port
        self.bits: list[dict[tuple[int, int], int]] = [{}, {}, {}]  # (word, slice) -> value
        self.writes = self.dones = 0
        port.watch = self.watch

    def watch(self) -> None:
        dut = self.dut
        self.dones += int(dut.done.value)
        for d, name in enumerate(NAMES):
            if int(getattr(dut, f"{name}_we").value):
                self.writes += 1
                enable = int(getattr(dut, f"{name}_slice_en").value)
                assert enable.bit_count() == 1, "one slice at a time"
                data = dut.prm_data if name == "prm" else dut.w_data
                word = int(getattr(dut, f"{name}_addr").value)
                self.bits[d][word, enable.bit_length() - 1] = int(data.value)

    def word(self, d: int, at: int) -> int:
        step = min(WIDTHS[d], AXI_W)
        return sum(self.bits[d][at, s] << s * step for s in range(WIDTHS[d] // step))


async def begin(dut, rate: float) -> Buffers:
    image = [random.getrandbits(AXI_W) for _ in range(WORDS)]
    for name in ("start", "req_ready", "rsp_valid"):
        getattr(dut, name).value = 0
    dut.rst.value = 1
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    return Buffers(dut, ReadPort(dut, image, BEAT, rate, random.choice((1, 5, 33))))


async def load(buf: Buffers, dst: int, sram: int, beats: int) -> int:
    """One instruction; checks every word it wrote and that it wrote nothing else."""
    dut = buf.dut
    first = random.randint(0, WORDS - max(beats, 1))
    for name, value in (
        ("i_dram", first * BEAT),
        ("i_x_beats", beats),
        ("i_dst", dst),
        ("i_sram", sram),
        ("start", 1),
    ):
        getattr(dut, name).value = value
    before, dones, cycles = buf.writes, buf.dones, 0
    while buf.dones == dones:
        await buf.port.step()
        dut.start.value = 0
        cycles += 1
        assert cycles < 20000, "no done"
    total = beats * AXI_W
    assert buf.writes - before == total // min(WIDTHS[dst], AXI_W)
    stream = sum(buf.port.image[first + b] << b * AXI_W for b in range(beats))
    for w in range(total // WIDTHS[dst]):
        want = stream >> w * WIDTHS[dst] & ((1 << WIDTHS[dst]) - 1)
        assert buf.word(dst, (sram + w) % DEPTHS[dst]) == want, (dst, w)
    return cycles


@cocotb.test(timeout_time=500, timeout_unit="us")
@cocotb.parametrize(rate=[1.0, 0.5])
async def random_loads(dut, rate):
    """Every buffer from every word, one after the other."""
    buf = await begin(dut, rate)
    for k in range(18):
        dst = k % 3
        per_word = max(1, WIDTHS[dst] // AXI_W)
        words = random.randint(0, max(2, 60 // per_word))
        sram = random.choice((0, DEPTHS[dst] - 1, random.randrange(1 << 16)))
        await load(buf, dst, sram, words * per_word)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def full_speed(dut):
    """A beat per cycle, or a parameter word per cycle where that is narrower than a beat."""
    buf = await begin(dut, 1.0)
    for dst in range(3):
        beats = max(1, WIDTHS[dst] // AXI_W) * max(1, 128 * AXI_W // WIDTHS[dst] // 8)
        cycles = await load(buf, dst, 0, beats)
        parts = max(1, AXI_W // WIDTHS[dst]) if dst == 2 else 1
        assert cycles <= beats * parts + buf.port.delay + 16, (dst, cycles, beats)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def reset_in_the_middle(dut):
    """A reset at any time leaves an engine that loads the next run completely."""
    buf = await begin(dut, 0.8)
    for dst in (0, 1, 2, 2):
        dut.i_dram.value, dut.i_x_beats.value, dut.i_dst.value = 0, 64, dst
        dut.start.value = 1
        for _ in range(random.randint(1, 60)):
            await buf.port.step()
            dut.start.value = 0
        dut.rst.value = 1
        buf.port.due.clear()
        dut.rsp_valid.value = 0
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        buf = Buffers(dut, buf.port)
        await load(buf, dst, 3, 4 * max(1, WIDTHS[dst] // AXI_W))

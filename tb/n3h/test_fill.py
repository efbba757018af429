"""n3h_fill against numpy im2col: random and extreme geometries, late rows, a slow ring."""

from __future__ import annotations

import json
import os
import random
from collections import deque
from dataclasses import replace

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge

from n3h.fill_model import BANK, PAYLOAD, Map, Pass, make_map, random_map, random_pass

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
DM, DK, RAW_W, DEPTH = (PARAMS[k] for k in ("DM", "DK", "RAW_W", "RAW_DEPTH"))
MASK = (1 << 32) - 1
PORTS = {f"i_{k}": v for k, v in PAYLOAD.items()} | {f"c_{k}": v for k, v in BANK.items()}


class Bench:
    """The raw ring with its loader, and the operand ring's fill port. `tick` is one cycle: inputs
    change after the rising edge, outputs are read before the next one."""

    def __init__(self, dut):
        self.dut = dut
        self.memory = [random.getrandbits(RAW_W) for _ in range(DEPTH)]
        self.rows: deque[list[int]] = deque()
        self.words: deque[int] = deque()  # of the row that is arriving
        self.done = self.shown = self.freed = 0  # `shown`: done as the engine sees it
        self.load_rate, self.burst, self.by_row = 1.0, 64, False
        self.ready_rate = self.room_rate = 1.0
        self.room = False
        self.raw: int | None = None
        self.slot = 0
        self.use = (0, 0)
        self.row_words = 1
        self.expect: deque[tuple[int, int, int, bool]] = deque()  # col, addr, data, commit
        self.cycles = 0
        self.stalled = False

    async def reset(self, base: int = 0) -> None:
        """Reset; `base`: where the ring's pointers are to start."""
        dut = self.dut
        self.scramble()
        for name in ("start", "raw_data", "x_done", "fill_room", "fill_ready"):
            getattr(dut, name).value = 0
        dut.rst.value = 1
        cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
        for _ in range(3):
            await RisingEdge(dut.clk)
        dut.rst.value = 0
        if base:
            dut.u_rows.freed_q.value = base
            self.done = self.shown = self.freed = base
        await RisingEdge(dut.clk)

    def scramble(self) -> None:
        """Between passes the fields are anything."""
        for name, width in PORTS.items():
            getattr(self.dut, name).value = random.getrandbits(width)

    def load(self) -> None:
        """Words that arrive in this cycle; what was freed has already been overwritten."""
        if random.random() < self.load_rate:
            for _ in range(self.burst):
                if not self.words and self.rows and DEPTH - self.done + self.freed > 0:
                    self.words.extend(self.rows.popleft())
                if not self.words or self.done - self.freed == DEPTH:
                    break
                self.memory[self.done % DEPTH] = self.words.popleft()
                self.done += 1
                if not (self.by_row and self.words):
                    self.shown = self.done
        self.dut.x_done.value = self.shown & MASK

    def check_freed(self) -> None:
        """The pointer moves by rows and never passes `done`; freed words turn into noise."""
        step = (int(self.dut.x_freed.value) - self.freed) & MASK
        if step:
            assert step % self.row_words == 0, "x_freed: not a row"
            assert self.freed + step <= self.shown, "x_freed: not arrived"
            for k in range(self.freed, self.freed + step):
                self.memory[k % DEPTH] = random.getrandbits(RAW_W)
            self.freed += step

    async def tick(self) -> bool:
        """One cycle; True if `done` was high in it."""
        dut = self.dut
        self.load()
        if self.raw is not None:
            dut.raw_data.value = self.raw
            self.raw = None
        if not self.room:
            self.room = random.random() < self.room_rate
        ready = random.random() < self.ready_rate
        dut.fill_room.value, dut.fill_ready.value = int(self.room), int(ready)
        await FallingEdge(dut.clk)
        self.cycles += 1
        self.check_freed()
        if int(dut.raw_re.value):
            at = int(dut.raw_addr.value)
            assert (at - self.freed) % DEPTH < self.shown - self.freed, f"read of word {at}"
            self.raw = self.memory[at]
        commit = bool(int(dut.fill_commit.value))
        assert not (int(dut.fill_we.value) and not self.room), "write without room"
        if int(dut.fill_we.value):
            assert self.expect, "a write too many"
            col, addr, data, last = self.expect[0]
            got = tuple(int(x.value) for x in (dut.fill_col, dut.fill_addr, dut.fill_data))
            assert got == (col, addr, data), f"got {got}, not {(col, addr, data)}"
            assert commit == (last and ready), "fill_commit"
            tile = (dut.fill_open, dut.fill_slot, dut.fill_use_l, dut.fill_use_d)
            assert tuple(int(x.value) for x in tile) == (1, self.slot, *self.use)
            if ready:
                self.expect.popleft()
                self.room = self.room and not last
        else:
            assert not commit
        done = bool(int(dut.done.value))
        self.stalled = bool(int(dut.stall.value))
        await RisingEdge(dut.clk)
        return done

    def begin(self, m: Map, p: Pass) -> None:
        """Set the fields, raise `start` for the next cycle and note what must be written."""
        dut, fields = self.dut, p.fields(m, DK)
        for name, value in fields.items():
            getattr(dut, name).value = value
        dut.start.value = 1
        self.slot, self.use, self.row_words = fields["i_slot"], p.use, m.row_words
        pixels = p.planes(m, DK)
        for k, words in enumerate(pixels):
            end = k % DM == DM - 1 or k == len(pixels) - 1
            for at, word in enumerate(words):
                self.expect.append((k % DM, at, word, end and at == len(words) - 1))

    async def run(self, m: Map, p: Pass, limit: int = 50000) -> int:
        """One pass from start to done; its cycles. The map's rows are with the loader."""
        base = self.freed
        self.begin(m, p)
        first = self.cycles
        assert not await self.tick()
        self.dut.start.value = 0
        while not await self.tick():
            assert self.cycles - first < limit, f"no end: {p} {m.codes.shape}"
        assert not self.expect, "writes missing"
        rows = 0 if p.keep else len(m.codes)
        assert self.freed == base + rows * m.row_words, "x_freed at the end"
        self.scramble()
        return self.cycles - first


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def random_passes(dut):
    """Chains of passes over random maps; the loader runs ahead as far as the ring lets it."""
    b = Bench(dut)
    await b.reset()
    work: list[tuple[Map, list[Pass]]] = []
    for _ in range(30):
        m = random_map(DK, RAW_W, DEPTH)
        passes = [random_pass(m, DK, DEPTH, 600) for _ in range(random.choice((1, 1, 2, 3)))]
        if len(m.codes) * m.row_words > DEPTH:
            passes = passes[:1]
        work.append((m, [replace(p, keep=True) for p in passes[:-1]] + passes[-1:]))
        b.rows.extend(m.rows(RAW_W))
    for m, passes in work:
        for p in passes:
            b.load_rate, b.burst = random.choice(((1, 64), (0.5, 4), (1, 1)))
            b.by_row = random.random() < 0.5
            b.ready_rate = random.choice((1, 1, 0.8, 0.3))
            b.room_rate = random.choice((1, 1, 0.05))
            for _ in range(random.choice((0, 0, 3))):
                assert not await b.tick()
            await b.run(m, p)
    assert b.done > DEPTH
    dut._log.info(f"{b.cycles} cycles, {b.done} raw words")


def conv(k: int, s: int, pad: int, out: int, cs: int, a_bits: int, **more) -> Pass:
    """A square merged convolution over all channels."""
    return Pass(a_bits, (k, k), (s, s), (1, 1), (pad, pad), (out, out), 0, cs, 5, True, **more)


def extremes() -> dict[str, tuple[Map, Pass]]:
    """Shapes at the edges of the field ranges."""
    one = make_map(1, 1, 1, 1, RAW_W)
    flat = make_map(1, 1, min(DEPTH * RAW_W // 8, 6 * DK + 3), 8, RAW_W)
    odd = make_map(5, 6, 3, 4, RAW_W, 7)
    wide = make_map(2, 40, 7, 2, RAW_W)
    full = make_map(3, 4, RAW_W // 16, 4, RAW_W)  # what lies behind a row is the next word
    base = conv(1, 1, 0, 1, 1, 1)
    return {
        "one bit": (one, replace(base, zin=0)),
        "one bit, pads 15": (one, replace(base, k=(2, 15), pad=(15, 15), out=(18, 7), zin=1)),
        "kernel 15 apart 15": (
            odd,
            replace(base, k=(15, 15), d=(15, 15), pad=(15, 15), cs=3, merged=False, a_bits=3),
        ),
        "fully connected": (flat, replace(base, cs=flat.codes.shape[2], a_bits=8)),
        "stride 15": (wide, replace(base, s=(15, 15), out=(3, 5), cs=7, a_bits=2)),
        "above the map": (odd, replace(base, k=(2, 3), pad=(9, 8), out=(16, 15), cs=3, a_bits=4)),
        "slice of one": (
            odd,
            replace(base, k=(3, 3), d=(2, 3), pad=(2, 3), out=(5, 6), c0=2, merged=False, a_bits=4),
        ),
        "big kernel": (odd, replace(base, k=(9, 11), pad=(3, 4), out=(3, 3), cs=3, a_bits=3)),
        "right of the map": (full, replace(base, out=(3, 5), cs=RAW_W // 16, a_bits=4)),
    }


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def extreme_shapes(dut):
    """Each extreme twice, the second time with pointers that pass 2^32."""
    for base in (0, (1 << 32) - 40):
        b = Bench(dut)
        await b.reset(base)
        for m, p in extremes().values():
            b.rows.extend(m.rows(RAW_W))
            await b.run(m, p)


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def held_engine(dut):
    """`stall` is high while a row is missing or the ring is full, and low after the pass."""
    b = Bench(dut)
    await b.reset()
    m = make_map(6, 6, 8, 4, RAW_W)
    p = conv(3, 1, 1, 6, 8, 4)
    rows = m.rows(RAW_W)
    b.begin(m, p)
    await b.tick()
    dut.start.value = 0
    for k in range(len(rows) + 1):  # row k missing
        for _ in range(600):
            assert not await b.tick(), "done without the last row" if k < 6 else "done too early"
            if k == 6 and len(b.expect) < 20:
                break
        assert b.stalled == (k < 6), f"row {k}"
        if k < 6:
            b.rows.append(rows[k])
    b.ready_rate = 0
    for _ in range(60):
        assert not await b.tick()
    assert b.stalled
    b.ready_rate = 1
    while not await b.tick():
        pass
    await b.tick()
    assert (len(b.expect), b.stalled) == (0, False)
    # a pass that never reads its last row ends only when that row has arrived and is freed
    m = make_map(2, 4, 8, 4, RAW_W)
    rows = m.rows(RAW_W)
    b.rows.append(rows[0])
    b.begin(m, replace(conv(1, 1, 0, 4, 8, 4), out=(1, 4)))
    await b.tick()
    dut.start.value = 0
    for _ in range(200):
        assert not await b.tick()
    assert (len(b.expect), b.stalled) == (0, True)
    b.rows.append(rows[1])
    while not await b.tick():
        pass
    assert b.freed == b.done


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def throughput(dut):
    """Cycles per pixel with all rows present and a ring that is never full."""
    lanes = DK // 4  # 4-bit channels of one word
    shapes = {
        "3x3, K = 9 words of 4 bit": (make_map(5, 10, lanes * 2, 4, RAW_W), 3, 1, 0, 4),
        "the same, 3 bit": (make_map(5, 10, lanes * 2, 4, RAW_W), 3, 1, 0, 3),
        "1x1, one chunk of 1 bit": (make_map(5, 10, DK, 1, RAW_W), 1, 1, 0, 1),
        "7x7x3 stride 2, 8 bit": (make_map(9, 45, 3, 8, RAW_W), 7, 2, 0, 8),
    }
    for name, (m, k, s, pad, a_bits) in shapes.items():
        b = Bench(dut)
        await b.reset()
        h, w, c = m.codes.shape
        p = replace(conv(k, s, pad, 1, c, a_bits), out=((h - k) // s + 1, (w - k) // s + 1))
        b.rows.extend(m.rows(RAW_W))
        for _ in range(20 + m.row_words * h // 64):
            await b.tick()
        took = await b.run(m, p)
        pixels = p.out[0] * p.out[1]
        planes = p.chunks(DK) * a_bits
        dut._log.info(f"{name}: {took} cycles, {took / pixels:.2f} a pixel, {planes} planes")
        read = sum(touched(p, m, x) for x in range(p.out[1])) * p.out[0]
        assert took <= max(read + pixels, pixels * planes) + 40 + 2 * p.out[0], name


def touched(p: Pass, m: Map, x: int) -> int:
    """DK-bit words under the window in output column x, no padding."""
    pixel = m.codes.shape[2] * m.cont
    first = x * p.s[1] * pixel
    return p.k[0] * ((first + p.k[1] * pixel - 1) // DK - first // DK + 1)

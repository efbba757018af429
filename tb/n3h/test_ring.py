"""n3h_ring against a plain model: random slots, readers, collisions, changes of consumers."""

from __future__ import annotations

import json
import os
import random
from collections import deque
from dataclasses import dataclass, field

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
DM, DK, DEPTH = PARAMS["DM"], PARAMS["DK"], PARAMS["DEPTH"]
INPUTS = (
    *(f"fill_{x}" for x in ("open", "use_l", "use_d", "slot", "we", "col", "addr", "data")),
    *("fill_commit", "l_re", "l_addr", "l_pop", "l_slot", "d_re", "d_col", "d_addr"),
    *("d_pop", "d_slot"),
)
Slot = list[list[int | None]]  # slot[addr][col], None where never written


@dataclass
class Reader:
    """A consumer: reads at random in its oldest slot and pops it sooner or later."""

    name: str
    rate: float = 1.0
    slots: deque[Slot] = field(default_factory=deque)
    freed: int = 0
    shown: list[int | None] | None = None  # what the data port must show next, per column
    popped: bool = False
    reads: bool = False
    fresh: bool = False  # read in the last cycle

    def drive(self, dut) -> int:
        """Set this reader's ports for one cycle; the column it reads, or -1."""
        re = pop = False
        col = random.randrange(DM)
        words: list[int | None] | None = None
        if self.slots:
            slot = self.slots[0]
            re = random.random() < self.rate
            pop = random.random() < self.rate * min(0.6, 4 / len(slot))
            addr = random.choice((0, len(slot) - 1, random.randrange(len(slot))))
            getattr(dut, f"{self.name}_addr").value = addr
            getattr(dut, f"{self.name}_slot").value = len(slot)
            words = slot[addr]
        getattr(dut, f"{self.name}_re").value = int(re)
        getattr(dut, f"{self.name}_pop").value = int(pop)
        self.popped, self.reads = pop, re
        if self.name == "d":  # good for one cycle only
            dut.d_col.value = col
            self.next = [words[col]] if re and words else None
        else:  # stays until the next read
            self.next = words if re else self.shown
        return col if re else -1

    def check(self, dut) -> None:
        """Compare avail and the data port, as the cycle before left them."""
        assert int(getattr(dut, f"{self.name}_avail").value) == bool(self.slots), self.name
        if self.shown is not None and (self.fresh or random.random() < 0.1):
            bits = str(getattr(dut, f"{self.name}_data").value)
            for i, want in enumerate(self.shown):
                if want is not None:
                    got = bits[len(bits) - DK * (i + 1) : len(bits) - DK * i]
                    assert got == f"{want:0{DK}b}", f"{self.name}_data, column {i}"
        self.shown, self.fresh = self.next, self.reads
        if self.popped:
            self.freed += len(self.slots.popleft())


class Bench:
    """Drives one cycle per call: inputs change after the rising edge, outputs are read before the
    next one."""

    def __init__(self, dut):
        self.dut = dut
        self.l, self.d = Reader("l"), Reader("d")
        self.done = self.collisions = 0
        self.slot: Slot = []  # the slot being written
        self.use: dict[str, bool] = {}
        self.room = False  # fill_room, one cycle ago
        self.due = 0  # cycles since a slot fits

    async def reset(self) -> None:
        for name in INPUTS:
            getattr(self.dut, name).value = 0
        self.dut.rst.value = 1
        cocotb.start_soon(Clock(self.dut.clk, 10, unit="ns").start())
        for _ in range(3):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0

    def fits(self) -> bool:
        readers = (self.l, self.d)
        return all(
            self.done + len(self.slot) - r.freed <= DEPTH if self.use[r.name] else not r.slots
            for r in readers
        )

    async def cycle(self, write: tuple[int, int, int] | None = None, commit: bool = False) -> bool:
        """Write (col, addr, data), commit if it was taken (or without a write); was it?"""
        dut = self.dut
        self.l.drive(dut)
        d_col = self.d.drive(dut)
        taken = write is None or d_col != write[0]
        dut.fill_we.value = int(write is not None)
        dut.fill_commit.value = int(commit and taken)
        if write:
            dut.fill_col.value, dut.fill_addr.value, dut.fill_data.value = write
            self.collisions += not taken
            if taken:
                self.slot[write[1]][write[0]] = write[2]
        await FallingEdge(dut.clk)
        if write:
            assert int(dut.fill_ready.value) == taken, "fill_ready"
        if self.slot:
            self.room = bool(int(dut.fill_room.value))
            assert not self.room or self.fits(), "room for a slot that does not fit"
            self.due = self.due + 1 if self.fits() else 0
            assert self.room or self.due < 4, "no room for a slot that fits"
        self.l.check(dut)
        self.d.check(dut)
        if commit and taken:
            self.done += len(self.slot)
            for r in (self.l, self.d):
                if self.use[r.name]:
                    r.slots.append(self.slot)
                else:
                    r.freed = self.done
            self.slot, self.due = [], 0
        await RisingEdge(dut.clk)
        return taken

    async def fill(self, size: int, use_l: bool, use_d: bool, tiles: int, idle: float) -> None:
        """One pass of `tiles` slots of `size` entries; writes in random order where it is small."""
        dut, self.use = self.dut, {"l": use_l, "d": use_d}
        dut.fill_slot.value, dut.fill_use_l.value, dut.fill_use_d.value = size, use_l, use_d
        await self.cycle()
        dut.fill_open.value = 1
        for _ in range(tiles):
            self.slot = [[None] * DM for _ in range(size)]
            self.room, self.due = False, 0
            while not self.room:
                await self.cycle()
            order = [(c, a) for a in range(size) for c in range(DM)]
            if size > 64:
                order = order[: 8 * DM] + order[-8 * DM :]
            if random.random() < 0.5:
                random.shuffle(order)
            late = random.random() < 0.3
            for k, (c, a) in enumerate(order):
                while random.random() < idle:
                    await self.cycle()
                last = k == len(order) - 1 and not late
                while not await self.cycle((c, a, random.getrandbits(DK)), last):
                    assert self.room
                assert self.room
            if late:
                await self.cycle(commit=True)
        dut.fill_open.value = 0
        dut.fill_slot.value = random.randrange(1 << 14)
        await self.cycle()


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def random_passes(dut):
    """Passes of every consumer mask, slots from one entry to the whole ring."""
    bench = Bench(dut)
    await bench.reset()
    sizes = (1, 2, 3, 5, 18, 40, DEPTH // 4 + 1, DEPTH // 2, DEPTH)
    for k in range(40):
        size = sizes[k] if k < len(sizes) else random.choice(sizes)
        use_l, use_d = random.choice(((1, 0), (0, 1), (1, 1), (1, 1)))
        bench.l.rate, bench.d.rate = random.choice((1, 0.3)), random.choice((1, 0.7, 0.3))
        tiles = random.randrange(1, 4 if size > 40 else 30)
        await bench.fill(size, bool(use_l), bool(use_d), tiles, random.choice((0, 0, 0.3)))
    for _ in range(20 * DEPTH):
        if not (bench.l.slots or bench.d.slots):
            break
        await bench.cycle()
    assert len(bench.l.slots) + len(bench.d.slots) == 0
    assert bench.done > 4 * DEPTH
    assert bench.collisions > 20
    dut._log.info(f"{bench.done} entries, {bench.collisions} collisions")


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def held_back(dut):
    """A reader that stops holds the writer exactly at the ring's depth, not before."""
    bench = Bench(dut)
    await bench.reset()
    for slow, fast in (("l", "d"), ("d", "l")):
        for size in (DEPTH // 4, DEPTH // 3, DEPTH):
            getattr(bench, slow).rate, getattr(bench, fast).rate = 0, 1
            filler = cocotb.start_soon(bench.fill(size, True, True, DEPTH // size + 1, 0))
            before = bench.done
            for _ in range(60 * DM * 8 + 400):
                await RisingEdge(dut.clk)
            assert bench.done - before == size * (DEPTH // size)
            getattr(bench, slow).rate = 1
            await filler
            while bench.l.slots or bench.d.slots:
                await bench.cycle()

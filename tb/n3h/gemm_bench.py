"""What the benches of both cores share: random matrices, bit planes, a driver, the exact product.

A core's bench loads the weights and operand-ring entries of a few passes, runs them back to back
and compares every sum inside the matrices.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer, with_timeout
from numpy.typing import NDArray

Ints = NDArray[np.int64]
ENTRIES = 4096  # of the bench's ring
LIMIT = 100_000  # cycles: no pass takes as long, however slow its neighbours are
KINDS = ("lo", "hi", "ones")


def codes(shape: tuple[int, ...], bits: int, signed: bool, kind: str = "random") -> Ints:
    """Codes of `bits` bits. kind: random, lo (all smallest), hi (all largest), ones (all bits)."""
    lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    value = {"lo": lo, "hi": hi, "ones": -1 if signed else hi}
    if kind != "random":
        return np.full(shape, value[kind], dtype=np.int64)
    rng = np.random.default_rng(random.getrandbits(64))
    return rng.integers(lo, hi + 1, shape, dtype=np.int64)


def word(bits: NDArray[np.uint8]) -> int:
    """A word from its bits, bit 0 first."""
    return int.from_bytes(np.packbits(bits.reshape(-1), bitorder="little").tobytes(), "little")


def plane(x: Ints, p: int) -> NDArray[np.uint8]:
    """Bit p of every code, two's complement."""
    return ((x >> p) & 1).astype(np.uint8)


def within(x: Ints, rest: Ints) -> Ints:
    """`rest` with x in its low corner."""
    out = rest.copy()
    out[tuple(slice(0, n) for n in x.shape)] = x
    return out


def sums(value: int, count: int) -> Ints:
    """`count` signed 32-bit numbers of a word."""
    return np.frombuffer(value.to_bytes(4 * count, "little"), dtype="<i4").astype(np.int64)


def slow(size: int) -> bool:
    """The array is large (multiplications per cycle) and the simulator interprets it."""
    return size > 4096 and os.environ.get("SIM", cocotb.SIM_NAME).lower().startswith("icarus")


@dataclass
class Gemm:
    """One pass: a [M, K] times w [K, N]; precisions as the instruction gives them."""

    m: int
    k: int
    n: int
    a_bits: int = 4
    w_bits: int = 4
    a_signed: bool = False
    w_signed: bool = True
    a_kind: str = "random"
    w_kind: str = "random"
    a: Ints = field(init=False)
    w: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.a = codes((self.m, self.k), self.a_bits, self.a_signed, self.a_kind)
        self.w = codes((self.k, self.n), self.w_bits, self.w_signed, self.w_kind)

    def __str__(self) -> str:
        signs = "".join("us"[s] for s in (self.a_signed, self.w_signed))
        return f"M {self.m} K {self.k} N {self.n}, {self.a_bits}x{self.w_bits} {signs}"

    def product(self) -> Ints:
        """The exact sums, [M, N]."""
        out = self.a @ self.w
        assert np.abs(out).max(initial=0) < 1 << 31, "a case outside the cores' contract"
        return out

    def weights(self, k: int, n: int) -> Ints:
        """w within [k, n]; the rest is noise."""
        return within(self.w, codes((k, n), self.w_bits, self.w_signed))

    def entries(self, dm: int, dk: int) -> list[int]:
        """Operand-ring entries of all row tiles; pixels from M on are noise, elements from K 0."""
        tiles, chunks = -(-self.m // dm), -(-self.k // dk)
        noise = within(self.a, codes((tiles * dm, self.k), self.a_bits, self.a_signed))
        a = within(noise, np.zeros((tiles * dm, chunks * dk), dtype=np.int64))
        a = a.reshape(tiles, dm, chunks, dk)
        return [
            word(plane(a[t, :, c], p))
            for t in range(tiles)
            for c in range(chunks)
            for p in range(self.a_bits)
        ]


class Core:
    """Drives a core's bench top. A subclass knows the weights, the instruction and the items."""

    inputs = (
        "rst clear seed p_slot p_read down slots ring_we w_we load_addr ring_data w_data item_at "
        "start i_w_base i_n_tiles i_k_chunks i_a_bits_m1 i_a_signed i_w_signed"
    )

    def __init__(self, dut, dm: int, dk: int, w_depth: int) -> None:
        self.dut, self.dm, self.dk, self.w_depth = dut, dm, dk, w_depth

    def weight_words(self, g: Gemm) -> list[int]:
        raise NotImplementedError

    def fields(self, g: Gemm) -> dict[str, int]:
        """Payload fields except the base of the weights and the signs."""
        raise NotImplementedError

    def items(self, g: Gemm) -> Iterator[tuple[slice, slice]]:
        """Which part of the product each result item holds, in order; it may reach beyond."""
        raise NotImplementedError

    async def tick(self, count: int = 1) -> None:
        for _ in range(count):
            await RisingEdge(self.dut.clk)

    async def reset(self) -> None:
        for name in self.inputs.split():
            getattr(self.dut, name).value = 0
        self.dut.seed.value = 1
        self.dut.rst.value = 1
        cocotb.start_soon(Clock(self.dut.clk, 10, unit="ns", impl="gpi").start())
        await self.tick(3)
        self.dut.rst.value = 0
        await self.tick()

    async def run(
        self, passes: list[Gemm], p_slot: int = 256, p_read: int = 256, base: int | None = None
    ) -> int:
        """Run passes back to back and compare; cycles from the last start to its done.

        p_slot, p_read: chance in 256 that a slot arrives or a result is read in a cycle.
        """
        dut = self.dut
        bases = await self.prepare(passes, p_slot, p_read, base)
        for g, at in zip(passes, bases, strict=True):
            await self.start(g, at)
            await with_timeout(RisingEdge(dut.done), 10 * LIMIT, "ns")
            await self.tick()
            for name in self.inputs.split():
                if name.startswith("i_"):
                    getattr(dut, name).value = 0
        expected = sum(1 for g in passes for _ in self.items(g))
        for _ in range(LIMIT):
            if int(dut.items.value) >= expected:
                break
            await self.tick()
        await self.tick(3)
        entries = sum(len(g.entries(self.dm, self.dk)) for g in passes)
        seen = [int(x.value) for x in (dut.items, dut.freed, dut.broken, dut.stall)]
        assert seen == [expected, entries, 0, 0], f"items, freed, broken, stall: {seen}"
        await self.compare(passes)
        return int(dut.t_done.value) - int(dut.t_start.value)

    async def prepare(
        self, passes: list[Gemm], p_slot: int, p_read: int, base: int | None = None
    ) -> list[int]:
        """Forget what was; load ring and weights, the latter from `base` on; each pass's base."""
        dut = self.dut
        dut.p_slot.value, dut.p_read.value = p_slot, p_read
        dut.down.value = random.getrandbits(1)
        dut.seed.value = random.randrange(1, 1 << 32)
        dut.slots.value = 0
        dut.clear.value = 1
        await self.tick()
        dut.clear.value = 0
        entries = [e for g in passes for e in g.entries(self.dm, self.dk)]
        words = [self.weight_words(g) for g in passes]
        assert sum(map(len, words)) <= self.w_depth, "a case larger than the weight buffer"
        assert len(entries) <= ENTRIES, "a case larger than the bench's ring"
        await self.load(dut.ring_we, dut.ring_data, 0, entries)
        at = random.randrange(1 << 16) if base is None else base
        bases = []
        for w in words:
            await self.load(dut.w_we, dut.w_data, at, w)
            bases.append(at)
            at += len(w)
        dut.slots.value = sum(-(-g.m // self.dm) for g in passes)
        return bases

    async def held(self, g: Gemm) -> None:
        """Without a slot, then without a reader, the core says that it stalls; reset ends it.

        The pass must have more results than the core keeps.
        """
        dut = self.dut
        (base,) = await self.prepare([g], 0, 0)
        await self.start(g, base)
        await self.tick(20)
        assert (int(dut.stall.value), int(dut.res_valid.value)) == (1, 0), "waits for a slot"
        dut.p_slot.value = 256
        await self.tick(6)
        assert int(dut.stall.value) == 0, "works"
        for _ in range(3000):
            await self.tick()
            assert not int(dut.done.value)
        assert (int(dut.stall.value), int(dut.res_valid.value)) == (1, 1), "waits for the reader"
        dut.rst.value = 1
        await self.tick(2)
        assert (int(dut.stall.value), int(dut.res_valid.value)) == (0, 0), "reset"
        dut.rst.value = 0
        await self.tick(20)
        assert int(dut.res_valid.value) == 0
        await self.run([g])

    async def load(self, we, data, at: int, words: list[int]) -> None:
        for i, value in enumerate(words):
            we.value, data.value, self.dut.load_addr.value = 1, value, (at + i) & 0xFFFF
            await self.tick()
        we.value = 0

    async def start(self, g: Gemm, base: int) -> None:
        """Start one instruction; its fields are gone one cycle after `done`."""
        fields = self.fields(g)
        fields.update(w_base=base & 0xFFFF, a_signed=int(g.a_signed), w_signed=int(g.w_signed))
        for name, value in fields.items():
            getattr(self.dut, f"i_{name}").value = value
        self.dut.start.value = 1
        await self.tick()
        self.dut.start.value = 0

    async def compare(self, passes: list[Gemm]) -> None:
        dut, at = self.dut, 0
        for g in passes:
            product = g.product()
            for rows, columns in self.items(g):
                dut.item_at.value = at
                at += 1
                await Timer(1, unit="ns")
                want = product[rows, columns]
                shape = rows.stop - rows.start, columns.stop - columns.start
                got = sums(int(dut.item.value), shape[0] * shape[1]).reshape(shape)
                same = got[: want.shape[0], : want.shape[1]] == want
                assert same.all(), f"{g}: {(~same).sum()} wrong in {rows}, {columns}"
            await self.tick()

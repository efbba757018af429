"""n3h_post: random passes of both cores against post_model, every read and write in its cycle."""

import random

import cocotb
from cocotb.clock import Clock

from n3h.post_bench import POINTER, Bench
from n3h.post_model import make_pass


async def begin(dut, eager: bool = False) -> Bench:
    Clock(dut.clk, 10, unit="ns").start()
    bench = Bench(dut, random.Random(cocotb.RANDOM_SEED), eager)
    await bench.reset()
    return bench


def batch(b: Bench, count: int, both: bool = False) -> None:
    """Queue passes whose parameters fit side by side, from anywhere in the buffer."""
    start = base = b.rng.randrange(b.s.prm)
    for _ in range(count):
        p = make_pass(b.rng, b.s, base % b.s.prm, both)
        base += p.payload["l"]["gpp"]
        if base - start > b.s.prm:
            return
        b.add(p)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def random_passes(dut):
    """Passes back to back with results, residual and room coming and going."""
    b = await begin(dut)
    for n in range(12):
        b.slow = n % 3 == 0
        batch(b, 8)
        await b.drain(30000)
        if n > 3 and b.cycle > 5000:
            break
    assert b.stalls


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def full_rate(dut):
    """With everything available, grants follow each other without a gap."""
    b = await begin(dut, eager=True)
    for _ in range(12):
        p = make_pass(b.rng, b.s, 0, both=True)
        while p.words > b.s.col // 2:  # else a context waits for the reader to free a tile
            p = make_pass(b.rng, b.s, 0, both=True)
        b.add(p)
        b.grant_cycles.clear()
        await b.drain(4000)
        first, last = b.grant_cycles[0], b.grant_cycles[-1]
        gaps = last - first + 1 - len(b.grant_cycles)
        assert gaps == 0, f"{gaps} gaps in {len(b.grant_cycles)} grants"


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def full_collector(dut):
    """Nothing is written beyond the free room; the contexts stall and go on when it frees."""
    b = await begin(dut)
    b.hold = True
    batch(b, 30)
    for _ in range(1200):
        await b.step()
    before, b.stalls = b.grants, 0
    for _ in range(50):
        await b.step()
    if b.busy:
        assert b.grants == before
        assert b.stalls >= 50
    b.hold = False
    await b.drain(30000)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def pointers_wrap(dut):
    """Skipped passes carry the pointers to 2^32; real passes then cross it."""
    b = await begin(dut)
    big = (1 << 24) - 1
    p = make_pass(b.rng, b.s, 0)
    for ctx in "ld":
        p.payload[ctx] = p.payload[ctx] | {"n_tiles": 0, "words": big}
        p.groups[ctx] = []
    p.words, p.residual, p.bank["res_en"] = big, [], 1
    b.eager = True
    for _ in range(256):
        for c in b.ctx.values():
            c.queue.append(p)
        while b.busy:
            b.rsd_done = b.col_freed = min(c.done for c in b.ctx.values())
            await b.step()
    b.rsd_done = b.col_freed = min(c.done for c in b.ctx.values())
    b.eager = False
    while min(min(c.done, c.freed) for c in b.ctx.values()) <= POINTER:
        batch(b, 8)
        await b.drain(30000)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def reset_in_a_pass(dut):
    """A reset drops everything; passes after it start at word 0."""
    b = await begin(dut)
    batch(b, 8)
    for _ in range(b.rng.randrange(20, 120)):
        await b.step()
    b = Bench(dut, b.rng)
    await b.reset()
    batch(b, 4)
    await b.drain(30000)

"""n3h_store: random passes against store_model, every read, request and beat in order."""

import random

import cocotb
from cocotb.clock import Clock

from n3h.store_bench import POINTER, Bench
from n3h.store_model import make_pass


async def begin(dut, eager: bool = False) -> Bench:
    Clock(dut.clk, 10, unit="ns").start()
    bench = Bench(dut, random.Random(cocotb.RANDOM_SEED), eager)
    await bench.reset()
    return bench


def rows_held(bank: dict[str, int]) -> int:
    """Words from the first row of an output row's windows to the last row of the next's."""
    return (max(bank["k_h"], bank["s_h"]) + bank["s_h"]) * bank["in_w"] * bank["gpp"]


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def random_passes(dut):
    """Back to back, with words, bus and answers coming and going."""
    b = await begin(dut)
    for _ in range(4):
        for _ in range(8):
            b.add(make_pass(b.rng, b.s))
        await b.drain(60000)
    assert b.stalls


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def full_rate(dut):
    """With everything ready, one window element is read per cycle, in every mode."""
    b = await begin(dut, eager=True)
    for n in range(9):
        p = make_pass(b.rng, b.s, mode=n % 3, plain=True)
        while n % 3 and rows_held(p.bank) > b.s.col - 8:  # else reading waits for freed room
            p = make_pass(b.rng, b.s, mode=n % 3, plain=True)
        b.add(p)
        b.read_cycles.clear()
        await b.drain(60000)
        span = b.read_cycles[-1] - b.read_cycles[0] + 1
        # the bus takes a beat per cycle; 32 words wait in between
        least = max(p.steps, -(-len(p.data) * p.steps // max(1, len(p.reads))))
        if len(p.data) <= p.steps:
            assert span == p.steps, f"{span} cycles for {p.steps} elements: {p.label}"
        else:
            assert span <= least, f"{span} cycles for {len(p.data)} beats: {p.label}"


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def stopped_sides(dut):
    """A standing POST or bus stalls the engine; nothing is lost when it moves again."""
    b = await begin(dut)
    for name in ("hold", "blocked"):
        for _ in range(6):
            b.add(make_pass(b.rng, b.s))
        for _ in range(60):
            await b.step()
        setattr(b, name, True)
        run = 0
        for _ in range(20000):
            before = b.stalls
            await b.step()
            run = run + 1 if b.stalls > before else 0
            if run == 50 or not b.busy:
                break
        assert run == 50 or not b.busy, f"{name}: the engine does not stall"
        setattr(b, name, False)
        await b.drain(60000)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def unused_rows(dut):
    """A pass ends with the last word of its map, though no window needs the last rows."""
    b = await begin(dut)
    for _ in range(4):
        p = make_pass(b.rng, b.s, mode=b.rng.choice((1, 2)))
        while max(p.reads) >= len(p.codes) - p.bank["in_w"] * p.bank["gpp"]:
            p = make_pass(b.rng, b.s, mode=b.rng.choice((1, 2)))
        b.most = b.base + max(p.reads) + 1
        b.add(p)
        for _ in range(20000):
            await b.step()
            if not (b.beats or b.reads or b.queue):
                break
        for _ in range(80):
            await b.step()
        assert b.now is p, "done before the rest of the map has come"
        b.most = 1 << 40
        await b.drain(60000)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def pointers_wrap(dut):
    """Large maps of which one word is used carry the pointers to 2^32; real passes cross it."""
    b = await begin(dut)
    side = 4095
    while (left := POINTER - b.base - 256) > 0:
        in_w = min(side, left)
        await b.jump(in_w, min(side, left // in_w))
    while b.base <= POINTER:
        b.add(make_pass(b.rng, b.s))
        await b.drain(60000)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def reset_in_a_pass(dut):
    """A reset drops everything; passes after it start at word 0."""
    b = await begin(dut)
    for _ in range(3):
        b.add(make_pass(b.rng, b.s))
    for _ in range(b.rng.randrange(30, 200)):
        await b.step()
    b = Bench(dut, b.rng)
    await b.reset()
    for _ in range(3):
        b.add(make_pass(b.rng, b.s))
    await b.drain(60000)

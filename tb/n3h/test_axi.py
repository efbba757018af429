"""hw_axi_read and hw_axi_write on the reference memory: order, data, cuts, errors, flush, timing.

The memory's own checker holds both to the protocol; every test ends with its count at zero.
"""

from __future__ import annotations

import random
from collections import deque

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from n3h.axi_model import AXI_W, BEAT, BURST, HALF, OUTSTANDING, WORDS, Bus, N


def lengths() -> int:
    return random.choice(
        (1, 2, random.randint(1, 8), BURST, BURST + 1, random.randint(1, 3 * BURST))
    )


def span(low: int, high: int) -> tuple[int, int]:
    """A random (word, beats) inside low..high."""
    beats = min(lengths(), high - low)
    return random.randrange(low, high - beats + 1), beats


async def traffic(bus: Bus, cycles: int, density: float) -> None:
    for _ in range(cycles):
        for i in range(N):
            if bus.pending[i] is None and random.random() < density:
                bus.read(i, *span(0, HALF))
        if len(bus.writes) < 2 and random.random() < density:
            word, beats = span(HALF, WORDS)
            bus.write(word, [random.getrandbits(AXI_W) for _ in range(beats)])
        await bus.step()


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(level=[0, 40, 200], rate=[1.0, 0.4])
async def random_traffic(dut, level, rate):
    """All requesters at once, any length, memory pauses, slow write data."""
    bus = Bus(dut, level, rate)
    await bus.begin()
    await traffic(bus, 1500, random.choice((0.02, 0.2, 1.0)))
    await bus.drain()
    assert bus.reads > 50
    assert bus.beats > 20
    assert bus.rd_errors == bus.wr_errors == 0
    bus.check_memory()
    bus.check_protocol()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def page_ends(dut):
    """Requests around every 4 KB boundary, and none for 0 beats."""
    bus = Bus(dut)
    await bus.begin()
    page = 4096 // BEAT
    for base in range(page, HALF, page):
        for before in (1, 2, BURST - 1):
            bus.read(0, base - before, BURST + 3)
            bus.read(1, base - before, 0)
            bus.read(2, base - 1, 2)
            end = base + HALF - before
            bus.write(end, [random.getrandbits(AXI_W) for _ in range(min(BURST + 2, WORDS - end))])
            while any(bus.pending) or bus.writes:
                await bus.step()
    await bus.drain()
    assert bus.reads == len(range(page, HALF, page)) * 3 * (BURST + 5)
    bus.check_memory()
    bus.check_protocol()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def missing_beat(dut):
    """A burst's address leaves with its last beat inside, not before: nobody holds the bus."""
    bus = Bus(dut)
    await bus.begin()
    for beats in (1, 2, BURST):
        bus.write(HALF, [random.getrandbits(AXI_W) for _ in range(beats)])
        last = bus.data.pop()
        for _ in range(BURST + 20):
            await bus.step()
            assert not int(dut.awvalid.value), f"an address for {beats - 1} of {beats} beats"
        bus.data.append(last)
        await bus.drain()
    bus.check_memory(range(HALF, HALF + BURST))
    bus.check_protocol()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def bandwidth(dut):
    """Long bursts keep the bus full; a lone request takes the memory's latency plus 6 cycles."""
    bus = Bus(dut)
    await bus.begin()
    await bus.step()
    bus.read(0, 0, 1)
    start = bus.cycle
    while bus.reads == 0:
        await bus.step()
    assert bus.cycle - start <= 32 + 7, "latency of one beat"
    await bus.drain()

    bus.slots.clear()
    total = min(4 * OUTSTANDING * BURST, HALF)
    for i in range(2):
        bus.read(i, i * (total // 2), total // 2)
    await bus.drain()
    window = bus.slots[-1] - bus.slots[0] + 1
    if OUTSTANDING * BURST >= 64:  # else the latency shows
        assert len(bus.slots) == total, (total, window)
        assert window <= total + 2, (total, window)

    bus.slots.clear()
    total = min(6 * BURST, HALF)
    bus.write(HALF, [random.getrandbits(AXI_W) for _ in range(total)])
    await bus.drain()
    window = bus.slots[-1] - bus.slots[0] + 1
    assert bus.beats == total, (total, window)
    assert window <= total + 12 + total // BURST, (total, window)
    bus.check_protocol()


@cocotb.test(timeout_time=200, timeout_unit="us")
@cocotb.parametrize(victim=[0, N - 1])
async def fairness(dut, victim):
    """A requester with short requests is served while the others ask without end."""
    bus = Bus(dut, level=30)
    await bus.begin()
    served = 0
    for _ in range(3000):
        for i in set(range(N)) - {victim}:
            if bus.pending[i] is None:
                bus.read(i, 0, 4 * BURST)
        if bus.pending[victim] is None and not bus.asked[victim]:
            served += 1
            bus.read(victim, *span(0, HALF // 2))
        await bus.step()
    assert served > 5
    await bus.drain()
    bus.check_protocol()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def error_responses(dut):
    """An error beat is one pulse on its own side, and the data still flows."""
    bus = Bus(dut)
    await bus.begin()
    dut.err_enable.value = 1
    dut.err_addr.value = 5 * BEAT
    bus.read(0, 0, 2 * BURST)
    await bus.drain()
    assert (bus.rd_errors, bus.wr_errors) == (1, 0)
    dut.err_addr.value = (HALF + 3) * BEAT
    lost = bus.image[HALF + 3]
    bus.write(HALF, [random.getrandbits(AXI_W) for _ in range(2 * BURST)])
    await bus.drain()
    assert (bus.rd_errors, bus.wr_errors) == (1, 1)
    bus.image[HALF + 3] = lost
    dut.err_enable.value = 0
    bus.check_memory()
    bus.pending[0] = (WORDS, 1)  # beyond the memory
    dut.req_valid.value = 0
    for _ in range(80):
        if bus.asked[0]:
            bus.asked[0].clear()
        bus.asked[0].append((1 << AXI_W) - 1)
        await bus.step()
    assert bus.rd_errors == 2
    bus.check_protocol()


@cocotb.test(timeout_time=600, timeout_unit="us")
@cocotb.parametrize(level=[0, 60])
async def flush(dut, level):
    """Flush at any time: the bus ends its bursts, writes nothing more, and works again after."""
    bus = Bus(dut, level)
    await bus.begin()
    for _ in range(25):
        await traffic(bus, random.randint(1, 120), random.choice((0.1, 1.0)))
        dut.flush.value = 1
        # of the writes under way any prefix may have landed: remember where, and stop asking
        bus.asked, bus.pending = [deque() for _ in range(N)], [None] * N
        bus.writes.clear()
        bus.data.clear()
        bus.drive()
        await FallingEdge(dut.clk)
        before = bus.beats
        for _ in range(2000):
            await bus.step()
            if int(dut.rd_idle.value) and int(dut.wr_idle.value):
                break
        else:
            raise AssertionError("flush did not end")
        assert bus.beats - before <= 1, "a beat was written after the flush"
        dut.flush.value = 0
        for word in range(HALF, WORDS):
            bus.image[word] = int(dut.u_mem.mem[word].value)
        await bus.step()
        bus.beats = 0
        await traffic(bus, 60, 0.3)
        await bus.drain()
        bus.check_memory()
    bus.check_protocol()


@cocotb.test(timeout_time=200, timeout_unit="us")
async def memory_timing(dut):
    """The reference memory itself: 32 cycles to data and to answers, one beat per cycle in all."""
    bus = Bus(dut)
    await bus.begin()
    seen: dict[str, int] = {}

    async def watch() -> None:
        while True:
            await ReadOnly()
            for name, now in (
                ("ar", int(dut.arvalid.value) and int(dut.arready.value)),
                ("r", int(dut.rvalid.value)),
                ("w", int(dut.wvalid.value) and int(dut.wready.value) and int(dut.wlast.value)),
                ("b", int(dut.bvalid.value)),
            ):
                if now:
                    seen.setdefault(name, bus.cycle)
            await FallingEdge(dut.clk)

    task = cocotb.start_soon(watch())
    bus.read(0, 3, 2)
    bus.write(HALF, [1, 2, 3])
    await bus.drain()
    task.cancel()
    assert seen["r"] - seen["ar"] == 32
    assert seen["b"] - seen["w"] == 32

    bus.slots.clear()
    total = min(8 * BURST, HALF // 2)
    bus.read(0, 0, total)
    bus.read(1, 0, total)
    bus.write(HALF, [random.getrandbits(AXI_W) for _ in range(total)])
    before = bus.reads
    await bus.drain()
    moved = bus.reads - before + total
    window = bus.slots[-1] - bus.slots[0] + 1
    assert moved == 3 * total
    assert moved <= window + 1, "two beats in one cycle"
    if OUTSTANDING * BURST >= 64:
        assert window <= moved + 40 + total // 4, (window, moved)
    bus.check_protocol()


@cocotb.test(timeout_time=100, timeout_unit="us")
async def races_are_reported(dut):
    """A read of bytes whose write is not answered yet is an error of the order."""
    bus = Bus(dut)
    await bus.begin()
    bus.write(HALF, [1, 2])
    while bus.writes or not int(dut.wlast.value) or not int(dut.wvalid.value):
        await bus.step()
    bus.read(0, HALF + 1, 1)
    await bus.drain()
    assert int(dut.axi_errors.value) == 1

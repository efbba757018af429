"""Control, dispatch, issue units and tokens: random legal programs, and every way to go wrong.

Expected values come from the program alone: sim_engine writes down when each queue took and gave
tokens, started, ended and saw its bank written.
"""

from __future__ import annotations

import random

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from hwgen.archs.n3h.isa import ENGINES, PAYLOAD_BITS, TAG_REGISTER, TOKEN_MAX, Engine, Op
from n3h.control_model import AXI_W, HALT, Machine, Step, legal_program

ILLEGAL, READ, TOKEN, WATCHDOG, NO_HALT = 1, 2, 8, 16, 32


async def good(machine: Machine, program: list[Step]) -> None:
    """Run a legal program to its HALT and check everything it did."""
    dut = machine.dut
    await machine.run([s.encode() for s in program] + [HALT])
    assert int(dut.hw_errors.value) == 0
    assert int(dut.hw_done.value)
    machine.check(program)
    await machine.clear()


@cocotb.test(timeout_time=3, timeout_unit="ms")
@cocotb.parametrize(level=[0, 100], span=[0, 3, 6])
async def legal_programs(dut, level, span):
    """Random legal programs end without deadlock, over- or underflow, every token in order."""
    machine = Machine(dut, level, span)
    await machine.begin()
    for _ in range(5):
        await good(machine, legal_program(random.randint(20, 200)))
    assert int(dut.axi_errors.value) == 0


@cocotb.test(timeout_time=500, timeout_unit="us")
async def full_counter(dut):
    """More posts than a counter holds wait for takes that come later in the program."""
    machine = Machine(dut, span=1)
    await machine.begin()
    n = TOKEN_MAX + 14  # the others fit in the giver's queue
    taker, giver = ENGINES.index(Engine.GEMM_D), ENGINES.index(Engine.LOAD_W)
    program = [Step(Op.GEMM_D, Engine.GEMM_D, 9)]
    program += [Step(Op.SYNC, Engine.LOAD_W, i, post=(Engine.GEMM_D,)) for i in range(n)]
    program += [Step(Op.SYNC, Engine.GEMM_D, i, wait=(Engine.LOAD_W,)) for i in range(n)]
    dut.hang.value = 1 << taker
    await machine.start([s.encode() for s in program] + [HALT])
    await ClockCycles(dut.clk, 1000)
    await FallingEdge(dut.clk)
    assert int(dut.state.value) >> 2 * giver & 3 == 1, "the giver waits for room"
    dut.hang.value = 0
    await machine.finish()
    assert int(dut.hw_errors.value) == 0
    machine.check(program)


@cocotb.test(timeout_time=500, timeout_unit="us")
async def status_and_counters(dut):
    """Counters equal what the trace shows cycle by cycle; tags; interrupt enable, acknowledge."""
    machine = Machine(dut, span=5)
    await machine.begin()
    await good(machine, legal_program(30))  # the counters restart
    program = legal_program(60)
    await machine.start([s.encode() for s in program] + [HALT])
    seen = [[0] * 4 for _ in ENGINES]
    cycles, last_tags = 0, 0
    while int(dut.hw_busy.value):
        cycles += 1
        state = int(dut.state.value)
        for q in range(9):
            seen[q][state >> 2 * q & 3] += 1
        last_tags = int(dut.tags.value)
        await FallingEdge(dut.clk)
        dut.sw_irq_ack.value = int(dut.hw_irq.value) and not int(dut.hw_done.value)
    dut.sw_irq_ack.value = 0
    await ClockCycles(dut.clk, 2)
    await FallingEdge(dut.clk)
    assert int(dut.hw_cycles.value) == cycles
    for kind, name in ((1, "wait"), (2, "run"), (3, "stall")):
        value = int(getattr(dut, f"hw_q_{name}").value)
        for q in range(9):
            assert value >> 32 * q & 0xFFFFFFFF == seen[q][kind], (name, q)
    assert int(dut.hw_fetch_beats.value) == -(-(61 * 128) // AXI_W)
    for q, engine in enumerate(ENGINES):
        tags = [
            s.id for s in program if s.engine is engine and (s.op, s.reg) == (Op.CFG, TAG_REGISTER)
        ]
        assert last_tags >> 16 * q & 0xFFFF == (tags[-1] if tags else 0)
    assert int(dut.irq.value)
    assert int(dut.hw_irq.value)
    dut.cfg_irq_en.value = 0
    await ClockCycles(dut.clk, 3)
    assert not int(dut.irq.value)
    assert int(dut.hw_irq.value)
    await FallingEdge(dut.clk)
    await machine.clear()


@cocotb.test(timeout_time=500, timeout_unit="us")
async def instruction_interrupt(dut):
    """An instruction may interrupt while the program goes on; only HALT sets done."""
    machine = Machine(dut)
    await machine.begin()
    q = ENGINES.index(Engine.FILL)
    dut.hang.value = 1 << q
    program = [Step(Op.SYNC, Engine.STORE, irq=True), Step(Op.LOAD, Engine.FILL, 5)]
    await machine.start([s.encode() for s in program] + [HALT])
    await ClockCycles(dut.clk, 200)
    await FallingEdge(dut.clk)
    assert int(dut.irq.value)
    assert int(dut.hw_busy.value)
    assert not int(dut.hw_done.value)
    await machine.strobe("sw_irq_ack")
    await FallingEdge(dut.clk)
    assert not int(dut.irq.value)
    await machine.strobe("sw_start")  # refused while busy
    dut.hang.value = 0
    await machine.finish()
    assert int(dut.hw_done.value)
    machine.check(program)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def illegal_words(dut):
    """An illegal word stops the program where it stands; nothing after it happens."""
    machine = Machine(dut)
    await machine.begin()
    x = Engine.LOAD_X
    bad = [
        Step(Op.GEMM_D, x).encode(),
        Step(Op.CFG, x, reg=1).encode(),
        Step(Op.SYNC, x).encode() | 1 << 112,
        Step(Op.SYNC, x).encode() | 1 << PAYLOAD_BITS + 7,
        Step(Op.SYNC, Engine.STORE).encode() | 1 << PAYLOAD_BITS + 6,
        HALT | 1 << PAYLOAD_BITS + 5,
    ]
    for word in bad:
        at = random.randint(0, 30)
        before = legal_program(at)
        words = [s.encode() for s in before] + [word] + [Step(Op.LOAD, x, 7).encode(), HALT]
        await machine.run(words)
        assert int(dut.hw_errors.value) == ILLEGAL
        assert not int(dut.hw_done.value)
        assert int(dut.hw_error_info.value) == at
        for q in range(9):
            own = [s for s in before if s.engine is ENGINES[q]]
            assert sum(e.start for e in machine.log(q)) <= len(own)
        await machine.run([HALT - (1 << 127), HALT])  # LOAD_X does not execute GEMM_D
        assert int(dut.hw_error_info.value) == at, "the first illegal word is remembered"
        await machine.clear()
    await good(machine, legal_program(40))


@cocotb.test(timeout_time=500, timeout_unit="us")
async def missing_halt(dut):
    """A program that ends without HALT, the empty one included, is an error."""
    machine = Machine(dut)
    await machine.begin()
    for length in (0, 1, 3, 30):
        words = [s.encode() for s in legal_program(length)]
        machine.load([*words, HALT, HALT], 64)
        dut.prog_words.value = length
        await machine.strobe("sw_start")
        await machine.finish()
        assert int(dut.hw_errors.value) == NO_HALT, length
        assert not int(dut.hw_done.value), length
        await machine.clear()
    await good(machine, legal_program(20))
    program = legal_program(10)
    words = [s.encode() for s in program] + [HALT] + [s.encode() for s in legal_program(60)]
    await machine.run(words)  # what follows HALT does not count
    assert int(dut.hw_done.value)
    machine.check(program)
    await machine.clear()
    await good(machine, legal_program(20))


@cocotb.test(timeout_time=500, timeout_unit="us")
async def bus_and_token_errors(dut):
    """A read error in the program and a token from nowhere stop the run and interrupt."""
    machine = Machine(dut)
    await machine.begin()
    words = [s.encode() for s in legal_program(50)] + [HALT]
    dut.err_enable.value = 1
    machine.load(words, 256)
    dut.err_addr.value = 256 + 16 * 20
    await machine.strobe("sw_start")
    await machine.finish()
    assert int(dut.hw_errors.value) & READ
    assert not int(dut.hw_done.value)
    await machine.clear()
    dut.err_enable.value = 0
    for q, bit in ((Engine.FILL, 0), (Engine.LOAD_W, 0), (Engine.STORE, 3)):
        at = 4 * ENGINES.index(q) + bit
        await machine.start([Step(Op.LOAD, Engine.FILL, 1).encode()] * 70 + [HALT])
        for _ in range(TOKEN_MAX + 2):
            await machine.strobe("stray_put", 1 << at)
        await machine.finish()
        assert int(dut.hw_errors.value) == TOKEN, q
        await machine.clear()
    await good(machine, legal_program(30))


@cocotb.test(timeout_time=500, timeout_unit="us")
async def watchdog(dut):
    """It names the first waiting engine and its tokens, else the stalled one; 0 turns it off."""
    machine = Machine(dut)
    await machine.begin()
    dut.cfg_wd_limit.value = 200
    dut.hang.value = 1  # LOAD_X is stalled, but one that waits goes first
    stuck = [
        Step(Op.CFG, Engine.FILL, 3),
        Step(Op.LOAD, Engine.LOAD_X, 4),
        Step(Op.SYNC, Engine.LOAD_W, 0, (Engine.GEMM_D, Engine.POST_D)),
        Step(Op.SYNC, Engine.GEMM_L, 0, (Engine.LOAD_W,)),
        Step(Op.SYNC, Engine.GEMM_D, 0, (), (Engine.LOAD_W,)),
    ]
    await machine.run([s.encode() for s in stuck] + [HALT])
    assert int(dut.hw_errors.value) == WATCHDOG
    info = int(dut.hw_wd_info.value)
    assert (info & 15, info >> 4 & 3, info >> 6) == (1, 1, 0b1000)
    assert 200 < int(dut.hw_cycles.value) < 320
    await machine.clear()

    q = ENGINES.index(Engine.POST_D)
    dut.hang.value = 1 << q
    await machine.run([Step(Op.POST, Engine.POST_D, 9).encode(), HALT])
    assert int(dut.hw_errors.value) == WATCHDOG
    info = int(dut.hw_wd_info.value)
    assert (info & 15, info >> 4 & 3, info >> 6) == (q, 3, 0)
    await machine.clear()

    dut.cfg_wd_limit.value, dut.hang.value = 300, 0
    await good(machine, [Step(Op.STORE, Engine.STORE, k) for k in range(40)])
    assert int(dut.hw_cycles.value) > 400, "long, but never still"

    dut.hang.value = 1 << q  # it counts from the last progress, not from the start
    work = [Step(Op.STORE, Engine.STORE, k) for k in range(40)]
    words = [s.encode() for s in (Step(Op.POST, Engine.POST_D, 9), *work)]
    await machine.run([*words, HALT])
    assert int(dut.hw_errors.value) == WATCHDOG
    assert int(dut.hw_cycles.value) > 700
    await machine.clear()

    dut.cfg_wd_limit.value = 20  # the first word takes longer: nobody's fault but the bus's
    await machine.run([HALT])
    assert int(dut.hw_errors.value) == WATCHDOG
    assert int(dut.hw_wd_info.value) == 15
    await machine.clear()

    dut.cfg_wd_limit.value, dut.hang.value = 0, 1 << q
    await machine.start([Step(Op.POST, Engine.POST_D, 9).encode(), HALT])
    await ClockCycles(dut.clk, 1000)
    await FallingEdge(dut.clk)
    assert int(dut.hw_busy.value)
    assert not int(dut.hw_error.value)
    dut.hang.value = 0
    await machine.finish()
    assert int(dut.hw_done.value)
    await machine.clear()


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(level=[0, 120])
async def soft_reset(dut, level):
    """A soft reset at any moment, while fetching or running, leaves a machine that works."""
    machine = Machine(dut, level)
    await machine.begin()
    for _ in range(20):
        await machine.start([s.encode() for s in legal_program(100)] + [HALT])
        await ClockCycles(dut.clk, random.choice((1, 2, 5, 40, random.randint(1, 900))))
        await FallingEdge(dut.clk)
        await machine.strobe("sw_soft_reset")
        assert int(dut.hw_resetting.value)
        assert int(dut.hw_busy.value)
        await machine.strobe("sw_start")  # refused while resetting
        while int(dut.hw_busy.value):
            await FallingEdge(dut.clk)
        assert int(dut.state.value) == 0
        assert not int(dut.hw_done.value)
        assert int(dut.hw_errors.value) == 0
        if random.random() < 0.4:
            await good(machine, legal_program(30))
    await good(machine, legal_program(100))
    assert int(dut.axi_errors.value) == 0

"""What the host sees of the whole accelerator: identity, interrupts, errors, watchdog, counters."""

import itertools
import json
import random

import cocotb
from cocotb.triggers import RisingEdge

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.isa import ENGINES, Engine, Instruction, Op
from n3h.top_bench import CASES, HERE, PARAMS, Host, limit_of

IDLE, WAIT, RUN, STALL = range(4)
EDGES = [(source, sink) for sink in ENGINES for source in isa.WAITS[sink]]
PATIENCE = 60  # cycles: the watchdog's, where it must bite
HALT = Instruction(Op.HALT, Engine.LOAD_X, {}).encode()


def sync(engine, wait=(), post=(), irq=False):
    """The word that only moves tokens."""
    return Instruction(Op.SYNC, engine, {}, wait, post, irq).encode()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def identity(dut):
    """The registers say what the driver was made for and hold what is written to them."""
    host = await Host(dut).power_up()
    await host.call("identify")
    design = json.loads((HERE / "design.json").read_text())["parameters"]
    for register, names in (("CAPS0", "dm dk dn"), ("CAPS1", "pin pout pack lanes")):
        for name in names.split():
            found = await host.call("read", register, name)
            assert found == design[name.upper()], f"{name} reads {found}"
    for register in ("PROG_BASE", "PROG_WORDS", "WD_LIMIT"):
        value = random.getrandbits(32)
        await host.call("write", register, value)
        assert await host.call("read", register) == value, register
    assert await host.soc.write32(0xFFC, 1) == 2, "an unmapped register answers SLVERR"


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def interrupts(dut):
    """The pin needs the enable bit and falls with the acknowledgement; an instruction raises it."""
    host = await Host(dut).power_up()
    blocked = sync(Engine.GEMM_L, wait=(Engine.LOAD_W,))
    await host.run([sync(Engine.LOAD_X, irq=True), blocked, HALT])
    status = await host.call("read", "STATUS")
    assert status == 0b01001, f"busy and interrupt, not {status:#07b}"
    await host.call("write", "IRQ_ACK", 1)
    await host.soc.cycles(2)
    assert int(dut.irq.value) == 0
    assert await host.call("read", "STATUS", "busy") == 1
    await host.call("reset")
    await host.load(CASES[0])
    await host.call("start", False)
    for _ in range(limit_of(CASES[0])):
        if await host.call("read", "STATUS", "done"):
            break
        assert int(dut.irq.value) == 0
    assert await host.call("read", "STATUS", "irq") == 1
    assert int(dut.irq.value) == 0, "the interrupt is not enabled"
    await host.call("write", "IRQ_EN", 1)
    await host.soc.cycles(2)
    assert int(dut.irq.value) == 1
    await host.call("wait", 1)
    await host.soc.cycles(2)
    assert int(dut.irq.value) == 0


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def every_token_edge(dut):
    """A wait is served by its own edge alone: tokens of all others leave it to the watchdog."""
    host = await Host(dut).power_up()
    await host.call("write", "WD_LIMIT", PATIENCE)
    for source, sink in EDGES:
        others = [sync(a, post=(b,)) for a, b in EDGES if (a, b) != (source, sink)]
        await host.run([*others, sync(sink, wait=(source,)), HALT])
        assert await host.call("read", "ERROR") == 1 << 4, (source, sink)
        pending = 1 << isa.WAITS[sink].index(source)
        expected = pending << 6 | WAIT << 4 | ENGINES.index(sink)
        assert await host.call("read", "WD_INFO") == expected, (source, sink)
        await host.recover()
    gives = [sync(a, post=(b,)) for a, b in EDGES]
    takes = [sync(b, wait=(a,)) for a, b in EDGES]
    await host.run([*gives, *takes, HALT])
    await host.call("wait", 1)


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def watchdog(dut):
    """It names a stalled engine; the accelerator works again after a reset."""
    host = await Host(dut).power_up()
    await host.call("write", "WD_LIMIT", PATIENCE)
    fields = {f.name: 0 for f in isa.PAYLOADS[Engine.GEMM_L]}
    fields |= {"m_tiles": 1, "n_tiles": 1, "k_chunks": 1}
    words = [Instruction(Op.GEMM_L, Engine.GEMM_L, fields).encode(), HALT]
    await host.run(words)
    assert await host.call("errors") == [
        n3h_says("watchdog"),
        "GEMM_L is stalled, token edges 0x0",
    ]
    cycles = await host.call("read", "CYCLES")
    assert PATIENCE < cycles < PATIENCE + 150, f"it bites after {cycles} cycles"
    await host.recover()
    await host.call("write", "WD_LIMIT", 10_000)
    await host.run_case(CASES[0])


def n3h_says(error):
    """The driver's sentence for an error."""
    import n3h_driver

    return n3h_driver.ERRORS[error]


def illegal_words():
    """One word for every rule that a word can break."""

    def word(op, engine, wait=0, post=0, unit=0, reg=0):
        head = {"op": op, "eng": engine, "unit": unit, "irq": 0, "wait": wait, "post": post}
        return isa.pack_fields(isa.HEADER, head) << isa.PAYLOAD_BITS | reg << 96

    yield (1 << 128) - 1
    for engine in ENGINES:
        code, unit = engine & 7, engine >> 3
        own = isa.LEGAL_OPS[engine]
        yield word(Op.STORE if own is not Op.STORE else Op.LOAD, code, unit=unit)
        yield word(Op.CFG, code, unit=unit, reg=len(isa.BANKS[engine]))
        if len(isa.WAITS[engine]) < 4:
            yield word(Op.SYNC, code, wait=1 << len(isa.WAITS[engine]), unit=unit)
        if len(isa.POSTS[engine]) < 4:
            yield word(Op.SYNC, code, post=1 << len(isa.POSTS[engine]), unit=unit)
        if code != 6:
            yield word(Op.SYNC, code, unit=1)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def illegal_word(dut):
    """A word that is no instruction stops the job and is named by its place."""
    host = await Host(dut).power_up()
    for word in illegal_words():
        before = random.randrange(4)
        await host.run([*[sync(Engine.FILL)] * before, word, HALT])
        assert await host.call("read", "ERROR") == 1, f"{word:032x}"
        assert await host.call("read", "ERROR_INFO") == before
        await host.recover()
    _, memory = await host.load(CASES[0])
    base, last = memory["program"]["base"], memory["program"]["words"] - 1
    host.soc.write_memory(base + 16 * last, (5 << 125).to_bytes(16, "little"))
    await host.call("start")
    await host.soc.interrupt(limit_of(CASES[0]))
    assert await host.call("read", "ERROR_INFO") == last
    await host.recover()
    await host.run_case(CASES[0])


def beats_of(words):
    """Bus beats by engine that a program moves, from its words."""
    beats, banks = dict.fromkeys(ENGINES, 0), {}
    for i in map(isa.decode, words):
        f = i.fields
        if i.op is Op.CFG:
            banks[i.engine, i.reg] = f
        elif i.op is Op.STORE:
            beats[i.engine] += f["rows"] * f["segs"] * banks[i.engine, 0]["seg_beats"]
        elif i.op is Op.LOAD and i.engine is not Engine.FILL:
            segments = banks[i.engine, 0]["segs"] if i.engine is Engine.LOAD_R else 1
            beats[i.engine] += f["x_beats"] * f.get("y_cnt", 1) * segments
    return beats


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def counters(dut):
    """They say what the trace port showed, cycle by cycle, and what the program must move."""
    host = await Host(dut).power_up(32, random.randrange(1, 1 << 31))
    folder = random.choice(CASES)
    record, memory = await host.load(folder)
    seen = dict.fromkeys(itertools.product(range(9), range(4)), 0)
    tags = {queue: set() for queue in range(9)}

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            trace = int(dut.trace_bus.value)
            for queue in range(9):
                field = trace >> 18 * queue & 0x3FFFF
                seen[queue, field & 3] += 1
                if field & 3 in (RUN, STALL):
                    tags[queue].add(field >> 2)

    watching = cocotb.start_soon(watch())
    await host.call("start")
    await host.soc.interrupt(limit_of(folder))
    watching.cancel()
    cycles = await host.call("wait", 1)
    host.check(folder.name, record, memory)
    data = (folder / "program.bin").read_bytes()
    words = [int.from_bytes(data[at : at + 16], "little") for at in range(0, len(data), 16)]
    beats, found = beats_of(words), await host.call("counters")
    for queue, engine in enumerate(ENGINES):
        c = found[engine.name]
        for name, state in (("RUN", RUN), ("WAIT", WAIT), ("STALL", STALL)):
            assert c[name] == seen[queue, state], f"{engine.name} {name}: {c}, {seen}"
        assert c["RUN"] + c["WAIT"] + c["STALL"] <= cycles
        assert c["BEATS"] == beats[engine], f"{engine.name}: {c}, {beats[engine]} beats"
    assert found["fetch"] == -(-len(data) * 8 // PARAMS["AXI_W"])
    layers = set(range(1, len(record["layers"]) + 1))
    assert tags[ENGINES.index(Engine.STORE)] - {0} == layers
    assert tags[ENGINES.index(Engine.FILL)] - {0} == layers

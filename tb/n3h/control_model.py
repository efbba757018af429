"""Random legal token programs, and the control path's strobes and logs (bench test_control)."""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, First, RisingEdge

from hwgen.archs.n3h.isa import (
    BANKS,
    ENGINES,
    LEGAL_OPS,
    POSTS,
    TAG_REGISTER,
    TOKEN_MAX,
    WAITS,
    Engine,
    Instruction,
    Op,
)

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
AXI_W, BYTES = PARAMS["AXI_W"], PARAMS["BYTES"]
HALT = Instruction(Op.HALT, Engine.LOAD_X, {}).encode()
INPUTS = [
    "sw_start",
    "sw_soft_reset",
    "sw_irq_ack",
    "sw_error_clear",
    "prog_base",
    "prog_words",
    "hang",
    "stray_put",
    "err_enable",
    "err_addr",
]


@dataclass
class Step:
    """One instruction; `id` is in the low 16 bits of its payload or register data."""

    op: Op
    engine: Engine
    id: int = 0
    wait: tuple[Engine, ...] = ()
    post: tuple[Engine, ...] = ()
    irq: bool = False
    reg: int = 0

    def encode(self) -> int:
        bare = Instruction(Op.SYNC, self.engine, {}, self.wait, self.post, self.irq).encode()
        payload = self.id | (self.reg << 96 if self.op is Op.CFG else 0)
        return bare | self.op << 125 | payload


@dataclass
class Log:
    """One entry of sim_engine's log."""

    now: int
    take: int
    put: int
    start: bool
    done: bool
    cfg: bool
    id: int


@dataclass
class Tokens:
    """Counts per edge while a program is drawn in an order in which it could run."""

    count: dict[tuple[Engine, Engine], int] = field(default_factory=dict)

    def draw(self, engine: Engine, greed: float) -> Step:
        waits = [e for e in WAITS[engine] if self.count.get((e, engine), 0) > 0]
        posts = [e for e in POSTS[engine] if self.count.get((engine, e), 0) < TOKEN_MAX]
        wait = tuple(e for e in waits if random.random() < 1 - greed)
        post = tuple(e for e in posts if random.random() < greed)
        for e in wait:
            self.count[e, engine] -= 1
        for e in post:
            self.count[engine, e] = self.count.get((engine, e), 0) + 1
        kind = random.random()
        if kind < 0.4:
            op, reg = Op.SYNC, 0
        elif kind < 0.6:
            op, reg = Op.CFG, random.choice([*BANKS[engine], TAG_REGISTER])
        else:
            op, reg = LEGAL_OPS[engine], 0
        return Step(op, engine, random.getrandbits(16), wait, post, random.random() < 0.05, reg)


def legal_program(length: int) -> list[Step]:
    """Random instructions in an order in which they can run one after the other."""
    tokens, greed = Tokens(), random.choice((0.5, 0.6, 0.9))
    engines = random.choice((ENGINES, ENGINES, random.sample(ENGINES, 3)))
    return [tokens.draw(random.choice(engines), greed) for _ in range(length)]


class Machine:
    """The design under its register strobes."""

    def __init__(self, dut, level: int = 0, span: int = 4):
        self.dut, self.level, self.span = dut, level, span

    async def begin(self) -> None:
        dut = self.dut
        for name in INPUTS:
            getattr(dut, name).value = 0
        dut.cfg_irq_en.value, dut.cfg_wd_limit.value = 1, 3000
        dut.span.value, dut.stall_level.value = self.span, self.level
        dut.stall_seed.value = random.getrandbits(32)
        dut.rst.value = 1
        cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
        for _ in range(3):
            await FallingEdge(dut.clk)
        dut.rst.value = 0
        await FallingEdge(dut.clk)

    async def strobe(self, name: str, value: int = 1) -> None:
        getattr(self.dut, name).value = value
        await FallingEdge(self.dut.clk)
        getattr(self.dut, name).value = 0

    def load(self, words: list[int], base: int) -> None:
        image = sum(w << 128 * i for i, w in enumerate(words)).to_bytes(
            16 * len(words) + 32, "little"
        )
        beat = AXI_W // 8
        for at in range(0, 16 * len(words), beat):
            word = int.from_bytes(image[at : at + beat], "little")
            self.dut.u_mem.mem[(base + at) // beat].value = word
        self.dut.prog_base.value, self.dut.prog_words.value = base, len(words)

    async def start(self, words: list[int]) -> None:
        beat = AXI_W // 8
        self.load(words, random.randrange(0, BYTES - 16 * len(words), beat) // beat * beat)
        await self.strobe("sw_start")

    async def run(self, words: list[int], limit: int = 60000) -> None:
        """Start and wait for done or error; instructions' own interrupts are acknowledged."""
        await self.start(words)
        await self.finish(limit)

    async def finish(self, limit: int = 60000) -> None:
        dut = self.dut
        for _ in range(limit):
            if not int(dut.irq.value):
                await First(RisingEdge(dut.irq), ClockCycles(dut.clk, limit))
                await FallingEdge(dut.clk)
            if int(dut.hw_done.value) or int(dut.hw_error.value):
                break
            assert int(dut.irq.value), "neither interrupt nor end"
            await self.strobe("sw_irq_ack")
            await FallingEdge(dut.clk)
        while int(dut.hw_busy.value):
            await FallingEdge(dut.clk)

    async def clear(self) -> None:
        await self.strobe("sw_irq_ack")
        await self.strobe("sw_error_clear", 63)
        dut = self.dut
        await FallingEdge(dut.clk)
        assert not int(dut.hw_error.value)
        assert not int(dut.hw_done.value)
        assert not int(dut.irq.value)

    def log(self, q: int) -> list[Log]:
        n = int(self.dut.entries.value) >> 16 * q & 0xFFFF
        out = []
        for i in range(n):
            w = int(self.dut.g_queue[q].u_engine.log_mem[i].value)
            cfg, done, start = (bool(w >> 16 + k & 1) for k in range(3))
            out.append(Log(w >> 27, w >> 23 & 15, w >> 19 & 15, start, done, cfg, w & 0xFFFF))
        return out

    def check(self, program: list[Step]) -> None:
        """The logs against the program: order, ids, and tokens taken only after they were given."""
        takes: dict[tuple[Engine, Engine], list[int]] = {}
        puts: dict[tuple[Engine, Engine], list[int]] = {}
        assert int(self.dut.bad.value) == 0, "payload or bank changed under a running engine"
        for q, engine in enumerate(ENGINES):
            log = iter(self.log(q))
            entry, now = next(log, None), -1
            for step in (s for s in program if s.engine is engine):
                want: list[tuple[str, int]] = []
                if step.wait:
                    want.append(("take", sum(1 << WAITS[engine].index(e) for e in step.wait)))
                if step.op is Op.CFG and step.reg != TAG_REGISTER:
                    want.append(("cfg", step.id))
                elif step.op not in (Op.CFG, Op.SYNC):
                    want += [("start", step.id), ("done", step.id)]
                if step.post:
                    want.append(("put", sum(1 << POSTS[engine].index(e) for e in step.post)))
                for what, value in want:
                    assert entry is not None, f"{engine.name}: no {what} for {step}"
                    got = {"take": entry.take, "put": entry.put}.get(what, entry.id)
                    flag = [entry.take > 0, entry.put > 0, entry.start, entry.done, entry.cfg]
                    assert sum(flag) == 1, (step, entry)
                    assert getattr(entry, what), (step, entry)
                    assert got == value, (step, entry)
                    assert entry.now > now
                    now = entry.now
                    for e in step.wait if what == "take" else ():
                        takes.setdefault((e, engine), []).append(now)
                    for e in step.post if what == "put" else ():
                        puts.setdefault((engine, e), []).append(now)
                    entry = next(log, None)
            assert entry is None, f"{engine.name} did more than the program says: {entry}"
        for edge, times in takes.items():
            given = puts.get(edge, [])
            for k, t in enumerate(times):
                assert k < len(given), f"{edge} token {k} taken before it was given"
                assert given[k] < t, f"{edge} token {k} taken before it was given"
        for edge, given in puts.items():
            for k, t in enumerate(given[TOKEN_MAX:]):
                assert takes[edge][k] < t, f"{edge} holds more than {TOKEN_MAX}"

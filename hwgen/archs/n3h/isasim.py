"""Functional simulator of the instruction set.

Reads nothing but the 128-bit words, the bytes of DRAM and the design's sizes; knows neither the
network nor the compiler. Instructions run in program order on unbounded rings, so a program that
passes has an order in which no engine waits for a later word. What order alone does not show is
checked too: no token counter goes below zero or past its maximum, all are zero at the end, and
whatever two engines share (weight buffers, DRAM) is ordered by tokens: a vector clock per engine
travels with every token, and an access that is not known to follow an earlier conflicting one is
an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hwgen.archs.n3h import isa, isapost
from hwgen.archs.n3h import isaengines as engines
from hwgen.archs.n3h.isa import Engine, Op
from hwgen.archs.n3h.isaengines import FaultError, Machine, Touched, check
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import HwgenError
from hwgen.numbers import Ints

if TYPE_CHECKING:
    from hwgen.archs.n3h.program import Program

Clock = dict[Engine, int]


class IsaError(HwgenError):
    """A program that hardware would not run right; names the word."""


@dataclass
class Report:
    """What ran: instructions executed, and bytes moved by (layer tag, engine)."""

    executed: int = 0
    nbytes: dict[tuple[int, Engine], int] = field(default_factory=dict)


def simulate(words: Sequence[int], dram: bytearray, spec: N3hSpec) -> Report:
    """Run `words` on `dram`, which is changed in place. Raises IsaError at the first bad word."""
    simulator = Simulator(spec, dram)
    for index, word in enumerate(words):
        try:
            instruction = isa.decode(word)
        except ValueError as error:
            raise IsaError(f"word {index}: {error}") from error
        try:
            if simulator.execute(instruction):
                check(index == len(words) - 1, "words follow HALT")
                return simulator.report
        except FaultError as fault:
            name = f"{instruction.op.name} of {instruction.engine.name}"
            raise IsaError(f"word {index} ({name}): {fault}") from fault
    raise IsaError(f"the program of {len(words)} words ends without HALT")


def run(program: Program, codes: Ints) -> dict[str, Ints]:
    """Codes of every tensor of `program` by name, fed with the input's codes [h, w, c]."""
    image = program.image()
    program.write_input(image, codes)
    simulate(program.words, image, program.spec)
    return {name: program.read_tensor(image, name) for name in program.memory.tensors}


class Simulator:
    """The machine, its tokens and its clocks."""

    def __init__(self, spec: N3hSpec, dram: bytearray) -> None:
        self.machine = Machine(spec, dram)
        self.report = Report()
        self.banks: dict[tuple[Engine, int], dict[str, int]] = {}
        self.tags = dict.fromkeys(isa.ENGINES, 0)
        edges = [(source, sink) for source in isa.ENGINES for sink in isa.POSTS[source]]
        self.tokens: dict[tuple[Engine, Engine], deque[Clock]] = {e: deque() for e in edges}
        self.clocks: dict[Engine, Clock] = {e: dict.fromkeys(isa.ENGINES, 0) for e in isa.ENGINES}
        self.accesses = [
            {e: np.zeros(len(buffer), dtype=np.int64) for e in isa.ENGINES}
            for buffer in self.machine.buffers
        ]
        self.stored: list[tuple[int, int, int]] = []  # first byte, end, clock of STORE

    def execute(self, instruction: isa.Instruction) -> bool:
        """Execute one instruction; True for HALT. Raises FaultError."""
        engine, clock = instruction.engine, self.clocks[instruction.engine]
        for source in instruction.wait:
            check(bool(self.tokens[source, engine]), f"waits for a token of {source.name} that "
                  "no earlier word posts")  # fmt: skip
            for other, time in self.tokens[source, engine].popleft().items():
                clock[other] = max(clock[other], time)
        clock[engine] += 1
        if instruction.op is Op.CFG:
            self._configure(instruction)
        elif instruction.op is Op.HALT:
            self._finish()
            return True
        elif instruction.op is not Op.SYNC:
            touched = self._work(engine, instruction.fields)
            self._order(engine, touched)
            key = (self.tags[engine], engine)
            self.report.nbytes[key] = self.report.nbytes.get(key, 0) + touched.nbytes
        for sink in instruction.post:
            self.tokens[engine, sink].append(dict(clock))
            full = len(self.tokens[engine, sink]) > isa.TOKEN_MAX
            check(not full, f"more than {isa.TOKEN_MAX} tokens for {sink.name}")
        self.report.executed += 1
        return False

    def _configure(self, instruction: isa.Instruction) -> None:
        engine, values = instruction.engine, dict(instruction.fields)
        if instruction.reg == isa.TAG_REGISTER:
            self.tags[engine] = values["tag"]
        elif engine is Engine.STORE and instruction.reg == 2:
            self.machine.averages[values["count"]] = (values["mul"], values["shift"])
        else:
            self.banks[engine, instruction.reg] = values

    def _bank(self, engine: Engine, reg: int) -> dict[str, int]:
        check((engine, reg) in self.banks, f"register {reg} was never written")
        return self.banks[engine, reg]

    def _work(self, engine: Engine, f: engines.Fields) -> Touched:
        m = self.machine
        match engine:
            case Engine.LOAD_X:
                return engines.load_x(m, f, self._bank(engine, 0))
            case Engine.LOAD_W:
                return engines.load_w(m, f)
            case Engine.LOAD_R:
                return engines.load_r(m, f, self._bank(engine, 0))
            case Engine.FILL:
                b0, b1, b2 = (self._bank(engine, reg) for reg in range(3))
                return engines.fill(m, f, b0, b1, b2)
            case Engine.GEMM_L:
                return engines.gemm_l(m, f)
            case Engine.GEMM_D:
                return engines.gemm_d(m, f)
            case Engine.STORE:
                return isapost.store(m, f, self._bank(engine, 0), self._bank(engine, 1))
        return isapost.post(m, engine, f, self._bank(engine, 0))

    def _order(self, engine: Engine, touched: Touched) -> None:
        """Check that conflicting accesses are ordered by tokens, then record these."""
        clock = self.clocks[engine]
        if touched.buffer >= 0:
            table = self.accesses[touched.buffer]
            for other, times in table.items():
                conflict = engine is Engine.LOAD_W or other is Engine.LOAD_W
                latest = int(times[touched.words].max(initial=0))
                if conflict and other is not engine and latest > clock[other]:
                    what = "may read before LOAD_W has written"
                    if engine is Engine.LOAD_W:
                        what = f"may overwrite what {other.name} still reads"
                    raise FaultError(f"{what}: a token is missing")
            if engine is not Engine.LOAD_W:
                written = table[Engine.LOAD_W][touched.words]
                check(bool((written > 0).all()), "reads a buffer word that was never loaded")
            table[engine][touched.words] = clock[engine]
        low, high = touched.dram
        if engine is Engine.STORE:
            self.stored.append((low, high, clock[engine]))
        for first, end, time in self.stored if engine is not Engine.STORE else []:
            if first < high and low < end and time > clock[Engine.STORE]:
                raise FaultError("may read before STORE has written: a token is missing")

    def _finish(self) -> None:
        """At HALT nothing may be left over."""
        m = self.machine
        for (source, sink), held in self.tokens.items():
            check(not held, f"{len(held)} tokens from {source.name} to {sink.name} are left")
        left = {
            "raw rows": len(m.raw),
            "operands": sum(map(len, m.operands.values())),
            "results": sum(map(len, m.results.values())),
            "residual words": len(m.residual),
            "collector words": sum(len(region.data) for region in m.collector),
        }
        found = [f"{count} {what}" for what, count in left.items() if count]
        check(not found, f"{', '.join(found)} are left")

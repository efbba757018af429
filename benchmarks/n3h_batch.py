"""Many small programs through one simulated n3h design, each compared with the integer model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hwgen.archs.n3h import golden, host
from hwgen.archs.n3h.build import rtl
from hwgen.archs.n3h.isa import ENGINES, Engine
from hwgen.archs.n3h.lower import Split, lower
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.archs.n3h.trace import STALL, read_records
from hwgen.net.ir import QNet
from hwgen.numbers import Ints
from hwgen.verify import native

MEMORY = 1 << 20  # bytes: one compiled model serves every program that fits


@dataclass(frozen=True)
class Item:
    """One program to run: a network, its input codes [h, w, c] and its split."""

    net: QNet
    codes: Ints
    split: Split = "auto"
    stall_level: int = 0
    stall_seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """finished: the interrupt came in time. wrong: codes that differ from the model, over all
    layers. ring_full: FILL was held although LOAD_X had nothing more to bring."""

    item: Item
    program: Program
    finished: bool
    error: int
    axi_error: bool
    wrong: int
    cycles: int
    ring_full: bool

    @property
    def ok(self) -> bool:
        return self.finished and not (self.wrong or self.error or self.axi_error)


class Model:
    """A design compiled for simulation; `run` sends batches of items through it."""

    def __init__(self, spec: N3hSpec) -> None:
        self.spec = spec
        self._scratch = tempfile.TemporaryDirectory(prefix="hwgen-batch-")
        self.work = Path(self._scratch.name)
        sources = []
        for module in rtl(spec):
            path = self.work / f"{module.name}.v"
            path.write_text(module.text)
            sources.append(path)
        self.sources = tuple(sources)

    def run(
        self, items: Sequence[Item], programs: Sequence[Program] | None = None
    ) -> Iterator[Outcome]:
        """Outcomes in order, of the items' own programs if none are given. One process."""
        programs = programs or [lower(i.net, self.spec, i.split) for i in items]
        script = [line for n, p in enumerate(programs) for line in self._lines(n, p, items[n])]
        binary = native.model(host.bench(programs[0], self.sources))
        done: dict[str, object] = {}
        error = 0
        for event in native.events(binary, "\n".join([*script, ""]), self.work, None):
            if event["event"] == "done":
                done = event
            elif event["event"] == "read" and event["name"] == "ERROR":
                error = event["value"]
            elif event["event"] == "read":
                n = int(event["name"])
                yield Outcome(
                    items[n],
                    programs[n],
                    bool(done["irq"]),
                    error,
                    bool(done["axi_error"]),
                    self._wrong(n, programs[n], items[n]),
                    int(str(done["cycles"])),
                    self._ring_full(n),
                )

    def _lines(self, n: int, program: Program, item: Item) -> list[str]:
        memory, regs = program.memory, host.readable(program)
        if memory.size > MEMORY:
            raise ValueError(f"program {n} needs {memory.size} bytes of {MEMORY}")
        image = program.image()
        program.write_input(image, item.codes)
        (self.work / f"{n}.bin").write_bytes(image)
        tensors = [memory.tensors[name] for name in host.results(program)]
        return [
            f"load 0 {n}.bin",
            *(f"fill {t.base} {t.nbytes} {host.UNWRITTEN}" for t in tensors),
            f"stalls {item.stall_level} {item.stall_seed}",
            *(["reset"] if item.stall_level else []),
            f"write {regs['PROG_BASE']} {memory.program_base}",
            f"write {regs['PROG_WORDS']} {len(program.words)}",
            f"write {regs['IRQ_EN']} 1",
            f"run {n} {host.CTRL} 1 {host.cycle_limit(program)} {n}.trace",
            f"read {regs['ERROR']} ERROR",
            f"write {host.IRQ_ACK} 1",
            *(f"dump {t.base} {t.nbytes} {n}.{i}.out" for i, t in enumerate(tensors)),
            f"read {regs['ID']} {n}",
        ]

    def _ring_full(self, n: int) -> bool:
        path = self.work / f"{n}.trace"
        records = read_records(path)
        path.unlink()
        fill, load = (
            records[records["queue"] == ENGINES.index(e)] for e in (Engine.FILL, Engine.LOAD_X)
        )
        held = fill[fill["state"] == STALL]
        ends = held["start"] + held["cycles"]
        last_row = (load["start"] + load["cycles"]).max(initial=0)
        return bool((ends > last_row).any())

    def _wrong(self, n: int, program: Program, item: Item) -> int:
        expected = golden.run_network(item.net, item.codes)
        wrong = 0
        for i, name in enumerate(host.results(program)):
            path = self.work / f"{n}.{i}.out"
            found = program.memory.tensors[name].unpack(path.read_bytes())
            wrong += int((found != expected[name]).sum())
            path.unlink()
        (self.work / f"{n}.bin").unlink()
        return wrong

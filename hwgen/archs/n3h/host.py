"""The host of a simulated design: memory image in, one start, one interrupt, results out.

The bench is tb/n3h/tb_n3h.v: the top and its reference memory. This host is a native program made
by Verilator; `icarus.py` is the other, slower one. Both give the same `Job` per input.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwgen.archs.n3h.isa import ENGINES
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.regs import registers
from hwgen.archs.n3h.trace import RECORD, Records, Span, Spans, read_records
from hwgen.numbers import Ints
from hwgen.resources import folder
from hwgen.verify import native

UNWRITTEN = 0xA5  # results before a run, so that a byte that stays is not taken for a result
MEMORY_LEAST = 1 << 20  # bytes; few sizes, so that networks share a compiled model

CTRL, IRQ_ACK = 0x10, 0x1C  # registers that cannot be read

Progress = Callable[[int, int, int], None]
"""Called with the input's number, its cycle so far, and the latest layer's tag."""


@dataclass(frozen=True)
class Settings:
    """How to simulate. stall_level: memory pauses in so many of 256 cycles, drawn from `seed`."""

    waves: Path | None = None
    stall_level: int = 0
    seed: int = 0
    limit: int = 0  # cycles per input; 0: many times the estimate


@dataclass(frozen=True)
class Job:
    """One input's run. tensors: codes [h, w, c] by name; registers: the map as read at the end.

    finished: the interrupt came; axi_error: the bench saw a protocol error. records: the timeline,
    empty where it was not kept (`truncated`: it ends early).
    """

    finished: bool
    axi_error: bool
    cycles: int
    registers: Mapping[str, int]
    spans: Spans
    records: Records
    truncated: bool
    tensors: Mapping[str, Ints]
    seconds: float


def bench(program: Program, rtl: Sequence[Path], top: str = "tb_n3h") -> native.Design:
    """The bench of a design whose Verilog files are `rtl`, with room for `program`."""
    tb = folder("tb")
    extra = ["n3h/tb_n3h.v", "_lib/hw_sim_axi_mem.v", "_lib/hw_sim_axi_check.v"]
    axi = program.spec.axi
    parameters = {
        "AXI_W": axi.data_w,
        "BURST": axi.burst,
        "OUTSTANDING": axi.outstanding,
        "BYTES": max(MEMORY_LEAST, 1 << (program.memory.size - 1).bit_length()),
    }
    sources = (*rtl, *(tb / name for name in extra))
    return native.Design(top, sources, parameters, "u_mem.mem", len(ENGINES))


def cycle_limit(program: Program) -> int:
    """Cycles after which a run is given up; the watchdog speaks long before."""
    return 3_000_000 + 20 * sum(int(row.estimate["cycles"]) for row in program.layers)


def readable(program: Program) -> dict[str, int]:
    """Byte offset by name of every register that can be read."""
    found = registers(program.spec)
    return {r.name: r.offset for r in found if any(b.access != "pulse" for b in r.fields)}


def results(program: Program) -> list[str]:
    """Names of the tensors that a run writes."""
    return [name for name in program.memory.tensors if name != program.memory.input]


def on_verilator(
    program: Program, rtl: Sequence[Path], inputs: Sequence[Ints], work: Path, settings: Settings,
    say: native.Say, progress: Progress,
) -> Generator[Job, None, None]:  # fmt: skip
    """One `Job` per input (codes [h, w, c]), in order. Raises ToolMissing or HwgenError."""
    waves = settings.waves is not None
    binary = native.model(bench(program, rtl), waves=waves, say=say)
    memory, regs = program.memory, readable(program)
    source = memory.tensors[memory.input]
    (work / "image.bin").write_bytes(program.image())
    lines = ["load 0 image.bin"]
    if settings.stall_level:
        lines.append(f"stalls {settings.stall_level} {settings.seed}")
    limit = settings.limit or cycle_limit(program)
    for index, codes in enumerate(inputs):
        (work / f"in{index}.bin").write_bytes(source.pack(codes))
        tensors = [memory.tensors[name] for name in results(program)]
        lines += [f"fill {t.base} {t.nbytes} {UNWRITTEN}" for t in tensors]
        lines += [
            f"load {source.base} in{index}.bin",
            f"write {regs['PROG_BASE']} {memory.program_base}",
            f"write {regs['PROG_WORDS']} {len(program.words)}",
            f"write {regs['IRQ_EN']} 1",
            f"run {index} {CTRL} 1 {limit} {'-' if index else 'timeline.bin'}",
            *(f"read {offset} {name}" for name, offset in regs.items()),
            f"write {IRQ_ACK} 1",
            *(f"dump {t.base} {t.nbytes} out{i}.bin" for i, t in enumerate(tensors)),
            f"read {regs['ID']} next",
        ]
    script = "\n".join([*lines, ""])
    with closing(native.events(binary, script, work, settings.waves)) as events:
        yield from _jobs(program, events, work, progress)


def _jobs(
    program: Program, events: Iterator[dict[str, Any]], work: Path, progress: Progress
) -> Generator[Job, None, None]:
    done: dict[str, Any] = {}
    values: dict[str, int] = {}
    for event in events:
        if event["event"] == "progress":
            progress(int(event["job"]), event["cycle"], event["tag"])
        elif event["event"] == "done":
            done, values = event, {}
        elif event["event"] == "read" and event["name"] != "next":
            values[event["name"]] = event["value"]
        elif event["event"] == "read":
            records = np.empty(0, dtype=RECORD)
            if done["job"] == "0":
                records = read_records(work / "timeline.bin")
            names = results(program)
            yield Job(
                finished=done["irq"], axi_error=done["axi_error"],
                cycles=values["CYCLES"] if done["irq"] else done["cycles"],
                registers=values, spans=_spans(done["spans"]), records=records,
                truncated=done["truncated"], seconds=done["seconds"],
                tensors={n: _unpack(program, n, work / f"out{i}.bin") for i, n in enumerate(names)},
            )  # fmt: skip


def _spans(rows: Sequence[Sequence[int]]) -> Spans:
    return {
        (ENGINES[queue], tag): Span(run, wait, stall, first, last)
        for queue, tag, wait, run, stall, first, last in rows
    }


def _unpack(program: Program, name: str, path: Path) -> Ints:
    return program.memory.tensors[name].unpack(path.read_bytes())

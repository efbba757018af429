"""From a simulated run to numbers: one row per layer, counters, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.host import Job, results
from hwgen.archs.n3h.isa import ENGINES, Engine, Op
from hwgen.archs.n3h.program import LayerRow, Program
from hwgen.archs.n3h.regs import COUNTER_NAMES, registers
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.archs.n3h.trace import IDLE, WAIT, Span, layer_ends
from hwgen.errors import Problem
from hwgen.numbers import Ints

CORES = (Engine.GEMM_L, Engine.GEMM_D)


@dataclass(frozen=True)
class Comparison:
    """A layer's codes against the integer model: elements that differ, and the first of them."""

    elements: int = 0
    wrong: int = 0
    first: str = ""


def compare(
    name: str, images: Sequence[Mapping[str, Ints]], wanted: Sequence[Mapping[str, Ints]]
) -> Comparison:
    """Tensor `name` of every image, codes [h, w, c], against the model's."""
    elements = wrong = 0
    first = ""
    for index, (found, model) in enumerate(zip(images, wanted, strict=True)):
        places = np.argwhere(found[name] != model[name])
        elements += model[name].size
        wrong += len(places)
        if len(places) and not first:
            y, x, c = (int(v) for v in places[0])
            first = (
                f"input {index}, row {y}, column {x}, channel {c}: "
                f"{found[name][y, x, c]}, expected {model[name][y, x, c]}"
            )
    return Comparison(elements, wrong, first)


def bytes_by_layer(program: Program) -> dict[int, int]:
    """DRAM bytes of each layer by tag, weights and feature maps, counted from the words.

    Counts up to the first word that hardware would refuse.
    """
    bus = program.spec.axi.data_w // 8
    tags, total = dict.fromkeys(ENGINES, 0), dict[int, int]()
    banks: dict[tuple[Engine, int], Mapping[str, int]] = {}
    for word in program.words:
        try:
            i = isa.decode(word)
        except ValueError:
            break
        if i.op is Op.CFG and i.reg == isa.TAG_REGISTER:
            tags[i.engine] = i.fields["tag"]
        elif i.op is Op.CFG:
            banks[i.engine, i.reg] = i.fields
        elif i.op in (Op.LOAD, Op.STORE) and i.engine is not Engine.FILL:
            tag = tags[i.engine]
            total[tag] = total.get(tag, 0) + bus * _beats(i, banks.get((i.engine, 0), {}))
    return total


def _beats(i: isa.Instruction, bank: Mapping[str, int]) -> int:
    if i.engine is Engine.STORE:
        return i.fields["rows"] * i.fields["segs"] * bank.get("seg_beats", 0)
    segments = bank.get("segs", 0) if i.engine is Engine.LOAD_R else 1
    return i.fields["x_beats"] * i.fields.get("y_cnt", 1) * segments


def layer_rows(
    program: Program, job: Job | None, compared: Mapping[str, Comparison]
) -> list[dict[str, Any]]:
    """The rows of run.json: shape, cycles, utilisation, traffic, stalls, exactness of each layer.

    job: the first input's run, None without a clock (then cycles are None). A layer's cycles run
    from the end of the layer before to its own last byte in memory, so they add up.
    """
    moved = bytes_by_layer(program)
    ends = layer_ends(job.spans, job.cycles) if job else {}
    rows = []
    for row, tensor in zip(program.layers, results(program), strict=True):
        start, end = ends.get(row.tag, (0, 0))
        cycles = end - start if job and end > start else None
        engines = {e.name: _times(job.spans.get((e, row.tag)) if job else None) for e in ENGINES}
        checked = compared.get(tensor)
        rows.append({
            "name": row.name, "tag": row.tag, "nodes": list(row.nodes), "tensor": tensor,
            "m": row.m, "k": row.k, "n": row.n, "n_lut": row.n_lut,
            "a_bits": row.a_bits, "w_bits": row.w_bits, "passes": row.passes, "macs": row.macs,
            "cycles": cycles, "ideal": row.estimate["roofline"], "bound": row.estimate["bound"],
            "peak_mac_per_cycle": peak(program.spec, row),
            "utilisation": utilisation(program.spec, row, cycles),
            "dma_bytes": moved.get(row.tag, 0),
            "stalls": sum(engines[e.name]["stall"] for e in CORES) if job else None,
            "engines": engines if job else {},
            "bit_exact": None if checked is None else checked.wrong == 0,
            "mismatches": None if checked is None else checked.wrong,
            "first_mismatch": None if checked is None else checked.first,
        })  # fmt: skip
    return rows


def _times(span: Span | None) -> dict[str, int]:
    return {n: getattr(span, n) if span else 0 for n in ("run", "wait", "stall")}


def peak(spec: N3hSpec, row: LayerRow) -> float:
    """MAC per cycle of both cores at this layer's bits."""
    lut, dsp = spec.lut_core, spec.dsp_core
    return lut.dm * lut.dk * lut.dn / (row.a_bits * row.w_bits) + dsp.pin * dsp.pout * dsp.pack


def utilisation(spec: N3hSpec, row: LayerRow, cycles: int | None) -> dict[str, float | None]:
    """Useful products over those that each core could have made in the layer's cycles."""
    if not cycles:
        return {"lut": None, "dsp": None}
    lut, dsp = spec.lut_core, spec.dsp_core
    useful = row.m * row.k * row.n_lut * row.a_bits * row.w_bits
    others = row.m * row.k * (row.n - row.n_lut)
    return {
        "lut": round(useful / (cycles * lut.dm * lut.dk * lut.dn), 4),
        "dsp": round(others / (cycles * dsp.pin * dsp.pout * dsp.pack), 4),
    }


def counters(job: Job) -> dict[str, dict[str, int]]:
    """The hardware's own counters by engine, and the beats of program fetches."""
    found = {
        e.name: {n.lower(): job.registers[f"{e.name}_{n}"] for n in COUNTER_NAMES} for e in ENGINES
    }
    return {**found, "FETCH": {"beats": job.registers["FETCH_BEATS"]}}


def faults(program: Program, job: Job) -> list[Problem]:
    """What the accelerator, or the bench around it, complains about after one input."""
    problems = []
    value = job.registers.get("ERROR", 0)
    bits = next(r for r in registers(program.spec) if r.name == "ERROR").fields
    for bit in bits:
        if value & bit.mask:
            problems.append(Problem(f"the accelerator reports: {bit.doc}", _detail(bit.name, job)))
    if job.axi_error:
        problems.append(
            Problem("the accelerator broke the AXI protocol", "the simulator's messages say how")
        )
    elif not job.finished and not problems:
        problems.append(
            Problem(
                f"the accelerator did not finish within {job.cycles:,} cycles",
                "; ".join(_unfinished(job)),
            )
        )
    return problems


def _detail(name: str, job: Job) -> str:
    if name == "illegal":
        return f"word {job.registers['ERROR_INFO']}"
    if name != "watchdog":
        return ""
    info = job.registers["WD_INFO"]
    engine, state, pending = ENGINES[info & 15], info >> 4 & 3, info >> 6
    if state == WAIT:
        sources = [e.name for k, e in enumerate(isa.WAITS[engine]) if pending >> k & 1]
        return f"{engine.name} waits for a token of {', '.join(sources)}"
    return f"{engine.name} is {'idle' if state == IDLE else 'held'}"


def _unfinished(job: Job) -> list[str]:
    last = {engine: span.last for (engine, _), span in sorted(job.spans.items())}
    return [f"{engine.name} last active in cycle {at:,}" for engine, at in last.items()]

"""Run a program: on the RTL in a simulator, on the ISA simulator, or on the integer model.

Every layer's tensor is compared with the integer model of the network that the program folder
carries. The outcome is a value: outputs, run.json's record, the timeline, and what went wrong.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.arch import get_arch
from hwgen.archs.n3h import golden, isasim
from hwgen.archs.n3h.boundary import decode, encode, network_name, network_of
from hwgen.archs.n3h.host import Job, Progress, Settings, on_verilator, results
from hwgen.archs.n3h.icarus import on_icarus
from hwgen.archs.n3h.measure import Comparison, compare, counters, faults, layer_rows
from hwgen.archs.n3h.program import Program, check_design
from hwgen.archs.n3h.trace import timeline
from hwgen.cache import cache_folder, locked
from hwgen.emit.bundle import read_manifest
from hwgen.errors import Problem, UsageError
from hwgen.net.ir import QNet
from hwgen.numbers import Ints
from hwgen.verify import native

Tensors = dict[str, Ints]

TOOLS = {
    "verilator": "RTL in Verilator", "icarus": "RTL in Icarus Verilog",
    "isa": "functional simulator of the instruction set", "golden": "integer model",
}  # fmt: skip
SCHEMA = 1
NO_CLOCK = "{} has no clock; use --sim verilator or --sim icarus"


@dataclass(frozen=True)
class Request:
    """How to run: `sim` is a key of TOOLS; build: a folder that hwgen built, else it is emitted."""

    sim: str = "verilator"
    build: Path | None = None
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Outcome:
    """outputs: [N, ...] as the network gives them; record: run.json; timeline: None if not kept.

    problems: the hardware's faults and the layers that differ, empty if all is well. top: path of
    the design's top in recorded waves.
    """

    outputs: npt.NDArray[Any]
    record: dict[str, Any]
    timeline: dict[str, Any] | None
    problems: tuple[Problem, ...]
    top: str = "tb_n3h.u_dut"


def run(
    program: Program,
    inputs: npt.NDArray[Any],
    sim: str,
    build: Path | None,
    waves: Path | None,
    say: native.Say,
    progress: Progress,
) -> Outcome:
    """What `hwgen run` calls: `run_program` with the default settings and waves to a file."""
    return run_program(program, inputs, Request(sim, build, Settings(waves)), say, progress)


def run_program(
    program: Program, inputs: npt.NDArray[Any], request: Request, say: native.Say,
    progress: Progress,
) -> Outcome:  # fmt: skip
    """Run `program` on every input of the array [N, ...].

    Raises UsageError for an input or design that does not fit, ToolMissing without the simulator.
    """
    net = network_of(program)
    codes = encode(program, net, inputs)
    if request.sim == "golden" and net is None:
        raise UsageError(
            Problem(
                "the program holds no network, so there is no integer model of it",
                "programs compiled from an ONNX file carry it",
                "use --sim isa, verilator or icarus",
            )
        )
    wanted = _golden(net, codes, progress) if net else []
    jobs: list[Job] = []
    if request.sim == "golden":
        found = wanted
    elif request.sim == "isa":
        found = _isa(program, codes, progress)
    else:
        jobs = _simulate(program, codes, request, say, progress)
        found = [dict(job.tensors) for job in jobs]
    compared = {}
    if net and request.sim != "golden":
        compared = {n: compare(n, found, wanted[: len(found)]) for n in results(program)}
    problems = [p for job in jobs for p in faults(program, job)]
    rows = layer_rows(program, jobs[0] if jobs else None, compared)
    problems = problems or _differences(rows)  # what a fault left undone is no news
    record = _record(program, net, request, jobs, rows, compared, len(codes))
    trace = None
    if jobs and jobs[0].records.size:
        trace = timeline(jobs[0].records, jobs[0].spans, jobs[0].cycles)
    outputs = np.stack([decode(program, net, tensors) for tensors in found])
    return Outcome(outputs, record, trace, tuple(problems))


def _golden(net: QNet, codes: Sequence[Ints], progress: Progress) -> list[Tensors]:
    found = []
    for index, x in enumerate(codes):
        progress(index, 0, 0)
        found.append(golden.run_network(net, x))
    return found


def _isa(program: Program, codes: Sequence[Ints], progress: Progress) -> list[Tensors]:
    found = []
    for index, x in enumerate(codes):
        progress(index, 0, 0)
        found.append(isasim.run(program, x))
    return found


def _simulate(
    program: Program, codes: Sequence[Ints], request: Request, say: native.Say, progress: Progress
) -> list[Job]:
    """Jobs until the first that the hardware does not finish well."""
    host = on_verilator if request.sim == "verilator" else on_icarus
    jobs = []
    waves = request.settings.waves
    beside = waves and waves.with_name(f".{waves.name}.{os.getpid()}")
    rtl = design_files(program, request.build)
    try:
        with tempfile.TemporaryDirectory(prefix="hwgen-run.") as work:
            settings = replace(request.settings, waves=beside)
            with closing(host(program, rtl, codes, Path(work), settings, say, progress)) as running:
                for job in running:
                    jobs.append(job)
                    if faults(program, job):
                        break
        if waves and beside:  # complete now
            os.replace(beside, waves)
    finally:
        if beside:
            beside.unlink(missing_ok=True)
    return jobs


def design_files(program: Program, build: Path | None) -> list[Path]:
    """Verilog files of the design: those of folder `build`, else emitted into the cache.

    Raises UsageError if `build` is another design, both digests printed.
    """
    if build is not None:
        manifest = read_manifest(build)
        check_design(program, str(manifest.get("spec_digest")), str(build))
        files = [build / module["file"] for module in manifest["modules"]]
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise UsageError(
                Problem(
                    f"{build} lacks {', '.join(missing[:3])}",
                    "its manifest lists every file",
                    "build the folder again",
                )
            )
        return files
    bundle = get_arch(program.spec.arch).emit(program.spec)
    place = cache_folder("designs") / f"{bundle.arch}-{bundle.digest()[:16]}"
    with locked(place):
        if not place.exists():
            bundle.write(place)
    return [place / module.path for module in bundle.modules]


def _differences(rows: Sequence[dict[str, Any]]) -> list[Problem]:
    return [
        Problem(
            f"layer {row['name']}: {row['mismatches']} codes differ from the integer model",
            f"first: {row['first_mismatch']}",
        )
        for row in rows
        if row["mismatches"]
    ]


def _record(
    program: Program, net: QNet | None, request: Request, jobs: Sequence[Job],
    rows: list[dict[str, Any]], compared: dict[str, Comparison], inputs: int,
) -> dict[str, Any]:  # fmt: skip
    """run.json; a value that does not exist is None and `not_run` says why."""
    not_run = {}
    if not jobs:
        not_run["cycles"] = NO_CLOCK.format(TOOLS[request.sim])
    if not compared:
        own = "this is the integer model itself"
        not_run["bit_exact"] = own if net else "the program folder holds no network"
    seconds = sum(job.seconds for job in jobs)
    verilator = request.sim == "verilator"
    tool = native.find_verilator().version if verilator else TOOLS[request.sim]
    return {
        "schema": SCHEMA, "kind": "run", "arch": program.spec.arch,
        "spec_digest": program.spec.digest(),
        "network": {
            "name": network_name(program),
            "sha256": hashlib.sha256(program.network).hexdigest(),
        },
        "sim": request.sim,
        "tool": tool,
        "images": inputs, "finished": len(jobs) if jobs else inputs,
        "bit_exact": all(c.wrong == 0 for c in compared.values()) if compared else None,
        "cycles": jobs[0].cycles if jobs else None,
        "cycles_per_image": [job.cycles for job in jobs],
        "cycles_per_second": round(sum(j.cycles for j in jobs) / seconds) if seconds else None,
        "macs": sum(row.macs for row in program.layers),
        "bytes_per_cycle": program.spec.axi.data_w // 8,
        "counters": counters(jobs[0]) if jobs else None,
        "layers": rows, "not_run": not_run,
    }  # fmt: skip

"""Simulation of a candidate: what it shows on its outputs, cycle by cycle.

Two lanes, two simulators, one trace. The vector lane compiles a bench around the candidate; the
cocotb lane loads a Python recorder into a simulator that has the candidate as its top. Everything
runs in the jail; what comes back is text that the judge compares.

One cycle: the inputs move to row ^ flip while the clock is high, the clock falls, the inputs move
to the row, the clock rises. `cycle` and `comb` record when everything has settled after that,
`stream` just before the edge. The trace has the line `ports` with the bits of each output port,
then a line for each cycle, the inputs in hexadecimal and the outputs in binary with x and z, then
`end` with the number of cycles. Ports are concatenated, the first on top.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from hwgen.resources import folder
from hwgen.verify.jail.cells import Caps, Reply
from hwgen.verify.lanes.benches import bench, stimulus_files
from hwgen.verify.lanes.simulators import find_cocotb, find_icarus, find_verilator_parts
from hwgen.verify.options import Lane, Simulator

if TYPE_CHECKING:
    from hwgen.tasks.task import Port, TaskSpec
    from hwgen.verify.stimulus import Stimulus

Status = Literal["ok", "compile", "crash", "cpu", "memory", "output", "early", "wall", "tool"]

COMPILE_S = {"icarus": 2.0, "verilator": 60.0}  # of CPU, for each tool of the compiler
RUN_S = 2.0  # of CPU at least
CYCLE_S = {"vector": 0.0001, "cocotb": 0.001}  # of CPU for each cycle of a long run
VERILATOR_MEMORY = 3 << 30  # bytes: the C++ compiler needs them, not the candidate
WAVES = 32 << 20  # bytes of a VCD file
LOG = 4000  # characters of a log that are kept
_JOBS = "hwgen.verify.lanes.jobs"


class Caller(Protocol):
    """What runs a job in the jail: a Cell of kind "sim"."""

    def call(self, job: str, payload: dict[str, Any], caps: Caps) -> Reply: ...


@dataclass(frozen=True)
class Simulated:
    """How a simulation ended, and its trace if `ok` ("" else).

    `early`: the simulation was over before its stimulus; `tool`: the jail failed, not the
    candidate; `wall`: so did the machine. `log` is escaped; `cpu_s` counts compiler and run.
    """

    status: Status
    trace: str
    log: str
    cpu_s: float


def simulate(
    cell: Caller,
    spec: TaskSpec,
    sources: Mapping[str, str],
    stimulus: Stimulus,
    *,
    lane: Lane,
    sim: Simulator,
    overrides: Mapping[str, int],
    tag: str,
) -> Simulated:
    """Drive `stimulus` into the candidate (screened text, or a netlist) and record its outputs.

    `overrides` are parameters of the module that the task fixes; `tag` an unpredictable name for
    the bench. Raises ToolMissing.
    """
    payload = _payload(spec, sources, stimulus, lane, sim, overrides, tag)
    job = sim if lane == "vector" else f"cocotb_{sim}"
    reply = cell.call(f"{_JOBS}:{job}", payload, _caps(spec, stimulus, payload, sim))
    return _simulated(spec, reply, tag)


def waves(
    cell: Caller,
    spec: TaskSpec,
    sources: Mapping[str, str],
    stimulus: Stimulus,
    *,
    overrides: Mapping[str, int],
    tag: str,
) -> tuple[Simulated, str]:
    """The same run in the vector lane on Icarus, and its waves as the text of a VCD file.

    Without an end the waves are "": of a run that is over early, or writes more than WAVES bytes
    (status `output`). Raises ToolMissing.
    """
    payload = _payload(spec, sources, stimulus, "vector", "icarus", overrides, tag, "waves.vcd")
    caps = _caps(spec, stimulus, payload, "icarus")
    caps = replace(caps, files=caps.files + WAVES, reply=caps.reply + WAVES)
    reply = cell.call(f"{_JOBS}:icarus", payload, caps)
    text = _text(reply, "waves")
    return _simulated(spec, reply, tag), text.replace(f"judge_{tag}", "judge")


def _payload(
    spec: TaskSpec,
    sources: Mapping[str, str],
    stimulus: Stimulus,
    lane: Lane,
    sim: Simulator,
    overrides: Mapping[str, int],
    tag: str,
    dump: str = "",
) -> dict[str, Any]:
    """What the jobs of `simjobs` need. In the cocotb lane the candidate is the top."""
    vector, cycles = lane == "vector", len(stimulus.rows)
    benches = [bench(spec, stimulus, overrides, tag, waves=dump)] if vector else []
    tools = find_icarus() if sim == "icarus" else find_verilator_parts()
    files = {"design.v": "\n".join([*benches, *sources.values()])} | stimulus_files(spec, stimulus)
    files |= {} if vector else _recorder(spec, stimulus)
    return {
        "tools": tools if vector else tools | find_cocotb(),
        "files": files
        | stimulus_files(spec, stimulus)
        | ({} if vector else _recorder(spec, stimulus)),
        "top": f"judge_{tag}" if vector else spec.module,
        "values": {} if vector else dict(overrides),
        "cycles": cycles,
        "seed": zlib.crc32(tag.encode()) >> 2,
        "compile_s": COMPILE_S[sim],
        "run_s": _run_s(lane, cycles),
        "waves": dump,
    }


def _run_s(lane: Lane, cycles: int) -> float:
    """CPU seconds of a simulation. 300 cycles of the vector lane are a millisecond of them."""
    share = CYCLE_S[lane] * cycles
    return max(RUN_S, share) if lane == "vector" else RUN_S + share


def _recorder(spec: TaskSpec, stimulus: Stimulus) -> dict[str, str]:
    """The recorder's files: its Python, and plan.json with the ports and streams by name."""

    def named(*ports: Port) -> list[tuple[str, int]]:
        return [(port.name, port.width) for port in ports]

    reset = spec.reset
    plan = {
        "kind": spec.kind,
        "cycles": len(stimulus.rows),
        "clock": spec.clock,
        "reset": [reset.port, int(reset.active == "high")] if reset else [None, 0],
        "ports": named(*spec.ports),
        "inputs": named(*spec.inputs),
        "outputs": named(*spec.outputs),
        "sources": [
            {
                "valid": s.valid,
                "ready": s.ready,
                "payload": named(*map(spec.port, s.payload)),
                "beats": len(stimulus.beats[s.name]),
            }
            for s in spec.sources
        ],
    }
    lib = folder("tb") / "judge"
    names = ("judge_start.py", "judge_recorder.py")
    return {"plan.json": json.dumps(plan)} | {n: (lib / n).read_text("utf-8") for n in names}


def _caps(spec: TaskSpec, stimulus: Stimulus, payload: dict[str, Any], sim: Simulator) -> Caps:
    """What the job may use: its tools' limits, and room for stimulus, design and trace."""
    bits = sum(port.width for port in spec.ports)
    trace = (bits + bits // 4 + 8) * len(stimulus.rows)
    given = sum(map(len, payload["files"].values()))
    cpu_s = payload["compile_s"] + payload["run_s"] + 1
    base = Caps(cpu_s=cpu_s, wall_s=10 * cpu_s + 20)
    if sim == "verilator":
        base = replace(base, cpu_s=2 * cpu_s, memory=VERILATOR_MEMORY, files=128 << 20, inodes=2048)
    return replace(base, files=base.files + 4 * (trace + given), reply=base.reply + 2 * trace)


def _simulated(spec: TaskSpec, reply: Reply, tag: str) -> Simulated:
    if reply.status != "ok":
        ours: Status = "tool" if reply.status == "lost" else reply.status
        return Simulated(ours, "", "", reply.cpu_s)
    status, trace, log = (_text(reply, name) for name in ("status", "trace", "log"))
    log = escaped(log.replace(tag, "bench"))
    if status != "ok":
        known = [name for name in get_args(Status) if name == status]
        return Simulated(known[0] if known else "crash", "", log, reply.cpu_s)
    header, _, rest = trace.partition("\n")
    wrong = _wrong_widths(spec, header)
    if wrong:
        return Simulated("compile", "", wrong, reply.cpu_s)
    widths = "".join(f" {port.width}" for port in spec.outputs)
    return Simulated("ok", f"ports{widths}\n{rest}", log, reply.cpu_s)


def _text(reply: Reply, name: str) -> str:
    """A text of the reply; what came out of the jail may be anything."""
    value = reply.data.get(name)
    return value if isinstance(value, str) else ""


def _wrong_widths(spec: TaskSpec, header: str) -> str:
    """What is wrong about the widths of the ports that the simulator saw, or ""."""
    found = header.split()[1:]
    if len(found) != len(spec.ports):
        return "the widths of the ports are not known"
    pairs = zip(spec.ports, found, strict=True)
    wrong = [f"port {p.name} has {n} bits, not {p.width}" for p, n in pairs if n != str(p.width)]
    return escaped("; ".join(wrong))


def escaped(text: str) -> str:
    """`text` without control characters, and not too long: it may hold the candidate's words."""
    kept = "".join(c if " " <= c <= "~" or c == "\n" else f"\\x{ord(c):02x}" for c in text[:LOG])
    return kept if len(text) <= LOG else f"{kept}\n..."

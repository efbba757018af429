"""Synthesis of one block: what hardware it is, how much of it, and the netlist to simulate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwgen.tasks.task import TaskSpec
    from hwgen.verify.jail.cells import Cell

CPU_S = 7.0  # of the ten seconds that synthesis and proof have together
WALL_S = 60.0
FILES = 128 << 20  # bytes: the gates of a large block as JSON


@dataclass(frozen=True)
class Netlist:
    """A synthesised block.

    `verilog`: a flat netlist of words in a module named as the task asks, with the task's ports and
    the flip-flops' initial values, no attributes. `exchange`: its gates as an and-inverter graph
    (ASCII AIGER) for the proof; empty where that form cannot say it (other clocks than the task's,
    asynchronous controls other than its reset, memories over 4,096 bits). `cells`: two-input gates,
    multiplexers, flip-flops and memories after a generic mapping. `state_bits`: flip-flops and
    memory bits that outputs depend on.
    """

    verilog: str
    exchange: str
    cells: int
    state_bits: int
    inputs: dict[str, int]
    outputs: dict[str, int]


@dataclass(frozen=True)
class Refusal:
    """Why a block has no netlist.

    `cause`: latch, loop, unsynthesisable, undefined-module, interface, cpu-limit, memory-limit or
    crash; or a failure of ours: lost, wall-clock, internal. `what`: for people, may hold the
    block's own names.
    """

    cause: str
    what: str


KILLED = {
    "cpu": "cpu-limit",
    "memory": "memory-limit",
    "output": "memory-limit",
    "wall": "wall-clock",
}


def synthesise(
    cell: Cell, spec: TaskSpec, text: str, overrides: Mapping[str, int], *, cpu_s: float = CPU_S
) -> Netlist | Refusal:
    """The netlist of screened `text`, whose top is `spec.module`, or why there is none.

    `overrides` are the parameters that the top declares and the task fixes.
    """
    from hwgen.verify.jail.cells import Caps

    payload = {
        "text": text,
        "module": spec.module,
        "overrides": dict(overrides),
        "ports": [[port.name, port.dir, port.width] for port in spec.ports],
        "clock": spec.clock,
        "reset": reset_of(spec),
        "cpu_s": cpu_s,
    }
    caps = Caps(cpu_s=cpu_s, wall_s=WALL_S, files=FILES)
    reply = cell.call("hwgen.verify.formal.yosysjobs:synthesise", payload, caps)
    if reply.status != "ok":
        return Refusal(KILLED.get(reply.status, reply.status), "synthesis did not end")
    return read_reply(spec, reply.data)


def reset_of(spec: TaskSpec) -> list[Any] | None:
    """The reset as jobs read it: port, active high?, may it act between edges?"""
    if spec.reset is None:
        return None
    return [spec.reset.port, spec.reset.active == "high", spec.reset.style != "sync"]


def read_reply(spec: TaskSpec, data: Mapping[str, Any]) -> Netlist | Refusal:
    """What the job told, as a value."""
    if "netlist" not in data:
        return Refusal(str(data["cause"]), str(data["what"]))
    made = data["netlist"]
    return Netlist(
        verilog=str(made["verilog"]),
        exchange=str(made["exchange"]),
        cells=int(made["cells"]),
        state_bits=int(made["state_bits"]),
        inputs={port.name: port.width for port in spec.ports if port.dir == "in"},
        outputs={port.name: port.width for port in spec.outputs},
    )

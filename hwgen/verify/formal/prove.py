"""Proof of a candidate against a reference: both as netlists from processes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hwgen.verify.formal.synth import Netlist, reset_of

if TYPE_CHECKING:
    from hwgen.tasks.task import TaskSpec
    from hwgen.verify.jail.cells import Cell

ENGINE_S = 2.0  # CPU of each of at most two engines
CPU_S = 10.0
WALL_S = 60.0

Kind = Literal["proved", "bounded", "refuted", "unknown"]


@dataclass(frozen=True)
class Proof:
    """What a proof came to.

    proved: from the reset on, for every input, power-up state and undefined value, the outputs
    are the reference's wherever its own undefined values do not reach. bounded: so for `k` cycles
    (`stream`: for `k` cycles and beats after one reset, order and content of beats).
    refuted: `rows` are a run that shows a difference, one integer of all `spec.inputs` per cycle,
    first port most significant, the reset cycle first; `beats` are what goes into each stream
    then, as in a Stimulus. The reference may differ where the task does not care, so the golden
    model decides. unknown: no answer within the CPU limit, or a block that the exchange form
    cannot say.
    """

    kind: Kind
    k: int = 0
    rows: tuple[int, ...] = ()
    seconds: float = 0.0
    beats: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def prove(
    cell: Cell, spec: TaskSpec, candidate: Netlist, reference: Netlist, *, cpu_s: float = ENGINE_S
) -> Proof:
    """Compares the two in a child of the cell; `seconds` is the CPU time it took."""
    from hwgen.verify.jail.cells import Caps

    if not candidate.exchange or not reference.exchange:
        return Proof("unknown")
    payload = {
        "candidate": candidate.exchange,
        "reference": reference.exchange,
        "kind": spec.kind,
        "reset": reset_of(spec),
        "initial": spec.limits.initial,
        "streams": [stream.model_dump() for stream in spec.streams],
        "least": spec.latency.least,
        "cpu_s": cpu_s,
    }
    caps = Caps(cpu_s=CPU_S, wall_s=WALL_S)
    reply = cell.call("hwgen.verify.formal.proofjobs:prove", payload, caps)
    if reply.status != "ok":
        return Proof("unknown", seconds=reply.cpu_s)
    return read_reply(spec, reply.data, reply.cpu_s)


def read_reply(spec: TaskSpec, data: Mapping[str, Any], seconds: float) -> Proof:
    """What the job told, as a value."""
    rows = tuple(int(row) for row in data["rows"])
    sent = zip(spec.sources, data["beats"], strict=False)
    beats = {stream.name: tuple(int(beat) for beat in told) for stream, told in sent}
    return Proof(data["kind"], int(data["k"]), rows, seconds, beats)

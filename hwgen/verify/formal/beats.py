"""Streams side by side, cycle by cycle: valid and ready are equal, and payloads where valid.

Upstream keeps the rules: a beat that waits stays as it is until it is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwgen.verify.formal.aig import FALSE, Aig, Machine
from hwgen.verify.formal.mitre import Problem, Question, Side, differ, first_inputs, other_side

MOST_BEATS, LEAST_BEATS, HELD_BITS = 10, 4, 256


@dataclass(frozen=True)
class Ports:
    """Where the bits of a machine's ports lie, inputs and outputs apart."""

    ins: dict[str, range]
    outs: dict[str, range]

    @classmethod
    def of(cls, machine: Machine) -> Ports:
        """The ports of a machine."""
        return cls(_ranges(machine.inputs), _ranges(machine.outputs))


def _ranges(ports: list[tuple[str, int]]) -> dict[str, range]:
    found, start = {}, 0
    for name, width in ports:
        found[name] = range(start, start + width)
        start += width
    return found


@dataclass(frozen=True)
class Flow:
    """One stream: bits of valid, ready (none: always taken) and payload."""

    valid: int
    ready: int | None
    payload: list[int]


def flows(ports: Ports, streams: list[dict[str, Any]]) -> tuple[list[Flow], list[Flow]]:
    """Streams that go in, streams that come out."""
    sides: tuple[list[Flow], list[Flow]] = ([], [])
    for stream in streams:
        goes_in = stream["valid"] in ports.ins
        mine, other = (ports.ins, ports.outs) if goes_in else (ports.outs, ports.ins)
        ready = other[stream["ready"]][0] if stream["ready"] else None
        payload = [bit for name in stream["payload"] for bit in reversed(mine[name])]
        sides[not goes_in].append(Flow(mine[stream["valid"]][0], ready, payload))
    return sides


def lockstep(
    candidate: Machine, reference: Machine, question: Question, streams: list[dict[str, Any]]
) -> Problem:
    """The problem "some cycle differs", waiting beats held as the rules ask."""
    problem = Problem(Aig())
    aig = problem.aig
    raw = [problem.input() for _ in range(candidate.input_bits)]
    problem.task_inputs = raw
    problem.first = first_inputs(problem, candidate, question)
    ours = Side(problem, candidate, question)
    theirs = other_side(ours, reference, question)
    ins, outs = flows(Ports.of(candidate), streams)
    active = _active(raw, question)
    driven, waiting = list(raw), []
    for flow in ins:
        held = problem.latch(FALSE)
        kept = [problem.latch(FALSE) for _ in flow.payload]
        driven[flow.valid] = aig.land(active ^ 1, aig.lor(held, raw[flow.valid]))
        for bit, old in zip(flow.payload, kept, strict=True):
            driven[bit] = aig.mux(aig.land(held, active ^ 1), raw[bit], old)
            problem.drive(old, driven[bit])
        waiting.append(held)
    mine, rails = ours.step(driven), theirs.step(driven)
    for flow, held in zip(ins, waiting, strict=True):
        taken = rails[flow.ready][0] if flow.ready is not None else 1
        problem.drive(held, aig.land(driven[flow.valid], taken ^ 1))
    payloads = {bit: flow.valid for flow in outs for bit in flow.payload}
    problem.bad = aig.any(
        aig.land(differ(aig, [mine[n]], [rails[n]]), rails[payloads[n]][0] if n in payloads else 1)
        for n in range(len(mine))
    )
    return problem


def _active(inputs: list[int], question: Question) -> int:
    if question.reset is None:
        return FALSE
    bit, value = question.reset
    return inputs[bit] ^ (value == 0)


def depth(machine: Machine, streams: list[dict[str, Any]], least: int) -> int:
    """Beats of the unknown sequence: enough for twice the latency, few enough to be solved."""
    ins, _ = flows(Ports.of(machine), streams)
    widest = max((len(flow.payload) for flow in ins), default=1)
    return max(LEAST_BEATS, 2 * least + 2, min(MOST_BEATS, HELD_BITS // max(1, widest)))

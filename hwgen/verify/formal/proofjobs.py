"""The proof inside the cell: candidate and reference side by side, by ever dearer means.

1. Matching: the two are the same gates and registers, found without a solver.
2. ABC: equal registers and reachability, which also finds short and long ways to a difference.
3. ABC: no difference for k cycles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hwgen.verify.formal import abc
from hwgen.verify.formal.aig import Machine, load
from hwgen.verify.formal.beats import depth, lockstep
from hwgen.verify.formal.inorder import InOrder
from hwgen.verify.formal.mitre import Problem, Question, alike, mitre
from hwgen.verify.formal.reduce import Trace, guess, match, simulate

SEED = 1
DRAIN = 4  # cycles beyond beats and latency, for what may still come out


@dataclass(frozen=True)
class Found:
    """What a proof came to: kind, cycles without a difference, rows that show one."""

    kind: str
    k: int = 0
    rows: list[int] = field(default_factory=list)
    beats: list[list[int]] = field(default_factory=list)


def prove(payload: dict[str, Any]) -> dict[str, Any]:
    """Compares two machines. Runs in an empty working directory.

    `payload`: candidate and reference (exchange texts), kind, reset [port, active high?] or None,
    initial (values at power-up count), streams and their least latency, cpu_s for each of two
    engines. Gives kind, k, rows and, for streams, the beats that go in.
    """
    candidate, reference = load(payload["candidate"]), load(payload["reference"])
    if candidate.inputs != reference.inputs or candidate.outputs != reference.outputs:
        raise ValueError("the two have different ports")
    place = _place(candidate, payload["reset"])
    asked = _Asked(candidate, reference, Question(place, payload["initial"]), payload["cpu_s"])
    if payload["kind"] == "comb":
        found = Found("unknown") if candidate.inits or reference.inits else _cycles(asked)
    elif payload["kind"] == "cycle":
        found = _cycles(asked)
    else:
        found = _beats(asked, payload["streams"], payload["least"])
    return {"kind": found.kind, "k": found.k, "rows": found.rows, "beats": found.beats}


@dataclass(frozen=True)
class _Asked:
    """Two machines, how they meet, and the CPU seconds of each engine."""

    candidate: Machine
    reference: Machine
    question: Question
    cpu_s: float

    def twins(self, build: Callable[[Question], Problem]) -> bool:
        """Whether the two are the same gates when each unknown has its like on the other side."""
        if not alike(self.candidate, self.reference):
            return False
        problem = build(replace(self.question, twins=True))
        trace, signatures = guess(problem, SEED, self.question.reset)
        return trace is None and match(problem, signatures).bad == 0


def _cycles(asked: _Asked) -> Found:
    """Equal in every cycle, for inputs that may change between edges."""
    if asked.twins(lambda question: mitre(asked.candidate, asked.reference, question)):
        return Found("proved")
    found = _settle(mitre(asked.candidate, asked.reference, asked.question), asked)
    if found.kind == "refuted" and _mealy(asked.candidate, asked.reference):
        # Outputs that follow inputs differ, but maybe only for inputs other than those of the
        # last edge, which the task says nothing about.
        strict = replace(asked.question, after_edge=True)
        found = _settle(mitre(asked.candidate, asked.reference, strict), asked)
        return found if found.kind == "refuted" else Found("unknown")
    return found


def _beats(asked: _Asked, streams: list[dict[str, Any]], least: int) -> Found:
    """Equal in every cycle, or else the same beats in the same order."""

    def build(question: Question) -> Problem:
        return lockstep(asked.candidate, asked.reference, question, streams)

    if asked.twins(build):
        return Found("proved")
    problem = build(asked.question)
    trace, signatures = guess(problem, SEED, asked.question.reset)
    if trace is None:
        rest = match(problem, signatures)
        if rest.bad == 0 or abc.sequential(rest, asked.cpu_s).proved:
            return Found("proved")
    beats = depth(asked.candidate, streams, least)
    order = InOrder(asked.candidate, asked.reference, asked.question, streams, beats)
    trace, _ = guess(order.problem, SEED, None)
    if trace is not None:
        return _out_of_order(order, asked, trace)
    answer = abc.bounded(order.problem, asked.cpu_s, beats + least + DRAIN)
    if answer.trace is not None:
        return _out_of_order(order, asked, answer.trace)
    k = min(answer.frames, beats)
    return Found("bounded", k) if k else Found("unknown")


def _out_of_order(order: InOrder, asked: _Asked, trace: Trace) -> Found:
    found = _refuted(order.problem, asked, trace)
    if found.kind != "refuted":
        return found
    _, states = simulate(order.problem, trace.frames, 1, order.watched())
    beats = order.beats_of(states[0][len(order.problem.latches) :])
    return replace(found, beats=beats)


def _place(machine: Machine, reset: list[Any] | None) -> tuple[int, int] | None:
    """The reset's bit among the input bits, and its active value."""
    if reset is None:
        return None
    before = 0
    for name, width in machine.inputs:
        if name == reset[0]:
            return before, int(reset[1])
        before += width
    raise ValueError("the reset is not an input")


def _mealy(*machines: Machine) -> bool:
    """Whether any output depends on an input in the same cycle."""
    return any(
        read & ((1 << machine.input_bits) - 1)
        for machine in machines
        for read in machine.reads()[0]
    ) and any(machine.inits for machine in machines)


def _settle(problem: Problem, asked: _Asked) -> Found:
    trace, signatures = guess(problem, SEED, asked.question.reset)
    if trace is not None:
        return _refuted(problem, asked, trace)
    rest = match(problem, signatures)
    if rest.bad == 0:
        return Found("proved")
    if rest.latches:
        answer = abc.sequential(rest, asked.cpu_s)
        if not answer.proved and answer.trace is None:
            answer = abc.bounded(rest, asked.cpu_s / 2)
    else:
        answer = abc.combinational(rest, asked.cpu_s)
    if answer.proved:
        return Found("proved")
    if answer.trace is not None:
        return _refuted(problem, asked, answer.trace)
    return Found("bounded", answer.frames) if answer.frames else Found("unknown")


def _refuted(problem: Problem, asked: _Asked, trace: Trace) -> Found:
    """The trace as rows of inputs, if it does what it says."""
    bads, _ = simulate(problem, trace.frames, 1)
    if 1 not in bads:
        return Found("unknown")
    machine = asked.candidate
    values = [dict(zip(problem.inputs, frame, strict=True)) for frame in trace.frames]
    cycles = [(value, problem.task_inputs) for value in values]
    if problem.first is not None:
        cycles.insert(0, (values[0], problem.first))
    rows = [_row(machine, [value.get(x, x & 1) for x in bits]) for value, bits in cycles]
    return Found("refuted", rows=rows[: bads.index(1) + 2])


def _row(machine: Machine, bits: list[int]) -> int:
    """The inputs of one cycle as an integer, first port most significant."""
    row, start = 0, 0
    for _, width in machine.inputs:
        for bit in reversed(bits[start : start + width]):
            row = row << 1 | bit
        start += width
    return row

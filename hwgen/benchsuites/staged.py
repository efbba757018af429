"""The corrected rule of RTLLM: the bench judges, but never in one simulation with the candidate.

An RTLLM bench checks by itself, where and when it sees fit, and may wait for the design. So the
candidate is driven by recorded inputs, its outputs are shown to the bench by a player that holds
nothing but these data, and the bench's inputs are recorded again. When they are the inputs that
the candidate was driven with, the bench has judged what the candidate does; until then the
candidate is driven with the new ones. Undefined outputs are shown as they are, as 0 and as 1, as
far as the verified design passes so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwgen.benchsuites import rtllm, texts
from hwgen.benchsuites.bed import Bed, Unfit
from hwgen.benchsuites.lab import Lab, fresh
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.recorded import output_bits, record, replay
from hwgen.benchsuites.waves import Recording, binary, parse

ROUNDS = 200
FILLS = "x01"
LONGEST = 200_000  # changes of inputs of a bench with the verified design


@dataclass(frozen=True)
class Staged:
    """A bed, the bench's inputs with the verified design, and the fills that this one passes."""

    bed: Bed
    recording: Recording
    fills: str
    note: str = ""


def prepare(lab: Lab, problem: Problem, bed: Bed) -> Staged:
    """Record the bench with the verified design in it, and judge that design. Raises Unfit."""
    ran = record(lab, problem, bed, bed.design, "", rtllm.RUN_S, LONGEST)
    recording = parse(ran.kept["events"], sampled=False)
    if recording.limited:
        raise Unfit("its bench never ends")
    stage = Staged(bed, recording, FILLS)
    said = {fill: _judged(lab, problem, stage, bed.design, bed.fixed, fill) for fill in FILLS}
    fills = "".join(fill for fill, reason in said.items() if not reason)
    if not fills:
        raise Unfit(f"the verified design fails when only its outputs are shown: {said['x']}")
    return Staged(bed, recording, fills)


def judged(lab: Lab, problem: Problem, stage: Staged, text: str, values: Mapping[str, int]) -> str:
    """The verdict on screened text: "" for a pass, else why not."""
    for fill in stage.fills:
        reason = _judged(lab, problem, stage, text, values, fill)
        if reason:
            return reason
    return ""


def _judged(
    lab: Lab, problem: Problem, stage: Staged, text: str, values: Mapping[str, int], fill: str
) -> str:
    driven = stage.recording
    for _ in range(ROUNDS):
        answer = replay(lab, stage.bed, text, values, driven)
        if answer.failed:
            return answer.failed
        try:
            log, seen = _play(lab, problem, stage, driven, answer.shown, fill)
        except Unfit:
            return "the bench does not end with these outputs"
        if seen.drives(driven):
            return rtllm.judged(log)
        driven = seen
    return f"the bench has not settled after {ROUNDS} rounds"


def _play(
    lab: Lab, problem: Problem, stage: Staged, driven: Recording, shown: Sequence[str], fill: str
) -> tuple[str, Recording]:
    """What the bench says and drives when these outputs are shown to it."""
    bed = stage.bed
    width = output_bits(bed)
    values = [_filled(binary(value, width), fill) for value in shown]
    times = [driven.times[mark] for mark in driven.marks]
    player = texts.player(fresh("player"), bed.module, bed.pins, bed.parameters, len(times))
    extra = {
        "values": "".join(f"{value}\n" for value in values),
        "times": "".join(f"{time:x}\n" for time in times),
    }
    limit = 4 * len(stage.recording.rows) + 1000
    ran = record(lab, problem, bed, player, "", rtllm.RUN_S, limit, extra)
    return ran.log, parse(ran.kept["events"], sampled=False)


def _filled(value: str, fill: str) -> str:
    return value if fill == "x" else value.replace("x", fill).replace("z", fill)

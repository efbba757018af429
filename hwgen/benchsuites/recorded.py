"""The corrected rule of VerilogEval: recorded inputs in, outputs compared out here.

The bench runs once with the reference; what it drove and what it looked at is recorded. A
candidate meets only the recorded inputs. What is undefined in the reference is don't-care, as
upstream has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hwgen.benchsuites import texts, verilog_eval
from hwgen.benchsuites.bed import BENCH, DESIGN, Bed, Unfit
from hwgen.benchsuites.lab import Lab, Ran, fresh
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.waves import Recording, first_difference, parse

CHANGES = 2_000_000  # of inputs, at which a recording is given up
LONGEST_S = 30.0  # of CPU for a replay
RACE = (
    "its bench moves inputs in the instant of the clock edge; in the recording the edge comes "
    "where the recorder saw it, and the reference's answer to that counts"
)


@dataclass(frozen=True)
class Stage:
    """A bed with what was recorded in it, and the outputs expected at the recording's marks.

    note: what is peculiar about the recording, "" if nothing.
    """

    bed: Bed
    recording: Recording
    expected: tuple[str, ...]
    note: str = ""


def prepare(lab: Lab, problem: Problem, bed: Bed) -> Stage:
    """Record the bench with the reference in it. Raises Unfit."""
    ran = record(lab, problem, bed, bed.design, verilog_eval.SAMPLED, verilog_eval.RUN_S)
    recording = parse(ran.kept["events"], sampled=True)
    if not recording.marks or recording.limited:
        raise Unfit("its bench never looks at the outputs, or never ends")
    return Stage(bed, recording, recording.shown)


def raced(lab: Lab, stage: Stage) -> Stage:
    """The stage with what the reference answers to the recorded inputs alone.

    Where that is not what it answered in the bench, the bench moves inputs in the instant of the
    clock edge. For a stage in which the reference, screened, did not pass.
    """
    again = replay(lab, stage.bed, stage.bed.design, {}, stage.recording)
    if isinstance(again, str) or not compared(stage, again):
        return stage
    return replace(stage, expected=tuple(again), note=RACE)


def record(
    lab: Lab, problem: Problem, bed: Bed, design: str, sampled: str, run_s: float,
    limit: int = CHANGES, extra: Mapping[str, str] | None = None,
) -> Ran:  # fmt: skip
    """A run of the bench with `design` and a recorder, which leaves `events`. Raises Unfit."""
    top = fresh("recorder")
    files = {
        BENCH: problem.bench,
        DESIGN: design,
        "recorder.sv": texts.recorder(top, bed.path, bed.pins, sampled, limit),
    }
    ran = lab.run(
        {**files, **problem.data, **(extra or {})},
        list(files), [*bed.roots, top], run_s=run_s, keep=["events"],
    )  # fmt: skip
    if ran.status != "ok" or "events" not in ran.kept:
        raise Unfit(f"its bench does not run with the reference: {ran.why}")
    return ran


def replay(
    lab: Lab, bed: Bed, text: str, values: Mapping[str, int], recording: Recording
) -> list[str] | str:
    """What a design shows at the marks when driven by the recording, or in a word why nothing."""
    top = fresh("replay")
    rows = len(recording.rows)
    files = {
        "replay.v": texts.replay(top, bed.module, bed.pins, values, rows),
        DESIGN: text,
        "rows": recording.file(),
    }
    run_s = min(LONGEST_S, 2.0 + rows / 1000)
    ran = lab.run(files, ["replay.v", DESIGN], [top], run_s=run_s, keep=["trace"])
    if ran.status != "ok":
        return ran.status
    lines = ran.kept.get("trace", "").splitlines()
    return lines[:-1] if lines and lines[-1] == f"end {rows}" else "early end"


def judged(lab: Lab, stage: Stage, text: str, values: Mapping[str, int]) -> str:
    """The verdict on screened text: "" for a pass, else why not."""
    got = replay(lab, stage.bed, text, values, stage.recording)
    if isinstance(got, str):
        return got
    return compared(stage, got)


def compared(stage: Stage, got: Sequence[str]) -> str:
    """The verdict on what a candidate showed."""
    index = first_difference(stage.expected, got, output_bits(stage.bed))
    if index is None:
        return ""
    time = stage.recording.times[stage.recording.marks[index]] / 1000
    return f"mismatch at {time:.0f} ps"


def output_bits(bed: Bed) -> int:
    """Bits of all outputs together."""
    return texts.bits([p for p in bed.pins if p.dir == "out"])

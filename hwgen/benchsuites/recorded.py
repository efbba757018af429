"""The corrected rule of VerilogEval: recorded inputs in, outputs compared out here.

The bench runs once with the reference; what it drove and what it looked at is recorded. A
candidate meets only the recorded inputs. What is undefined in the reference is don't-care, as
upstream has it.
"""

from __future__ import annotations

from collections.abc import Mapping
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

    note: what is peculiar about the recording, "" if nothing. sound: nothing is, and the bench
    passes its reference.
    """

    bed: Bed
    recording: Recording
    expected: tuple[str, ...]
    note: str = ""
    sound: bool = False


@dataclass(frozen=True)
class Answer:
    """What a design shows at the marks, or in a word why nothing; what the compiler said."""

    shown: tuple[str, ...] = ()
    failed: str = ""
    log: str = ""


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
    if again.failed or not verdict(stage, again):
        return stage
    return replace(stage, expected=again.shown, note=RACE)


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
) -> Answer:
    """What a design answers when driven by the recording."""
    top = fresh("replay")
    rows = len(recording.rows)
    driver = texts.replay(top, bed.module, bed.pins, values, rows)
    files = {"replay.v": f"{driver}\n{text}", "rows": recording.file()}
    run_s = min(LONGEST_S, 2.0 + rows / 1000)
    ran = lab.run(files, ["replay.v"], [top], flags=verilog_eval.FLAGS, run_s=run_s, keep=["trace"])
    if ran.status != "ok":
        return Answer(failed=ran.status)
    lines = ran.kept.get("trace", "").splitlines()
    if not lines or lines[-1] != f"end {rows}":
        return Answer(failed="early end")
    return Answer(tuple(lines[:-1]), log=ran.log)


def verdict(stage: Stage, answer: Answer) -> str:
    """The verdict on a candidate's answer: "" for a pass, else why not."""
    if answer.failed:
        return answer.failed
    index = first_difference(stage.expected, answer.shown, output_bits(stage.bed))
    if index is None:
        return ""
    time = stage.recording.times[stage.recording.marks[index]] / 1000
    return f"mismatch at {time:.0f} ps"


def output_bits(bed: Bed) -> int:
    """Bits of all outputs together."""
    return texts.bits([p for p in bed.pins if p.dir == "out"])

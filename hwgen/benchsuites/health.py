"""One problem's health, and one solution's two verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.benchsuites import recorded, rtllm, staged, store, verilog_eval
from hwgen.benchsuites.bed import BENCH, Unfit, Unjudged, rtllm_bed, spec_of, verilog_eval_bed
from hwgen.benchsuites.lab import Lab, Lost
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.recorded import Stage
from hwgen.benchsuites.staged import Staged
from hwgen.benchsuites.store import Prepared
from hwgen.verify.screen.screen import Refused

Suite = Literal["verilog-eval", "rtllm"]
CANDIDATE = "candidate.sv"
REFERENCE = "reference"  # the name under which a suite's own design is judged
_STOPPED = {"cpu": "TIMEOUT", "memory": "memory limit", "output": "output limit"}


@dataclass(frozen=True)
class Judged:
    """A solution under both rules: "" for a pass, else why not. lost: our failure, "" if none."""

    problem: str
    solution: str
    corrected: str
    upstream: str
    lost: str = ""


@dataclass(frozen=True)
class Health:
    """What is known of a problem before any solution: where solutions are judged, and how its own
    reference fares there."""

    problem: Problem
    stage: Prepared
    reference: Judged


def check(lab: Lab, suite: Suite, problem: Problem) -> Health:
    """Prepare a problem, or take it from the cache, and judge its reference as a solution."""
    try:
        stage = store.load(problem)
        known = stage is not None
        stage = stage or _prepare(lab, suite, problem)
        corrected = _reference(lab, problem, stage)
        if corrected and not known and isinstance(stage, Stage):
            stage = recorded.raced(lab, stage)
            corrected = _reference(lab, problem, stage)
        if not known:
            store.save(problem, stage)
        beside = stage.beside if isinstance(stage, Unjudged) else stage.bed.beside
        upstream = _upstream(lab, suite, problem, beside) if beside else corrected
        return Health(problem, stage, Judged(problem.id, REFERENCE, corrected, upstream))
    except Lost as lost:
        what = lost.problems[0].what
        return Health(problem, Unjudged(what, ""), _lost(problem.id, REFERENCE, what))


def _reference(lab: Lab, problem: Problem, stage: Prepared) -> str:
    """The corrected rule's verdict on the reference."""
    if isinstance(stage, Unjudged):
        return stage.why
    return _corrected(lab, problem, stage, stage.bed.design)


def judge(lab: Lab, suite: Suite, health: Health, name: str, text: str) -> Judged:
    """A solution under both rules.

    Where the corrected rule cannot judge a problem it fails everything, the reference too.
    """
    problem, stage = health.problem, health.stage
    try:
        if isinstance(stage, Unjudged):
            corrected = stage.why
        else:
            corrected = _corrected(lab, problem, stage, text)
        return Judged(problem.id, name, corrected, _upstream(lab, suite, problem, text))
    except Lost as lost:
        return _lost(problem.id, name, lost.problems[0].what)


def _lost(problem: str, name: str, what: str) -> Judged:
    return Judged(problem, name, what, what, what)


def _prepare(lab: Lab, suite: Suite, problem: Problem) -> Prepared:
    beside = ""
    try:
        if suite == "verilog-eval":
            bed = verilog_eval_bed(lab, problem)
            beside = bed.beside
            return recorded.prepare(lab, problem, bed)
        bed = rtllm_bed(lab, problem)
        beside = bed.beside
        return staged.prepare(lab, problem, bed)
    except Unfit as unfit:
        return Unjudged(str(unfit), beside)


def _corrected(lab: Lab, problem: Problem, stage: Stage | Staged, text: str) -> str:
    screened = lab.screen(spec_of(problem, stage.bed), text)
    if isinstance(screened, Refused):
        return f"screen: {screened.cause} (line {screened.line}: {screened.what})"
    values = {n: v for n, v in stage.bed.fixed.items() if n in screened.overrides}
    if isinstance(stage, Stage):
        return recorded.judged(lab, stage, screened.text, values)
    return staged.judged(lab, problem, stage, screened.text, values)


def _upstream(lab: Lab, suite: Suite, problem: Problem, text: str) -> str:
    """The suite's bench as it is, beside the candidate: what upstream would say."""
    files = {CANDIDATE: text, BENCH: problem.bench}
    if suite == "verilog-eval":
        files["reference.sv"] = problem.reference
        flags: tuple[str, ...] = verilog_eval.FLAGS
        tops, run_s = [verilog_eval.BENCH], verilog_eval.RUN_S
    else:
        flags, tops, run_s = rtllm.FLAGS, [], rtllm.RUN_S
    ran = lab.run({**problem.data, **files}, list(files), tops, flags=flags, run_s=run_s)
    if ran.status in _STOPPED:
        return _STOPPED[ran.status]
    if suite == "rtllm":
        # upstream looks only at what the simulation says
        return rtllm.judged(ran.log) if ran.status == "ok" else ran.why
    return verilog_eval.judged(ran.log)

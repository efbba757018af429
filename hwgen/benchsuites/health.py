"""One problem's health, and one solution's two verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwgen.benchsuites import recorded, staged, store
from hwgen.benchsuites.bed import Unfit, Unjudged, rtllm_bed, spec_of, verilog_eval_bed
from hwgen.benchsuites.lab import Lab, Lost
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.recorded import Stage
from hwgen.benchsuites.staged import Staged
from hwgen.benchsuites.store import Prepared
from hwgen.benchsuites.upstream import Suite, passes_too, run
from hwgen.verify.screen.screen import Refused

REFERENCE = "reference"  # the name under which a suite's own design is judged


@dataclass(frozen=True)
class Judged:
    """A solution under both rules: "" for a pass, else why not.

    lost: our failure, "" if none. inferred: upstream's verdict followed, its bench was not run.
    """

    problem: str
    solution: str
    corrected: str
    upstream: str
    lost: str = ""
    inferred: bool = False


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
        judged = _reference(lab, suite, problem, stage)
        if not known:
            if judged.corrected and isinstance(stage, Stage):
                stage = recorded.raced(lab, stage)
                judged = _reference(lab, suite, problem, stage)
            if isinstance(stage, Stage):
                passed = not (judged.corrected or judged.upstream)
                stage = replace(stage, sound=passed and not stage.note)
            store.save(problem, stage)
        return Health(problem, stage, judged)
    except Lost as lost:
        what = lost.problems[0].what
        return Health(problem, Unjudged(what, ""), _lost(problem.id, REFERENCE, what))


def judge(lab: Lab, suite: Suite, health: Health, name: str, text: str) -> Judged:
    """A solution under both rules.

    Where the corrected rule cannot judge a problem it fails everything, the reference too.
    """
    try:
        return _both(lab, suite, health.problem, health.stage, name, text, text)
    except Lost as lost:
        return _lost(health.problem.id, name, lost.problems[0].what)


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


def _reference(lab: Lab, suite: Suite, problem: Problem, stage: Prepared) -> Judged:
    if not isinstance(stage, Unjudged):
        texts = stage.bed.design, stage.bed.beside
    elif stage.beside:
        texts = stage.beside, stage.beside
    else:
        return Judged(problem.id, REFERENCE, stage.why, stage.why)
    return _both(lab, suite, problem, stage, REFERENCE, *texts)


def _both(
    lab: Lab, suite: Suite, problem: Problem, stage: Prepared, name: str, text: str, beside: str
) -> Judged:
    """The corrected rule on `text`; upstream's on `beside` (that text next to the suite's files),
    which is run unless its verdict follows."""
    corrected, follows = _corrected(lab, problem, stage, text)
    upstream = "" if follows else run(lab, suite, problem, beside)
    return Judged(problem.id, name, corrected, upstream, inferred=follows)


def _corrected(lab: Lab, problem: Problem, stage: Prepared, text: str) -> tuple[str, bool]:
    """The corrected rule's verdict, and whether upstream passes the text for the same reason."""
    if isinstance(stage, Unjudged):
        return stage.why, False
    screened = lab.screen(spec_of(problem, stage.bed), text)
    if isinstance(screened, Refused):
        return f"screen: {screened.cause} (line {screened.line}: {screened.what})", False
    values = {n: v for n, v in stage.bed.fixed.items() if n in screened.overrides}
    if isinstance(stage, Staged):
        return staged.judged(lab, problem, stage, screened.text, values), False
    answer = recorded.replay(lab, stage.bed, screened.text, values, stage.recording)
    failed = recorded.verdict(stage, answer)
    return failed, not failed and passes_too(problem, stage, text, screened, answer)

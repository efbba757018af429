"""Upstream's rule: the suite's bench as it is, beside the candidate.

For VerilogEval the answer often follows from the corrected rule, and then nothing is run: a
candidate that shows what the reference shows whenever the bench looks has no mismatch there, if
the bench says so of its reference and compiles the very text that was replayed.
"""

from __future__ import annotations

import re
from typing import Literal

from hwgen.benchsuites import rtllm, verilog_eval
from hwgen.benchsuites.bed import BENCH
from hwgen.benchsuites.lab import Lab
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.recorded import Answer, Stage
from hwgen.verify.screen.screen import Screened

Suite = Literal["verilog-eval", "rtllm"]
CANDIDATE = "candidate.sv"
_STOPPED = {"cpu": "TIMEOUT", "memory": "memory limit", "output": "output limit"}
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_MODULE = re.compile(r"\bmodule\s+(\w+)")


def run(lab: Lab, suite: Suite, problem: Problem, text: str) -> str:
    """What upstream would say of a candidate: "" for a pass, else why not."""
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


def passes_too(
    problem: Problem, stage: Stage, text: str, screened: Screened, answer: Answer
) -> bool:
    """Whether upstream passes a candidate too, of which the corrected rule says that it passes.

    The text must be what was replayed, comments and space apart: no directive that reaches the
    bench, no attribute. It must not hold a module of the suite's, unless it is the reference
    itself, and the compiler must not have said what upstream fails.
    """
    if not stage.sound or verilog_eval.fatal(answer.log):
        return False
    theirs = _MODULE.findall(problem.bench) + _MODULE.findall(problem.reference)
    alone = set(theirs).isdisjoint(screened.modules) and '"' not in text
    return text == stage.bed.design or (alone and _bare(text) == _bare(screened.text))


def _bare(text: str) -> str:
    return "".join(_COMMENT.sub(" ", text).split())

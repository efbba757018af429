"""VerilogEval v2: its folder layout, and upstream's way to read a log.

A folder holds, for each problem, `<id>_prompt.txt`, `<id>_test.sv` with module tb and
`<id>_ref.sv` with module RefModule; the candidate is module TopModule. The code-completion task
adds `<id>_ifc.txt`, the module's head, in front of answers that hold only its body.
"""

from __future__ import annotations

import re
from pathlib import Path

from hwgen.benchsuites.problem import Problem, read_prompt, read_source
from hwgen.errors import Problem as Trouble
from hwgen.errors import UsageError

BENCH = "tb"
INSTANCE = "tb.top_module1"
MODULE = "TopModule"
REFERENCE = "RefModule"
SAMPLED = "tb.stats1"  # the bench's counters: they move exactly when it looks at the outputs
FLAGS = ("-Wall", "-Winfloop", "-Wno-timescale", "-g2012")
RUN_S = 30.0

_MISMATCHES = re.compile(r"^Mismatches: (\d+) in \d+ samples$", re.MULTILINE)
_FATAL = (
    ("syntax error", "syntax error"),
    ("warning: always_comb process has no sensitivities", "a process that never runs"),
    ("found no sensitivities so it will never trigger", "a process that never runs"),
    ("is declared here as wire", "a wire used as a variable"),
    ("Unknown module type", "a module is missing"),
    ("TIMEOUT", "TIMEOUT"),
    ("error", "it does not compile"),
)


def read(folder: Path) -> list[Problem]:
    """The problems of a folder, by name. Raises UsageError if there are none."""
    problems = []
    for prompt in sorted(folder.glob("*_prompt.txt")):
        stem = prompt.name.removesuffix("_prompt.txt")
        bench, reference, opening = (
            read_source(path) if (path := folder / f"{stem}_{name}").is_file() else ""
            for name in ("test.sv", "ref.sv", "ifc.txt")
        )
        text = read_prompt(prompt)
        problems.append(Problem(stem, text, bench, reference, MODULE, opening))
    if not problems:
        raise UsageError(
            Trouble(
                f"{folder} holds no VerilogEval problems",
                "each has <id>_prompt.txt, <id>_test.sv and <id>_ref.sv",
                "give dataset_spec-to-rtl or dataset_code-complete-iccad2023 of VerilogEval v2",
            )
        )
    return problems


def judged(log: str) -> str:
    """Upstream's verdict on what compiler and simulation said: "" for a pass, else why not.

    As upstream's analyser: some warnings and a TIMEOUT fail whatever follows, any other line that
    says "error" fails too, and without either a count of no mismatches passes.
    """
    reason = fatal(log)
    if reason:
        return reason
    found = [int(count) for count in _MISMATCHES.findall(log)]
    if 0 in found:
        return ""
    return f"{found[-1]} mismatches" if found else "no verdict"


def fatal(log: str) -> str:
    """What in a log fails a candidate whatever the bench counts, "" if nothing."""
    return next((reason for words, reason in _FATAL if words in log), "")

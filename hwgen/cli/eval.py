"""hwgen eval: solutions of a public benchmark under its own rule and under one that holds."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.errors import EXIT_OURS, Problem, UsageError

STEP = 20  # problems between two lines of progress where no terminal shows a bar


class Suite(StrEnum):
    """Which benchmark."""

    VERILOG_EVAL = "verilog-eval"
    RTLLM = "rtllm"


def evaluate(
    suite: Annotated[Suite, typer.Argument(help="benchmark")],
    suite_dir: Annotated[Path, typer.Option(help="folder of the benchmark's problems")],
    solutions: Annotated[
        str,
        typer.Option(
            help='"references", or a folder with <id>.sv or .v for one solution of a problem, '
            "<id>/*.sv or .v for several"
        ),
    ],
    jobs: Annotated[int, typer.Option(min=1, help="problems at once")] = os.cpu_count() or 1,
    unsafe_no_jail: Annotated[
        bool, typer.Option("--unsafe-no-jail", help="run solutions with your rights")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """Judge solutions of VerilogEval v2 or RTLLM, and estimate pass@k.

    Layouts: VerilogEval's dataset_spec-to-rtl and dataset_code-complete-iccad2023 (a solution
    without a module is put behind the problem's interface), RTLLM v1.1 and v2. Every problem's
    own design is judged first. Problems without a solution count as failed.

    The corrected rule decides. A solution meets recorded inputs, never the bench. The upstream
    rule, the bench beside the solution, is reported too; solutions can forge it.

    Example: hwgen eval verilog-eval --suite-dir dataset_spec-to-rtl --solutions references
    """
    from hwgen.benchsuites import report, rtllm, verilog_eval
    from hwgen.benchsuites import solutions as found
    from hwgen.benchsuites.evaluate import evaluate as run
    from hwgen.verify.jail.cells import find_jail
    from hwgen.verify.lanes.simulators import find_icarus

    if not suite_dir.is_dir():
        raise UsageError(Problem(f"there is no folder {suite_dir}", fix="give a checkout's folder"))
    if unsafe_no_jail:
        say("no jail: solutions run with your rights and see your files and your network")
    problems = (verilog_eval if suite is Suite.VERILOG_EVAL else rtllm).read(suite_dir)
    given = None if solutions == "references" else found.read(Path(solutions), problems)
    find_icarus()
    healths, verdicts = run(
        suite.value, problems, given, find_jail(unsafe=unsafe_no_jail), jobs, _progress
    )
    result = report.report(suite.value, healths, verdicts)
    print(json.dumps(result, indent=2) if json_output else report.text(result))
    return EXIT_OURS if result["lost"] else 0


def _progress(done: int, total: int, what: str) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{done}/{total} {what[:60]:60}", end="\n" if done == total else "", file=sys.stderr
        )
    elif done % STEP == 0 or done == total:
        say(f"{done} of {total}")

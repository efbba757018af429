"""VerilogEval's references under both rules, against the suite's own flow on the same cores.

    python -m benchmarks.verilog_eval --suite-dir dataset_spec-to-rtl

The peer is rebuilt from the steps of the suite's Makefile, one after the other as `make -j` would
run them: a Python script that reports progress, iverilog with its flags, the simulation under
`timeout 30`. It runs without a jail and, as `hwgen eval`, without writing a VCD. `bare` leaves the
progress script out. Flows take turns, several times; the medians count.

What our flow infers of upstream's rule instead of running its bench is then run, for every
reference under the candidate's name and for its mutants.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks._results import Row, table, tools, write
from hwgen.benchsuites import report, upstream, verilog_eval
from hwgen.benchsuites.evaluate import evaluate
from hwgen.benchsuites.health import check, judge
from hwgen.benchsuites.lab import Lab
from hwgen.benchsuites.problem import Problem
from hwgen.tasks.mutate import mutants_of
from hwgen.verify.jail.cells import find_jail
from hwgen.verify.tools import icarus_version

GOAL = 1.5
MUTANTS = 12  # of each reference
COMMAND = "python -m benchmarks.verilog_eval --suite-dir dataset_spec-to-rtl"
PROGRESS = "import argparse, sys\nsys.stdout.write('testing ' + sys.argv[1] + '\\n')\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite-dir", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    problems = verilog_eval.read(options.suite_dir)
    with tempfile.TemporaryDirectory() as work:
        rates = measure(problems, options.jobs, options.rounds, Path(work))
    rows = _rows(rates, options.jobs) + _inferred(inferred(problems, options.jobs))
    print(table(rows))
    write("verilog_eval", rows, tools("pyslang", "numpy", icarus=icarus_version()))


def measure(problems: list[Problem], jobs: int, rounds: int, work: Path) -> dict[str, float | int]:
    """Problems per second of every flow, medians, and what ours finds."""
    os.environ["HWGEN_CACHE"] = str(work / "cache")
    found: dict[str, int] = {}

    def ours() -> None:
        healths, verdicts = evaluate(
            "verilog-eval", problems, None, find_jail(), jobs, lambda done, total, what: None
        )
        data = report.report("verilog-eval", healths, verdicts)
        found.update(passed=data["passed"], upstream_passed=data["upstream_passed"])

    def fresh() -> None:
        shutil.rmtree(work / "cache", ignore_errors=True)
        ours()

    flows: dict[str, Callable[[], None]] = {
        "peer": lambda: peer(problems, jobs, work, progress=True),
        "bare": lambda: peer(problems, jobs, work, progress=False),
        "cold": fresh,
        "warm": ours,
    }
    times: dict[str, list[float]] = {name: [] for name in flows}
    for _ in range(rounds):
        for name, flow in flows.items():
            began = time.perf_counter()
            flow()
            times[name].append(time.perf_counter() - began)
            print(f"{name}: {times[name][-1]:.2f} s", file=sys.stderr, flush=True)
    rates = {name: len(problems) / statistics.median(taken) for name, taken in times.items()}
    return {**rates, **found}


def peer(problems: list[Problem], jobs: int, work: Path, *, progress: bool) -> None:
    """The suite's own flow over every reference."""
    script = work / "progress.py"
    script.write_text(PROGRESS)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda p: _peer(p, work, script if progress else None), problems))


def _peer(problem: Problem, work: Path, progress: Path | None) -> None:
    """One problem: each step in a shell of its own, as make starts it."""
    folder = work / problem.id
    folder.mkdir(exist_ok=True)
    candidate = problem.reference.replace(verilog_eval.REFERENCE, verilog_eval.MODULE)
    for name, text in (("c", candidate), ("t", problem.bench), ("r", problem.reference)):
        (folder / f"{name}.sv").write_bytes(text.encode("latin-1"))
    steps = [f"{sys.executable} {progress} {problem.id}"] if progress else []
    steps += [
        f"iverilog {' '.join(verilog_eval.FLAGS)} -s tb -o out c.sv t.sv r.sv > log 2>&1",
        "timeout 30 vvp out -none >> log 2>&1",
    ]
    for step in steps:
        subprocess.run(["bash", "-c", step], cwd=folder, stdout=subprocess.DEVNULL, check=False)


def inferred(problems: list[Problem], jobs: int) -> dict[str, int]:
    """Candidates, those of which upstream's answer was inferred, and where its bench differs."""
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(_tried, problems))
    return {name: sum(each[name] for each in found) for name in found[0]}


def _tried(problem: Problem) -> dict[str, int]:
    text = problem.reference.replace(verilog_eval.REFERENCE, verilog_eval.MODULE)
    texts = [text, *(m.text for m in mutants_of(text)[:MUTANTS])]
    count = {"candidates": len(texts), "inferred": 0, "differ": 0}
    with Lab(find_jail()) as lab:
        health = check(lab, "verilog-eval", problem)
        for text in texts:
            judged = judge(lab, "verilog-eval", health, "", text)
            if judged.inferred:
                count["inferred"] += 1
                said = upstream.run(lab, "verilog-eval", problem, text)
                count["differ"] += judged.upstream != said
    return count


def _inferred(count: dict[str, int]) -> list[Row]:
    said = f"of {count['inferred']} inferred, {count['candidates']} candidates"
    row = Row("answers inferred of upstream's rule that its bench gives otherwise",
              count["differ"], said, "0", count["differ"] == 0, "", "", COMMAND)  # fmt: skip
    return [row]


def _rows(rates: dict[str, float | int], jobs: int) -> list[Row]:
    peer_said = f"the suite's own flow without VCD: {rates['peer']:.1f}/s on the same {jobs} cores"
    limit = (
        "below 1 where simulation dominates: the peer compiles and simulates each bench once, the "
        "upstream rule does the same, and the corrected rule simulates the candidate once more"
    )

    def row(
        name: str, value: float | int, unit: str, goal: str | None = None, met: bool | None = None
    ) -> Row:
        return Row(name, round(value, 2), unit, goal, met, peer_said, limit, COMMAND)

    ratio = rates["warm"] / rates["peer"]
    return [
        row("references, both rules, recordings at hand", rates["warm"], "/s"),
        row("references, both rules, recordings made", rates["cold"], "/s"),
        row("the suite's own flow, without VCD", rates["peer"], "/s"),
        row("its simulations alone, without VCD", rates["bare"], "/s"),
        row("ratio to the suite's own flow", ratio, "x", f">= {GOAL}", ratio >= GOAL),
        row("ratio to its simulations alone", rates["warm"] / rates["bare"], "x"),
        row("references passed, corrected rule", rates["passed"], "of 156"),
        row("references passed, upstream rule", rates["upstream_passed"], "of 156"),
    ]


if __name__ == "__main__":
    main()

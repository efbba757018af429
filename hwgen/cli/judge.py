"""hwgen judge: verdicts on candidates for a task."""

from __future__ import annotations

import contextlib
import json
import secrets
import shlex
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.cli.progress import progress
from hwgen.errors import EXIT_FAILED, EXIT_OURS, Problem, UsageError
from hwgen.tasks.library import find_task
from hwgen.tasks.task import Task
from hwgen.verify.judge import Judge
from hwgen.verify.options import Files, Options
from hwgen.verify.pool import WORKERS, Pool
from hwgen.verify.store import default_store
from hwgen.verify.verdict import SENTENCES, Verdict

READ = 1 << 20  # bytes of a candidate that are read: the screen refuses far smaller ones
SOURCES = ("*.v", "*.sv")


class Simulator(StrEnum):
    """Which simulator."""

    ICARUS = "icarus"
    VERILATOR = "verilator"


class Lane(StrEnum):
    """How the candidate is driven."""

    VECTOR = "vector"
    COCOTB = "cocotb"


def judge(
    candidates: Annotated[list[Path], typer.Argument(help="Verilog file, or folder of them, each")],
    task: Annotated[str, typer.Option(help="task: a folder with task.yaml, or a built-in id")],
    sim: Annotated[Simulator, typer.Option(help="simulator")] = Simulator.ICARUS,
    lane: Annotated[Lane, typer.Option(help="fast vectors, or cocotb")] = Lane.VECTOR,
    prove: Annotated[bool, typer.Option(help="prove what passes against the reference")] = True,
    seed: Annotated[int | None, typer.Option(help="the run's secret; drawn if not given")] = None,
    waves: Annotated[Path | None, typer.Option(help="VCD of the run; one candidate")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="candidates at once")] = WORKERS,
    unsafe_no_jail: Annotated[
        bool, typer.Option("--unsafe-no-jail", help="run candidates with your rights")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """Judge Verilog against a task: screen, simulate, synthesise, prove.

    Each FILE is one candidate; a candidate of several files is a folder. With a task folder this
    runs the folder's golden.py with your rights; candidates run in a jail.

    Example: hwgen judge counter.v --task counter:width=8,enable=1
    """
    asked = find_task(task)
    if Path(task).is_dir():
        say(f"running {Path(task) / 'golden.py'}, which you trust")
    if unsafe_no_jail:
        say("no jail: candidates run with your rights and see your files and your network")
    secret = secrets.randbits(48) if seed is None else seed
    options = Options(
        lane=lane.value, sim=sim.value, until="prove" if prove else "synthesise", seed=secret
    )
    files = [_read(path) for path in candidates]
    verdicts: dict[int, Verdict] = {}
    try:
        for number, verdict in _judged(asked, files, options, jobs, unsafe_no_jail):
            verdicts[number] = verdict
            if not json_output:
                _show(candidates[number], asked, verdict, task)
    finally:  # an interrupted batch keeps what is finished
        if json_output:
            said = [verdicts[n].as_dict() for n in sorted(verdicts)]
            print(json.dumps(said[0] if len(files) == 1 and said else said, indent=2))
        elif len(verdicts) > 1:
            passed = sum(v.passed for v in verdicts.values())
            print(f"{passed} of {len(files)} candidates passed")
    if waves is not None:
        _keep_waves(waves, asked, files, options, unsafe_no_jail)
    outcomes = {v.outcome for v in verdicts.values()}
    return EXIT_OURS if "ERROR" in outcomes else EXIT_FAILED if "FAIL" in outcomes else 0


def _judged(
    task: Task, files: Sequence[Files], options: Options, jobs: int, unsafe: bool
) -> Iterator[tuple[int, Verdict]]:
    """Verdicts as they are finished; a pool is worth its start from the second candidate on."""
    if len(files) == 1:
        with Judge(options, unsafe=unsafe) as alone:
            yield 0, alone.judge(task, files[0])
        return
    with (
        contextlib.closing(default_store()) as store,
        Pool(options, min(jobs, len(files)), store, unsafe=unsafe) as pool,
        progress("judging", len(files)) as advance,
    ):
        for number, verdict in pool.judge_many((task, f) for f in files):
            advance()
            yield number, verdict


def _read(path: Path) -> Files:
    paths = sorted(p for s in SOURCES for p in path.glob(s)) if path.is_dir() else [path]
    if not paths:
        raise UsageError(
            Problem(f"{path} holds no Verilog", "a candidate folder holds .v or .sv files")
        )
    files = {}
    for one in paths:
        try:
            with one.open("rb") as handle:
                files[one.name] = handle.read(READ)
        except OSError as error:
            problem = Problem(f"{one} cannot be read: {error.strerror}", fix="name a Verilog file")
            raise UsageError(problem) from error
    return files


def _show(path: Path, task: Task, verdict: Verdict, said: str) -> None:
    """What a person wants to know of a verdict."""
    if verdict.passed:
        bound = f"({verdict.bound})" if verdict.assurance == "bounded" else ""
        print(f"{path}: PASS, {verdict.assurance}{bound}, {verdict.checks[0]} checks")
        return
    place = f", line {verdict.line}" if verdict.line else ""
    print(f"{path}: {verdict.outcome} at {verdict.stage}{place}: {verdict.cause}")
    print(f"  {SENTENCES[verdict.cause]}")
    if verdict.what:
        print(f"  {verdict.what}")
    first = verdict.mismatch
    if first:
        print(f"  case {first.case}, cycle {first.cycle}: {first.port} is {first.actual},"
              f" expected {first.expected}")  # fmt: skip
    if verdict.checks[1]:
        passed, total = verdict.cases
        print(f"  {passed} of {total} cases passed, {verdict.checks[0]} checks")
    again = ["hwgen", "judge", str(path), "--task", said, "--seed", str(verdict.seed)]
    print(f"  again: {shlex.join(again)}")


def _keep_waves(
    path: Path, task: Task, files: Sequence[Files], options: Options, unsafe: bool
) -> None:
    if len(files) > 1:
        raise UsageError(Problem("--waves is for one candidate", fix="judge it alone"))
    with Judge(options, unsafe=unsafe) as again:
        data = again.waves(task, files[0])
    if data is None:
        say(f"no waves: the candidate does not reach simulation; {path} is not written")
        return
    path.write_text(data)
    say(f"waves in {path}; the candidate is the instance dut")

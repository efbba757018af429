"""The regression of an emitted folder: its own benches, run by its own runner, read as values.

A folder carries everything its benches need, so this is only a process to start and a stream of
JSON lines to read. The number of runs is announced first; fewer than announced is a failure.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from hwgen.emit.bundle import read_manifest
from hwgen.errors import HwgenError, Problem, ToolMissing, UsageError
from hwgen.verify.native import find_verilator

SIMULATORS = ("icarus", "verilator")
GRACE_STEPS, GRACE_STEP_S = 100, 0.02  # for processes that are asked to end


@dataclass(frozen=True)
class Run:
    """One simulation of one block, Verilog module `top`: `tests` ran, `failed` of them failed.

    0 tests is a failure.
    """

    bench: str
    top: str
    sim: str
    seed: int
    parameters: Mapping[str, int]
    tests: int
    failed: int
    seconds: float
    log: str
    build: str

    @property
    def ok(self) -> bool:
        return self.tests > 0 and self.failed == 0

    def rerun(self, target: str) -> str:
        """The exact command that repeats this run; `target` names the design to `verify`."""
        return f"hwgen verify {target} --block {self.bench} --sim {self.sim} --seed {self.seed}"

    def as_dict(self, target: str) -> dict[str, object]:
        return {
            "block": self.bench,
            "sim": self.sim,
            "seed": self.seed,
            "parameters": dict(self.parameters),
            "outcome": "PASS" if self.ok else "FAIL",
            "tests": {"passed": self.tests - self.failed, "total": self.tests},
            "seconds": round(self.seconds, 2),
            "log": self.log,
            "rerun": self.rerun(target),
        }


@dataclass(frozen=True)
class Request:
    """What to run: empty `blocks` means all; `seed` None draws one per run and prints it."""

    folder: Path
    sims: tuple[str, ...] = SIMULATORS
    blocks: tuple[str, ...] = ()
    seed: int | None = None
    jobs: int = 1
    waves: bool = False
    cases: Path | None = None


def edited_files(folder: Path) -> list[str]:
    """Files of an emitted folder that differ from its manifest: verified as they are, and said."""
    import hashlib

    files = read_manifest(folder)["files"]
    return [
        name
        for name, digest in files.items()
        if not (folder / name).exists()
        or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest
    ]


class Stop:
    """Ends regressions that other threads wait for, and those that they are about to start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def add(self, process: subprocess.Popen[str]) -> None:
        """From now on `now` ends this process too."""
        with self._lock:
            self._running.add(process)
            if self._stopped:
                _end(process)

    def now(self) -> None:
        """End all of them."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _end(process)


def regress(request: Request, stop: Stop | None = None) -> Generator[int | Run, None, None]:
    """The number of planned runs, then each run as it finishes.

    Closing the iterator ends the runner with its simulators, and so does `stop`. Raises UsageError
    for a folder that hwgen did not build, ToolMissing without cocotb or a simulator, HwgenError if
    the runner breaks off before its last run.
    """
    folder = request.folder.resolve()
    arch = read_manifest(folder)["arch"]
    need_simulators(request.sims)
    if "verilator" in request.sims and len(str(folder).split()) > 1:
        raise UsageError(
            Problem(
                f"Verilator cannot work in {folder}",
                "make, which builds its simulators, cuts names at spaces",
                "move the folder, or use --sim icarus",
            )
        )
    command = [sys.executable, "-m", "_lib.bench", arch, *request.blocks, "--jsonl"]
    command += ["--sim", "both" if len(request.sims) == 2 else request.sims[0]]
    command += ["--jobs", str(request.jobs), *(["--waves"] if request.waves else [])]
    command += ["--seed", str(request.seed)] if request.seed is not None else []
    env = dict(os.environ, PYTHONPATH=str(folder / "tb"), PYTHONDONTWRITEBYTECODE="1")
    if request.cases:
        env["HWGEN_CASES"] = str(request.cases)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        text=True,
        stdin=subprocess.PIPE,  # its end tells the runner that we are gone, however we went
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    if stop:
        stop.add(process)
    try:
        yield from _read(process)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a runner and all that it has started; harmless if it has ended by itself.

    First kindly, so that a compiler removes what it has half written.
    """
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        for _ in range(GRACE_STEPS):
            process.poll()  # a dead leader must not keep its group alive
            os.killpg(process.pid, 0)
            time.sleep(GRACE_STEP_S)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(process: subprocess.Popen[str]) -> Iterator[int | Run]:
    assert process.stdout
    assert process.stderr
    planned, seen = 0, 0
    for line in process.stdout:
        record = json.loads(line)
        if "planned" in record:
            planned = record["planned"]
            yield planned
            continue
        job = record["job"]
        seen += 1
        yield Run(
            job["bench"],
            job["top"],
            job["sim"],
            job["seed"],
            job["params"],
            record["tests"],
            record["failed"],
            record["seconds"],
            record["log"],
            job["build"],
        )
    process.wait()
    if planned == 0 or seen < planned:
        tail = process.stderr.read().strip().splitlines()[-1:] or ["no message"]
        if tail[0].startswith("ValueError: "):
            raise UsageError(Problem(tail[0].removeprefix("ValueError: ")))
        what = f"the bench runner stopped after {seen} of {planned} runs: {tail[0]}"
        raise HwgenError(Problem(what))


def need_simulators(sims: tuple[str, ...]) -> None:
    """Raise ToolMissing for every simulator (or cocotb) that is not there."""
    from importlib.util import find_spec

    problems = []
    if find_spec("cocotb") is None:
        problems.append(Problem("cocotb is not installed", fix="pip install 'hwgen[sim]'"))
    if "icarus" in sims and shutil.which("iverilog") is None:
        problems.append(Problem("Icarus Verilog is not installed", fix="apt-get install iverilog"))
    if "verilator" in sims:
        try:
            find_verilator()
        except ToolMissing as missing:
            problems += [
                replace(p, fix=p.fix.removesuffix(" or --sim isa")) for p in missing.problems
            ]
    if problems:
        raise ToolMissing(*problems)


def write_junit(path: Path, runs: list[Run], target: str) -> None:
    """One JUnit file over all simulators and seeds: a test case per run."""
    suite = ElementTree.Element(
        "testsuite",
        name="hwgen verify",
        tests=str(len(runs)),
        failures=str(sum(not r.ok for r in runs)),
        time=f"{sum(r.seconds for r in runs):.2f}",
    )
    for r in runs:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"{r.bench}.{r.sim}",
            name=f"{r.bench} {dict(r.parameters)} seed {r.seed}",
            time=f"{r.seconds:.2f}",
        )
        if not r.ok:
            message = f"{r.failed} of {r.tests} tests failed" if r.tests else "no results"
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = f"log: {r.log}\nrerun: {r.rerun(target)}"
    tree = ElementTree.ElementTree(suite)
    ElementTree.indent(tree)
    tree.write(path, encoding="unicode", xml_declaration=True)


def keep_waves(run: Run, target: Path) -> list[Path]:
    """Copy a run's wave files into `target`, named after block, simulator and seed."""
    target.mkdir(parents=True, exist_ok=True)
    kept = []
    for pattern in ("*.fst", "*.vcd"):
        for wave in sorted(Path(run.build).rglob(pattern)):
            to = target / f"{run.bench}-{run.sim}-{run.seed}{wave.suffix}"
            shutil.copyfile(wave, to)
            kept.append(to)
    return kept

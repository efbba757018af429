"""The judge: one candidate for one task, through every stage, to one verdict.

Stages, cheapest first: screen, elaborate, simulate, synthesise, prove (docs/judge.md). Candidates
are touched in the jail alone; golden models, comparison and decisions stay out here.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal, Self

from hwgen import __version__
from hwgen.tasks.task import Task
from hwgen.verify.compare import Compared, GoldenError, TraceError, compare, leaves_open
from hwgen.verify.formal.prove import Proof, prove
from hwgen.verify.formal.synth import Netlist, synthesise
from hwgen.verify.jail.cells import Cell, Jail, find_jail
from hwgen.verify.lanes.simulate import Simulated, simulate, waves
from hwgen.verify.options import DEFAULTS, Files, Lane, Options
from hwgen.verify.screen.screen import Refused, Screened, screen
from hwgen.verify.stimulus import Stimulus, replay, stimulus_of
from hwgen.verify.tools import tool_versions
from hwgen.verify.verdict import Stage, Verdict
from hwgen.verify.worth import weighed

REFERENCES_KEPT = 256
ATTEMPTS = 3
FLEETING = frozenset({"lost", "tool", "wall-clock", "crash"})
"""What a second attempt may not meet: our failures, and crashes, which tools have of themselves."""

_FATES = {
    "compile": "elaborate", "crash": "crash", "cpu": "cpu-limit", "memory": "memory-limit",
    "output": "output-limit", "early": "early-end", "wall": "wall-clock", "tool": "tool",
}  # fmt: skip


class _Stop(Exception):
    """A stage that ends the verdict."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


class Judge:
    """Judges one candidate after another in cells of one jail; a context manager.

    Raises ToolMissing when there is no jail, unless `unsafe`.
    """

    def __init__(self, options: Options = DEFAULTS, *, unsafe: bool = False) -> None:
        self.options = options
        self.jail: Jail = find_jail(unsafe=unsafe)
        self._open = ExitStack()
        self._cells: dict[str, Cell] = {}
        self._references: OrderedDict[str, Netlist] = OrderedDict()  # by digest of the task

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the cells."""
        self._open.close()
        self._cells.clear()

    def cell(self, kind: Literal["screen", "sim", "synth"]) -> Cell:
        """The cell for a kind of job, started at its first use."""
        if kind not in self._cells:
            self._cells[kind] = self._open.enter_context(Cell(kind, self.jail))
        return self._cells[kind]

    def judge(self, task: Task, files: Files) -> Verdict:
        """The verdict on a candidate. Raises ToolMissing if a simulator is missing."""
        began = time.perf_counter()
        for _ in range(ATTEMPTS):
            verdict = self._attempt(task, files)
            if verdict.cause not in FLEETING:
                break
        return verdict.with_(
            seed=self.options.seed,
            seconds=round(time.perf_counter() - began, 4),
            tools=tool_versions(),
        )

    def _attempt(self, task: Task, files: Files) -> Verdict:
        try:
            return self._stages(task, files)
        except _Stop as stop:
            return stop.verdict
        except GoldenError as error:
            return Verdict.stopped("simulate", "golden", str(error))
        except TraceError as error:
            return Verdict.stopped("simulate", "internal", str(error))

    def waves(self, task: Task, files: Files) -> str | None:
        """VCD of the candidate under the stimulus of its verdict; None if it never runs."""
        found = screen(self.cell("screen"), task.spec, _texts(files), self.options.profile)
        if isinstance(found, Refused):
            return None
        seed = derived(self.options.seed, found.digest, task.digest)
        values = task.spec.parameters
        _, dump = waves(
            self.cell("sim"), task.spec, {"candidate.v": found.text}, self._stimulus(task, seed),
            overrides={name: values[name] for name in found.overrides}, tag=f"t{seed:016x}",
        )  # fmt: skip
        return dump or None

    def _stages(self, task: Task, files: Files) -> Verdict:
        found = screen(self.cell("screen"), task.spec, _texts(files), self.options.profile)
        if isinstance(found, Refused):
            raise _Stop(Verdict.stopped("screen", found.cause, found.what, found.line))
        seed = derived(self.options.seed, found.digest, task.digest)
        stimulus = self._stimulus(task, seed)
        text = {"candidate.v": found.text}
        if self.options.sim == "verilator":
            # which knows no x: Icarus has a look first, and what fails there need not be built
            options = replace(self.options, lane="vector", sim="icarus")
            verdict = self._simulated(task, text, stimulus, found, seed, options)
            if not verdict.passed:
                return verdict
        verdict = self._simulated(task, text, stimulus, found, seed)
        if verdict.passed and self._audited(found):
            verdict = self._audit(task, found, verdict)
        if not verdict.passed or self.options.until == "simulate":
            return verdict
        netlist = self._netlist(task, found, verdict)
        verdict = self._netlist_simulated(task, netlist, stimulus, seed, verdict)
        if not verdict.passed or self.options.until == "synthesise" or not task.reference:
            return weighed(task.spec, verdict)
        return weighed(task.spec, self._proved(task, netlist, found, seed, verdict))

    def _stimulus(self, task: Task, seed: int) -> Stimulus:
        try:
            return stimulus_of(task, seed)
        except Exception as error:
            message = f"the stimulus raised {type(error).__name__}: {error}"
            raise _Stop(Verdict.stopped("simulate", "golden", message)) from error

    def _run(
        self, task: Task, text: Mapping[str, str], stimulus: Stimulus, found: Screened, seed: int,
        options: Options,
    ) -> Simulated:  # fmt: skip
        values = task.spec.parameters
        overrides = {name: values[name] for name in found.overrides}
        return simulate(
            self.cell("sim"), task.spec, text, stimulus, lane=options.lane, sim=options.sim,
            overrides=overrides, tag=f"t{seed:016x}",
        )  # fmt: skip

    def _simulated(
        self, task: Task, text: Mapping[str, str], stimulus: Stimulus, found: Screened, seed: int,
        options: Options | None = None,
    ) -> Verdict:  # fmt: skip
        ran = self._run(task, text, stimulus, found, seed, options or self.options)
        if ran.status not in ("ok", "early"):
            stage: Stage = "elaborate" if ran.status == "compile" else "simulate"
            raise _Stop(Verdict.stopped(stage, _FATES[ran.status], _first_line(ran.log)))
        if ran.status == "early":
            return Verdict.stopped("simulate", "early-end")
        return _simulation(compare(task, stimulus, ran.trace), len(stimulus.rows))

    def _audited(self, found: Screened) -> bool:
        draw = derived(self.options.seed, found.digest, "audit")
        return draw < self.options.audit * 2**64

    def _audit(self, task: Task, found: Screened, verdict: Verdict) -> Verdict:
        """A second run in the other lane, under a second secret; a failure there counts."""
        other: Lane = "cocotb" if self.options.lane == "vector" else "vector"
        options = replace(self.options, lane=other, seed=self.options.seed ^ 1)
        seed = derived(options.seed, found.digest, task.digest)
        stimulus = self._stimulus(task, seed)
        text = {"candidate.v": found.text}
        second = self._simulated(task, text, stimulus, found, seed, options)
        return verdict if second.passed else second.with_(what="found by an audit of passes")

    def _netlist(self, task: Task, found: Screened, verdict: Verdict) -> Netlist:
        values = task.spec.parameters
        overrides = {name: values[name] for name in found.overrides}
        made = synthesise(self.cell("synth"), task.spec, found.text, overrides)
        if isinstance(made, Netlist):
            return made
        raise _Stop(_failed(verdict, "synthesise", made.cause, made.what))

    def _netlist_simulated(
        self, task: Task, netlist: Netlist, stimulus: Stimulus, seed: int, verdict: Verdict
    ) -> Verdict:
        limit = task.spec.limits.state_bits
        reference = self._reference(task) if task.reference else None
        if limit is None and reference is not None:
            limit = reference.state_bits
        verdict = verdict.with_(
            stage="synthesise", cells=netlist.cells, state_bits=netlist.state_bits,
            state_limit=limit, assurance="netlist-simulated",
        )  # fmt: skip
        bare = Screened(netlist.verilog, "", (), ())
        options = replace(self.options, lane="vector", sim="icarus")
        try:
            text = {"netlist.v": netlist.verilog}
            again = self._simulated(task, text, stimulus, bare, seed, options)
        except _Stop as stop:
            again = stop.verdict
        if again.passed:
            return verdict
        cause = again.cause if again.outcome == "ERROR" else "netlist-mismatch"
        return _failed(verdict, "synthesise", cause, again.what).with_(mismatch=again.mismatch)

    def _proved(
        self, task: Task, netlist: Netlist, found: Screened, seed: int, verdict: Verdict
    ) -> Verdict:
        reference = self._reference(task)
        verdict = verdict.with_(stage="prove")
        if reference.exchange and not netlist.exchange:
            # else a clock read as data would end every proof, and what it would have found
            return _failed(verdict, "prove", "not-proved", "another clock or reset than the task's")
        proof: Proof = prove(self.cell("synth"), task.spec, netlist, reference)
        if proof.kind == "proved":
            return verdict.with_(assurance="proved")
        if proof.kind == "bounded":
            return verdict.with_(assurance="bounded", bound=proof.k)
        if proof.kind == "refuted" and proof.rows:
            # the reference may differ where nobody cares: the golden model decides
            rows = replay(task.spec, proof.rows, proof.beats)
            text = {"candidate.v": found.text}
            tried = self._simulated(task, text, rows, found, seed)
            if not tried.passed:
                return _failed(verdict, "prove", "refuted").with_(mismatch=tried.mismatch)
            if task.spec.kind != "stream" and not leaves_open(task, rows):
                # simulators let an x choose a branch; the proof tried the other one
                return _failed(verdict, "prove", "refuted", "for some values of what is undefined")
        return verdict

    def _reference(self, task: Task) -> Netlist:
        """The reference's netlist. A reference that does not synthesise is our failure."""
        if task.digest in self._references:
            self._references.move_to_end(task.digest)
            return self._references[task.digest]
        made = synthesise(self.cell("synth"), task.spec, task.reference or "", {})
        if not isinstance(made, Netlist):
            what = f"the reference of {task.spec.id}: {made.cause}: {made.what}"
            raise _Stop(Verdict.stopped("synthesise", "internal", what))
        self._references[task.digest] = made
        if len(self._references) > REFERENCES_KEPT:
            self._references.popitem(last=False)
        return made


def _texts(files: Files) -> dict[str, str]:
    """Files as text; bytes must be UTF-8."""
    texts = {}
    for name, data in files.items():
        try:
            texts[name] = data if isinstance(data, str) else data.decode()
        except UnicodeDecodeError as error:
            what = f"byte {error.start} of {name} is not UTF-8"
            raise _Stop(Verdict.stopped("screen", "encoding", what)) from error
    return texts


def derived(secret: int, *parts: str) -> int:
    """A 64-bit number that follows from the secret and the parts, and tells nothing of them."""
    message = "\0".join([__version__, *parts]).encode()
    return int.from_bytes(hmac.digest(str(secret).encode(), message, hashlib.sha256)[:8], "big")


def _simulation(result: Compared, planned: int) -> Verdict:
    return Verdict(
        outcome="FAIL" if result.cause else "PASS",
        stage="simulate",
        cause=result.cause,
        assurance="" if result.cause else "simulated",
        mismatch=result.mismatch,
        cases=(result.passed, result.total),
        checks=(result.done, planned),
    )


def _failed(verdict: Verdict, stage: Stage, cause: str, what: str = "") -> Verdict:
    """`verdict` of an earlier stage, failed at this one."""
    end = Verdict.stopped(stage, cause, what)
    return verdict.with_(outcome=end.outcome, stage=stage, cause=cause, what=what, assurance="")


def _first_line(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    return next((line for line in lines if "rror" in line), lines[0] if lines else "")[:200]


def judge(task: Task, rtl: str | Files, options: Options = DEFAULTS) -> Verdict:
    """The verdict on one candidate. For many, `judge_many` keeps the cells warm."""
    files = {"candidate.v": rtl} if isinstance(rtl, str) else rtl
    with Judge(options) as open_judge:
        return open_judge.judge(task, files)

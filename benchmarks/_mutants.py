"""One task, its reference, and what becomes of mutants of it: simulated, and survivors proved."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping

from benchmarks._cares import masked, masks_of
from hwgen.tasks.mutate import mutants_of
from hwgen.tasks.single import single_mutants
from hwgen.tasks.task import Task
from hwgen.verify.compare import compare
from hwgen.verify.formal.netmutants import netlist_mutants
from hwgen.verify.formal.prove import prove
from hwgen.verify.formal.synth import Netlist, Refusal, synthesise
from hwgen.verify.judge import Judge, derived
from hwgen.verify.lanes.simulate import Simulated, simulate
from hwgen.verify.screen.screen import Screened, screen
from hwgen.verify.stimulus import Stimulus, replay, stimulus_of

FATES = ("killed", "equivalent", "bounded", "missed", "broken")
MORE = 10  # further stimuli for a stream that is only slower or faster than the reference
TAG = "t5b1e"
PROOF_S = {"comb": 4.0, "cycle": 4.0, "stream": 0.5}  # of CPU, for each of two engines
LISTED, SINGLES = 200, 60  # mutants that Yosys lists, and of single states


class Bench:
    """One task, its reference, and a judge that tries mutants of it."""

    def __init__(self, judge: Judge, task: Task, most: int, seed: int) -> None:
        self.judge, self.task, self.seed = judge, task, seed
        self.most = most // 2 if task.spec.kind == "stream" else most  # their proofs take long
        self.right = task.reference or ""
        self.reference = self._made(self.right)
        self.masks = masks_of(task, seed)

    def _made(self, text: str) -> Netlist:
        made = synthesise(self.judge.cell("synth"), self.task.spec, text, {})
        assert isinstance(made, Netlist), f"{self.task.spec.id}: {made}"
        return made

    def mutants(self, sort: str) -> list[tuple[str, str]]:
        """Mutants of a sort, each what was changed and its text; `most` of them, evenly drawn."""
        text, spec = self.task.reference or "", self.task.spec
        if sort == "netlist":
            cell = self.judge.cell("synth")
            self.right, found = netlist_mutants(cell, spec.module, self.reference, LISTED)
            self.reference = self._made(self.right)  # the same gates by the same way
        else:
            reset = spec.reset.port if spec.reset else ""
            inputs = [p.name for p in spec.inputs if p.name != reset]
            singles = sort == "single"
            made = single_mutants(text, inputs, reset, SINGLES) if singles else mutants_of(text)
            found = [(f"line {m.line}: {m.what}", m.text) for m in made]
        if len(found) <= self.most:
            return found
        drawn = random.Random(spec.id).sample(range(len(found)), self.most)
        return [found[n] for n in sorted(drawn)]

    def fate(self, sort: str, text: str) -> str:
        """One of FATES but missed; in its place how the proof of a survivor ended."""
        spec, overrides = self.task.spec, {}
        if sort != "netlist":
            found = screen(self.judge.cell("screen"), spec, {"mutant.v": text})
            if not isinstance(found, Screened):
                return "broken"
            text = found.text
            overrides = {name: spec.parameters[name] for name in found.overrides}
        digest = hashlib.sha256(text.encode()).hexdigest()
        stimulus = stimulus_of(self.task, derived(self.seed, digest, self.task.digest))
        ran = self._run(text, stimulus, overrides)
        if ran.status == "compile":
            return "broken"
        return "killed" if self._fails(ran, stimulus) else self._proof(text, overrides)

    def _run(self, text: str, stimulus: Stimulus, overrides: Mapping[str, int]) -> Simulated:
        cell, spec = self.judge.cell("sim"), self.task.spec
        ran = simulate(cell, spec, {"mutant.v": text}, stimulus, lane="vector", sim="icarus",
                       overrides=overrides, tag=TAG)  # fmt: skip
        assert ran.status not in ("tool", "wall"), ran
        return ran

    def _fails(self, ran: Simulated, stimulus: Stimulus) -> bool:
        return ran.status != "ok" or bool(compare(self.task, stimulus, ran.trace).cause)

    def _proof(self, text: str, overrides: Mapping[str, int]) -> str:
        spec, cell = self.task.spec, self.judge.cell("synth")
        made = synthesise(cell, spec, text, overrides)
        if not isinstance(made, Netlist):
            return made.cause
        limit = PROOF_S[spec.kind]
        if spec.kind == "stream":  # equal in every cycle is more than equal streams
            exact_spec = spec.model_copy(update={"kind": "cycle"})
            exact = prove(cell, exact_spec, made, self.reference, cpu_s=limit)
            if exact.kind == "proved":
                return "equivalent"
        proof = prove(cell, spec, made, self.reference, cpu_s=limit)
        if proof.kind == "proved":
            return "equivalent"
        if spec.kind == "stream" and proof.kind == "bounded" and self._passes(text, overrides):
            return "bounded"
        if proof.kind != "refuted" or not proof.rows:
            return f"{proof.kind} {proof.k or ''}".strip()
        shown = replay(spec, proof.rows, proof.beats)
        fails = self._fails(self._run(text, shown, overrides), shown)
        return "refuted" if fails else self._cared_for(made)

    def _passes(self, text: str, overrides: Mapping[str, int]) -> bool:
        """Whether a mutant passes under MORE other stimuli too."""
        for n in range(MORE):
            stimulus = stimulus_of(self.task, derived(self.seed, str(n), self.task.digest))
            if self._fails(self._run(text, stimulus, overrides), stimulus):
                return False
        return True

    def _cared_for(self, made: Netlist) -> str:
        """A difference that the golden model does not see: where the task does not care, or of
        values that the text leaves undefined (a bit beyond a bus, say). So compare the hardware
        that synthesis made of it, with outputs masked where nobody cares."""
        sides = [self._masked(made.verilog), self._masked(self.right)]
        if all(isinstance(side, Netlist) for side in sides):
            candidate, reference = sides
            proof = prove(self.judge.cell("synth"), self.task.spec, candidate, reference)  # type: ignore[arg-type]
            if proof.kind == "proved":
                return "equivalent"
        return "refuted, but not where the golden model cares"

    def _masked(self, text: str) -> Netlist | Refusal:
        text = masked(self.task, text, self.masks)
        return synthesise(self.judge.cell("synth"), self.task.spec, text, {})

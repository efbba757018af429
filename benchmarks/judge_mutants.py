"""Which mistakes does the stimulus of the judge miss? Mutants of every reference, simulated.

    python -m benchmarks.judge_mutants --jobs 2

Three choices of parameters for each family and each leaf block: the default and two samples.
Mutants are those of the text, those of the netlist by `yosys mutate -list 200`, and those that are
wrong in one state or at one input value only. A mutant counts if it reaches simulation; killed is
what fails there. A survivor is put against the reference by proof: equal does not count, anything
else is missed, though later stages of the judge may refute it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks._cares import masked, masks_of
from benchmarks._results import Row, table, tools, write
from hwgen.arch import get_arch
from hwgen.tasks import mutate, operators
from hwgen.tasks.family import Family
from hwgen.tasks.leaves import leaf_families
from hwgen.tasks.library import families, get_task
from hwgen.tasks.mutate import mutants_of, single_mutants
from hwgen.tasks.task import Task
from hwgen.verify import compare as comparing
from hwgen.verify import stimulus as driving
from hwgen.verify import streams
from hwgen.verify.compare import compare
from hwgen.verify.formal.netmutants import netlist_mutants
from hwgen.verify.formal.prove import prove
from hwgen.verify.formal.synth import Netlist, Refusal, synthesise
from hwgen.verify.judge import Judge, derived
from hwgen.verify.lanes.simulate import Simulated, simulate
from hwgen.verify.screen.screen import Screened, screen
from hwgen.verify.stimulus import Stimulus, replay, stimulus_of

COMMAND = "python -m benchmarks.judge_mutants"
SORTS = ("source", "single", "netlist")
WIDE = ("source", "netlist")
POINTS, LISTED, SINGLES = 3, 200, 60
TAG = "t5b1e"
PROOF_S = 4.0  # of CPU, for each of two engines
TRIES = 1000  # draws of a choice that differs from those before

Record = dict[str, Any]
"""Of one task: family, task, key, mutants of each sort by fate, and the survivors."""


def all_families() -> dict[str, Family]:
    """Classic families and leaf blocks by name."""
    return {**families(), **leaf_families(get_arch("n3h"))}


def points(name: str, family: Family) -> list[str]:
    """Ids of the default task and of two samples, fewer where a family has fewer choices."""
    rng, prefix = random.Random(name), name.removesuffix(family.name)
    found = [prefix + family.id_of(family.default())]
    for _ in range(TRIES):
        task = prefix + family.id_of(family.sample(rng))
        if task not in found:
            found.append(task)
        if len(found) == POINTS:
            break
    return found


class Bench:
    """One task, its reference, and a judge that tries mutants of it."""

    def __init__(self, judge: Judge, task: Task, most: int, seed: int) -> None:
        self.judge, self.task, self.most, self.seed = judge, task, most, seed
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
        """killed, equivalent, broken (never simulated), or how the proof of a survivor ended."""
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
        if spec.kind == "stream":  # equal in every cycle is more than equal streams
            exact = prove(cell, spec.model_copy(update={"kind": "cycle"}), made, self.reference)
            if exact.kind == "proved":
                return "equivalent"
        proof = prove(cell, spec, made, self.reference, cpu_s=PROOF_S)
        if proof.kind == "proved":
            return "equivalent"
        if proof.kind != "refuted" or not proof.rows:
            return f"{proof.kind} {proof.k or ''}".strip()
        shown = replay(spec, proof.rows, proof.beats)
        fails = self._fails(self._run(text, shown, overrides), shown)
        return "refuted" if fails else self._cared_for(made)

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


def tried(family: str, task_id: str, most: int, seed: int) -> Record:
    """All mutants of one task."""
    began, task = time.perf_counter(), get_task(task_id)
    fates: dict[str, dict[str, int]] = {}
    survivors = []
    with Judge() as judge:
        bench = Bench(judge, task, most, seed)
        for sort in SORTS:
            counts = fates[sort] = dict.fromkeys(("killed", "equivalent", "missed", "broken"), 0)
            for what, text in bench.mutants(sort):
                fate = bench.fate(sort, text)
                counts[fate if fate in counts else "missed"] += 1
                if fate not in counts:
                    survivors.append({"sort": sort, "what": what, "fate": fate})
    seconds = round(time.perf_counter() - began, 1)
    return {"family": family, "task": task_id, "key": key_of(task, most, seed), "fates": fates,
            "survivors": survivors, "seconds": seconds}  # fmt: skip


def key_of(task: Task, most: int, seed: int) -> str:
    """What a record depends on: the task, the mutants, what drives and compares."""
    modules = (driving, comparing, streams, mutate, operators)
    texts = [Path(str(m.__file__)).read_text() for m in modules]
    words = [task.digest, str(most), str(seed), *texts]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def records(wanted: Sequence[tuple[str, str]], args: argparse.Namespace) -> Iterator[Record]:
    """Records of the tasks (family, id); those that the log holds are not tried again."""
    known: dict[str, Record] = {}
    if args.log and args.log.exists():
        known = {r["key"]: r for r in map(json.loads, args.log.read_text().splitlines())}
    waiting = []
    pool = ProcessPoolExecutor(args.jobs)
    try:
        for family, task in wanted:
            kept = known.get(key_of(get_task(task), args.most, args.seed))
            if kept:
                yield kept
            else:
                waiting.append(pool.submit(tried, family, task, args.most, args.seed))
        for done in as_completed(waiting):
            record = done.result()
            if args.log:
                with args.log.open("a") as out:
                    out.write(json.dumps(record) + "\n")
            yield record
    finally:
        pool.shutdown(cancel_futures=True)


def share(found: Sequence[Record], sorts: Sequence[str]) -> tuple[float, int, int]:
    """Percent killed of those that count, how many count, and how many are missed."""
    killed = sum(r["fates"][s]["killed"] for r in found for s in sorts)
    missed = sum(r["fates"][s]["missed"] for r in found for s in sorts)
    counted = killed + missed
    return (100.0 * killed / counted if counted else 100.0), counted, missed


def result_rows(found: Sequence[Record], most: int) -> list[Row]:
    """Totals, then each family, then what survived."""
    by_family: dict[str, list[Record]] = {}
    for record in sorted(found, key=lambda r: (r["family"], r["task"])):
        by_family.setdefault(record["family"], []).append(record)
    shares = {name: share(some, WIDE) for name, some in by_family.items()}
    single, counted, lost = share(found, ("single",))
    whole, total, missed = share(found, WIDE)
    least = min(value for value, _, _ in shares.values())
    same = sum(r["fates"][s]["equivalent"] for r in found for s in SORTS)
    drawn = f"{most} of each sort and task at most"
    goal, states = ">= 99", "registers and inputs of up to 6 bits"
    rows = [
        Row("families and leaf blocks", len(by_family), "", None, None, "", "", COMMAND),
        Row("mutants that count", total, "mutants", None, None, "", drawn, COMMAND),
        Row("mutants killed", round(whole, 2), "%", goal, whole >= 99, "", "100", COMMAND),
        Row("mutants missed", missed, "mutants", None, None, "", "0", COMMAND),
        Row("least of a family", round(least, 2), "%", goal, least >= 99, "", "100", COMMAND),
        Row("single-state mutants that count", counted, "mutants", None, None, "", states, COMMAND),
        Row("single-state mutants killed", round(single, 2), "%", ">= 97", single >= 97, "", "100",
            COMMAND),
        Row("single-state mutants missed", lost, "mutants", None, None, "", "0", COMMAND),
        Row("mutants proved equivalent", same, "mutants", None, None, "", "", COMMAND),
    ]  # fmt: skip
    for name, (value, counted, missed) in shares.items():
        text = f"{missed} of {counted} missed" if missed else f"all {counted}"
        value, name = round(value, 2), f"{name}: {text}"
        rows.append(Row(name, value, "%", goal, value >= 99, "", "100", COMMAND))
    for record in sorted(found, key=lambda r: (r["family"], r["task"])):
        for one in record["survivors"]:
            name = f"survivor of {record['task']} ({one['sort']}): {one['what']}"
            rows.append(Row(name, one["fate"], "", None, None, "", "", COMMAND))
    return rows


def main() -> None:
    """Run the campaign and write results/judge_mutants.json; with --family only print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="secret of the stimulus")
    parser.add_argument("--most", type=int, default=1000, help="mutants of a sort and task")
    parser.add_argument("--log", type=Path, help="keep records here, and resume from it")
    parser.add_argument("--family", action="append", choices=all_families(), metavar="NAME")
    args = parser.parse_args()
    known = all_families()
    wanted = [(n, task) for n in args.family or known for task in points(n, known[n])]
    found: list[Record] = []
    for record in records(wanted, args):
        found.append(record)
        value, counted, _ = share([record], SORTS)
        done, seconds = f"{len(found)} of {len(wanted)}", f"{record['seconds']} s"
        print(f"{done} {record['task']}: {value:.1f} % of {counted}, {seconds}", flush=True)
        for one in record["survivors"]:
            print(f"    {one['fate']}: {one['sort']} {one['what']}", flush=True)
    rows = result_rows(found, args.most)
    print(table(rows[:9] if not args.family else rows[: 9 + len(args.family)]))
    if not args.family:
        write("judge_mutants", rows, tools("pyslang", "pyosys"))


if __name__ == "__main__":
    main()

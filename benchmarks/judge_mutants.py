"""Which mistakes does the stimulus of the judge miss? Mutants of every reference, simulated.

    python -m benchmarks.judge_mutants --jobs 2

Three choices of parameters for each family and each leaf block: the default and two samples.
Mutants are those of the text, those of the netlist by `yosys mutate -list 200`, and those that are
wrong in one state or at one input value only. A mutant counts if it reaches simulation; killed is
what fails there. A survivor is put against the reference by proof: equal does not count, anything
else is missed, though later stages of the judge may refute it. Streams whose mutant differs in
time alone cannot be proved equal: they do not count if no run of beats within the proof's bound and
no further stimulus shows a difference. What synthesis refuses (a loop, a latch) is no hardware and
does not count either. Both are listed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks._mutants import FATES, Bench
from benchmarks._results import Row, table, tools, write
from hwgen.arch import get_arch
from hwgen.tasks import mutate, operators, single, syntax
from hwgen.tasks.family import Family
from hwgen.tasks.leaves import leaf_families
from hwgen.tasks.library import families, get_task
from hwgen.tasks.task import Task
from hwgen.verify import compare as comparing
from hwgen.verify import stimulus as driving
from hwgen.verify import streams
from hwgen.verify.formal import netmutants
from hwgen.verify.judge import Judge

COMMAND = "python -m benchmarks.judge_mutants"
SORTS = ("source", "single", "netlist")
WIDE = ("source", "netlist")
POINTS = 3
NO_HARDWARE = ("loop", "latch", "unsynthesisable")
TRIES = 1000  # draws of a choice that differs from those before

Record = dict[str, Any]
"""Of one task and sort of mutants: how many by fate, the survivors, and the key."""


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


def tried(family: str, task_id: str, sorts: Sequence[str], most: int, seed: int) -> list[Record]:
    """Records of one task: all mutants of these sorts."""
    task, found = get_task(task_id), []
    with Judge() as judge:
        bench = Bench(judge, task, most, seed)
        for sort in sorts:
            began, survivors = time.perf_counter(), []
            fates = dict.fromkeys(FATES, 0)
            for what, text in bench.mutants(sort):
                fate = bench.fate(sort, text)
                fates[fate if fate in fates else "missed"] += 1
                if fate not in ("killed", "equivalent", "broken"):
                    survivors.append({"what": what, "fate": fate})
            found.append({
                "family": family, "task": task_id, "sort": sort, "fates": fates,
                "survivors": survivors, "seconds": round(time.perf_counter() - began, 1),
                "key": key_of(task, sort, most, seed),
            })  # fmt: skip
    return found


def key_of(task: Task, sort: str, most: int, seed: int) -> str:
    """What a record depends on: the task, the mutants, what drives and compares."""
    made = {"source": (mutate, operators, syntax), "netlist": (netmutants,)}
    modules = (driving, comparing, streams, *made.get(sort, (single, syntax)))
    texts = [Path(str(m.__file__)).read_text() for m in modules]
    words = [task.digest, sort, str(most), str(seed), *texts]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def records(wanted: Sequence[tuple[str, str]], args: argparse.Namespace) -> Iterator[Record]:
    """Records of the tasks (family, id); those that the log holds are not tried again."""
    known: dict[str, Record] = {}
    if args.log and args.log.exists():
        known = {r["key"]: r for r in map(json.loads, args.log.read_text().splitlines())}
    waiting = []
    pool = ProcessPoolExecutor(args.jobs)
    try:
        for family, name in wanted:
            keys = {s: key_of(get_task(name), s, args.most, args.seed) for s in SORTS}
            yield from (known[key] for key in keys.values() if key in known)
            left = [s for s in SORTS if keys[s] not in known]
            if left:
                waiting.append(pool.submit(tried, family, name, left, args.most, args.seed))
        for done in as_completed(waiting):
            for record in done.result():
                if args.log:
                    with args.log.open("a") as out:
                        out.write(json.dumps(record) + "\n")
                yield record
    finally:
        pool.shutdown(cancel_futures=True)


def share(found: Sequence[Record], sorts: Sequence[str] = SORTS) -> tuple[float, int, int]:
    """Percent killed of those that count, how many count, and how many are missed."""
    some = [record["fates"] for record in found if record["sort"] in sorts]
    killed, missed = sum(f["killed"] for f in some), sum(f["missed"] for f in some)
    missed -= refused([record for record in found if record["sort"] in sorts])
    counted = killed + missed
    return (100.0 * killed / counted if counted else 100.0), counted, missed


def refused(found: Sequence[Record]) -> int:
    """Survivors of simulation that are no hardware."""
    return sum(one["fate"] in NO_HARDWARE for record in found for one in record["survivors"])


def result_rows(found: Sequence[Record], most: int) -> list[Row]:
    """Totals, then each family, then what survived."""

    def row(name: str, value: float, unit: str, least: float | None = None, limit: str = "") -> Row:
        goal, met = (f">= {least:g}", value >= least) if least else (None, None)
        return Row(name, round(value, 2), unit, goal, met, "", limit, COMMAND)

    found = sorted(found, key=lambda r: (r["family"], r["task"], r["sort"]))
    names = dict.fromkeys(r["family"] for r in found)
    shares = {n: share([r for r in found if r["family"] == n], WIDE) for n in names}
    (whole, total, missed), (alone, few, lost) = share(found, WIDE), share(found, ("single",))
    reached = sum(value >= 99 for value, _, _ in shares.values())
    drawn = f"at most {most} of each sort and task, {most // 2} for a stream; drawn by its name"
    states = "registers and inputs of up to 6 bits"
    rows = [
        row("families and leaf blocks", len(shares), ""),
        row("mutants that count", total, "mutants", limit=drawn),
        row("mutants killed", whole, "%", 99, "100"),
        row("mutants missed", missed, "mutants", limit="0"),
        row("families with 99 % killed", reached, "", len(shares), str(len(shares))),
        row("single-state mutants that count", few, "mutants", limit=states),
        row("single-state mutants killed", alone, "%", 97, "100"),
        row("single-state mutants missed", lost, "mutants", limit="0"),
        row("mutants proved equivalent", sum(r["fates"]["equivalent"] for r in found), "mutants"),
        row(
            "mutants of streams without a difference within the bound",
            sum(r["fates"]["bounded"] for r in found),
            "mutants",
        ),
    ]
    rows.append(row("mutants that synthesis alone refuses", refused(found), "mutants"))
    for name, (value, counted, gone) in shares.items():
        said = f"{gone} of {counted} missed" if gone else f"all {counted}"
        rows.append(row(f"{name}: {said}", value, "%", 99, "100"))
    for r in found:
        for one in r["survivors"]:
            name = f"survivor of {r['task']} ({r['sort']}): {one['what']}"
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
        value, counted, _ = share([record])
        done, what = f"{len(found)} of {len(SORTS) * len(wanted)}", f"{value:.1f} % of {counted}"
        name = f"{record['task']} {record['sort']}"
        print(f"{done} {name}: {what}, {record['seconds']} s", flush=True)
        for one in record["survivors"]:
            print(f"    {one['fate']}: {one['what']}", flush=True)
    rows = result_rows(found, args.most)
    print(table(rows[:11] if not args.family else rows[: 11 + len(args.family)]))
    if not args.family:
        write("judge_mutants", rows, tools("pyslang", "pyosys"))


if __name__ == "__main__":
    main()

"""Do both lanes and both simulators say the same, of right and of wrong candidates?

    python -m benchmarks.judge_lanes --jobs 2

Two parameter points of every family, each with its reference and with a spoiled one, in four
combinations: outcome, cause, first mismatch, cases and checks must be equal.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator

from benchmarks._results import Row, table, tools, write
from benchmarks.judge_soak import SPOILS
from hwgen.tasks.library import families, get_task
from hwgen.verify.options import Options
from hwgen.verify.pool import Candidate, judge_many
from hwgen.verify.verdict import Verdict

COMMAND = "python -m benchmarks.judge_lanes"
POINTS = 2


def candidates(seed: int) -> Iterator[Candidate]:
    """References and spoiled references, the same every time."""
    for name, family in sorted(families().items()):
        rng = random.Random(f"{name} {seed}")
        for _ in range(POINTS):
            task = get_task(family.id_of(family.sample(rng)))
            text = task.reference or ""
            yield task, {"c.v": text}
            spoils = [(a, b) for a, b in SPOILS if a in text]
            old, new = rng.choice(spoils) if spoils else ("assign", "assign #0")
            yield task, {"c.v": text.replace(old, new, 1)}


def said(verdict: Verdict) -> tuple[object, ...]:
    """What must be equal. Verilator has no x: there the first of several may be another bit."""
    return (verdict.outcome, verdict.cause, verdict.mismatch, verdict.cases, verdict.checks)


def main() -> None:
    """Judge everything four times and write results/judge_lanes.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    ways = list(itertools.product(("vector", "cocotb"), ("icarus", "verilator")))
    told: dict[tuple[str, str], dict[int, Verdict]] = {}
    for lane, sim in ways:
        options = Options(lane=lane, sim=sim, until="simulate", seed=args.seed)  # type: ignore[arg-type]
        told[lane, sim] = dict(judge_many(candidates(args.seed), options, jobs=args.jobs))
        print(f"{lane} on {sim}: {len(told[lane, sim])} verdicts", flush=True)
    first = told[ways[0]]
    differ = 0
    for (lane, sim), verdicts in told.items():
        for number, verdict in verdicts.items():
            if said(verdict) != said(first[number]):
                differ += 1
                print(f"{lane} on {sim}, {number}: {said(verdict)} not {said(first[number])}")
    failed = sum(not v.passed for v in first.values())
    rows = [
        Row("lanes: candidates judged in four ways", len(first), "candidates", None, None, "", "",
            COMMAND),
        Row("lanes: of these wrong", failed, "candidates", None, None, "", "", COMMAND),
        Row("lanes: verdicts that differ", differ, "verdicts", "0", differ == 0, "", "0", COMMAND),
    ]  # fmt: skip
    write("judge_lanes", rows, tools("cocotb", "verilator"))
    print(table(rows))


if __name__ == "__main__":
    main()

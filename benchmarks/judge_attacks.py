"""The hostile suite in every lane and simulator: nothing is paid, nothing is touched.

    python -m benchmarks.judge_attacks [--seeds 3] [--sims icarus verilator] [--every 1]

Every attack of tests/verdicts/attacks goes through all stages as far as it lives. One that the
screen refuses is refused before there is a lane; the others run in each. With canaries in the
home folder, the checkout and the folder for temporary files, in the environment, on a socket and
as a process.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks._results import Row, table, tools, write
from hwgen.tasks.library import get_task
from hwgen.verify.judge import Judge, Options
from hwgen.verify.tools import icarus_version

sys.path.append(str(Path(__file__).parents[1] / "tests" / "verdicts"))

from attacks import ATTACKS, RACES, UNSEEN
from attacks.attack import Attack, paid
from attacks.canaries import Canaries, descendants

COMMAND = "python -m benchmarks.judge_attacks"
SEED = 1000


@dataclass(frozen=True)
class Fate:
    """What became of an attack in one lane: `fits` if its cause is one of those it may have."""

    name: str
    where: str
    seed: int
    outcome: str
    cause: str
    paid: bool
    fits: bool
    told: bool


def fates(attack: Attack, seed: int, sims: Sequence[str]) -> Iterator[Fate]:
    """The attack under one seed, in each lane and simulator."""
    places, secret = CANARIES.places, CANARIES.secret
    task, files = get_task(attack.task), attack.files(places)
    for sim in sims:
        for lane in ("vector", "cocotb"):
            where = f"{lane}, {sim}"
            until = "simulate" if attack.until == "simulate" else "prove"
            with Judge(Options(seed=seed, lane=lane, sim=sim, until=until)) as judge:
                verdict = judge.judge(task, files)
            fits = verdict.outcome == "FAIL" and verdict.cause in attack.acceptable(sim)
            told = secret in repr(verdict)
            yield Fate(
                attack.name, where, seed, verdict.outcome, verdict.cause, paid(verdict), fits, told
            )
            if verdict.stage == "screen":
                return


def _worker(order: tuple[int, int, tuple[str, ...]]) -> list[Fate]:
    number, seed, sims = order
    return list(fates(ATTACKS[number], seed, sims))


def rows(found: Sequence[Fate], touched: Sequence[str], left: int, command: str) -> list[Row]:
    """The figures of a run."""
    count = len({f.name for f in found})
    wrong = [f for f in found if not f.fits and f.name not in UNSEEN]
    money = [f for f in found if f.paid]
    told = sum(f.told for f in found)
    errors = sum(f.outcome == "ERROR" for f in found)
    split = _split(found)
    lanes = sorted({f.where for f in found})
    return [
        Row("attacks", count, "attacks", ">= 80", count >= 80, "", "", command),
        Row("verdicts on attacks", len(found), "verdicts", None, None, "", "; ".join(lanes),
            command),
        Row("attacks paid", len({f.name for f in money}), "attacks", "0", not money, "",
            ", ".join(sorted({f.name for f in money})), command),
        Row("canaries touched", len(touched) + told, "canaries", "0", not touched and not told,
            "", ", ".join(touched), command),
        Row("processes left", left, "processes", "0", left == 0, "", "", command),
        Row("verdicts outside the acceptable causes", len(wrong), "verdicts", "0", not wrong, "",
            ", ".join(sorted({f"{f.name} ({f.where}: {f.outcome} {f.cause})" for f in wrong})),
            command),
        Row("errors of ours", errors, "verdicts", "0", errors == 0, "", "", command),
        Row("attacks whose outcome depends on the lane", len(split), "attacks", "0", not split, "",
            ", ".join(split), command),
    ]  # fmt: skip


def _split(found: Sequence[Fate]) -> list[str]:
    """Names of attacks, races apart, with several outcomes under one seed."""
    seen: dict[tuple[str, int], set[str]] = {}
    for f in found:
        seen.setdefault((f.name, f.seed), set()).add(f.outcome)
    return sorted({name for (name, _), outcomes in seen.items() if len(outcomes) > 1} - RACES)


def main() -> None:
    """Run the suite and write results/judge_attacks.json."""
    global CANARIES
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sims", nargs="+", default=["icarus", "verilator"])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, help="take one attack in so many")
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    asked = parser.parse_args()
    before = descendants()
    with Canaries() as CANARIES:
        orders = [
            (number, SEED + seed, tuple(asked.sims))
            for seed in range(asked.seeds)
            for number in range(0, len(ATTACKS), asked.every)
        ]
        with ProcessPoolExecutor(asked.jobs) as pool:
            found = [fate for some in pool.map(_worker, orders) for fate in some]
        touched = CANARIES.touched()
    left = len(descendants() - before)
    command = f"{COMMAND} --seeds {asked.seeds} --sims {' '.join(asked.sims)}"
    made = rows(found, touched, left, command)
    print(table(made))
    for row in made:
        if row.met is False:
            print(f"{row.name}: {row.limit}")
    if not asked.dry:
        used = tools("pyslang", "pyosys", "cocotb", "verilator", icarus=icarus_version())
        write("judge_attacks", made, used)


if __name__ == "__main__":
    main()

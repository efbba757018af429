"""A long mixed run: memory, processes, files, killed workers, and the same verdicts as one by one.

    python -m benchmarks.judge_soak --count 20000

Candidates are references of random tasks, spoiled ones, repeats and, one in ten, attacks of the
hostile suite. One worker is killed every thousand verdicts. Then every candidate is
judged again by a single judge, and the verdicts are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TextIO

from benchmarks._results import Row, table, tools, write
from hwgen.tasks.library import families, get_task
from hwgen.verify.options import Options
from hwgen.verify.pool import Candidate, Pool
from hwgen.verify.verdict import Verdict

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "verdicts"))

KILL_EVERY = 1000
SETTLED = 2000  # verdicts after which the parent's memory should stand still
WATCHED = ("/tmp", "/dev/shm", str(Path.home()))
SPOILS = (("+", "-"), ("<=", "<= ~"), ("&", "|"), ("== ", "!= "), ("1'b1", "1'b0"))


def candidates(count: int, seed: int) -> Iterator[Candidate]:
    """The mix of `seed`, the same every time."""
    from attacks import ATTACKS

    rng = random.Random(seed)
    known = sorted(families())
    hostile = [a for a in ATTACKS if not a.slow and not a.touches]
    kept: list[Candidate] = []
    for _ in range(count):
        draw = rng.random()
        if draw < 0.1:
            attack = rng.choice(hostile)
            yield get_task(attack.task), attack.files({})
            continue
        if draw < 0.3 and kept:
            yield rng.choice(kept)
            continue
        family = families()[rng.choice(known)]
        task = get_task(family.id_of(family.sample(rng)))
        text = task.reference or ""
        if draw < 0.65:
            old, new = rng.choice(SPOILS)
            text = text.replace(old, new, 1)
        one: Candidate = (task, {"c.v": text})
        kept = [*kept[-200:], one]
        yield one


def memory() -> int:
    """Resident kilobytes of this process."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def descendants() -> set[int]:
    """Processes below this one."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, front = set[int](), {os.getpid()}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front} - found
        found |= front
    return found


def files() -> set[str]:
    """What lies in the folders that a judge might litter."""
    return {entry.path for folder in WATCHED if os.path.isdir(folder)
            for entry in os.scandir(folder)}  # fmt: skip


def said(verdict: Verdict) -> str:
    """What a serial run must say as well."""
    return json.dumps(
        [verdict.outcome, verdict.cause, verdict.mismatch and asdict(verdict.mismatch)]
    )


def soak(count: int, seed: int, options: Options, log: TextIO) -> dict[str, Any]:
    """What was noticed. Verdicts go to `log`, not into the memory that is measured."""
    seen = bytearray(count)
    outcomes: Counter[str] = Counter()
    high, low = 0, sys.maxsize
    before = files()
    began = time.perf_counter()
    with Pool(options) as pool:
        for done, (number, verdict) in enumerate(pool.judge_many(candidates(count, seed)), 1):
            seen[number] += 1
            outcomes[verdict.outcome] += 1
            log.write(f"{number} {said(verdict)}\n")
            if done % KILL_EVERY == 0:
                pool._workers[done // KILL_EVERY % len(pool._workers)].process.kill()
                print(f"{done} verdicts, {time.perf_counter() - began:.0f} s", flush=True)
            if done >= SETTLED and done % 100 == 0:
                high, low = max(high, memory()), min(low, memory())
    seconds = time.perf_counter() - began
    time.sleep(1)
    left = files() - before
    print("left behind:", *sorted(left) or ["nothing"])
    return {
        "seconds": seconds, "once": seen.count(1), "high": high, "low": low,
        "processes": len(descendants()), "files": len(left), "outcomes": outcomes,
    }  # fmt: skip


def alone(count: int, seed: int, options: Options, first: dict[int, str]) -> int:
    """How many verdicts differ from those of a single judge in outcome, cause or mismatch."""
    differ = 0
    with Pool(options, 1) as pool:
        for number, verdict in pool.judge_many(candidates(count, seed)):
            if first.get(number) != said(verdict):
                differ += 1
                print(f"differs: {number}: {first.get(number)} {verdict.as_dict()}", flush=True)
    return differ


def main() -> None:
    """Run both and write results/judge_soak.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", choices=("simulate", "synthesise", "prove"), default="prove")
    args = parser.parse_args()
    options = Options(seed=args.seed, until=args.until)
    with TemporaryFile("w+") as log:
        noticed = soak(args.count, args.seed, options, log)
        log.seek(0)
        lines = (line.rstrip("\n").partition(" ") for line in log)
        verdicts = {int(number): told for number, _, told in lines}
    differ = alone(args.count, args.seed, options, verdicts)
    minutes = noticed["seconds"] / 60
    swing = 100 * (noticed["high"] - noticed["low"]) / max(1, noticed["high"] + noticed["low"])
    outcomes, once = noticed["outcomes"], noticed["once"]
    command = f"python -m benchmarks.judge_soak --count {args.count} --until {args.until}"

    def row(name: str, value: float, unit: str, goal: str | None, met: bool | None) -> Row:
        return Row(name, value, unit, goal, met, "", "", command)

    rows = [
        row("soak: candidates with exactly one verdict", once, "candidates",
            f"{args.count}", once == args.count),
        row("soak: time", round(minutes, 1), "minutes", "<= 20", minutes <= 20),
        row("soak: workers killed", args.count // KILL_EVERY, "workers", None, None),
        row("soak: parent's memory after 2,000 verdicts", round(swing, 2), "% above and below",
            "<= 5", 0 <= swing <= 5),
        row("soak: processes left", noticed["processes"], "processes", "0",
            noticed["processes"] == 0),
        row("soak: files left", noticed["files"], "files", "0", noticed["files"] == 0),
        row("soak: verdicts that differ from a serial run", differ, "verdicts", "0", differ == 0),
        row("soak: passes", outcomes["PASS"], "candidates", None, None),
        row("soak: errors of the judge", outcomes["ERROR"], "candidates", "0",
            outcomes["ERROR"] == 0),
    ]  # fmt: skip
    write("judge_soak", rows, tools("pyslang", "pyosys"))
    print(table(rows))


if __name__ == "__main__":
    main()

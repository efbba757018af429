"""Verdicts per second, where the time goes, the cache, and what duplicates save.

    python -m benchmarks.judge_speed

Every candidate is a text of its own unless said otherwise; jail on, the pool's default of workers,
300 cycles of random stimulus each. The candidates of a run are references of built-in tasks (all
pass), or half of them spoiled (mixed).
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._results import Row, table, tools, write
from hwgen.tasks.library import families, get_task
from hwgen.verify.compare import compare
from hwgen.verify.formal.synth import synthesise
from hwgen.verify.judge import Judge, derived
from hwgen.verify.lanes.simulate import simulate
from hwgen.verify.options import Options
from hwgen.verify.pool import Candidate, Pool
from hwgen.verify.screen.screen import screen
from hwgen.verify.stimulus import stimulus_of
from hwgen.verify.store import Store

COMMAND = "python -m benchmarks.judge_speed"
SMALL = ("adder", "counter", "comparator", "gates", "edge_detector", "shift_register")


def references(rng: random.Random, names: tuple[str, ...] = SMALL) -> Iterator[Candidate]:
    """Right answers, no two alike, of tasks with 300 cycles or little more."""
    known = families()
    for n in itertools.count():
        family = known[names[n % len(names)]]
        task = get_task(family.id_of({**family.sample(rng), "width": 8} if "width" in family.axes
                                     else family.sample(rng)))  # fmt: skip
        yield task, {"c.v": f"{task.reference}// {rng.getrandbits(64):x}\n"}


def mixed(rng: random.Random) -> Iterator[Candidate]:
    """References, every second one spoiled."""
    for n, (task, files) in enumerate(references(rng)):
        text = str(files["c.v"])
        spoiled = text.replace("+", "-").replace("<=", "<= ~") if n % 2 else text
        yield task, {"c.v": spoiled}


def rate(options: Options, count: int, seed: int, jobs: int | None = None) -> float:
    """Verdicts per second of `count` passing candidates, without the start of the workers."""
    stream = references(random.Random(seed))
    with Pool(options, jobs) as pool:
        list(pool.judge_many(itertools.islice(stream, 12)))
        began = time.perf_counter()
        verdicts = list(pool.judge_many(itertools.islice(stream, count)))
        seconds = time.perf_counter() - began
    assert all(v.passed for _, v in verdicts), [v for _, v in verdicts if not v.passed][:1]
    return count / seconds


def shares(count: int, seed: int) -> dict[str, float]:
    """Milliseconds of each part of a verdict, one worker alone, mean."""
    spent = dict.fromkeys(("screen", "stimulus", "simulate", "compare", "synthesise"), 0.0)
    stream = itertools.islice(references(random.Random(seed)), count)
    with Judge(Options(seed=seed)) as judge:
        for warm in itertools.islice(references(random.Random(0)), 6):
            judge.judge(*warm)
        for task, files in stream:
            marks = [time.perf_counter()]
            found = screen(judge.cell("screen"), task.spec, {"c.v": str(files["c.v"])})
            marks.append(time.perf_counter())
            stimulus = stimulus_of(task, derived(seed, found.digest))  # type: ignore[union-attr]
            marks.append(time.perf_counter())
            ran = simulate(
                judge.cell("sim"), task.spec, {"c.v": found.text}, stimulus,  # type: ignore[union-attr]
                lane="vector", sim="icarus", overrides={}, tag="t0",
            )  # fmt: skip
            marks.append(time.perf_counter())
            assert not compare(task, stimulus, ran.trace).cause
            marks.append(time.perf_counter())
            synthesise(judge.cell("synth"), task.spec, found.text, {})  # type: ignore[union-attr]
            marks.append(time.perf_counter())
            for name, begin, end in zip(spent, marks, marks[1:], strict=False):
                spent[name] += (end - begin) * 1000 / count
    return {name: round(ms, 2) for name, ms in spent.items()}


def hit_time(count: int, seed: int) -> float:
    """Milliseconds of a verdict that the store holds on disk."""
    batch = list(itertools.islice(references(random.Random(seed)), count))
    options = Options(until="simulate", seed=seed)
    with TemporaryDirectory(prefix="hwgen-store-") as folder:
        with Pool(options, None, Store(Path(folder) / "v.sqlite")) as pool:
            list(pool.judge_many(batch))
            pool.store.close()
        with Pool(options, None, Store(Path(folder) / "v.sqlite")) as pool:
            next(pool.judge_many(batch[:1]))
            began = time.perf_counter()
            assert len(list(pool.judge_many(batch))) == count
            return (time.perf_counter() - began) * 1000 / count


def duplicates(count: int, seed: int) -> tuple[float, float]:
    """Seconds of `count` distinct mixed candidates, and of as many of which half are repeats."""
    options = Options(until="simulate", seed=seed)
    distinct = list(itertools.islice(mixed(random.Random(seed)), count))
    half = distinct[: count // 2] * 2
    random.Random(seed).shuffle(half)
    times = []
    for batch in (distinct, half):
        with (
            TemporaryDirectory(prefix="hwgen-store-") as folder,
            Pool(options, None, Store(Path(folder) / "v.sqlite")) as pool,
        ):
            list(pool.judge_many(itertools.islice(references(random.Random(0)), 8)))
            began = time.perf_counter()
            assert len(list(pool.judge_many(batch))) == count
            times.append(time.perf_counter() - began)
    return times[0], times[1]


def row(name: str, value: float, unit: str, least: float | None, most: float | None,
        peer: str = "", limit: str = "") -> Row:  # fmt: skip
    """A row with its goal: at least, at most, or none."""
    goal = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else None
    met = None if goal is None else value >= least if least is not None else value <= (most or 0)
    return Row(name, round(value, 3), unit, goal, met, peer, limit, COMMAND)


def main() -> None:
    """Measure everything and write results/judge_speed.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=2000, help="candidates of a run")
    parser.add_argument("--batch", type=int, default=10_000, help="candidates of the duplicates")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    count, seed = args.count, args.seed
    vector = rate(Options(until="simulate", seed=seed), count, seed)
    synthesised = rate(Options(until="synthesise", seed=seed), count // 2, seed)
    proved = rate(Options(until="prove", seed=seed), count // 2, seed)
    cocotb = rate(Options(until="simulate", lane="cocotb", seed=seed), count // 8, seed)
    distinct, half = duplicates(args.batch, seed)
    rows = [
        row("vector lane, 300 vectors, 2 cores", vector, "verdicts/s", 110, None,
            "85 to 118 (a plain script)"),
        row("with synthesis and the netlist's simulation", synthesised, "verdicts/s", None, None),
        row("with synthesis and proof of passes", proved, "verdicts/s", 25, None),
        row("cocotb lane", cocotb, "verdicts/s", 7, None, "9.6 (bare cocotb + Icarus)"),
        row("verdict from the store", hit_time(min(count, 1000), seed), "ms", None, 1),
        row("half duplicates against distinct", 100 * half / distinct, "% of the time", None, 55,
            limit="50"),
        *(row(f"time of one verdict: {name}", ms, "ms", None, None)
          for name, ms in shares(200, seed).items()),
    ]  # fmt: skip
    write("judge_speed", rows, tools("pyslang", "pyosys", "cocotb"))
    print(table(rows))


if __name__ == "__main__":
    main()

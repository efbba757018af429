"""Benches as data, and the one way to run them.

A bench names a top module, its sources and its cocotb test module; parameter values come from
named configurations, so the same table serves the checkout (several configurations) and an
emitted folder (its own design only). Every run happens in a child process with its own folder;
a results file that is missing, or holds no test, is a failure.

    PYTHONPATH=tb:. python -m _lib.bench n3h ring fill --sim both --config tiny --seed 7
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIMS = ("icarus", "verilator")


@dataclass(frozen=True)
class Bench:
    """One block's regression.

    `sources` are file names, looked up in the design's rtl and tb folders. `variants` map Verilog
    parameters to numbers or to names of configuration values; each is run in each configuration,
    on Icarus, the first on every simulator.
    `emitted`: the bench needs generated modules, so it runs in emitted folders only.
    """

    name: str
    top: str
    module: str
    sources: tuple[str, ...]
    variants: tuple[Mapping[str, int | str], ...] = ({},)
    configs: tuple[str, ...] = ()
    sims: tuple[str, ...] = SIMS
    emitted: bool = False


@dataclass(frozen=True)
class Job:
    """One simulation: a bench with its parameters resolved."""

    arch: str
    bench: str
    top: str
    module: str
    sources: tuple[str, ...]
    params: Mapping[str, int]
    config: str
    sim: str
    seed: int
    build: str
    waves: bool = False
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def rerun(self) -> str:
        return (
            f"PYTHONPATH=tb:. python -m _lib.bench {self.arch} {self.bench} "
            f"--config {self.config} --sim {self.sim} --seed {self.seed}"
        )


@dataclass(frozen=True)
class Result:
    """What one job gave. `failed` counts failed tests; a broken run fails with `tests` = 0."""

    job: Job
    tests: int
    failed: int
    seconds: float
    log: str

    @property
    def ok(self) -> bool:
        return self.tests > 0 and self.failed == 0


def load(arch: str) -> tuple[tuple[Bench, ...], dict[str, dict[str, int]]]:
    """Benches and configurations of an architecture; an emitted design.json replaces the latter."""
    table = importlib.import_module(f"{arch}.benches")
    design = ROOT / "tb" / arch / "design.json"
    if design.exists():
        return table.BENCHES, {"design": json.loads(design.read_text())["parameters"]}
    return table.BENCHES, table.CONFIGS


def find_source(arch: str, name: str) -> str:
    """Path of a source file. Raises FileNotFoundError naming the folders searched."""
    folders = [ROOT / "rtl", ROOT / "rtl" / arch, ROOT / "tb" / arch, ROOT / "tb" / "_lib"]
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    raise FileNotFoundError(f"{name} is in none of {', '.join(map(str, folders))}")


def sources_of(arch: str, bench: Bench) -> tuple[str, ...]:
    """Files of a bench; "*" stands for every file of the design's rtl folder."""
    found: list[str] = []
    for name in bench.sources:
        if name == "*":
            found += [str(p) for p in sorted((ROOT / "rtl").glob("*.v"))]
        else:
            found.append(find_source(arch, name))
    return tuple(dict.fromkeys(found))


def plan(
    arch: str,
    names: list[str] | None = None,
    sims: tuple[str, ...] = SIMS,
    configs: list[str] | None = None,
    seed: int | None = None,
    waves: bool = False,
) -> Iterator[Job]:
    """Jobs of the named benches (all by default), equal parameter sets once."""
    benches, table = load(arch)
    unknown = set(names or ()) - {b.name for b in benches}
    if unknown:
        known = ", ".join(b.name for b in benches)
        raise ValueError(f"{arch} has no block {', '.join(sorted(unknown))}; it has {known}")
    seen = set()
    for bench in benches:
        if (names and bench.name not in names) or (bench.emitted and "design" not in table):
            continue
        wanted = list(table) if "design" in table else list(bench.configs or list(table)[:1])
        for config in [c for c in wanted if not configs or c in configs]:
            for number, variant in enumerate(bench.variants):
                params = {
                    k: table[config][v] if isinstance(v, str) else v for k, v in variant.items()
                }
                # a Verilator build costs more than all its tests: one per block
                known = bench.sims if number == 0 else ("icarus",)
                for sim in [s for s in sims if s in known]:
                    key = json.dumps([bench.name, params, sim], sort_keys=True)
                    if key in seen:
                        continue
                    seen.add(key)
                    # what Verilator builds names files of this very Python's packages
                    tag = hashlib.sha256((key + sys.prefix).encode()).hexdigest()[:8]
                    yield Job(
                        arch,
                        bench.name,
                        bench.top,
                        bench.module,
                        sources_of(arch, bench),
                        params,
                        config,
                        sim,
                        seed if seed is not None else random.SystemRandom().randrange(1 << 31),
                        str(ROOT / "sim_build" / f"{bench.name}-{sim}-{tag}{'-waves' * waves}"),
                        waves,
                    )


def run(job: Job, timeout: float = 1800) -> Result:
    """Run one job in a child process; never raises for what the design or bench does."""
    build = Path(job.build)
    build.mkdir(parents=True, exist_ok=True)
    log = build / "log.txt"
    results = build / "results.xml"
    results.unlink(missing_ok=True)
    path = [str(ROOT / "tb"), *([str(ROOT)] if (ROOT / "hwgen").exists() else [])]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(path))
    start = time.monotonic()
    with log.open("w") as out:
        try:
            subprocess.run(
                [sys.executable, "-m", "_lib.simulate", json.dumps(asdict(job))],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            out.write(f"\nstopped after {timeout} s\n")
    tests, failed = _counts(results)
    return Result(job, tests, failed, time.monotonic() - start, str(log))


def _counts(results: Path) -> tuple[int, int]:
    from cocotb_tools.check_results import get_results

    if not results.exists():
        return 0, 0
    try:
        return get_results(results)
    except (RuntimeError, SyntaxError):
        return 0, 0


def run_all(jobs: list[Job], workers: int = 1) -> Iterator[Result]:
    """Results in the order of `jobs`, as they finish."""
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(run, jobs)


def main(argv: list[str] | None = None) -> int:
    """Command line of an emitted folder's Makefile. Exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("arch")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--sim", choices=(*SIMS, "both"), default="both")
    parser.add_argument("--config", action="append")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--waves", action="store_true")
    parser.add_argument(
        "--jsonl", action="store_true", help="one JSON object per run on stdout, until stdin ends"
    )
    args = parser.parse_args(argv)
    sims = SIMS if args.sim == "both" else (args.sim,)
    jobs = list(plan(args.arch, args.names, sims, args.config, args.seed, args.waves))
    if args.jsonl:
        threading.Thread(target=end_with_parent, daemon=True).start()
        print(json.dumps({"planned": len(jobs)}), flush=True)
    good = 0
    for r in run_all(jobs, args.jobs):
        good += r.ok
        if args.jsonl:
            print(json.dumps({**asdict(r), "ok": r.ok}), flush=True)
        else:
            show(r)
    if not args.jsonl:
        print(f"{good}/{len(jobs)} runs passed")
    return 0 if good == len(jobs) and jobs else 1


def end_with_parent() -> None:
    """End this session's processes, simulators too, when whoever reads the JSON lines is gone."""
    sys.stdin.read()
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)


def show(r: Result) -> None:
    """One line for a person; a failure adds its log and the line that runs it again."""
    print(
        f"{'PASS' if r.ok else 'FAIL'} {r.job.bench:14s} {r.job.config:8s} {r.job.sim:9s} "
        f"{r.tests - r.failed}/{r.tests} tests  {r.seconds:6.1f} s  seed {r.job.seed}",
        flush=True,
    )
    if not r.ok:
        print(f"  log:   {r.log}\n  rerun: {r.job.rerun}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

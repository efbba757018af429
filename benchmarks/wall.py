"""Seconds that a user waits: emission of every preset, the demo, and continuous integration.

    python -m benchmarks.wall [--ci]

Each is a process of its own, measured from outside. The demo starts with an empty cache of compiled
simulators, after set-up. --ci clones the repository and runs `.ci/run` there with neither a virtual
environment nor caches; it takes minutes.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._results import FOLDER, Row, table, tools, write

ROOT = Path(__file__).parents[1]
RUNS = 5
BUILD_LIMIT, DEMO_LIMIT, CI_LIMIT = 1.0, 180.0, 900.0


def seconds(command: list[str], cwd: Path, caches: Path) -> tuple[float, float]:
    """Wall-clock and CPU seconds of one process. Raises CalledProcessError if it fails."""
    env = {**os.environ, "HWGEN_CACHE": str(caches / "hwgen"), "CCACHE_DIR": str(caches / "ccache")}
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, env=env, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu


def build_rows(scratch: Path) -> list[Row]:
    """Median over a few runs of `hwgen build` for each preset."""
    rows = []
    for preset in ("tiny", "z7020", "z7045"):
        words = ["build", "--arch", "n3h", "--preset", preset, "-o", preset]
        times = [
            seconds([sys.executable, "-m", "hwgen", *words], scratch, scratch) for _ in range(RUNS)
        ]
        for what, column in (("wall", 0), ("CPU", 1)):
            value = round(statistics.median(t[column] for t in times), 2)
            rows.append(
                Row(f"hwgen build, preset {preset}, {what} (median of {RUNS})", value, "s", "< 1",
                    value < BUILD_LIMIT, "", "", "python -m benchmarks.wall")
            )  # fmt: skip
    return rows


def demo_row(scratch: Path) -> Row:
    """The demo with nothing compiled yet."""
    command = [sys.executable, str(ROOT / "examples" / "digits" / "demo.py"), "-o", "demo"]
    value = round(seconds(command, scratch, scratch)[0], 1)
    return Row("demo after set-up, cold cache", value, "s", "<= 180", value <= DEMO_LIMIT, "", "",
               "python -m benchmarks.wall")  # fmt: skip


def ci_row(scratch: Path) -> Row:
    """Continuous integration in a fresh clone."""
    clone = scratch / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    value = round(seconds(["bash", ".ci/run"], clone, scratch)[0])
    return Row(".ci/run in a clean clone, set-up included, no caches", value, "s", "<= 900",
               value <= CI_LIMIT, "", "", "python -m benchmarks.wall --ci")  # fmt: skip


def main() -> None:
    """Measure and write results/wall.json (with --ci also results/wall_ci.json)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--ci", action="store_true", help="measure .ci/run instead")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hwgen-wall-") as folder:
        scratch = Path(folder)
        rows = [ci_row(scratch)] if args.ci else [*build_rows(scratch), demo_row(scratch)]
    print(write("wall_ci" if args.ci else "wall", rows, tools("verilator", "cocotb"), FOLDER))
    print(table(rows))


if __name__ == "__main__":
    main()

"""Plant every mutant in the tiny design and run its bench: which mistakes would go unnoticed?

    python -m benchmarks.n3h_mutants --jobs 2

On Icarus. A mutant is killed by a failing test alone; one that does not compile is not.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks._results import Row, table, tools, write
from hwgen.archs.n3h.build import build
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.verify.mutants import Mutant, mutants_of, try_mutants
from hwgen.verify.tools import icarus_version

COMMAND = "python -m benchmarks.n3h_mutants"

Fate = dict[str, Any]


def fates(
    folder: Path, mutants: Sequence[Mutant], key: str, seed: int, jobs: int, log: Path | None
) -> Iterator[Fate]:
    """Fates as `verify --mutants --json` gives them; those in `log` under `key` are kept."""
    known: dict[int, Fate] = {}
    if log and log.exists():
        for line in log.read_text().splitlines():
            record = json.loads(line)
            if record.pop("key") == key:
                known[record["number"]] = record
    yield from known.values()
    left = [m for m in mutants if m.number not in known]
    for fate in try_mutants(folder, left, "icarus", seed, jobs):
        record = fate.as_dict()
        if log:
            with log.open("a") as out:
                out.write(json.dumps({"key": key, **record}) + "\n")
        yield record


def result_rows(found: Sequence[Fate], equivalent: int, modules: int) -> list[Row]:
    """Rows of the tried mutants; `equivalent` ones were left out, with their proof in the table."""
    killed = sum(f["killed"] for f in found)
    share = 100 * killed / len(found)
    files = len({f["file"] for f in found})
    return [
        Row("mutants tried", len(found), "mutants", ">= 50", len(found) >= 50, "", "", COMMAND),
        Row("mutants killed", round(share, 2), "%", ">= 97", share >= 97, "", "100", COMMAND),
        Row("mutants that survive", len(found) - killed, "mutants", None, None, "", "0", COMMAND),
        Row("mutants proved equivalent", equivalent, "mutants", None, None, "", "", COMMAND),
        Row("modules with a mutant", files, f"of {modules}", None, None, "", str(modules), COMMAND),
    ]


def main() -> None:
    """Run the campaign and write results/n3h_mutants.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="keep fates here, and resume from it")
    args = parser.parse_args()
    found: list[Fate] = []
    with tempfile.TemporaryDirectory(prefix="hwgen-mutants-") as work:
        folder = Path(work) / "design"
        bundle = build(N3hSpec.preset("tiny"))
        bundle.write(folder)
        mutants = mutants_of(folder)
        wanted = [m for m in mutants if not m.equivalent]
        key = f"{bundle.digest()} {args.seed}"
        for fate in fates(folder, wanted, key, args.seed, args.jobs, args.log):
            found.append(fate)
            if not fate["killed"]:
                print(f"NOT KILLED {fate['file']}: {fate['what']}", flush=True)
            elif len(found) % 20 == 0:
                print(f"{len(found)} of {len(wanted)} mutants", flush=True)
    rows = result_rows(found, len(mutants) - len(wanted), len(bundle.modules))
    print(table(rows))
    write("n3h_mutants", rows, tools("cocotb", iverilog=icarus_version()))


if __name__ == "__main__":
    main()

"""Plant every mutant in the tiny design and run its bench: which mistakes would go unnoticed?

    python -m benchmarks.n3h_mutants --jobs 2

On Icarus. A mutant is killed by a failing test alone; one that does not compile is not.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from benchmarks._results import Row, table, tools, write
from hwgen.archs.n3h.build import build
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.verify.mutants import Fate, mutants_of, try_mutants

COMMAND = "python -m benchmarks.n3h_mutants"


def icarus_version() -> str:
    """The version in the first line of what it says about itself."""
    said = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False).stdout
    return said.split("\n", 1)[0].removeprefix("Icarus Verilog version ").split(" ")[0]


def result_rows(fates: list[Fate], equivalent: int, modules: int) -> list[Row]:
    """Rows of the tried mutants; `equivalent` ones were left out, with their proof in the table."""
    killed = sum(f.killed for f in fates)
    share = 100 * killed / len(fates)
    files = len({f.mutant.file for f in fates})
    return [
        Row("mutants tried", len(fates), "mutants", ">= 50", len(fates) >= 50, "", "", COMMAND),
        Row("mutants killed", round(share, 2), "%", ">= 97", share >= 97, "", "100", COMMAND),
        Row("mutants that survive", len(fates) - killed, "mutants", None, None, "", "0", COMMAND),
        Row("mutants proved equivalent", equivalent, "mutants", None, None, "", "", COMMAND),
        Row("modules with a mutant", files, f"of {modules}", None, None, "", str(modules), COMMAND),
    ]


def main() -> None:
    """Run the campaign and write results/n3h_mutants.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    fates: list[Fate] = []
    with tempfile.TemporaryDirectory(prefix="hwgen-mutants-") as work:
        folder = Path(work) / "design"
        bundle = build(N3hSpec.preset("tiny"))
        bundle.write(folder)
        mutants = mutants_of(folder)
        wanted = [m for m in mutants if not m.equivalent]
        for fate in try_mutants(folder, wanted, "icarus", args.seed, args.jobs):
            fates.append(fate)
            if not fate.killed or len(fates) % 20 == 0:
                m = fate.mutant
                print(f"[{len(fates)}/{len(wanted)}] {fate.word} {m.file}: {m.what}", flush=True)
    rows = result_rows(fates, len(mutants) - len(wanted), len(bundle.modules))
    print(table(rows))
    write("n3h_mutants", rows, tools("cocotb", iverilog=icarus_version()))


if __name__ == "__main__":
    main()

"""Token counters, proven: no sequence of inputs takes one past its maximum or below 0.

    python -m benchmarks.n3h_proofs

Runs the proofs of tests/contract/test_tokens.py (Yosys, induction from reset), which also hold that
broken counters fail them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks._results import Row, table, tools, write

ROOT = Path(__file__).parents[1]
COMMAND = "python -m benchmarks.n3h_proofs"


def main() -> None:
    """Run the proofs and write results/n3h_proofs.json."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/contract/test_tokens.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    passed = re.search(r"(\d+) passed", done.stdout)
    count = int(passed[1]) if passed else 0
    good = done.returncode == 0 and count > 0
    rows = [
        Row("token counters stay within 0..MAX for any inputs: proofs that hold", count, "proofs",
            "all", good, "", "by induction from reset, for any program", COMMAND),
    ]  # fmt: skip
    write("n3h_proofs", rows, tools("pyosys"))
    print(table(rows))


if __name__ == "__main__":
    main()

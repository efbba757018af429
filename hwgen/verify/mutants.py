"""Do the benches notice mistakes? Plant one at a time in an emitted folder and run its bench."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hwgen.emit.bundle import SCRATCH, read_manifest
from hwgen.errors import HwgenError, Problem
from hwgen.verify.regression import Request, Run, Stop, regress

_LIST = """
import importlib, json, sys
from dataclasses import asdict
table = importlib.import_module(sys.argv[1] + ".mutants").MUTANTS
print(json.dumps([asdict(m) for m in table]))
"""


@dataclass(frozen=True)
class Mutant:
    """As in the folder's tb/_lib/mutant.py; `number` is its place in the table."""

    number: int
    bench: str
    file: str
    old: str
    new: str
    what: str
    equivalent: str


@dataclass(frozen=True)
class Fate:
    """What became of a mutant. Only a failed test kills it; one that does not even compile
    (no test ran) says nothing about the bench and is `broken`."""

    mutant: Mutant
    runs: tuple[Run, ...]

    @property
    def killed(self) -> bool:
        return any(r.failed > 0 for r in self.runs)

    @property
    def broken(self) -> bool:
        return not self.killed and any(r.tests == 0 for r in self.runs)

    @property
    def word(self) -> str:
        """The fate in a word, for a person."""
        return "killed" if self.killed else "BROKEN" if self.broken else "SURVIVED"

    @property
    def seconds(self) -> float:
        return sum(r.seconds for r in self.runs)

    def as_dict(self) -> dict[str, object]:
        m = self.mutant
        return {
            "number": m.number,
            "block": m.bench,
            "file": m.file,
            "what": m.what,
            "killed": self.killed,
            "broken": self.broken,
            "seconds": round(self.seconds, 2),
        }


def mutants_of(folder: Path) -> list[Mutant]:
    """The mutants an emitted folder carries, in the table's order."""
    arch = read_manifest(folder)["arch"]
    listing = subprocess.run(
        [sys.executable, "-c", _LIST, arch],
        env={"PYTHONPATH": str(folder.resolve() / "tb"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        reason = listing.stderr.strip().splitlines()[-1:]
        raise HwgenError(Problem(f"the mutants of {folder} cannot be read: {reason}"))
    return [Mutant(i, **m) for i, m in enumerate(json.loads(listing.stdout))]


def plant(folder: Path, mutant: Mutant, target: Path) -> None:
    """Copy `folder` to `target` with the mutant in it. Raises HwgenError if it does not apply."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(SCRATCH, "__pycache__"))
    path = target / "rtl" / mutant.file
    text = path.read_text() if path.exists() else ""
    if text.count(mutant.old) != 1:
        raise HwgenError(
            Problem(
                f"mutant {mutant.number} ({mutant.what}) does not apply to {mutant.file}",
                f"its text must stand there exactly once, not {text.count(mutant.old)} times",
                "bring tb/*/mutants.py up to date with the RTL",
            )
        )
    path.write_text(text.replace(mutant.old, mutant.new))


def try_mutants(
    folder: Path, mutants: list[Mutant], sim: str, seed: int, jobs: int = 1
) -> Iterator[Fate]:
    """Each mutant's fate, in order. Equivalent mutants must be left out by the caller.

    A mutant is dead with its first failing run; the bench's other runs are spared.
    """
    stop = Stop()

    def fate(mutant: Mutant) -> Fate:
        runs = []
        with tempfile.TemporaryDirectory(prefix="hwgen-mutant-") as scratch:
            copy = Path(scratch) / "design"
            plant(folder, mutant, copy)
            request = Request(copy, (sim,), (mutant.bench,), seed)
            with contextlib.closing(regress(request, stop)) as events:
                for event in events:
                    if isinstance(event, Run):
                        runs.append(event)
                        if event.failed:
                            break
        return Fate(mutant, tuple(runs))

    pool = ThreadPoolExecutor(jobs)
    try:
        yield from pool.map(fate, mutants)
    finally:  # at an interrupt there are simulations under way
        pool.shutdown(wait=False, cancel_futures=True)
        stop.now()
        pool.shutdown()

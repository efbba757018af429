"""Whether rows hold what models are measured on: held-out specs, VerilogEval, RTLLM.

Two signs. The code of both is the same but for names and layout; or at least half of what the
description of one says in runs of 13 words stands in the other's. Runs that several descriptions
share (the interface's boilerplate, a family's phrasing) say nothing, nor does very short code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hwgen.benchsuites import rtllm, verilog_eval
from hwgen.errors import Problem, UsageError
from hwgen.training.data.rows import LOCAL, Row
from hwgen.training.data.syntax import anonymous, runs_of_words, syntax_hash

SHARED = 2  # descriptions that may have a run of words for it to say something
MOST = 0.5  # of the runs of a description that say something
TOKENS = 30  # of code, below which everybody writes the same


@dataclass(frozen=True)
class Secret:
    """A text that no row may hold: where it is from, its description and its code."""

    name: str
    description: str
    code: str


@dataclass(frozen=True)
class Leak:
    """A row that holds a secret, and how that was seen."""

    row: str
    secret: str
    sign: str

    def __str__(self) -> str:
        return f"row {self.row} holds {self.secret} ({self.sign})"


class Guard:
    """Secrets, indexed."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self.secrets = tuple(secrets)
        self._by_code = {
            syntax_hash(s.code): s.name for s in self.secrets if len(anonymous(s.code)) >= TOKENS
        }
        runs = [frozenset(runs_of_words(s.description)) for s in self.secrets]
        common = Counter(run for own in runs for run in own)
        self._telling = [frozenset(r for r in own if common[r] <= SHARED) for own in runs]
        self._by_run: dict[str, list[int]] = {}
        for number, own in enumerate(self._telling):
            for run in own:
                self._by_run.setdefault(run, []).append(number)

    def same_code(self, code: str) -> str:
        """Name of the secret whose code this is, "" if there is none."""
        return self._by_code.get(syntax_hash(code), "")

    def same_words(self, text: str) -> str:
        """Name of the secret whose description this text holds, "" if there is none."""
        found = Counter(
            number for run in set(runs_of_words(text)) for number in self._by_run.get(run, ())
        )
        for number, count in sorted(found.items()):
            if count >= MOST * len(self._telling[number]):
                return self.secrets[number].name
        return ""

    def leak(self, row: Row) -> Leak | None:
        """How a row holds a secret, None if it does not."""
        if name := self.same_code(row.completion):
            return Leak(row.id, name, "the same code but for names and layout")
        if name := self.same_words(row.prompt):
            return Leak(row.id, name, "the same words")
        return None


def suite_secrets(folder: Path) -> list[Secret]:
    """The problems of a VerilogEval or RTLLM folder. Raises UsageError if it is neither."""
    if not folder.is_dir():
        raise UsageError(Problem(f"there is no folder {folder} to check against"))
    if any(folder.glob("*_prompt.txt")):
        problems, suite = verilog_eval.read(folder), "VerilogEval"
    elif any(folder.rglob(rtllm.DESCRIPTION)):
        problems, suite = rtllm.read(folder), "RTLLM"
    else:
        raise UsageError(
            Problem(
                f"{folder} holds neither VerilogEval nor RTLLM",
                f"VerilogEval has <id>_prompt.txt, RTLLM folders with {rtllm.DESCRIPTION}",
                "give dataset_spec-to-rtl, or the top folder of an RTLLM checkout",
            )
        )
    return [Secret(f"{suite} {p.id}", p.prompt, p.reference) for p in problems]


def leaks(rows: Iterable[Row], held_out: Guard, suites: Guard) -> list[Leak]:
    """Leaks of all rows. The families' own rows share their phrasings with held-out specs, so that
    of them only the code is compared with those.
    """
    found = []
    for row in rows:
        leak = suites.leak(row)
        if leak is None and row.family == LOCAL:
            leak = held_out.leak(row)
        elif leak is None and (name := held_out.same_code(row.completion)):
            leak = Leak(row.id, name, "the same code but for names and layout")
        if leak:
            found.append(leak)
    return found

"""The figures of an evaluation: pass@k with intervals, by split and family, causes; as text too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.benchsuites.passk import KS, table
from hwgen.training.evaluate.row import CAUSES, Row
from hwgen.verify.tools import tool_versions

SCHEMA = 1
SEEN = ("train", "P-rl", "C-rl")
"""Splits whose prompts, or more, a training run may have used: no figure of a held-out test."""


@dataclass(frozen=True)
class Report:
    """An evaluation on tasks. `settings` say what was asked of whom, `name` is what people call
    it; `rows` are in the order of the splits, then of the ids. Same rows, same figures and bytes.
    """

    settings: Mapping[str, Any]
    rows: tuple[Row, ...]
    name: str = ""

    @property
    def splits(self) -> dict[str, list[Row]]:
        """Rows by split, in their order."""
        return grouped(self.rows, lambda row: row.split)

    @property
    def lost(self) -> int:
        """Samples that hwgen failed to judge; they count as failed."""
        return sum(row.lost for row in self.rows)

    def rate(self, split: str = "") -> float:
        """Share of samples that passed, of a split or of all; 0 without samples."""
        rows = [row for row in self.rows if split in ("", row.split)]
        return _share(sum(row.passed for row in rows), sum(row.samples for row in rows))

    def as_dict(self) -> dict[str, Any]:
        """JSON values: `all` and `splits` hold `figures_of`; `families` counts by family and split;
        `causes` by cause and split, with their `meanings`; `rows` the counts of every task.
        """
        splits = self.splits
        causes = causes_of(splits)
        return {
            "schema": SCHEMA,
            "kind": "evaluation",
            "suite": "tasks",
            "name": self.name,
            "settings": dict(self.settings),
            "total": len(self.rows),
            "passed": sum(row.passed > 0 for row in self.rows),
            "sentences": self.sentences(),
            "all": figures_of(self.rows),
            "splits": {split: figures_of(rows) for split, rows in splits.items()},
            "families": _families(self.rows),
            "causes": causes,
            "meanings": {cause: CAUSES[cause] for cause in causes},
            "lost": self.lost,
            "rows": [row.as_dict() for row in self.rows],
            "tools": tool_versions(),
        }

    def sentences(self) -> list[str]:
        """What a reader must not overlook, in sentences."""
        said = []
        for split, rows in self.splits.items():
            if split in SEEN:
                said.append(f"{split} is no test set: training may have used its specs")
            if not any(row.passed for row in rows):
                compiled = sum(row.compiled for row in rows)
                said.append(nothing_passed(len(rows), f"split {split}", compiled))
            unasked = sum("context" in row.causes for row in rows)
            if unasked:
                said.append(f"{split}: {unasked} prompts do not fit the policy's context: failed")
        samples = int(self.settings.get("samples", 1))
        missing = [str(k) for k in KS if k > samples]
        if missing:
            said.append(f"pass@{' and pass@'.join(missing)} cannot be estimated from {samples} "
                        f"sample{'s' if samples > 1 else ''} of a task")  # fmt: skip
        if self.lost:
            said.append(f"{self.lost} samples could not be judged, by our failure: failed")
        return said

    def text(self) -> str:
        """The report for a person."""
        data = self.as_dict()
        lines = [f"{self.name or 'tasks'}: {data['passed']} of {data['total']} tasks passed"]
        for split, figures in data["splits"].items():
            lines.append(f"  {split}: {figures['specs']} tasks, {figures['samples']} samples")
            for k, value in figures["pass_at_k"].items():
                syntax = figures["syntax_at_k"][k]["value"]
                lines.append(
                    f"    pass@{k}: {value['value']:.4f} (95 %: {value['low']:.4f} to "
                    f"{value['high']:.4f}), syntax@{k}: {syntax:.4f}"
                )
        totals = {c: sum(by.values()) for c, by in data["causes"].items()}
        for cause, count in sorted(totals.items(), key=lambda item: -item[1])[:6]:
            lines.append(f"  {count} failed: {CAUSES[cause]}")
        return "\n".join([*lines, *(f"  note: {said}" for said in data["sentences"])])


def nothing_passed(total: int, where: str, compiled: int) -> str:
    """The honest sentence of a policy that passes nothing of a suite or split."""
    how = f"{compiled} of its samples compile" if compiled else "no sample compiles"
    return f"0 of {total}: {where} is out of its domain ({how})"


def figures_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Figures of some rows: counts, pass@k of function, syntax and worthy passes apart.

    `pass_at_k`, `syntax_at_k`, `worthy_at_k`: {"1": {"value", "low", "high"}, ...} with 95 %
    bootstrap intervals over tasks. `function_of_syntax`: share of the samples that compile which
    pass; None where none compiles. `ended`: share of samples that ended by themselves.
    """
    samples, compiles = sum(r.samples for r in rows), sum(r.compiled for r in rows)
    passed = sum(r.passed for r in rows)
    return {
        "specs": len(rows),
        "samples": samples,
        "passed": sum(r.passed > 0 for r in rows),
        "pass_at_k": table([(r.samples, r.passed) for r in rows]),
        "syntax_at_k": table([(r.samples, r.compiled) for r in rows]),
        "worthy_at_k": table([(r.samples, r.worthy) for r in rows]),
        "function_of_syntax": passed / compiles if compiles else None,
        "ended": _share(sum(r.ended for r in rows), samples),
        "tokens": sum(r.tokens for r in rows),
    }


def grouped(rows: Iterable[Row], key: Any) -> dict[str, list[Row]]:
    """Rows by key, both in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _families(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """{family: counts, share of samples passed, and that share by split}."""
    found = {}
    for family, own in sorted(grouped(rows, lambda row: row.family).items()):
        samples = sum(r.samples for r in own)
        found[family] = {
            "specs": len(own),
            "samples": samples,
            "compiled": sum(r.compiled for r in own),
            "passed": sum(r.passed for r in own),
            "rate": _share(sum(r.passed for r in own), samples),
            "splits": {
                split: _share(sum(r.passed for r in part), sum(r.samples for r in part))
                for split, part in grouped(own, lambda row: row.split).items()
            },
        }
    return found


def causes_of(splits: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, int]]:
    """{cause: {split: samples}}, the most frequent cause first."""
    found: dict[str, Counter[str]] = {}
    for split, rows in splits.items():
        for row in rows:
            for cause, count in row.causes.items():
                found.setdefault(cause, Counter())[split] += count
    order = sorted(found, key=lambda cause: (-found[cause].total(), cause))
    return {cause: dict(found[cause]) for cause in order}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

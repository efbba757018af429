"""Is one evaluation better than another? The same tasks, their differences, a paired bootstrap."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np

from hwgen.benchsuites.passk import interval, pass_at_k
from hwgen.errors import Problem, UsageError

Counted = Literal["passed", "compiled", "worthy"]
Result = Path | Mapping[str, Any]
"""An evaluation: its folder, its result file, or what that file holds."""


Key = tuple[str, str]
"""A task's split and id."""


def compare(
    before: Result, after: Result, *, k: int = 1, counted: Counted = "passed", seed: int = 0
) -> dict[str, Any]:
    """How much pass@k changed from `before` to `after`, by split and over all.

    {"k", "counted", "all": F, "splits": {split: F}} with F = {"specs", "before", "after",
    "difference", "low", "high"}: shares in [0, 1], `low` and `high` the 95 % percentile interval of
    the mean difference when tasks are drawn again with replacement, each with both its results
    (paired bootstrap; Efron and Tibshirani, 1993). Raises UsageError: no results, other tasks in
    the one than in the other, fewer than k samples.
    """
    return _compared([_pairs(before, after, k, counted)], k, counted, seed)


def compare_seeds(
    runs: Sequence[tuple[Result, Result]],
    *,
    k: int = 1,
    counted: Counted = "passed",
    seed: int = 0,
) -> dict[str, Any]:
    """As `compare`, over several (before, after), one for each seed of training: every task counts
    with its means over the runs. `runs` holds the single comparisons besides. The interval is over
    tasks alone; how much seeds differ is what `runs` shows. Raises UsageError as `compare`.
    """
    each = [_pairs(before, after, k, counted) for before, after in runs]
    if not each or any(pairs.keys() != each[0].keys() for pairs in each):
        what = "the runs hold different tasks" if each else "there is no run to compare"
        raise UsageError(Problem(what, "seeds are compared on the same tasks"))
    found = _compared(each, k, counted, seed)
    return {**found, "runs": [_compared([pairs], k, counted, seed) for pairs in each]}


def _compared(
    runs: Sequence[Mapping[Key, tuple[float, float]]], k: int, counted: Counted, seed: int
) -> dict[str, Any]:
    means = {
        key: (fmean(run[key][0] for run in runs), fmean(run[key][1] for run in runs))
        for key in runs[0]
    }
    splits: dict[str, list[tuple[float, float]]] = {}
    for (split, _), pair in means.items():
        splits.setdefault(split, []).append(pair)
    return {
        "k": k,
        "counted": counted,
        "all": paired(list(means.values()), seed),
        "splits": {split: paired(own, seed) for split, own in splits.items()},
    }


def _pairs(
    before: Result, after: Result, k: int, counted: Counted
) -> dict[Key, tuple[float, float]]:
    """pass@k of every task in both results. Raises UsageError."""
    was, now = counts_of(before, counted), counts_of(after, counted)
    alone = sorted(was.keys() ^ now.keys())
    if alone or not was:
        raise UsageError(
            Problem(
                f"{len(alone)} tasks are in one of the results alone, such as {alone[0][1]}"
                if alone
                else "the results hold no task",
                "a paired comparison needs the same tasks in both",
                "evaluate both with the same splits, count and seed",
            )
        )
    fewest = min(n for counts in (was, now) for n, _ in counts.values())
    if fewest < k or k < 1:
        what = f"pass@{k} cannot be compared: a task has {fewest} samples"
        raise UsageError(Problem(what, "k is at least 1 and at most the number of samples"))
    return {key: (pass_at_k(*was[key], k), pass_at_k(*now[key], k)) for key in was}


def paired(pairs: list[tuple[float, float]], seed: int = 0) -> dict[str, Any]:
    """Means of (before, after), their difference and its 95 % interval; `pairs` is not empty."""
    values = np.asarray(pairs, dtype=np.float64)
    differences = values[:, 1] - values[:, 0]
    low, high = interval(differences.tolist(), seed)
    was, now = values.mean(axis=0)
    return {
        "specs": len(pairs),
        "before": float(was),
        "after": float(now),
        "difference": float(differences.mean()),
        "low": low,
        "high": high,
    }


def counts_of(result: Result, counted: Counted = "passed") -> dict[Key, tuple[int, int]]:
    """{(split, task): (samples, those counted)} of an evaluation; a suite is one split."""
    data = _read(result) if isinstance(result, Path) else result
    try:
        rows = data["rows"] if "rows" in data else data["problems"]
        suite = str(data.get("suite", ""))
        return {
            (str(row.get("split", suite)), str(row["id"])): (int(row["samples"]), int(row[counted]))
            for row in rows
        }
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{result if isinstance(result, Path) else 'this'} is no evaluation"
        fix = "give a result.json that hwgen eval wrote, or its folder"
        raise UsageError(Problem(what, f"it lacks {error}", fix)) from error


def _read(path: Path) -> dict[str, Any]:
    from hwgen.training.evaluate.tasks import RESULT

    file = path / RESULT if path.is_dir() else path
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            Problem(f"{file} is no evaluation", f"it cannot be read: {error}")
        ) from error
    return found

"""How well scores tell good answers from bad ones: ranking (AUC) and calibration. Pure numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

BINS = 10


def auc(scores: Sequence[float], good: Sequence[bool]) -> float | None:
    """The chance that a good answer scores above a bad one, ties counted half (area under the ROC
    curve, from ranks). None without answers of both kinds.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(good, dtype=bool)
    positive, negative = int(labels.sum()), int((~labels).sum())
    if not positive or not negative:
        return None
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(count) - (count - 1) / 2  # the mean rank of equal values, from 1
    total = ranks[place][labels].sum() - positive * (positive + 1) / 2
    return float(total / (positive * negative))


def calibration(scores: Sequence[float], good: Sequence[bool], bins: int = BINS) -> dict[str, Any]:
    """{"brier", "ece", "bins": [{"low", "high", "count", "score", "good"}]}: scores in [0, 1] as
    chances of being good.

    `brier` is the mean squared distance, `ece` the mean distance between a bin's mean score and its
    share of good answers, weighted by size. Empty bins are left out; None without answers.
    """
    if not len(scores):
        return {"brier": None, "ece": None, "bins": []}
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(good, dtype=np.float64)
    at = np.minimum((values * bins).astype(int), bins - 1)
    found, ece = [], 0.0
    for number in range(bins):
        inside = at == number
        count = int(inside.sum())
        if count:
            score, share = float(values[inside].mean()), float(labels[inside].mean())
            ece += count / len(values) * abs(score - share)
            edges = {"low": number / bins, "high": (number + 1) / bins}
            found.append({**edges, "count": count, "score": score, "good": share})
    return {"brier": float(np.mean((values - labels) ** 2)), "ece": ece, "bins": found}


def measured(scores: Sequence[float], good: Sequence[bool]) -> dict[str, Any]:
    """AUC and calibration of scores of judged answers, with their number."""
    return {"answers": len(scores), "auc": auc(scores, good), **calibration(scores, good)}


def measured_pairs(chosen: Sequence[float], rejected: Sequence[float]) -> dict[str, Any]:
    """As `measured`, of both sides of preference pairs; `order` is the share of pairs whose chosen
    side scores above the rejected one (None without pairs).
    """
    order = [float(one > other) for one, other in zip(chosen, rejected, strict=True)]
    sides = measured([*chosen, *rejected], [True] * len(chosen) + [False] * len(rejected))
    return {"pairs": len(order), "order": sum(order) / len(order) if order else None, **sides}

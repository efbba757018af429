"""pass@k: the chance that at least one of k samples passes, estimated from n of them.

The estimator is that of Chen et al., "Evaluating Large Language Models Trained on Code" (2021):
1 - C(n-c, k) / C(n, k) for c passes of n samples, averaged over the problems.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

KS = (1, 5, 10)  # the k that are reported, as far as there are samples
DRAWS = 2000
CONFIDENCE = 0.95


def pass_at_k(n: int, c: int, k: int) -> float:
    """The unbiased estimate from c passes of n samples; 0 without samples.

    Raises ValueError unless 0 <= c <= n and 1 <= k, and k <= n where there are samples.
    """
    if not 0 <= c <= n or k < 1 or 0 < n < k:
        raise ValueError(f"pass@{k} of {c} passes in {n} samples")
    if n == 0:
        return 0.0
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean over problems (percentiles of resampled means).

    values: one estimate per problem, not empty. Problems are what is resampled: the interval says
    how far the figure would move with other problems of the same kind.
    """
    data = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = data[rng.integers(0, data.size, (DRAWS, data.size))].mean(axis=1)
    tail = 50.0 * (1.0 - CONFIDENCE)
    low, high = np.percentile(means, [tail, 100.0 - tail])
    return float(low), float(high)


def table(counts: Sequence[tuple[int, int]], ks: Sequence[int] = KS) -> dict[str, dict[str, float]]:
    """{"1": {"value", "low", "high"}, ...} from (samples, passes) of every problem.

    A problem without samples counts 0. A k is left out where an attempted problem has fewer
    samples; k = 1 is always there.
    """
    fewest = min((n for n, _ in counts if n), default=1)
    result = {}
    for k in ks:
        if k > fewest or not counts:
            continue
        values = [pass_at_k(n, c, k) for n, c in counts]
        low, high = interval(values)
        result[str(k)] = {"value": float(np.mean(values)), "low": low, "high": high}
    return result

"""Sample-balanced weights and batch-normalised advantages: pure functions of one batch.

Sources: Teng et al., "VeriRL" (ICCAD 2025) and Zhang et al., "CPPO" (ICLR 2024) for the weights;
Hu et al., "REINFORCE++" (2025) for the advantage. Every function takes the whole batch: in a run
of several processes the gathered one, so that its means do not depend on their number.
"""

from __future__ import annotations

import torch
from torch import Tensor

CLIP = (0.25, 4.0)
"""Least and greatest weight of a sample."""

REGIONS = ("normal", "overfitted", "performing", "varying", "noisy")
"""The five regions of the (reward, probability) plane, as CPPO divides it."""

MARGIN = 0.2  # how far from the mean, relative to it, both may lie in a normal sample


def weights(
    chance: Tensor, reward: Tensor, clip: tuple[float, float] = CLIP
) -> tuple[Tensor, Tensor]:
    """(alpha, beta), each (N,): how much a sample's advantage and its distance from the old policy
    count.

    `chance` (N,) in (0, 1] is the policy's probability of the sample, `reward` (N,) lies in [0, 1],
    NaN where there is none. With p and r their ratios to the batch's means, alpha = max(p, r) and
    beta = min(p, r), both clipped. 1 and 1 for samples without a reward, and for all of them
    when the mean reward is 0: nothing can be compared then.
    """
    p, r, valid = _ratios(chance, reward)
    one = torch.ones_like(p)
    alpha = torch.where(valid, torch.maximum(p, r).clamp(*clip), one)
    beta = torch.where(valid, torch.minimum(p, r).clamp(*clip), one)
    return alpha, beta


def regions(chance: Tensor, reward: Tensor) -> dict[str, float]:
    """Share of the samples in each region; 0 everywhere if nothing can be compared.

    Likely but poor samples are overfitted (large alpha, small beta: unlearnt fast), likely and
    good ones performing (both large: kept), unlikely but good ones varying (large alpha, small
    beta: learnt fast), unlikely and poor ones noisy (both small: hardly looked at); normal lie
    within 20 % of both means.
    """
    p, r, valid = _ratios(chance, reward)
    normal = ((p - 1).abs() <= MARGIN) & ((r - 1).abs() <= MARGIN)
    likely, good = p >= 1, r >= 1
    places = (normal, likely & ~good, likely & good, ~likely & good, ~likely & ~good)
    shares, left, count = {}, valid.clone(), max(int(valid.sum()), 1)
    for name, place in zip(REGIONS, places, strict=True):
        shares[name] = int((left & place).sum()) / count
        left &= ~place
    return shares


def _ratios(chance: Tensor, reward: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Ratios of both to their means, and for which samples they mean anything."""
    valid = ~reward.isnan()
    if not valid.any():
        return torch.ones_like(chance), torch.ones_like(chance), valid
    mean_p, mean_r = chance[valid].mean(), reward[valid].mean()
    if mean_r <= 0 or mean_p <= 0:
        return torch.ones_like(chance), torch.ones_like(chance), torch.zeros_like(valid)
    return chance / mean_p, reward.nan_to_num(0.0) / mean_r, valid


def advantages(reward: Tensor) -> Tensor:
    """(N,) rewards less their mean, over their standard deviation, both of the whole batch;
    0 where there is no reward (NaN), and everywhere if all rewards are equal.
    """
    valid = ~reward.isnan()
    if not valid.any():
        return torch.zeros_like(reward)
    known = reward[valid]
    spread = known.var(correction=0).clamp(min=1e-8).sqrt()
    return ((reward - known.mean()) / spread).nan_to_num(0.0)


def chances(logps: Tensor, mask: Tensor) -> Tensor:
    """(N,) probability of a sample: the geometric mean over its tokens, exp(mean log p), so that
    long samples are not improbable for their length. `logps` and `mask` are (N, T).
    """
    return ((logps * mask).sum(-1) / mask.sum(-1).clamp(min=1)).exp()


def kl3(logps: Tensor, old: Tensor) -> Tensor:
    """Distance of the policy from the old one, per token, >= 0: the k3 estimator of
    KL(new || old), exp(d) - d - 1 with d = old - new (Schulman, "Approximating KL divergence").
    """
    gap = old - logps
    return gap.exp() - gap - 1

"""Sample-balanced weights, advantages and distances against numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch

from hwgen.training.rl import sbw

NAN = float("nan")


def t(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_weights_in_each_region():
    # means: P = 0.5, R = 0.4; ratios p = 1, 1.6, 1.2, 0.4, 0.8 and r = 1, 0.5, 2, 1.25, 0.25
    chance, reward = t(0.5, 0.8, 0.6, 0.2, 0.4), t(0.4, 0.2, 0.8, 0.5, 0.1)
    alpha, beta = sbw.weights(chance, reward)
    assert alpha.tolist() == pytest.approx([1.0, 1.6, 2.0, 1.25, 0.8])
    assert beta.tolist() == pytest.approx([1.0, 0.5, 1.2, 0.4, 0.25])
    shares = sbw.regions(chance, reward)
    assert shares == dict.fromkeys(sbw.REGIONS, pytest.approx(0.2))


def test_weights_are_clipped_to_a_quarter_and_four():
    # both means are 0.2: p = 4.75, 0.05, 0.05, 0.05, 0.1 and r = 0, 0, 0, 0, 5
    chance, reward = t(0.95, 0.01, 0.01, 0.01, 0.02), t(0.0, 0.0, 0.0, 0.0, 1.0)
    alpha, beta = sbw.weights(chance, reward)
    assert alpha.tolist() == pytest.approx([4.0, 0.25, 0.25, 0.25, 4.0])
    assert beta.tolist() == pytest.approx([0.25, 0.25, 0.25, 0.25, 0.25])
    narrow = sbw.weights(chance, reward, (0.5, 2.0))
    assert narrow[0].max() == 2.0
    assert narrow[1].min() == 0.5


def test_no_reward_weighs_one_and_is_in_no_mean():
    # the third row is ours; means over the others: P = 0.4, R = 0.5
    alpha, beta = sbw.weights(t(0.2, 0.6, 0.9), t(0.25, 0.75, NAN))
    assert alpha.tolist() == pytest.approx([0.5, 1.5, 1.0])
    assert beta.tolist() == pytest.approx([0.5, 1.5, 1.0])
    assert sum(sbw.regions(t(0.2, 0.6, 0.9), t(0.25, 0.75, NAN)).values()) == pytest.approx(1.0)


@pytest.mark.parametrize("reward", [t(0.0, 0.0), t(NAN, NAN), t(0.0, NAN)])
def test_nothing_to_compare_weighs_one(reward: torch.Tensor):
    alpha, beta = sbw.weights(t(0.1, 0.9), reward)
    assert alpha.tolist() == [1.0, 1.0]
    assert beta.tolist() == [1.0, 1.0]
    assert sum(sbw.regions(t(0.1, 0.9), reward).values()) == 0.0


def test_advantages_are_normalised_over_the_batch_not_the_group():
    # mean 0.5, variance ((0.5)^2 * 2 + 0 + 0) / 4 = 0.125
    said = sbw.advantages(t(1.0, 0.5, 0.5, 0.0))
    assert said.tolist() == pytest.approx([0.5 / 0.125**0.5, 0.0, 0.0, -0.5 / 0.125**0.5])
    # a group of equal rewards above the mean is still an advantage
    assert sbw.advantages(t(1.0, 1.0, 0.0, 0.0)).tolist() == pytest.approx([1, 1, -1, -1])


def test_advantages_without_reward_or_spread_are_zero():
    assert sbw.advantages(t(0.3, 0.3, 0.3)).abs().max() < 1e-9
    assert sbw.advantages(t(1.0, NAN, 0.0)).tolist() == pytest.approx([1.0, 0.0, -1.0])
    assert sbw.advantages(t(NAN, NAN)).tolist() == [0.0, 0.0]


def test_chance_is_the_geometric_mean_of_its_tokens():
    logps = t(0.5, 0.125, 0.9).log()[None].repeat(2, 1)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    said = sbw.chances(logps, mask)
    assert said[0] == pytest.approx(0.25)  # sqrt(1/16)
    assert said[1] == pytest.approx((0.5 * 0.125 * 0.9) ** (1 / 3))
    assert sbw.chances(logps, torch.zeros_like(mask)).tolist() == [1.0, 1.0]


def test_kl3_is_zero_at_the_old_policy_and_grows_both_ways():
    old = t(0.5, 0.5, 0.5).log()
    new = t(0.5, 0.25, 1.0).log().requires_grad_()
    said = sbw.kl3(new, old)
    # ratio old/new = 1, 2, 0.5: r - 1 - ln r
    assert said.tolist() == pytest.approx([0.0, 1 - 0.693147, -0.5 + 0.693147], abs=1e-6)
    said.sum().backward()
    assert new.grad is not None
    assert new.grad.tolist() == pytest.approx([0.0, -1.0, 0.5])  # 1 - old/new: back to the old one

"""Real scales and biases as integers: exact where they can be, within bounds elsewhere."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.net.fixed import Fixed, FixedPointError, fix, multiplier, refine, sign
from hwgen.net.values import FakeQuant

U8 = FakeQuant(1.0, 0, 0, 255)


def one(alpha: float, beta: float, res: float | None = None, reach: float = 1e4) -> Fixed:
    """The integers of one channel with output scale 1."""
    return fix(np.array([alpha]), np.array([beta]), np.array([reach]), U8, res)


def test_plain_channel() -> None:
    numbers = one(0.25, 3.0)
    assert (numbers.bias[0], numbers.mul[0], numbers.shift[0]) == (12, 32768, 17)
    assert numbers.error == 0
    assert numbers.zout == 0


def test_rounded_bias_is_reported() -> None:
    numbers = one(0.25, 3.1)  # 12.4 steps: 0.4 steps of 0.25
    assert numbers.bias[0] == 12
    assert numbers.error == pytest.approx(0.1)


def test_channel_without_weights_keeps_its_constant() -> None:
    numbers = one(0.0, 7.3)
    value = Fraction(int(numbers.bias[0] * numbers.mul[0]), 1 << int(numbers.shift[0]))
    assert float(value) == pytest.approx(7.3, abs=2**-16)
    far = one(0.0, -1e9)  # beyond every code: limited, not overflowing
    assert far.bias[0] == -(1 << 30)
    assert (one(0.0, 0.0).bias[0], one(0.0, 0.0).mul[0]) == (0, 0)


def test_negligible_sum_under_a_huge_bias() -> None:
    assert one(1e-10, 5.0, reach=1e4).mul[0] == 32768  # 5e10 steps: a constant
    with pytest.raises(FixedPointError, match="the bias of channel 0 is 5e"):
        one(1e-10, 5.0, reach=1e9)


def test_residual_shares_the_shift() -> None:
    numbers = fix(np.array([0.25, 0.001]), np.zeros(2), np.full(2, 1e4), U8, 0.125)
    assert numbers.shift[0] == 17
    assert numbers.residual_mul == 16384  # 32768 would need shift 18, above the first channel's
    scale = numbers.residual_mul * np.exp2(numbers.rs - numbers.shift.astype(float))
    assert scale.tolist() == [0.125, 0.125]


def test_residual_of_a_coarse_accumulator() -> None:
    numbers = fix(np.array([30.0]), np.zeros(1), np.full(1, 10.0), U8, 0.3)
    assert numbers.shift[0] == 11
    assert numbers.residual_mul == round(0.3 * 2**11)
    with pytest.raises(FixedPointError, match=r"up to 2\^8 output steps"):
        fix(np.array([200.0]), np.zeros(1), np.full(1, 10.0), U8, 0.3)


def test_residual_shift_stays_below_32() -> None:
    numbers = fix(np.array([1e-9, 0.0]), np.array([0, 2.0]), np.full(2, 10.0), U8, 100.0)
    assert numbers.rs.min() >= 0
    assert numbers.rs.max() <= 31
    assert numbers.mul[0] < 32768  # bits given up for the shift


@pytest.mark.parametrize("scale", [40000.0, 1e12])
def test_scale_out_of_range(scale: float) -> None:
    with pytest.raises(FixedPointError, match="exceeds 32767"):
        multiplier(scale)


def test_tiny_scale_loses_bits() -> None:
    assert multiplier(2.0**-33) == (1 << 14, 47)
    assert multiplier(1e-30) == (0, 47)


@pytest.mark.parametrize(("zero", "zout", "bias"), [(4, 4, 0), (5, 4, 4)])
def test_odd_zero_point_joins_the_sum(zero: int, zout: int, bias: int) -> None:
    quant = FakeQuant(1.0, zero, 0, 255, zero_first=True)
    numbers = fix(np.array([0.25]), np.zeros(1), np.full(1, 10.0), quant, None)
    assert (numbers.zout, numbers.bias[0]) == (zout, bias)


def test_odd_zero_point_stays_without_whole_steps() -> None:
    quant = FakeQuant(1.0, 5, 0, 255, zero_first=True)
    numbers = fix(np.array([0.3]), np.zeros(1), np.full(1, 10.0), quant, None)
    assert (numbers.zout, numbers.bias[0]) == (5, 0)


def test_sign() -> None:
    numbers = sign(np.array([0.5, 0.5, 0.0, 0.0]), np.array([1.0, -1.3, 0.0, -2.0]))
    assert numbers.bias.tolist() == [2, -3, 0, -1]  # acc >= -2, acc >= 2.6, always, never
    assert (numbers.zout, set(numbers.shift.tolist())) == (1, {14})


def test_refine_uses_spare_bits_first() -> None:
    weight = np.array([[[[3]]], [[[-7]]]])
    fine, alpha = refine(weight, np.array([1.0, 1.0]), np.array([0.5, 0.0]), 1.0, 1 / 32)
    assert fine.ravel().tolist() == [6, -7]  # half a step becomes one, in the bits of -7
    assert alpha.tolist() == [0.5, 1.0]


def test_refine_spends_bits_where_the_bias_is_coarse() -> None:
    weight = np.array([[[[7]]], [[[-8]]]])
    args = (np.array([1.0, 1.0]), np.array([0.5, 0.25]))
    fine, _ = refine(weight, *args, 1.0, 1 / 32)
    assert fine.ravel().tolist() == [14, -32]
    same, _ = refine(weight, *args, 100.0, 1 / 32)  # a hundredth of an output step: left alone
    assert same.ravel().tolist() == [7, -8]


@given(
    st.floats(1e-4, 2.0),
    st.floats(-200, 200),
    st.integers(-3000, 3000),
    st.integers(-128, 127),
    st.sampled_from([None, 0.01, 0.37, 1.0]),
)
def test_fixed_point_is_near(
    alpha: float, beta: float, acc: int, res: int, scale: float | None
) -> None:
    numbers = one(alpha, beta, scale)
    total = (acc + int(numbers.bias[0])) * int(numbers.mul[0])
    total += (res * numbers.residual_mul) << int(numbers.rs[0]) if scale else 0
    value = total / 2.0 ** int(numbers.shift[0])
    exact = alpha * acc + beta + (res * scale if scale else 0)
    slack = (abs(alpha * acc) + abs(beta) + (abs(res * scale) if scale else 0)) * 2**-16
    assert abs(value - exact) <= numbers.error + slack + 0.25 * (scale is not None) + 1e-9

"""Real scales and biases of a layer as the integers the arithmetic of `hwgen.net.ir` works with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwgen.net.values import FakeQuant, Reals
from hwgen.numbers import Ints, code_bits, quantise_multiplier

SHIFT_TOP = 47  # largest shift of a result
RS_TOP = 31  # largest shift of a residual
CONSTANT_SHIFT = 31  # a channel without weights: 2^15 / 2^31 output steps per unit of bias
CONSTANT_LIMIT = 1 << 14  # its constant in output steps: far outside every code, bias below 2^31
BIAS_LIMIT = 1 << 31
BIAS_FINE = 1e-4  # output steps: as good as exact
COARSE_SHIFT = 9  # 255 * 2^-10: a residual's own rounding stays below a quarter step


class FixedPointError(ValueError):
    """A scale or bias has no fixed-point form; the message says which channel and why."""


@dataclass(frozen=True)
class Fixed:
    """Per output channel: bias, mul, shift and the residual's rs; residual_mul for the tensor.

    error: the largest bias rounding error in output steps.
    """

    bias: Ints
    mul: Ints
    shift: Ints
    zout: int
    residual_mul: int
    rs: Ints
    error: float


def multiplier(scale: float) -> tuple[int, int]:
    """(mul, shift) of a scale; below 2^-32 mul loses bits instead of being refused."""
    if scale < (1 << 15) / (1 << SHIFT_TOP):
        return round(scale * (1 << SHIFT_TOP)), SHIFT_TOP
    try:
        return quantise_multiplier(scale)
    except ValueError:
        raise FixedPointError(f"the scale ratio {scale:.6g} exceeds 32767") from None


def fix(
    alpha: Reals, beta: Reals, reach: Reals, quant: FakeQuant, residual_scale: float | None
) -> Fixed:
    """Integers for codes of quant.scale from alpha[n] * acc[n] + beta[n] + residual.

    alpha: real value of one accumulator unit, >= 0; 0 where the channel has no weights; beta: real
    bias; reach: the largest |acc| per channel; residual_scale: real value of one residual step.
    Raises FixedPointError.
    """
    scale = alpha / quant.scale
    live = alpha > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.where(live, beta / alpha, 0.0)
    # a bias far beyond the accumulator of a channel whose sum cannot move the result
    live &= ~((np.abs(exact) >= BIAS_LIMIT / 2) & (reach * scale < 1 / 16))
    exact = np.where(live, exact, 0.0)
    if np.abs(exact).max(initial=0) >= BIAS_LIMIT:
        channel = int(np.abs(exact).argmax())
        raise FixedPointError(
            f"the bias of channel {channel} is {exact[channel]:.4g} accumulator steps"
        )
    pairs = [multiplier(float(s)) if on else (0, 1) for s, on in zip(scale, live, strict=True)]
    constant = np.clip(beta / quant.scale, -CONSTANT_LIMIT, CONSTANT_LIMIT)
    odd = quant.zero_first and quant.zero % 2 == 1
    for n in np.flatnonzero(~live & (odd | (constant != 0))):
        pairs[n] = (1 << 15, CONSTANT_SHIFT)
        exact[n] = constant[n] * 2.0 ** (CONSTANT_SHIFT - 15)
    residual_mul, shift_r = 0, 0
    if residual_scale is not None:
        residual_mul, shift_r = _residual(residual_scale / quant.scale, pairs)
        pairs = [_near(p, float(s), shift_r) for p, s in zip(pairs, scale, strict=True)]
    mul, shift = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    bias = np.rint(exact).astype(np.int64)
    unit = np.left_shift(1, shift) // np.maximum(mul, 1)
    joined = odd and bool((unit * mul == np.left_shift(1, shift)).all())
    if joined:  # at ties an odd zero point counts: it joins the sum before the rounding
        bias += unit
    step = mul / np.exp2(shift)
    error = float((np.abs(np.rint(exact) - exact) * step).max(initial=0))
    rs = shift - shift_r if residual_scale is not None else np.zeros_like(shift)
    return Fixed(bias, mul, shift, quant.zero - int(joined), residual_mul, rs, error)


def refine(
    weight: Ints, alpha: Reals, beta: Reals, scale: float, max_error: float
) -> tuple[Ints, Reals]:
    """(weight, alpha) with weights multiplied so that the bias falls nearer to a whole step.

    A bias is a whole number of accumulator steps. Where one such step is coarse in output steps
    (`scale`), a channel's weights times f make it f times finer. Bits that the weights have to
    spare are used freely; more bits are spent only while a bias is off by over `max_error`.
    """
    low, high = int(weight.min()), int(weight.max())
    first, signed = code_bits(low, high)
    for bits in range(first, 9):
        limits = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        factors = [
            _factor(w, limits, a, b, scale) for w, a, b in zip(weight, alpha, beta, strict=True)
        ]
        if bits == 8 or max(error for _, error in factors) <= max_error:
            break
    times = np.array([f for f, _ in factors], dtype=np.int64)
    return weight * times[:, None, None, None], alpha / times


def _factor(
    weight: Ints, limits: tuple[int, int], alpha: float, beta: float, scale: float
) -> tuple[int, float]:
    """(f, bias error in output steps) of the best whole f with weight * f inside the limits."""
    if alpha <= 0:
        return 1, 0.0
    least, most = int(weight.min()), int(weight.max())
    span = int(np.abs(weight).sum()) * 256  # no code is larger: the accumulator stays in range
    tops = [BIAS_LIMIT // 2 // span]
    tops += [limits[1] // most] if most > 0 else []
    tops += [limits[0] // least] if least < 0 else []
    top = max(1, min(tops))
    tries = np.arange(1, top + 1)
    exact = beta * tries / alpha
    errors = np.abs(np.rint(exact) - exact) * alpha / tries / scale
    good = int(np.argmax(errors <= max(float(errors.min()), BIAS_FINE)))
    return int(tries[good]), float(errors[good])


def _residual(ratio: float, pairs: list[tuple[int, int]]) -> tuple[int, int]:
    """(mul, shift) of the residual; the shift may not exceed any channel's."""
    mul, shift = multiplier(ratio)
    top = min([CONSTANT_SHIFT, shift] + [s for m, s in pairs if m])
    if top < shift:
        if top < COARSE_SHIFT:
            raise FixedPointError(
                f"one accumulator step is up to 2^{16 - top} output steps, "
                "too coarse to add a residual"
            )
        mul, shift = round(ratio * (1 << top)), top
    return mul, shift


def _near(pair: tuple[int, int], scale: float, shift_r: int) -> tuple[int, int]:
    """`pair` with its shift at most RS_TOP above the residual's."""
    mul, shift = pair
    if mul == 0:
        return 0, shift_r
    if shift > shift_r + RS_TOP:
        return round(scale * (1 << (shift_r + RS_TOP))), shift_r + RS_TOP
    return pair


def sign(alpha: Reals, beta: Reals) -> Fixed:
    """Integers whose result is +1 where alpha[n] * acc[n] + beta[n] >= 0, else -1.

    With mul / 2^shift = 2 and zout = 1, a sum of t accumulator steps becomes 2t + 1, clipped.
    """
    live = alpha > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.where(live, beta / alpha, np.where(beta >= 0, 0.0, -1.0))
    near = np.rint(exact)
    steps = np.where(np.abs(near - exact) <= 1e-6 * np.maximum(1, np.abs(exact)), near, exact)
    bias = np.floor(np.clip(steps, -BIAS_LIMIT / 2, BIAS_LIMIT / 2)).astype(np.int64)
    ones = np.ones_like(bias)
    return Fixed(bias, ones << 15, ones * 14, 1, 0, ones * 0, 0.0)

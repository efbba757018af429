"""What every tensor of a network can reach, computed from the real weights: no sum can overflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hwgen.net.layer import Conv, Tensor
from hwgen.numbers import Ints, requantise

ACC_BITS = 32  # accumulator and folded bias
TOTAL_BITS = 33  # accumulator plus folded bias
SUM_BITS = 63  # |sum before the shift| < 2^62


@dataclass(frozen=True)
class LayerRange:
    """One layer's worst case. Codes and accumulators are integers, both ends included.

    acc_min, acc_max: accumulator over raw codes; acc_bits, sum_bits: signed bits that the
    accumulator and the sum before the shift need (limits 32 and 63); y_min, y_max: codes of the
    output tensor that can occur; bias_error: largest rounding error of the bias, in output steps.
    """

    layer: str
    tensor: str
    acc_min: int
    acc_max: int
    acc_bits: int
    sum_bits: int
    y_min: int
    y_max: int
    bias_error: float


def bits(low: int, high: int) -> int:
    """Signed bits that low..high need."""
    return (
        max((~low if low < 0 else low).bit_length(), (~high if high < 0 else high).bit_length()) + 1
    )


def accumulator(weight: Ints, zero: int, lo: int, hi: int) -> tuple[Ints, Ints]:
    """Smallest and largest accumulator per output channel for codes lo..hi and pad code zero.

    weight: [n, k_h, k_w, c/groups]. Exact: every element may take its worst code independently.
    """
    low, high = min(lo, zero), max(hi, zero)
    positive = np.maximum(weight, 0).sum(axis=(1, 2, 3))
    negative = np.minimum(weight, 0).sum(axis=(1, 2, 3))
    return positive * low + negative * high, positive * high + negative * low


def violations(layer: Conv, x: Tensor, res: Tensor | None) -> Iterator[str]:
    """Sentences on every bound that the layer's worst case leaves; none is the proof."""
    low, high = accumulator(layer.weight, layer.zin, x.quant.lo, x.quant.hi)
    bias = layer.folded_bias
    need = bits(int(low.min()), int(high.max()))
    if need > ACC_BITS:
        yield f"the accumulator can reach {int(low.min())}..{int(high.max())}, {need} bits of 32"
    need = bits(int(bias.min()), int(bias.max()))
    if need > ACC_BITS:
        yield f"the bias with the input's zero point needs {need} bits of 32"
    need = bits(*_sum(layer, low, high, res))
    if need > SUM_BITS:
        yield f"the sum before the shift needs {need} bits of 63"


def _sum(layer: Conv, low: Ints, high: Ints, res: Tensor | None) -> tuple[int, int]:
    """Smallest and largest sum before the shift; Python integers, nothing can wrap."""
    lows, highs = [], []
    for n in range(layer.n):
        mul, bias = int(layer.mul[n]), int(layer.folded_bias[n])
        least, most = (int(low[n]) + bias) * mul, (int(high[n]) + bias) * mul
        if layer.residual is not None and res is not None:
            step = layer.residual.mul << layer.residual.rs[n]
            least += (res.quant.lo - layer.residual.zero) * step
            most += (res.quant.hi - layer.residual.zero) * step
        lows.append(least)
        highs.append(most)
    return min(lows), max(highs)


def report(
    layers: tuple[Conv, ...], tensors: Mapping[str, Tensor], bias_error: Mapping[str, float]
) -> tuple[LayerRange, ...]:
    """One row per layer, for the compile report. The layers are free of `violations`."""
    rows = []
    for layer in layers:
        x = tensors[layer.x]
        low, high = accumulator(layer.weight, layer.zin, x.quant.lo, x.quant.hi)
        res = None if layer.residual is None else tensors[layer.residual.tensor]
        y_min, y_max = _codes(layer, low, high)
        rows.append(
            LayerRange(
                layer=layer.name,
                tensor=layer.y,
                acc_min=int(low.min()),
                acc_max=int(high.max()),
                acc_bits=bits(int(low.min()), int(high.max())),
                sum_bits=bits(*_sum(layer, low, high, res)),
                y_min=y_min,
                y_max=y_max,
                bias_error=bias_error.get(layer.name, 0.0),
            )
        )
    return tuple(rows)


def _codes(layer: Conv, low: Ints, high: Ints) -> tuple[int, int]:
    last = layer.pool or layer
    if layer.residual is not None or last is not layer:
        return last.lo, last.hi
    ends = [
        requantise(acc + layer.folded_bias, layer.mul, layer.shift, layer.lo, layer.hi, layer.zout)
        for acc in (low, high)
    ]
    return int(ends[0].min()), int(ends[1].max())

"""Bit-exact integer model of what the n3h hardware computes, layer by layer.

numpy and `hwgen.numbers` only. Layers are duck-typed: any object with the attributes of
`hwgen.net.layer.Conv` will do, so this file knows neither the importer nor the emitter. Every
function takes integer arrays only (TypeError otherwise) and proves that no accumulator leaves
its width (OverflowError otherwise).

Source of the arithmetic: docs/n3h.md, "Arithmetic (bit exact)".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.numbers import Ints, integers, requantise

Pair = tuple[int, int]
Pad = tuple[int, int, int, int]  # top, left, bottom, right

ACC_LIMIT = 1 << 31
EXACT = 1 << 53  # float64 holds every integer below


def gemm(a: npt.ArrayLike, w: npt.ArrayLike) -> Ints:
    """acc[m, n] = sum_k a[m, k] * w[k, n] in int32.

    a: integers [M, K]; w: integers [K, N]. Raises OverflowError when a sum leaves signed 32 bits.
    """
    left, right = integers(a, "activations"), integers(w, "weights")
    largest = [int(np.abs(x).max(initial=0)) for x in (left, right)]
    if left.shape[-1] * largest[0] * largest[1] < EXACT:
        # every partial sum is an integer that float64 holds, so BLAS is exact and much faster
        product = left.astype(np.float64) @ right.astype(np.float64)
        return _int32(product.astype(np.int64))
    return _int32(left @ right)


def _int32(acc: Ints) -> Ints:
    if acc.size and (int(acc.min()) < -ACC_LIMIT or int(acc.max()) >= ACC_LIMIT):
        raise OverflowError(f"accumulator {int(acc.min())}..{int(acc.max())} leaves int32")
    return acc


def im2col(
    x: npt.ArrayLike, kernel: Pair, stride: Pair, pad: Pad, dilation: Pair, zin: int
) -> Ints:
    """Patches [out_h, out_w, k_h, k_w, c] of a map [h, w, c]; outside the map lies code zin."""
    codes = integers(x, "feature map")
    top, left, bottom, right = pad
    full = np.pad(codes, ((top, bottom), (left, right), (0, 0)), constant_values=zin)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(full, reach, axis=(0, 1))
    view = view[:: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return np.moveaxis(view, 2, 4)


def conv(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    stride: Pair = (1, 1),
    pad: Pad = (0, 0, 0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
    zin: int = 0,
) -> Ints:
    """Accumulators [out_h, out_w, n] of raw codes: the zero point is not subtracted.

    x: codes [h, w, c]; weight: codes [n, k_h, k_w, c/groups]; zin: pad code. Reduction order is
    (ky, kx, channel). Raises ValueError when the channels do not match.
    """
    w = integers(weight, "weights")
    n, k_h, k_w, c = w.shape
    patches = im2col(x, (k_h, k_w), stride, pad, dilation, zin)
    out_h, out_w = patches.shape[:2]
    if patches.shape[4] != c * groups or n % groups:
        raise ValueError(f"{patches.shape[4]} channels, weight {w.shape}, groups {groups}")
    if c == 1 and n == groups:  # depthwise: no dense matrix, the sum is one product per tap
        return _int32(np.einsum("yxijc,cij->yxc", patches, w[..., 0]))
    each = n // groups
    acc = [
        gemm(
            patches[..., g * c : (g + 1) * c].reshape(out_h * out_w, k_h * k_w * c),
            w[g * each : (g + 1) * each].reshape(each, -1).T,
        )
        for g in range(groups)
    ]
    return np.concatenate(acc, axis=1).reshape(out_h, out_w, n)


def post(acc: npt.ArrayLike, layer: Any, res: npt.ArrayLike | None = None) -> Ints:
    """Codes [..., n] of accumulators [..., n]: bias, residual, one rounding, zero point, range.

    layer: bias (zero point of x not folded in), zin, weight, mul, shift, zout, lo, hi, residual.
    Raises OverflowError when accumulator plus folded bias leaves signed 33 bits or the folded
    bias leaves 32, ValueError when a residual is missing or not wanted.
    """
    weight = integers(layer.weight, "weights")
    bias = integers(layer.bias, "bias") - int(layer.zin) * weight.sum(axis=(1, 2, 3))
    add: npt.ArrayLike = 0
    if (res is None) != (layer.residual is None):
        raise ValueError("the residual operand and the layer's residual must come together")
    if res is not None:
        factor = np.left_shift(np.int64(layer.residual.mul), integers(layer.residual.rs))
        add = (integers(res, "residual") - layer.residual.zero) * factor
    total = integers(acc, "accumulators") + _int32(bias)
    return requantise(total, layer.mul, layer.shift, layer.lo, layer.hi, layer.zout, add)


def pool(codes: npt.ArrayLike, spec: Any) -> Ints:
    """Pooled codes [out_h, out_w, c] of a map [h, w, c].

    spec: the attributes of `hwgen.net.layer.Pool`. A maximum takes elements inside the map only;
    an average sums code - z_in there and requantises with the row of its element count.
    """
    x = integers(codes, "codes")
    rows = _spans(x.shape[0], spec.kernel[0], spec.stride[0], spec.pad[0], spec.out_h)
    cols = _spans(x.shape[1], spec.kernel[1], spec.stride[1], spec.pad[1], spec.out_w)
    y = np.empty((spec.out_h, spec.out_w, x.shape[2]), dtype=np.int64)
    for oy, (top, bottom) in enumerate(rows):
        for ox, (left, right) in enumerate(cols):
            window = x[top:bottom, left:right].reshape(-1, x.shape[2])
            if spec.mode == "max":
                y[oy, ox] = window.max(axis=0)
                continue
            count = spec.kernel[0] * spec.kernel[1] if spec.count_pad else len(window)
            mul, shift = spec.requant[count]
            total = _int32((window - spec.z_in).sum(axis=0))
            y[oy, ox] = requantise(total, mul, shift, spec.lo, spec.hi, spec.z_out)
    return y


def _spans(size: int, kernel: int, stride: int, before: int, out: int) -> list[Pair]:
    """First and end index inside the map of each window along one axis."""
    starts = [o * stride - before for o in range(out)]
    return [(max(start, 0), min(start + kernel, size)) for start in starts]


def run_layer(layer: Any, x: npt.ArrayLike, res: npt.ArrayLike | None = None) -> Ints:
    """Output codes of one layer: convolution, post-processing, pooling.

    x: codes [h, w, c]; res: codes [out_h, out_w, n] if the layer has a residual.
    """
    acc = conv(
        x, layer.weight, layer.stride, layer.pad, layer.dilation, layer.groups, int(layer.zin)
    )
    codes = post(acc, layer, res)
    return codes if layer.pool is None else pool(codes, layer.pool)


def run_layers(layers: Sequence[Any], input_name: str, x: npt.ArrayLike) -> dict[str, Ints]:
    """Codes of every tensor by name, of layers in topological order fed with x [h, w, c]."""
    values = {input_name: integers(x, "input codes")}
    for layer in layers:
        res = None if layer.residual is None else values[layer.residual.tensor]
        values[layer.y] = run_layer(layer, values[layer.x], res)
    return values


def run_network(net: Any, x: npt.ArrayLike) -> dict[str, Ints]:
    """Codes of every tensor of a network (attributes of `hwgen.net.ir.QNet`) by name.

    x: input codes [h, w, c]. Raises ValueError for another shape or codes outside the input's
    range.
    """
    codes = integers(x, "input codes")
    quant = net.input.quant
    if codes.shape != net.input.shape:
        raise ValueError(f"input codes have shape {codes.shape}, not {net.input.shape}")
    if codes.size and not (quant.lo <= int(codes.min()) and int(codes.max()) <= quant.hi):
        raise ValueError(f"input codes leave {quant.lo}..{quant.hi}")
    return run_layers(net.layers, net.input.name, codes)

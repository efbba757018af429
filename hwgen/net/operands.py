"""Operands of arithmetic operators: feature maps, quantised weights, biases, per-channel constants.

Everything here raises `RefusalError` with the operand's role and the nearest supported form.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.net.fakequant import Args, constant
from hwgen.net.read import Node
from hwgen.net.shapes import out_map
from hwgen.net.values import (
    Codes,
    Const,
    Mean,
    QConst,
    Reals,
    RefusalError,
    Source,
    Sum,
    Value,
    identity,
)
from hwgen.numbers import Ints, code_bits


def codes(args: Args, index: int, what: str) -> Codes:
    value = args[index]
    if not isinstance(value, Codes):
        raise unquantised(value, what)
    return value


def unquantised(value: Value | None, what: str) -> RefusalError:
    if isinstance(value, Sum | Mean):
        return RefusalError(
            (
                f"its {what} is the unquantised result of {value.nodes[-1]!r}",
                "put QuantizeLinear and DequantizeLinear, or Quant, in between",
            )
        )
    if isinstance(value, Source):
        return RefusalError(
            (f"its {what} is the network's unquantised input", "quantise the input first")
        )
    return RefusalError((f"its {what} is a constant", "fold it into the constants around it"))


def weights(args: Args, index: int, axis: int) -> tuple[Ints, Reals]:
    """(codes, scale per output channel) of quantised constant weights; axis: output channels."""
    value = args[index]
    if not isinstance(value, QConst):
        what = "not quantised" if isinstance(value, Const) else "computed by the network"
        raise RefusalError(
            (f"its weights are {what}", "quantise constant weights to 1..8 bits, zero point 0")
        )
    bits, _ = code_bits(int(value.codes.min()), int(value.codes.max()))
    if bits > 8:
        raise RefusalError((f"its weights have {bits} bits", "use 1..8 bits"))
    rank = value.codes.ndim
    scale = value.scale.reshape((1,) * (rank - value.scale.ndim) + value.scale.shape)
    if any(s > 1 for i, s in enumerate(scale.shape) if i != axis):
        raise RefusalError(
            (
                f"its weight scale has shape {list(scale.shape)}",
                f"use one scale per tensor, or per output channel (axis {axis})",
            )
        )
    return value.codes, np.broadcast_to(scale.reshape(-1), (value.codes.shape[axis],))


def bias(args: Args, index: int, n: int) -> Reals:
    array = constant(args, index, "bias")
    if array is None:
        return np.zeros(n)
    if array.size not in (1, n):
        raise RefusalError(
            (f"its bias has {array.size} elements", f"use one per output channel ({n})")
        )
    return np.broadcast_to(array.astype(np.float64).ravel(), (n,)).copy()


def linear(value: Value | None, node: Node) -> Sum:
    """A value as a sum that still takes a scale and an offset."""
    if isinstance(value, Codes) and not value.integer:
        return identity(value, node)
    if not isinstance(value, Sum):
        raise unquantised(value, "input")
    return value


def flat(total: Sum) -> bool:
    """A flattened map: its ONNX channels are not channels of the map."""
    return len(total.shape) == 2 and out_map(total)[:2] != (1, 1)


def channel(args: Args, index: int, total: Sum) -> Reals:
    """A constant operand as one number per channel (or one in all)."""
    found: npt.NDArray[Any] | None = constant(args, index, "operand")
    assert found is not None
    array = np.asarray(found, dtype=np.float64)
    rank = len(total.shape)
    full = array.reshape((1,) * max(rank - array.ndim, 0) + array.shape)
    if array.size == 1:
        return array.reshape(())
    if full.ndim != rank or full.size != full.shape[1] or flat(total):
        raise RefusalError(
            (f"its constant has shape {list(array.shape)}", "use one number per channel")
        )
    if full.size != out_map(total)[2]:
        raise RefusalError((f"its constant has {full.size} channels", f"use {out_map(total)[2]}"))
    return full.ravel()

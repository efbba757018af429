"""Every notation of a quantiser, read into one: scale, zero point and range of the codes.

QuantizeLinear / DequantizeLinear with an optional Clip of the codes between them (QCDQ), and the
Quant and BipolarQuant nodes of QONNX. Constants keep their codes (`QConst`); activations become
the codes of a layer. Sources: ONNX operator reference; QONNX (Pappalardo et al., 2022).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.net.build import Builder
from hwgen.net.read import Node
from hwgen.net.values import Codes, Const, FakeQuant, QConst, Reals, RefusalError, Source, Value

Args = list[Value | None]

RANGES = {
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint4": (0, 15),
    "int4": (-8, 7),
    "uint2": (0, 3),
    "int2": (-2, 1),
}
OUTPUT_DTYPES = {2: "uint8", 3: "int8", 21: "uint4", 22: "int4", 25: "uint2", 26: "int2"}


def constant(args: Args, index: int, what: str) -> npt.NDArray[Any] | None:
    """The constant array of an argument, None if it is absent. Raises RefusalError otherwise."""
    value = args[index] if index < len(args) else None
    if value is None:
        return None
    if isinstance(value, QConst):
        return value.real
    if not isinstance(value, Const):
        raise RefusalError(
            (f"its {what} is computed by the network", f"make the {what} a constant")
        )
    return value.array


def scalar(array: npt.NDArray[Any], what: str) -> float:
    """The one number of an array, all elements equal. Raises RefusalError for a true vector."""
    values = np.unique(np.asarray(array, dtype=np.float64))
    if values.size != 1:
        raise RefusalError(
            (
                f"its {what} has {np.size(array)} different elements for an activation",
                f"use one {what} per tensor; per-channel is for weights",
            )
        )
    return float(values[0])


def quantize_linear(builder: Builder, node: Node, args: Args) -> Value:
    """QuantizeLinear of an activation or of constant weights."""
    scale, zero, dtype = _linear(node, args)
    lo, hi = RANGES[dtype]
    if isinstance(args[0], Const | QConst):
        array = constant(args, 0, "input")
        assert array is not None
        ratio = array.astype(np.float32) / _along(scale, array.ndim, node).astype(np.float32)
        codes = np.rint(ratio).astype(np.float64) + _along(zero, array.ndim, node)
        return Const(np.clip(codes, lo, hi).astype(np.int64))
    quant = FakeQuant(_positive(scalar(scale, "scale")), int(scalar(zero, "zero point")), lo, hi)
    source = args[0]
    if isinstance(source, Source) and source.dtype != "float32":
        raise RefusalError((f"quantises the {source.dtype} input", "feed float32, or codes only"))
    assert source is not None
    return replace(builder.quantise(source, quant, node), integer=True)


def dequantize_linear(builder: Builder, node: Node, args: Args) -> Value:
    """DequantizeLinear of codes, of constants, or of an integer network input."""
    source = args[0]
    if isinstance(source, Const):
        scale, zero, _ = _linear(node, args, str(source.array.dtype))
        if np.any(zero != 0):
            raise _weight_zero(zero)
        return QConst(source.array.astype(np.int64), _along(scale, source.array.ndim, node))
    if isinstance(source, Source) and source.dtype in RANGES:
        scale, zero, _ = _linear(node, args, source.dtype)
        lo, hi = RANGES[source.dtype]
        quant = FakeQuant(
            _positive(scalar(scale, "scale")), int(scalar(zero, "zero point")), lo, hi
        )
        return builder.quantise(source, quant, node)
    if not isinstance(source, Codes) or not source.integer:
        raise RefusalError(("dequantises a real tensor", "put a QuantizeLinear in front of it"))
    scale, zero, _ = _linear(node, args, "int8" if source.lo < 0 else "uint8")
    grid = (scalar(scale, "scale"), int(scalar(zero, "zero point")))
    if grid != (source.scale, source.zero):
        raise RefusalError(
            (
                f"scale and zero point {grid[0]:.9g}, {grid[1]} differ from {source.scale:.9g}, "
                f"{source.zero} of its QuantizeLinear",
                "use the same pair on both",
            )
        )
    return replace(source, integer=False)


def quant(builder: Builder, node: Node, args: Args) -> Value:
    """QONNX Quant of an activation or of constants."""
    parts = [constant(args, i, w) for i, w in ((1, "scale"), (2, "zero point"), (3, "bit width"))]
    if any(p is None for p in parts):
        raise RefusalError(
            ("scale, zero point or bit width is missing", "give all three as constants")
        )
    scale, zero, width = (np.asarray(p, dtype=np.float64) for p in parts)
    bits = scalar(width, "bit width")
    signed, narrow = bool(node.attrs.get("signed", 1)), bool(node.attrs.get("narrow", 0))
    mode = str(node.attrs.get("rounding_mode", "ROUND"))
    if isinstance(args[0], Const | QConst):
        if np.any(zero != 0):
            raise _weight_zero(zero)
        array = constant(args, 0, "input")
        assert array is not None
        if not (np.isfinite(array).all() and np.isfinite(scale).all() and (scale > 0).all()):
            raise RefusalError(("a weight or its scale is no finite number", "quantise it again"))
        return _quant_constant(array, scale, bits, signed, narrow, mode)
    if isinstance(args[0], Source) and args[0].dtype != "float32":
        raise RefusalError((f"quantises the {args[0].dtype} input", "feed float32"))
    problems = []
    if bits not in range(1, 9):
        problems.append((f"bit_width = {bits:g} for an activation", "use 1..8 bits"))
    if mode.upper() not in ("ROUND", "HALF_EVEN"):
        problems.append((f"rounding_mode = {mode!r}", "use ROUND (half to even)"))
    if problems:
        raise RefusalError(*problems)
    for what, array in (("scale", scale), ("zero point", zero)):
        if array.ndim == 1 and array.size > 1:
            raise RefusalError((f"its {what} has shape [{array.size}]", f"use one {what}"))
    step, offset, count = _positive(scalar(scale, "scale")), scalar(zero, "zero point"), int(bits)
    lo = -(1 << (count - 1)) + int(narrow) if signed else 0
    hi = (1 << (count - int(signed))) - 1 - int(narrow and not signed)
    sign = signed and count == 1
    if sign:
        lo, hi = -1, 1
    if offset != int(offset) or not lo <= offset <= hi or (sign and offset):
        raise RefusalError(
            (f"zero point {offset:g}", f"use an integer within {lo}..{hi}" if not sign else "use 0")
        )
    found = FakeQuant(step, int(offset), lo, hi, zero_first=True, sign=sign)
    assert args[0] is not None
    return builder.quantise(args[0], found, node)


def bipolar_quant(builder: Builder, node: Node, args: Args) -> Value:
    """QONNX BipolarQuant: +scale where x >= 0, else -scale."""
    scale = constant(args, 1, "scale")
    if scale is None:
        raise RefusalError(("its scale is missing", "give it as a constant"))
    if isinstance(args[0], Const | QConst):
        array = constant(args, 0, "input")
        assert array is not None
        return QConst(np.where(array >= 0, 1, -1).astype(np.int64), scale.astype(np.float64))
    found = FakeQuant(_positive(scalar(scale, "scale")), 0, -1, 1, sign=True)
    assert args[0] is not None
    return builder.quantise(args[0], found, node)


def _quant_constant(
    array: npt.NDArray[Any], scale: Reals, bits: float, signed: bool, narrow: bool, mode: str
) -> QConst:
    """Codes of constants exactly as the qonnx library computes their values."""
    from qonnx.custom_op.general.intquant import int_quant

    step = scale.astype(np.float32)
    value = int_quant(
        array.astype(np.float32), step, np.float32(0), np.asarray(bits), signed, narrow, mode
    )
    codes = np.rint(np.asarray(value, dtype=np.float64) / step.astype(np.float64))
    return QConst(codes.astype(np.int64), step.astype(np.float64))


def _linear(node: Node, args: Args, dtype: str = "") -> tuple[Reals, Reals, str]:
    """(scale, zero point, type of the codes) of a QuantizeLinear or DequantizeLinear."""
    scale = constant(args, 1, "scale")
    zero = constant(args, 2, "zero point")
    assert scale is not None
    if node.attrs.get("block_size", 0):
        raise RefusalError(
            (f"block_size = {node.attrs['block_size']}", "use one scale per channel")
        )
    if zero is None:
        dtype = dtype or OUTPUT_DTYPES.get(int(node.attrs.get("output_dtype", 0)), "uint8")
        zero = np.zeros_like(scale)
    elif not dtype:
        dtype = str(zero.dtype)
    if node.op == "QuantizeLinear" and dtype not in RANGES:
        raise RefusalError((f"makes {dtype} codes", "use int8 or uint8"))
    if not np.all(np.isfinite(scale) & (scale > 0)):
        raise RefusalError(("a scale is not a positive number", "quantise the network again"))
    return scale.astype(np.float64), np.asarray(zero, dtype=np.float64), dtype


def _along(values: Reals, rank: int, node: Node) -> Reals:
    """A scale or zero point shaped to broadcast along the node's axis."""
    if values.size == 1:
        return values.reshape((1,) * rank)
    axis = int(node.attrs.get("axis", 1)) % max(rank, 1)
    return values.reshape(tuple(-1 if i == axis else 1 for i in range(rank)))


def _positive(scale: float) -> float:
    if not (np.isfinite(scale) and scale > 0):
        raise RefusalError((f"scale = {scale:g}", "use a positive scale"))
    return scale


def _weight_zero(zero: Reals) -> RefusalError:
    worst = zero.ravel()[int(np.abs(zero).argmax())]
    return RefusalError(
        (
            f"weight zero point {worst:g} is not supported",
            "quantise the weights symmetrically (zero point 0)",
        )
    )

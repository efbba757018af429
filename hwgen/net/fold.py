"""Operators with arithmetic: each becomes part of a sum that one integer layer will compute."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hwgen.net import operands
from hwgen.net.build import Builder
from hwgen.net.fakequant import Args, constant, scalar
from hwgen.net.layer import Pad, Pair
from hwgen.net.read import Node
from hwgen.net.shapes import out_map
from hwgen.net.values import (
    Codes,
    Const,
    Mean,
    QConst,
    Reals,
    RefusalError,
    Sum,
    Value,
    identity,
)
from hwgen.net.windows import window
from hwgen.numbers import Ints

GRID = 1e-4  # a clip bound so near to a code is that code


def conv(builder: Builder, node: Node, args: Args) -> Value:
    """Conv with stride, padding, dilation and groups."""
    del builder
    x = operands.codes(args, 0, "input")
    weight, scale = operands.weights(args, 1, axis=0)
    h, w, c = x.map
    rank, groups = len(x.shape), int(node.attrs.get("group", 1))
    if rank < 3 or weight.ndim != rank:
        raise RefusalError(
            (f"weights {list(weight.shape)} on {list(x.shape)}", "use a 1-D or 2-D convolution")
        )
    if groups < 1 or weight.shape[1] * groups != c or weight.shape[0] % groups:
        raise RefusalError(
            (f"group = {groups}, weights {list(weight.shape)}, {c} channels", "make them agree")
        )
    if rank == 3:
        weight = weight[:, :, None, :]
    win = window(node, (h, w), rank, (weight.shape[2], weight.shape[3]))
    shape = (1, weight.shape[0], *win.out[4 - rank :])
    return _sum(
        node,
        x,
        weight.transpose(0, 2, 3, 1),
        scale,
        operands.bias(args, 2, weight.shape[0]),
        (*win.out, weight.shape[0]),
        shape,
        groups,
        win.stride,
        win.pad,
        win.dilation,
    )


def gemm(builder: Builder, node: Node, args: Args) -> Value:
    """Gemm: a convolution over the whole map."""
    del builder
    if node.attrs.get("transA", 0):
        raise RefusalError(("transA = 1", "use transA = 0"))
    weight, scale = operands.weights(args, 1, axis=0 if node.attrs.get("transB", 0) else 1)
    weight = weight if node.attrs.get("transB", 0) else weight.T
    alpha, beta = float(node.attrs.get("alpha", 1)), float(node.attrs.get("beta", 1))
    bias = beta * operands.bias(args, 2, weight.shape[0])
    return _dense(node, operands.codes(args, 0, "input"), weight, alpha * scale, bias)


def matmul(builder: Builder, node: Node, args: Args) -> Value:
    """MatMul with constant weights on the right."""
    del builder
    if isinstance(args[0], Const | QConst):
        raise RefusalError(
            ("its weights are the left operand", "use Gemm, or weights on the right")
        )
    weight, scale = operands.weights(args, 1, axis=1)
    bias = np.zeros(weight.shape[-1])
    return _dense(node, operands.codes(args, 0, "input"), weight.T, scale, bias)


def batch_norm(builder: Builder, node: Node, args: Args) -> Value:
    """BatchNormalization in inference, folded into scale and bias (negative gamma included)."""
    del builder
    if node.attrs.get("training_mode", 0):
        raise RefusalError(("training_mode = 1", "export the network for inference"))
    names = ("scale", "B", "mean", "var")
    arrays = [constant(args, i + 1, name) for i, name in enumerate(names)]
    gamma, beta, mean, var = (np.asarray(a, dtype=np.float64) for a in arrays)
    with np.errstate(invalid="ignore", divide="ignore"):  # the layer refuses what is not finite
        factor = gamma / np.sqrt(var + float(node.attrs.get("epsilon", 1e-5)))
    total = operands.linear(args[0], node)
    if out_map(total)[2] != factor.size or len(total.shape) < 2 or operands.flat(total):
        raise RefusalError((f"{factor.size} channels on {list(total.shape)}", "make them agree"))
    return total.affine(factor, beta - mean * factor, node)


def add(builder: Builder, node: Node, args: Args) -> Value:
    """Add and Sub: a bias, or a residual. Two unquantised operands are refused."""
    del builder
    sign = -1.0 if node.op == "Sub" else 1.0
    left, right = args[0], args[1]
    if isinstance(right, Const | QConst):
        total = operands.linear(left, node)
        return total.affine(1.0, sign * operands.channel(args, 1, total), node)
    if isinstance(left, Const | QConst):
        total = operands.linear(right, node)
        return total.affine(sign, operands.channel(args, 0, total), node)
    if node.op == "Sub":
        raise RefusalError(("subtracts two feature maps", "use Add"))
    return _residual(node, left, right)


def mul(builder: Builder, node: Node, args: Args) -> Value:
    """Mul and Div by constants, per channel."""
    del builder
    place = 1 if isinstance(args[1], Const | QConst) else 0
    if not isinstance(args[place], Const | QConst) or (node.op == "Div" and place == 0):
        what = "divides by" if node.op == "Div" else "multiplies"
        raise RefusalError((f"{what} a feature map", "scale by constants only"))
    total = operands.linear(args[1 - place], node)
    factor = operands.channel(args, place, total)
    if node.op == "Div":
        if np.any(factor == 0):
            raise RefusalError(("divides by zero", "use another divisor"))
        factor = 1.0 / factor
    return total.affine(factor, 0.0, node)


def clip(builder: Builder, node: Node, args: Args) -> Value:
    """Relu and Clip: limits of the result, in the layer that makes it."""
    lo, hi = (0.0, math.inf) if node.op == "Relu" else _bounds(node, args)
    if lo > hi:
        raise RefusalError((f"min = {lo:g} exceeds max = {hi:g}", "use min <= max"))
    value = args[0]
    if isinstance(value, Sum | Mean):
        return value.clip(lo, hi, node)
    if not isinstance(value, Codes):
        raise operands.unquantised(value, "input")
    if value.integer:
        if node.op == "Relu":
            raise RefusalError(("computes on integer codes", "put it behind the DequantizeLinear"))
        ends = [max(min(b, 1e6), -1e6) for b in (lo, hi)]
        low, high = math.ceil(ends[0]), math.floor(ends[1])
        return replace(builder.clamp(value, low, high, node.outputs[0], node), integer=True)
    codes = [min(max(b / value.scale + value.zero, -1e6), 1e6) for b in (lo, hi)]
    near = [round(c) for c in codes]
    inside = [value.lo < c < value.hi for c in codes]
    if any(i and abs(c - n) > GRID for i, c, n in zip(inside, codes, near, strict=True)):
        return identity(value, node).clip(lo, hi, node)  # its quantiser rounds the limit
    return builder.clamp(value, near[0], near[1], node.outputs[0], node)


def _bounds(node: Node, args: Args) -> tuple[float, float]:
    bounds = []
    for index, name, default in ((1, "min", -math.inf), (2, "max", math.inf)):
        array = constant(args, index, name)
        value = node.attrs.get(name, default) if array is None else scalar(array, name)
        bounds.append(float(value))
    return bounds[0], bounds[1]


def _residual(node: Node, left: Value | None, right: Value | None) -> Sum:
    """The sum of two feature maps, at most one of them not quantised yet."""
    maps = [v for v in (left, right) if isinstance(v, Codes)]
    if not maps or not all(isinstance(v, Codes | Sum) for v in (left, right)):
        first = next(v for v in (left, right) if not isinstance(v, Codes))
        raise operands.unquantised(first, "operand")
    assert isinstance(left, Codes | Sum)
    assert isinstance(right, Codes | Sum)
    if out_map(left) != out_map(right) or left.shape != right.shape:
        raise RefusalError(
            (f"adds {list(left.shape)} and {list(right.shape)}", "add maps of one shape")
        )
    if len(maps) == 2:  # the finer scale in front keeps the residual's multiplier exact
        fine, coarse = sorted(maps, key=lambda m: m.scale)
        return replace(identity(fine, node), residual=coarse, nodes=(node.name,))
    total = left if isinstance(left, Sum) else right
    assert isinstance(total, Sum)
    if not total.linear or total.residual is not None:
        raise RefusalError(
            (
                f"adds to the unquantised result of {total.nodes[-1]!r}",
                f"put a quantiser between {total.nodes[-1]!r} and this node",
            )
        )
    return replace(total, residual=maps[0], nodes=(*total.nodes, node.name))


def _sum(
    node: Node,
    x: Codes,
    weight: Ints,
    scale: Reals,
    bias: Reals,
    size: tuple[int, int, int],
    shape: tuple[int, ...],
    groups: int = 1,
    stride: Pair = (1, 1),
    pad: Pad = (0, 0, 0, 0),
    dilation: Pair = (1, 1),
) -> Sum:
    alpha = np.broadcast_to(x.scale * scale, bias.shape).astype(np.float64)
    return Sum(
        node, (node.name,), x, weight, groups, stride, pad, dilation, alpha, bias, size, shape
    )


def _dense(node: Node, x: Codes, weight: Ints, scale: Reals, bias: Reals) -> Sum:
    """weight: [n, features] over the flattened map, features in ONNX's (c, h, w) order."""
    h, w, c = x.map
    if len(x.shape) != 2 or weight.ndim != 2 or weight.shape[1] != h * w * c:
        raise RefusalError(
            (
                f"weights {list(weight.shape)} on {list(x.shape)}",
                f"use a [1, {weight.shape[-1]}] input, flattened with Flatten or Reshape",
            )
        )
    kernel = weight.reshape(-1, c, h, w).transpose(0, 2, 3, 1)
    n = weight.shape[0]
    return _sum(node, x, kernel, scale, bias, (1, 1, n), (1, n))

"""Operators that only change how a tensor is seen: views, constants, transposed weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx.reference import ReferenceEvaluator

from hwgen.net.build import Builder
from hwgen.net.fakequant import Args, constant
from hwgen.net.read import Node
from hwgen.net.values import (
    Codes,
    Const,
    Map,
    Mean,
    QConst,
    RefusalError,
    Shape,
    Source,
    Sum,
    Value,
)

VIEWS = ("Flatten", "Reshape", "Squeeze", "Unsqueeze")


def identity(builder: Builder, node: Node, args: Args) -> Value:
    """Identity, and Dropout in inference."""
    del builder
    assert args[0] is not None
    if node.op == "Dropout" and len(args) > 2 and np.any(constant(args, 2, "training_mode")):
        raise RefusalError(("training_mode = true", "export the network for inference"))
    return args[0]


def view(builder: Builder, node: Node, args: Args) -> Value:
    """Flatten, Reshape, Squeeze, Unsqueeze; the weights behind a flattened map are permuted."""
    del builder
    value = args[0]
    if isinstance(value, QConst):
        if value.scale.size > 1:
            raise RefusalError(
                ("reshapes weights with per-channel scales", "store them in this shape")
            )
        shape = target_shape(node, value.codes.shape, args)
        scale = value.scale.reshape((1,) * len(shape))
        return QConst(value.codes.reshape(shape), scale)
    assert isinstance(value, Source | Codes | Sum | Mean)
    shape = target_shape(node, value.shape, args)
    if shape not in _legal(value, shape):
        raise RefusalError(
            (
                f"reshapes {list(value.shape)} to {list(shape)}",
                "flatten to [1, features] or keep rows, columns and channels",
            )
        )
    return replace(value, shape=shape)


def transpose(builder: Builder, node: Node, args: Args) -> Value:
    """Transpose of quantised weights."""
    del builder
    value = args[0]
    if not isinstance(value, QConst):
        raise RefusalError(
            (
                f"transposes a feature map, perm = {node.attrs.get('perm')}",
                "export the network channels first (NCHW) without Transpose",
            )
        )
    rank = value.codes.ndim
    perm = node.attrs.get("perm") or list(reversed(range(rank)))
    scale = value.scale.reshape((1,) * (rank - value.scale.ndim) + value.scale.shape)
    return QConst(value.codes.transpose(perm), scale.transpose(perm))


def evaluate(node: Node, args: Args) -> Value:
    """A node whose inputs are all constants, computed by ONNX's reference implementation."""
    if node.op == "Constant":
        return Const(_attribute_constant(node))
    arrays = [constant(args, i, "input") for i in range(len(args))]
    opsets = [onnx.helper.make_opsetid(node.domain, node.opset)]
    info = [onnx.helper.make_value_info(n, onnx.TypeProto()) for n in (*node.inputs, *node.outputs)]
    given = [i for i in info[: len(node.inputs)] if i.name]
    graph = onnx.helper.make_graph([node.proto], "constant", given, info[len(node.inputs) :][:1])
    model = onnx.helper.make_model(graph, opset_imports=opsets)
    feeds = {n: a for n, a in zip(node.inputs, arrays, strict=True) if n}
    try:
        (result,) = ReferenceEvaluator(model).run(None, feeds)
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RefusalError((f"this constant cannot be computed: {reason}", "fold it")) from None
    return Const(np.asarray(result))


def _attribute_constant(node: Node) -> npt.NDArray[Any]:
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32)):
        if name in node.attrs:
            return np.asarray(node.attrs[name], dtype=dtype)
    for name in ("value", "value_int", "value_ints"):
        if name in node.attrs:
            return np.asarray(node.attrs[name])
    raise RefusalError((f"Constant with {sorted(node.attrs)}", "use the attribute value"))


def shape_of(builder: Builder, node: Node, args: Args) -> Value:
    """The Shape operator: every shape is static."""
    del builder
    value = args[0]
    assert isinstance(value, Source | Codes | Sum | Mean | QConst)
    shape = value.codes.shape if isinstance(value, QConst) else value.shape
    end = node.attrs.get("end", len(shape))
    return Const(np.array(shape[node.attrs.get("start", 0) : end], dtype=np.int64))


def out_map(value: Codes | Sum | Mean) -> Map:
    """Rows, columns, channels of a value as the next layer will see it."""
    if isinstance(value, Codes):
        return value.map
    if isinstance(value, Mean):
        return value.pool.out_h, value.pool.out_w, value.x.map[2]
    if value.pool is not None:
        return value.pool.out_h, value.pool.out_w, value.map[2]
    return value.map


def _legal(value: Source | Codes | Sum | Mean, shape: Shape) -> list[Shape]:
    """The shapes with the same elements in an order that the map can be seen in."""
    if isinstance(value, Source):  # the host lays the input out
        same = shape[:1] == (1,) and len(shape) in (2, 3, 4)
        return [shape] if same and np.prod(shape) == np.prod(value.shape) else []
    h, w, c = out_map(value)
    shapes = [value.shape, (1, h * w * c), (1, c, h, w)]
    if h == 1:
        shapes.append((1, c, w))
    if h == w == 1:
        shapes += [(1, c), (1, c, 1)]
    return shapes


def target_shape(node: Node, shape: Shape, args: Args) -> Shape:
    """The static shape that a view makes of `shape`."""
    if node.op == "Flatten":
        axis = int(node.attrs.get("axis", 1)) % (len(shape) + 1)
        return int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))
    if node.op == "Reshape":
        wanted = constant(args, 1, "shape")
        assert wanted is not None
        padded = (*shape, *(0,) * wanted.size)
        sizes = [int(s) or padded[i] for i, s in enumerate(wanted.ravel())]
        rest = int(np.prod([s for s in sizes if s != -1]))
        if 0 in sizes or np.prod(shape) % rest:
            raise RefusalError(
                (f"shape = {wanted.tolist()} of {list(shape)}", "use a fitting shape")
            )
        return tuple(int(np.prod(shape)) // rest if s == -1 else s for s in sizes)
    found = constant(args, 1, "axes")
    axes = node.attrs.get("axes") if found is None else found.tolist()
    if node.op == "Squeeze":
        drop = {i for i, s in enumerate(shape) if s == 1} if axes is None else axes
        drop = {int(a) % len(shape) for a in drop}
        return tuple(s for i, s in enumerate(shape) if i not in drop)
    rank = len(shape) + len(axes or ())
    added, sizes = {int(a) % rank for a in axes or ()}, list(shape)
    return tuple(1 if i in added else sizes.pop(0) for i in range(rank))

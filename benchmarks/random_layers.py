"""The layers that random networks are drawn from, and `random_net(seed, style)` itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from benchmarks.random_nets import QONNX_DOMAIN, RandomNet, _Draw, _Map


def random_net(seed: int, style: str) -> RandomNet:
    """The network of a seed in notation 'qdq' or 'qonnx': three layers, batch 1, one output."""
    draw = _Draw(np.random.default_rng([seed, len(style)]), style)
    c, h, w = int(draw.rng.integers(1, 9)), *(int(s) for s in draw.rng.integers(5, 15, 2))
    x = draw.quantise(_Map("input", c, h, w, 1.0))
    earlier: list[_Map] = []
    for _ in range(2):
        kinds = [_conv, _conv, _conv, _pool, _add if earlier else _conv]
        earlier.append(x)
        x = draw.pick(*kinds)(draw, x, earlier)
    x = draw.pick(_conv, _gemm, _matmul, _global)(draw, x, earlier)
    shape = [1, x.c] if x.flat else [1, x.c, x.h, x.w]
    graph = helper.make_graph(
        draw.nodes,
        f"random_{style}_{seed}",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, c, h, w])],
        [helper.make_tensor_value_info(x.name, TensorProto.FLOAT, shape)],
        draw.constants,
    )
    opsets = [helper.make_opsetid("", 17)]
    if style == "qonnx":
        opsets.append(helper.make_opsetid(QONNX_DOMAIN, 1))
    model = onnx.shape_inference.infer_shapes(
        helper.make_model(graph, opset_imports=opsets, ir_version=9)
    )
    return RandomNet(seed, style, model, (1, c, h, w), frozenset(draw.features))


def _conv(draw: _Draw, x: _Map, earlier: list[_Map]) -> _Map:
    """Conv, then BatchNormalization, residual, Relu or Clip, MaxPool, each perhaps; a quantiser."""
    wants_residual = draw.chance(0.3)
    partners = [e for e in earlier if (e.h, e.w) == (x.h, x.w)] if wants_residual else []
    groups = draw.pick(1, 1, 1, *(g for g in range(2, x.c + 1) if x.c % g == 0))
    partner = draw.pick(*partners) if partners else None
    n = int(groups * draw.rng.integers(1, 5))
    if partner is not None:
        groups, n = 1, partner.c
    draw.features |= {"groups"} if groups > 1 else set()
    attrs, out = _geometry(draw, x, same=partner is not None)
    norm = draw.chance(0.2)
    weight, scale = draw.weights((n, x.c // groups, *attrs["kernel_shape"]), narrow=norm)
    inputs = [x.name, weight]
    if draw.chance(0.6):
        inputs.append(draw.bias(x, scale, free=False))
    y = _Map(draw.node("Conv", inputs, group=groups, **attrs), n, *out, x.rms * 1.2)
    if norm:
        y = _batch_norm(draw, y, x, scale)
    if partner is not None:
        terms = [y.name, partner.name]
        if draw.chance(0.3, "quantised before Add"):
            terms[0] = draw.quantise(y).name
        name = draw.node("Add", terms if draw.chance(0.5) else terms[::-1])
        draw.features.add("residual")
        y = replace(y, name=name, rms=float(np.hypot(y.rms, partner.rms)))
    y = _activation(draw, y)
    if draw.chance(0.15, "MaxPool before Quant") and min(y.h, y.w) >= 2:
        y = _max_pool(draw, y)
    return draw.quantise(y, sign=partner is None)


def _geometry(draw: _Draw, x: _Map, same: bool) -> tuple[dict[str, Any], tuple[int, int]]:
    """Attributes of a window over x and the size of its output."""
    attrs: dict[str, Any] = {}
    kernel = [draw.pick(1, 2, 3, 3, 5) for _ in range(2)]
    dilation = [1 if draw.chance(0.7) else 2 for _ in range(2)]
    stride = [1, 1] if same else [draw.pick(1, 1, 2, 3) for _ in range(2)]
    size = (x.h, x.w)
    if same or draw.chance(0.15, "auto_pad"):
        auto = draw.pick("SAME_UPPER", "SAME_LOWER")
        attrs["auto_pad"] = auto
        dilation = [1, 1]
        out = [-(-s // t) for s, t in zip(size, stride, strict=True)]
        draw.features |= {"pad"}
    else:
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        pads = [int(draw.rng.integers(0, r)) for r in (*reach, *reach)]
        for a in (0, 1):  # a window larger than the map becomes a single element
            if size[a] + pads[a] + pads[a + 2] < reach[a]:
                kernel[a], dilation[a], reach[a] = 1, 1, 1
        attrs["pads"] = pads
        out = [(size[a] + pads[a] + pads[a + 2] - reach[a]) // stride[a] + 1 for a in (0, 1)]
        draw.features |= {"pad"} if any(pads) else set()
    attrs |= {"kernel_shape": kernel, "strides": stride, "dilations": dilation}
    draw.features |= {"dilation"} if max(dilation) > 1 else set()
    draw.features |= {"stride"} if max(stride) > 1 else set()
    return attrs, (out[0], out[1])


def _batch_norm(draw: _Draw, y: _Map, x: _Map, scale: np.ndarray) -> _Map:
    """BatchNormalization with gammas of both signs; the folded bias is any real number."""
    n = y.c
    gamma = draw.rng.uniform(0.5, 1.5, n) * np.where(draw.rng.random(n) < 0.3, -1, 1)
    values = (gamma, draw.rng.normal(0, 0.3 * y.rms, n), draw.rng.normal(0, 0.3 * y.rms, n))
    arrays = [*values, draw.rng.uniform(0.5, 2, n)]
    names = [draw.const(np.asarray(a, np.float32)) for a in arrays]
    return replace(y, name=draw.node("BatchNormalization", [y.name, *names]))


def _activation(draw: _Draw, y: _Map) -> _Map:
    kind = draw.pick("", "Relu", "Clip")
    if kind == "Relu":
        return replace(y, name=draw.node("Relu", [y.name]), positive=True)
    if kind == "Clip":
        low = draw.pick(0.0, -y.rms)
        ends = [draw.const(np.array(v, np.float32)) for v in (low, 2 * y.rms)]
        return replace(y, name=draw.node("Clip", [y.name, *ends]), positive=low == 0)
    return y


def _max_pool(draw: _Draw, y: _Map) -> _Map:
    size = [min(draw.pick(2, 3), s) for s in (y.h, y.w)]
    stride = [draw.pick(1, 2, 3) for _ in range(2)]
    pads = [int(draw.rng.integers(0, k)) if draw.chance(0.4) else 0 for k in (*size, *size)]
    ceil = int(_plain_ceil(y, size, stride, pads) and draw.chance(0.6, "ceil_mode"))
    name = draw.node(
        "MaxPool", [y.name], kernel_shape=size, strides=stride, pads=pads, ceil_mode=ceil
    )
    return replace(y, name=name, **_pooled(y, size, stride, pads, bool(ceil)))


def _plain_ceil(y: _Map, size: list[int], stride: list[int], pads: list[int]) -> bool:
    """ceil_mode adds no window that starts behind the map: ONNX's own shape inference is wrong."""
    rooms = [s + pads[a] + pads[a + 2] - size[a] for a, s in enumerate((y.h, y.w))]
    return all(
        -(-room // stride[a]) * stride[a] < s + pads[a]
        for a, (room, s) in enumerate(zip(rooms, (y.h, y.w), strict=True))
    )


def _pooled(
    y: _Map, size: list[int], stride: list[int], pads: list[int], ceil: bool
) -> dict[str, int]:
    rooms = [s + pads[a] + pads[a + 2] - size[a] for a, s in enumerate((y.h, y.w))]
    out = [(-(-r // t) if ceil else r // t) + 1 for r, t in zip(rooms, stride, strict=True)]
    return {"h": out[0], "w": out[1]}


def _pool(draw: _Draw, x: _Map, earlier: list[_Map]) -> _Map:
    """MaxPool or AveragePool of a quantised map."""
    del earlier
    if min(x.h, x.w) < 2:
        return _conv(draw, x, [])
    if draw.chance(0.4, "MaxPool after Quant"):
        return _max_pool(draw, x)
    size = [min(draw.pick(2, 3), s) for s in (x.h, x.w)]
    stride = [draw.pick(1, 2) for _ in range(2)]
    pads = [int(draw.rng.integers(0, k)) if draw.chance(0.4) else 0 for k in (*size, *size)]
    include = int(any(pads) and draw.chance(0.5, "count_include_pad"))
    may = not include and _plain_ceil(x, size, stride, pads)
    ceil = int(may and draw.chance(0.4, "AveragePool ceil_mode"))
    attrs = {"kernel_shape": size, "strides": stride, "pads": pads, "ceil_mode": ceil}
    name = draw.node("AveragePool", [x.name], count_include_pad=include, **attrs)
    y = replace(x, name=name, rms=x.rms * 0.7, **_pooled(x, size, stride, pads, bool(ceil)))
    return draw.quantise(_activation(draw, y), sign=False)


def _add(draw: _Draw, x: _Map, earlier: list[_Map]) -> _Map:
    """A stand-alone Add of x and another quantised tensor of its size, or of itself."""
    partners = [e for e in earlier if (e.c, e.h, e.w) == (x.c, x.h, x.w)]
    partner = draw.pick(*partners) if partners else x
    draw.features.add("stand-alone Add")
    rms = float(np.hypot(x.rms, partner.rms))
    y = replace(x, name=draw.node("Add", [x.name, partner.name]), rms=rms)
    return draw.quantise(
        _activation(draw, replace(y, positive=x.positive and partner.positive)), sign=False
    )


def _gemm(draw: _Draw, x: _Map, earlier: list[_Map]) -> _Map:
    """Flatten and Gemm."""
    del earlier
    n, k = int(draw.rng.integers(1, 11)), x.c * x.h * x.w
    flat = draw.node("Flatten", [x.name])
    turned = draw.chance(0.5, "transB")
    weight, scale = draw.weights((n, k) if turned else (k, n), axis=0 if turned else 1)
    inputs = [flat, weight]
    if draw.chance(0.7):
        inputs.append(draw.bias(x, scale, free=False))
    y = _Map(draw.node("Gemm", inputs, transB=int(turned)), n, 1, 1, x.rms, flat=True)
    return draw.quantise(_activation(draw, y), bits=8)


def _matmul(draw: _Draw, x: _Map, earlier: list[_Map]) -> _Map:
    """Reshape, MatMul and an Add of the bias."""
    del earlier
    n, k = int(draw.rng.integers(1, 11)), x.c * x.h * x.w
    flat = draw.node("Reshape", [x.name, draw.const(np.array([1, -1], np.int64))])
    weight, scale = draw.weights((k, n), axis=1)
    y = draw.node("MatMul", [flat, weight])
    if draw.chance(0.7):
        y = draw.node("Add", [y, draw.bias(x, scale, free=False)])
    return draw.quantise(_Map(y, n, 1, 1, x.rms, flat=True), bits=8)


def _global(draw: _Draw, x: _Map, earlier: list[_Map]) -> _Map:
    """GlobalAveragePool, perhaps flattened; windows of hardware end at 15 x 15."""
    if max(x.h, x.w) > 15:
        return _conv(draw, x, earlier)
    y = _Map(draw.node("GlobalAveragePool", [x.name]), x.c, 1, 1, x.rms * 0.3)
    if draw.chance(0.5):
        y = replace(y, name=draw.node("Flatten", [y.name]), flat=True)
    return draw.quantise(y, bits=8)

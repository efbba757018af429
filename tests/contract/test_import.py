"""Every construct the importer takes, against onnxruntime or qonnx, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx_graphs import QONNX, Graph

from benchmarks.reference import compare, onnxruntime_tensors, qonnx_tensors, stored
from hwgen.archs.n3h import golden
from hwgen.net.ir import QNet
from hwgen.net.load import load_network


def agree(
    folder: Path,
    graph: Graph,
    output: str,
    shape: tuple[int, ...],
    allowed: int = 0,
    dtype: int = TensorProto.FLOAT,
) -> QNet:
    """Import the graph, run it here and there on one input, compare every layer and the end."""
    path = graph.save(folder, output, shape, dtype=dtype)
    net = load_network(path)
    rng = np.random.default_rng(3)
    if graph.dtype == TensorProto.FLOAT:
        x: Any = rng.normal(0, 1, graph.shape).astype(np.float32)
    else:
        x = rng.integers(0, 128, graph.shape).astype(
            np.uint8 if graph.dtype == TensorProto.UINT8 else np.int8
        )
    model = onnx.load(path)
    qonnx = any(n.domain == QONNX for n in model.graph.node)
    names = [*stored(net), output]
    theirs = (qonnx_tensors if qonnx else onnxruntime_tensors)(model, {"x": x}, names)
    for row in compare(net, theirs, golden):
        assert row.largest <= 1, row
        assert row.different <= allowed, row
    codes = golden.run_network(net, net.boundary.encode(x))
    assert (codes[net.input.name] == net.boundary.encode(x)).all()
    ours = net.boundary.decode(codes[net.output.name])
    assert ours.shape == theirs[output].shape == shape
    if allowed == 0:
        assert np.allclose(ours, theirs[output], rtol=1e-5, atol=1e-6)
    return net


def test_conv_relu(tmp_path: Path) -> None:
    g = Graph()
    y = g.qdq(g.node("Relu", g.conv(g.qdq("x", 0.015625), 5, 4, pads=[1, 1, 1, 1])), 0.0625)
    net = agree(tmp_path, g, y, (1, 5, 6, 6))
    (layer,) = net.layers
    assert layer.nodes == ("conv3", "relu4", "quantizelinear5")
    assert (layer.lo, layer.hi) == (0, 127)
    assert net.output.quant.bits == 7
    assert not net.output.quant.signed


def test_relu_behind_the_quantiser_joins_the_layer(tmp_path: Path) -> None:
    g = Graph()
    y = g.node("Relu", g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4), 0.0625, 10, np.uint8))
    net = agree(tmp_path, g, g.qdq(y, 0.0625, 10, np.uint8), (1, 3, 4, 4))
    assert len(net.layers) == 1
    assert (net.layers[0].lo, net.layers[0].hi) == (10, 255)


def test_relu_of_a_shared_tensor_is_a_layer(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4, pads=[1, 1, 1, 1]), 0.0625)
    y = g.qdq(g.node("Add", a, g.node("Relu", a)), 0.125)
    net = agree(tmp_path, g, y, (1, 3, 6, 6))
    assert [layer.name for layer in net.layers] == ["conv3", "relu6", "add7"]
    assert net.layers[1].w_bits == 1


def test_clip_off_the_grid_waits_for_its_quantiser(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4), 0.0625)
    y = g.qdq(g.node("Clip", a, g.const(-0.333), g.const(1.234)), 0.03125)
    net = agree(tmp_path, g, y, (1, 3, 4, 4))
    assert net.layers[1].lo == round(-0.333 / 0.03125)


def test_requantise(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4), 0.0625)
    agree(tmp_path, g, g.qdq(a, 0.0313, 3), (1, 3, 4, 4))


def test_two_quantisers_of_one_result(tmp_path: Path) -> None:
    g = Graph()
    c = g.conv(g.qdq("x", 0.015625), 4, 4, pads=[1, 1, 1, 1])
    fine, coarse, again = g.qdq(c, 0.015625), g.qdq(c, 0.125), g.qdq(c, 0.015625)
    y = g.qdq(g.node("Add", g.qdq(g.node("Add", fine, coarse), 0.0625), again), 0.125)
    net = agree(tmp_path, g, y, (1, 4, 6, 6))
    assert [layer.name for layer in net.layers] == ["conv3", "conv3_2", "add10", "add13"]


def test_pooling_of_a_shared_tensor_gets_an_identity(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq(g.conv(g.qdq("x", 0.015625), 4, 4, pads=[1, 1, 1, 1]), 0.0625)
    b = g.node("MaxPool", a, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    net = agree(tmp_path, g, g.qdq(g.node("Add", a, b), 0.125), (1, 4, 6, 6))
    assert [layer.name for layer in net.layers] == ["conv3", "maxpool6", "add7"]
    assert net.layers[1].groups == 4


def test_pooling_joins_its_only_producer(tmp_path: Path) -> None:
    g = Graph()
    a = g.codes(g.conv(g.qdq("x", 0.015625), 4, 4, pads=[1, 1, 1, 1]), 0.0625)
    b = g.real(g.node("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2]), 0.0625)
    net = agree(tmp_path, g, g.qdq(g.node("GlobalAveragePool", b), 0.0173), (1, 4, 1, 1))
    assert [layer.pool.mode for layer in net.layers if layer.pool] == ["max", "avg"]
    assert len(net.layers) == 2


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "ReduceMean"])
def test_global_pooling(tmp_path: Path, op: str) -> None:
    g = Graph()
    a = g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4), 0.0625)
    attrs = {"axes": [2, 3], "keepdims": 0} if op == "ReduceMean" else {}
    shape = (1, 3) if op == "ReduceMean" else (1, 3, 1, 1)
    agree(tmp_path, g, g.qdq(g.node(op, a, **attrs), 0.0173), shape)


def test_average_then_relu_then_flatten(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4), 0.0625)
    p = g.node("AveragePool", a, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 0, 1, 0])
    y = g.qdq(g.node("Flatten", g.node("Relu", p)), 0.0313, 5, np.uint8)
    net = agree(tmp_path, g, y, (1, 24))
    assert net.layers[0].pool is not None
    assert set(net.layers[0].pool.requant) == {6, 9}


def test_residual_is_added_once_rounded_once(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq("x", 0.015625, 7, np.uint8)
    c = g.conv(a, 4, 4, pads=[1, 1, 1, 1])
    net = agree(tmp_path, g, g.qdq(g.node("Relu", g.node("Add", a, c)), 0.0625), (1, 4, 6, 6))
    (layer,) = net.layers
    assert layer.residual is not None
    assert (layer.residual.zero, layer.zin) == (7, 7)


def test_quantiser_before_add_keeps_both_roundings(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq("x", 0.015625)
    c = g.qdq(g.conv(a, 4, 4, pads=[1, 1, 1, 1]), 0.0625)
    net = agree(tmp_path, g, g.qdq(g.node("Add", c, a), 0.125), (1, 4, 6, 6))
    assert len(net.layers) == 2


def test_add_to_itself(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq("x", 0.015625)
    agree(tmp_path, g, g.qdq(g.node("Add", a, a), 0.03125), (1, 4, 6, 6))


def test_dense_layers_behind_a_map(tmp_path: Path) -> None:
    g = Graph((1, 3, 4, 5))
    flat = g.node("Flatten", g.qdq("x", 0.015625))
    a = g.qdq(g.node("Gemm", flat, g.weights(60, 7, axis=1), alpha=0.5), 0.0625)
    y = g.node("Add", g.node("MatMul", a, g.weights(7, 6, axis=1)), g.const(np.ones(6)))
    net = agree(tmp_path, g, g.qdq(y, 0.015625), (1, 6))
    assert net.layers[0].kernel == (4, 5)
    assert net.layers[1].kernel == (1, 1)


def test_gemm_with_bias_and_beta(tmp_path: Path) -> None:
    g = Graph((1, 9))
    weight = g.weights(5, 9, scale=np.linspace(0.01, 0.0625, 5))
    bias = g.const(np.arange(5) * 0.25)
    y = g.node("Gemm", g.qdq("x", 0.015625), weight, bias, transB=1, beta=2.0)
    agree(tmp_path, g, g.qdq(y, 0.015625), (1, 5))


def test_flatten_through_a_computed_shape(tmp_path: Path) -> None:
    g = Graph((1, 3, 4, 5))
    a = g.qdq("x", 0.015625)
    batch = g.node("Gather", g.node("Shape", a), g.const(0, np.int64))
    batch = g.node("Unsqueeze", batch, g.const([0], np.int64))
    shape = g.node("Concat", batch, g.const([-1], np.int64), axis=0)
    y = g.node("MatMul", g.node("Reshape", a, shape), g.weights(60, 4, axis=1))
    agree(tmp_path, g, g.qdq(y, 0.0625), (1, 4))


def test_input_seen_in_another_shape(tmp_path: Path) -> None:
    g = Graph((1, 48))
    a = g.qdq(g.node("Reshape", "x", g.const([1, 3, 4, 4], np.int64)), 0.015625)
    agree(tmp_path, g, g.qdq(g.conv(a, 5, 3), 0.0625), (1, 5, 2, 2))


def test_one_dimensional_conv(tmp_path: Path) -> None:
    g = Graph((1, 4, 20))
    c = g.node("Conv", g.qdq("x", 0.015625), g.weights(6, 4, 3), pads=[2, 1], strides=[2])
    a = g.node("MaxPool", g.qdq(c, 0.0625), kernel_shape=[2], strides=[2])
    y = g.node("Gemm", g.node("Flatten", a), g.weights(30, 3, axis=1))
    agree(tmp_path, g, g.qdq(y, 0.0625), (1, 3))


@pytest.mark.parametrize("style", ["qdq", "qonnx"])
def test_batch_norm_with_negative_and_zero_gamma(tmp_path: Path, style: str) -> None:
    g = Graph()
    quant: Callable[..., str] = g.qdq if style == "qdq" else g.quant
    c = g.conv(quant("x", 0.125), 4, 4)
    if style == "qonnx":
        weight = g.quant(g.const(g.rng.integers(-8, 8, (4, 4, 3, 3)) * 0.25), 0.25)
        c = g.node("Conv", quant("x", 0.125), weight)
    stats = [[1.5, -0.75, 0.0, -2.0], [0.5, 1.0, 0.75, -0.5], [0.25, 0, 1, -1], [1, 2, 0.5, 4]]
    y = quant(g.node("BatchNormalization", c, *(g.const(s) for s in stats)), 0.25)
    agree(tmp_path, g, y, (1, 4, 4, 4), allowed=1)


def test_affine_operators_on_codes(tmp_path: Path) -> None:
    g = Graph()
    a = g.qdq("x", 0.015625, 3)
    per_channel = g.const(np.array([1.5, -0.5, 2.0, 0.25]).reshape(1, 4, 1, 1))
    b = g.node("Mul", a, per_channel)
    b = g.node("Sub", g.node("Div", b, g.const(0.5)), g.const(0.25))
    b = g.qdq(g.node("Identity", b), 0.0625)
    y = g.node("Sub", g.const(1.0), g.node("Dropout", b))
    agree(tmp_path, g, g.qdq(y, 0.03125), (1, 4, 6, 6), allowed=1)


@pytest.mark.parametrize("signed", [False, True])
def test_input_of_codes(tmp_path: Path, signed: bool) -> None:
    dtype = TensorProto.INT8 if signed else TensorProto.UINT8
    code = np.int8 if signed else np.uint8
    g = Graph(dtype=dtype)
    a = g.real("x", 0.015625, 5, code)
    y = g.codes(g.conv(a, 3, 4), 0.0625, 3, code)
    net = agree(tmp_path, g, y, (1, 3, 4, 4), dtype=dtype)
    assert net.boundary.dtype == ("int8" if signed else "uint8")
    assert net.boundary.output_codes


def test_qcdq_limits_codes(tmp_path: Path) -> None:
    g = Graph()
    limits = (g.const(-4, np.int8), g.const(3, np.int8))
    a = g.real(g.node("Clip", g.codes("x", 0.25), *limits), 0.25)
    y = g.real(g.node("Clip", g.codes(g.conv(a, 3, 4), 0.5), *limits), 0.5)
    net = agree(tmp_path, g, y, (1, 3, 4, 4))
    assert net.input.quant.bits == net.output.quant.bits == 3


def test_four_bit_types_of_opset_21(tmp_path: Path) -> None:
    from ml_dtypes import int4, uint4

    g = Graph(opset=21)
    y = g.qdq(g.conv(g.qdq("x", 0.25, 7, uint4), 3, 4), 0.5, -1, int4)
    path = g.save(tmp_path, y, (1, 3, 4, 4))
    net = load_network(path)
    assert net.input.quant.bits == net.output.quant.bits == 4
    x = np.random.default_rng(3).normal(0, 1, g.shape).astype(np.float32)
    theirs = onnxruntime_tensors(onnx.load(path), {"x": x}, [y])[y]
    codes = golden.run_network(net, net.boundary.encode(x))
    assert (net.boundary.decode(codes[net.output.name]) == theirs).all()


def test_bipolar_weights_and_activations(tmp_path: Path) -> None:
    g = Graph()
    ones = g.const(g.rng.normal(0, 1, (3, 4, 3, 3)))
    weight = g.node("BipolarQuant", ones, g.const(0.5), domain=QONNX)
    a = g.quant("x", 0.5, 0, 3)
    b = g.quant(g.node("Conv", a, weight, g.const([0.3, -0.3, 0.7])), 1.0, 0, 1)
    y = g.node("Conv", b, g.quant(g.const(g.rng.normal(0, 1, (2, 3, 3, 3))), 0.25), pads=[1] * 4)
    net = agree(tmp_path, g, g.quant(y, 0.5), (1, 2, 4, 4))
    assert [layer.w_bits for layer in net.layers] == [2, 4]
    assert net.tensors[net.layers[0].y].quant.bits == 2


def test_transposed_quant_weights(tmp_path: Path) -> None:
    g = Graph((1, 12))
    weight = g.quant(g.const(g.rng.normal(0, 1, (5, 12))), np.full((5, 1), 0.25))
    y = g.node("MatMul", g.quant("x", 0.25), g.node("Transpose", weight, perm=[1, 0]))
    agree(tmp_path, g, g.quant(y, 0.5, 0, 8), (1, 5))


def test_odd_zero_point_counts_at_ties(tmp_path: Path) -> None:
    g = Graph()
    weight = g.quant(g.const(g.rng.integers(-8, 8, (4, 4, 3, 3)) * 0.25), 0.25)
    c = g.node("Conv", g.quant("x", 0.25, 1, 4), weight)
    net = agree(tmp_path, g, g.quant(c, 0.5, 3, 5), (1, 4, 4, 4))
    assert net.layers[0].zout == 2  # one of three joined the sum


def test_flattened_map_may_be_seen_again(tmp_path: Path) -> None:
    g = Graph()
    flat = g.node("Flatten", g.qdq(g.conv(g.qdq("x", 0.015625), 3, 4), 0.0625))
    back = g.node("Reshape", flat, g.const([1, 3, 4, 4], np.int64))
    agree(tmp_path, g, g.qdq(g.conv(back, 2, 3), 0.0625), (1, 2, 2, 2))

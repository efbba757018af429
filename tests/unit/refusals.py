"""Networks with one node each that the importer refuses, and the sentence it must give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx_graphs import QONNX, Graph

Case = Callable[[Graph], str]
BETWEEN = "put QuantizeLinear and DequantizeLinear, or Quant, in between"


def ones(g: Graph, *shape: int, value: float = 1.0, scale: float = 0.5) -> str:
    """Quantised QDQ weights, all equal."""
    return g.node("DequantizeLinear", g.const(np.full(shape, value), np.int8), g.const(scale))


def conv(g: Graph, weight: str, *bias: str, **attrs: object) -> str:
    return g.qdq(g.node("Conv", g.qdq("x"), weight, *bias, name="c", **attrs))


def dense(g: Graph, op: str = "MatMul", **attrs: object) -> str:
    return g.qdq(g.node(op, g.qdq("x"), g.weights(4, 7, axis=1), name="d", **attrs))


def weight_zero(g: Graph) -> str:
    pair = (g.const(0.1), g.const(128, np.uint8))
    codes = g.const(np.ones((2, 4, 1, 1)), np.uint8)
    return conv(g, g.node("DequantizeLinear", codes, *pair, name="w"))


def weight_axis(g: Graph) -> str:
    codes = g.const(np.ones((2, 4, 1, 1)), np.int8)
    return conv(g, g.node("DequantizeLinear", codes, g.const([0.1, 0.2, 0.3, 0.4]), axis=1))


def per_channel(g: Graph) -> str:
    pair = (g.const([0.1, 0.2]), g.const([0, 0], np.int8))
    c = g.node("QuantizeLinear", g.conv(g.qdq("x"), 2, 4), *pair, name="q")
    return g.node("DequantizeLinear", c, *pair)


def batch_norm(g: Graph, x: str, gamma: tuple[float, ...] = (1, 1)) -> str:
    rest = (g.const(np.ones(2)) for _ in range(3))
    return g.qdq(g.node("BatchNormalization", x, g.const(gamma), *rest, name="bn"))


def pool(g: Graph, op: str, x: str, **attrs: object) -> str:
    return g.qdq(g.node(op, x, name="p", **attrs))


def two(g: Graph, op: str, left: str, right: str) -> str:
    return g.qdq(g.node(op, left, right, name="n"))


NODES: list[tuple[str, Case, str, str]] = [
    (
        "unknown operator",
        lambda g: g.qdq(g.node("LeakyRelu", g.conv(g.qdq("x"), 3, 4), name="n")),
        "node 'n' (LeakyRelu, opset 17): this operator is not supported",
        "use Relu",
    ),
    (
        "unquantised weights",
        lambda g: conv(g, g.const(np.ones((2, 4, 1, 1)))),
        "node 'c' (Conv, opset 17): its weights are not quantised",
        "quantise constant weights to 1..8 bits, zero point 0",
    ),
    (
        "groups",
        lambda g: conv(g, ones(g, 3, 4, 1, 1), group=2),
        "node 'c' (Conv, opset 17): group = 2, weights [3, 4, 1, 1], 4 channels",
        "make them agree",
    ),
    (
        "window",
        lambda g: conv(g, ones(g, 3, 4, 9, 9)),
        "node 'c' (Conv, opset 17): its window of [9, 9] does not fit the [6, 6] map",
        "pad the map",
    ),
    (
        "bias size",
        lambda g: conv(g, ones(g, 2, 4, 1, 1), g.const([1.0, 2.0, 3.0])),
        "node 'c' (Conv, opset 17): its bias has 3 elements",
        "use one per output channel (2)",
    ),
    (
        "weight zero point",
        weight_zero,
        "node 'w' (DequantizeLinear, opset 17): weight zero point 128 is not supported",
        "quantise the weights symmetrically (zero point 0)",
    ),
    (
        "weight scale axis",
        weight_axis,
        "node 'c' (Conv, opset 17): its weight scale has shape [1, 4, 1, 1]",
        "use one scale per tensor, or per output channel (axis 0)",
    ),
    (
        "activation scale per channel",
        per_channel,
        "node 'q' (QuantizeLinear, opset 17): its scale has 2 different elements for an activation",
        "use one scale per tensor; per-channel is for weights",
    ),
    (
        "int16",
        lambda g: g.node("QuantizeLinear", "x", g.const(0.1), g.const(0, np.int16), name="q"),
        "node 'q' (QuantizeLinear, opset 21): makes int16 codes",
        "use int8 or uint8",
    ),
    (
        "no output quantiser",
        lambda g: g.node("Relu", g.node("Conv", g.qdq("x"), ones(g, 2, 4, 1, 1), name="c")),
        "node 'c' (Conv, opset 17): its result reaches output 'relu4_y' without a quantiser",
        "put QuantizeLinear and DequantizeLinear, or Quant, behind 'relu4'",
    ),
    (
        "no input quantiser",
        lambda g: g.qdq(g.node("Conv", "x", ones(g, 2, 4, 1, 1), name="c")),
        "node 'c' (Conv, opset 17): its input is the network's unquantised input",
        "quantise the input first",
    ),
    (
        "no quantiser in between",
        lambda g: g.qdq(g.node("Conv", g.conv(g.qdq("x"), 2, 4), ones(g, 2, 2, 1, 1), name="c")),
        "node 'c' (Conv, opset 17): its input is the unquantised result of 'conv3'",
        BETWEEN,
    ),
    (
        "sum of two sums",
        lambda g: two(g, "Add", g.conv(g.qdq("x"), 2, 4), g.conv(g.qdq("x"), 2, 4)),
        "node 'n' (Add, opset 17): its operand is the unquantised result of 'conv3'",
        BETWEEN,
    ),
    (
        "sum with a clipped sum",
        lambda g: two(g, "Add", g.qdq("x"), g.node("Relu", g.conv(g.qdq("x"), 4, 4, 1), name="r")),
        "node 'n' (Add, opset 17): adds to the unquantised result of 'r'",
        "put a quantiser between 'r' and this node",
    ),
    (
        "sum of two sizes",
        lambda g: two(g, "Add", g.qdq("x"), g.qdq(g.conv(g.qdq("x"), 4, 4))),
        "node 'n' (Add, opset 17): adds [1, 4, 6, 6] and [1, 4, 4, 4]",
        "add maps of one shape",
    ),
    (
        "product of maps",
        lambda g: two(g, "Mul", g.qdq("x"), g.qdq("x")),
        "node 'n' (Mul, opset 17): multiplies a feature map",
        "scale by constants only",
    ),
    (
        "constant map",
        lambda g: two(g, "Add", g.qdq("x"), g.const(np.ones((1, 4, 6, 6)))),
        "node 'n' (Add, opset 17): its constant has shape [1, 4, 6, 6]",
        "use one number per channel",
    ),
    (
        "BatchNormalization behind Relu",
        lambda g: batch_norm(g, g.node("Relu", g.conv(g.qdq("x"), 2, 4), name="r")),
        "node 'bn' (BatchNormalization, opset 17): scales the unquantised result of 'r' per "
        "channel",
        "put it directly behind the convolution, or put a quantiser in front of it",
    ),
    (
        "negative gamma with -128",
        lambda g: batch_norm(
            g, g.node("Conv", g.qdq("x"), ones(g, 2, 4, 1, 1, value=-128), name="c"), (1, -1)
        ),
        "node 'c' (Conv, opset 17): a negative scale turns weight 128 into a 9-bit number",
        "quantise the weights with narrow range (-127..127)",
    ),
    (
        "different pairs",
        lambda g: g.node(
            "DequantizeLinear", g.codes(g.conv(g.qdq("x"), 2, 4), 0.5), g.const(0.25), name="d"
        ),
        "node 'd' (DequantizeLinear, opset 17): scale and zero point 0.25, 0 differ from 0.5, 0 "
        "of its QuantizeLinear",
        "use the same pair on both",
    ),
    (
        "transposed map",
        lambda g: g.qdq(g.node("Transpose", g.qdq("x"), perm=[0, 2, 3, 1], name="t")),
        "node 't' (Transpose, opset 17): transposes a feature map, perm = [0, 2, 3, 1]",
        "export the network channels first (NCHW) without Transpose",
    ),
    (
        "reshape",
        lambda g: g.qdq(
            g.node("Reshape", g.conv(g.qdq("x"), 2, 4), g.const([1, 4, 2, -1], np.int64), name="r")
        ),
        "node 'r' (Reshape, opset 17): reshapes [1, 2, 4, 4] to [1, 4, 2, 4]",
        "flatten to [1, features] or keep rows, columns and channels",
    ),
    (
        "average of a sum",
        lambda g: pool(g, "GlobalAveragePool", g.conv(g.qdq("x"), 2, 4)),
        "node 'p' (GlobalAveragePool, opset 17): reads the unquantised result of 'conv3'",
        "put a quantiser in between",
    ),
    (
        "dilated pooling",
        lambda g: pool(g, "MaxPool", g.qdq("x"), kernel_shape=[2, 2], dilations=[2, 2]),
        "node 'p' (MaxPool, opset 17): dilations = [2, 2]",
        "pool without dilation",
    ),
    (
        "cut window",
        lambda g: pool(
            g,
            "AveragePool",
            g.qdq("x"),
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[0, 0, 0, 1],
            ceil_mode=1,
            count_include_pad=1,
        ),
        "node 'p' (AveragePool, opset 17): ceil_mode = 1 with count_include_pad = 1 cuts a window",
        "use one of them",
    ),
    (
        "QONNX bits",
        lambda g: g.quant("x", 0.1, 0, 12, name="q"),
        f"node 'q' ({QONNX} Quant, opset 1): bit_width = 12 for an activation",
        "use 1..8 bits",
    ),
    (
        "QONNX zero point",
        lambda g: g.quant("x", 0.1, 0.5, name="q"),
        f"node 'q' ({QONNX} Quant, opset 1): zero point 0.5",
        "use an integer within -8..7",
    ),
    (
        "QONNX weight bits",
        lambda g: conv(g, g.quant(g.const(np.full((2, 4, 1, 1), 100.0)), 0.1, 0, 16)),
        "node 'c' (Conv, opset 17): its weights have 10 bits",
        "use 1..8 bits",
    ),
    (
        "input quantised twice",
        lambda g: two(g, "Add", g.qdq("x", 0.5), g.qdq("x", 0.25)),
        "node 'quantizelinear2' (QuantizeLinear, opset 17): the input is quantised a second time, "
        "scale 0.25",
        "let one quantiser feed every reader of the input",
    ),
    (
        "codes as numbers",
        lambda g: g.qdq(g.node("Conv", g.codes("x"), ones(g, 2, 4, 1, 1), name="c")),
        "node 'c' (Conv, opset 17): computes on integer codes",
        "put a DequantizeLinear in front of it",
    ),
    (
        "features",
        lambda g: dense(g),
        "node 'd' (MatMul, opset 17): weights [7, 4] on [1, 4, 6, 6]",
        "use a [1, 4] input, flattened with Flatten or Reshape",
    ),
    (
        "transposed input",
        lambda g: dense(g, "Gemm", transA=1),
        "node 'd' (Gemm, opset 17): transA = 1",
        "use transA = 0",
    ),
    (
        "coarse accumulator",
        lambda g: conv(g, ones(g, 2, 4, 1, 1, value=-127, scale=9), g.const([0.3, 0.2])),
        "node 'c' (Conv, opset 17): its bias can only be stored to 2.4 output steps",
        "store it as int32 at the scale of input times weights, or quantise the result more "
        "coarsely",
    ),
    (
        "scale ratio",
        lambda g: g.qdq(g.node("Conv", g.qdq("x", 1e6), ones(g, 2, 4, 1, 1), name="c"), 1e-6),
        "node 'c' (Conv, opset 17): the scale ratio 5e+11 exceeds 32767",
        "rescale the layer's quantisers",
    ),
    (
        "nothing to do",
        lambda g: g.qdq("x"),
        "output 'dequantizelinear1_y' is the quantised input",
        "put a layer in between",
    ),
]

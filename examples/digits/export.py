"""Write the trained network as QONNX: float initialisers through Quant nodes."""

from __future__ import annotations

import numpy as np
import onnx
from model import ActQuant, ConvBlock, Digits, weight_scale
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

DOMAIN = "qonnx.custom_op.general"


class Graph:
    """Nodes, initialisers and the shape of every tensor, in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.inits: dict[str, NDArray[np.float32]] = {}
        self.shapes: dict[str, list[int]] = {}

    def const(self, name: str, value: object) -> str:
        self.inits[name] = np.asarray(value, dtype=np.float32)
        return name

    def node(self, op: str, inputs: list[str], name: str, shape: list[int], **attrs: object) -> str:
        domain = DOMAIN if op == "Quant" else ""
        self.nodes.append(
            helper.make_node(op, inputs, [f"{name}_out"], name=name, domain=domain, **attrs)
        )
        self.shapes[f"{name}_out"] = shape
        return f"{name}_out"

    def quant(
        self,
        x: str,
        name: str,
        shape: list[int],
        scale: object,
        bits: int,
        signed: bool,
        narrow: bool,
    ) -> str:
        consts = [
            self.const(f"{name}_scale", scale),
            self.const(f"{name}_zero", 0.0),
            self.const(f"{name}_bits", float(bits)),
        ]
        return self.node(
            "Quant", [x, *consts], name, shape,
            signed=int(signed), narrow=int(narrow), rounding_mode="ROUND",
        )  # fmt: skip

    def activation(self, x: str, name: str, shape: list[int], quant: ActQuant) -> str:
        scale = float(quant.scale.detach().abs())
        return self.quant(x, name, shape, scale, quant.bits, quant.signed, narrow=False)

    def model(self) -> onnx.ModelProto:
        def info(name: str) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shapes[name])

        outputs = [n.output[0] for n in self.nodes]
        graph = helper.make_graph(
            self.nodes, "digits", [info("image")], [info(outputs[-1])],
            [numpy_helper.from_array(v, k) for k, v in self.inits.items()],
            value_info=[info(name) for name in outputs[:-1]],
        )  # fmt: skip
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid(DOMAIN, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="digits")


def _whole_beta(block: ConvBlock, x_scale: float) -> NDArray[np.float32]:
    """The shift of the normalisation, moved to the nearest whole accumulator unit.

    Hardware adds the bias to an integer accumulator. Rounding it here keeps the exported graph
    the truth: what runs it in real numbers and what runs it in integers then agree.
    """
    bn = block.bn
    gain = (bn.weight.detach() / (bn.running_var + bn.eps).sqrt()).double().numpy()
    unit = weight_scale(block.conv.weight, block.w_bits).double().numpy().ravel() * x_scale * gain
    mean = bn.running_mean.double().numpy() * gain
    bias = bn.bias.detach().double().numpy() - mean
    return (np.rint(bias / unit) * unit + mean).astype(np.float32)


def _conv_block(
    g: Graph, block: ConvBlock, name: str, x: str, x_quant: ActQuant, residual: str | None = None
) -> str:
    conv, bn, x_scale = block.conv, block.bn, float(x_quant.scale.detach().abs())
    # A negative gamma becomes a positive one over negated weights (the code range is symmetric),
    # so that the whole normalisation folds into positive per-channel multipliers.
    sign = np.where(bn.weight.detach().numpy() < 0, -1.0, 1.0).astype(np.float32)
    weight = conv.weight.detach().numpy() * sign[:, None, None, None]
    side = g.shapes[x][2] // conv.stride[0]
    shape = [1, conv.out_channels, side, side]
    w = g.quant(
        g.const(f"{name}_weight", weight), f"{name}_wq", list(weight.shape),
        weight_scale(conv.weight, block.w_bits).numpy(), block.w_bits, signed=True, narrow=True,
    )  # fmt: skip
    y = g.node(
        "Conv", [x, w], name, shape,
        kernel_shape=[3, 3], strides=list(conv.stride), pads=[1, 1, 1, 1],
    )  # fmt: skip
    parts = {
        "gamma": bn.weight.detach().numpy() * sign,
        "beta": _whole_beta(block, x_scale),
        "mean": bn.running_mean.numpy() * sign,
        "var": bn.running_var.numpy(),
    }
    consts = [g.const(f"{name}_{k}", v) for k, v in parts.items()]
    y = g.node("BatchNormalization", [y, *consts], f"{name}_bn", shape, epsilon=bn.eps)
    if residual is not None:
        y = g.node("Add", [y, residual], f"{name}_add", shape)
    y = g.node("Relu", [y], f"{name}_relu", shape)
    y = g.activation(y, f"{name}_quant", shape, block.quant)
    if block.pool:
        shape = [1, conv.out_channels, side // 2, side // 2]
        y = g.node("MaxPool", [y], f"{name}_pool", shape, kernel_shape=[2, 2], strides=[2, 2])
    return y


def to_onnx(net: Digits) -> onnx.ModelProto:
    """The network in evaluation mode as a checked QONNX model, batch 1, NCHW."""
    g = Graph()
    g.shapes["image"] = [1, 1, 8, 8]
    x = g.activation("image", "image_quant", [1, 1, 8, 8], net.quant_in)
    quant = net.quant_in
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6"):
        block = getattr(net, name)
        x = _conv_block(g, block, name, x, quant, residual=x if name == "conv3" else None)
        quant = block.quant
    x = g.node("GlobalAveragePool", [x], "gap", [1, 32, 1, 1])
    x = g.activation(x, "gap_quant", [1, 32, 1, 1], net.quant_gap)
    x = g.node("Flatten", [x], "flatten", [1, 32])
    w = g.quant(
        g.const("fc_weight", net.fc.weight.detach().numpy()), "fc_wq", [10, 32],
        weight_scale(net.fc.weight, 8).numpy(), 8, signed=True, narrow=True,
    )  # fmt: skip
    unit = weight_scale(net.fc.weight, 8).numpy().ravel() * float(net.quant_gap.scale.detach())
    bias = g.const("fc_bias", np.rint(net.fc.bias.detach().numpy() / unit) * unit)
    x = g.node("Gemm", [x, w, bias], "fc", [1, 10], transB=1)
    g.activation(x, "fc_quant", [1, 10], net.quant_out)
    model = g.model()
    onnx.checker.check_model(model)
    return model

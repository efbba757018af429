"""Small quantised ONNX graphs, written node by node, for the tests of the importer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"


@dataclass
class Graph:
    """A graph while it is written; every method returns the name of the tensor that it makes."""

    shape: tuple[Any, ...] = (1, 4, 6, 6)
    opset: int = 17
    dtype: int = TensorProto.FLOAT
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def const(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype=dtype), name))
        return name

    def node(self, op: str, *inputs: str, domain: str = "", **attrs: Any) -> str:
        name = attrs.pop("name", f"{op.lower()}{len(self.nodes)}")
        self.nodes.append(
            helper.make_node(op, list(inputs), [f"{name}_y"], name, domain=domain, **attrs)
        )
        return f"{name}_y"

    def codes(self, x: str, scale: float = 0.125, zero: int = 0, dtype: Any = np.int8) -> str:
        return self.node("QuantizeLinear", x, self.const(scale), self.const(zero, dtype))

    def real(self, x: str, scale: float = 0.125, zero: int = 0, dtype: Any = np.int8) -> str:
        return self.node("DequantizeLinear", x, self.const(scale), self.const(zero, dtype))

    def qdq(self, x: str, scale: float = 0.125, zero: int = 0, dtype: Any = np.int8) -> str:
        return self.real(self.codes(x, scale, zero, dtype), scale, zero, dtype)

    def quant(self, x: str, scale: Any = 0.125, zero: Any = 0, bits: Any = 4, **attrs: Any) -> str:
        given = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND", **attrs}
        inputs = (x, self.const(scale), self.const(zero), self.const(bits))
        return self.node("Quant", *inputs, domain=QONNX, **given)

    def weights(self, *shape: int, scale: Any = 0.0625, axis: int = 0, top: int = 7) -> str:
        codes = self.rng.integers(-top, top + 1, shape)
        zero = np.zeros_like(np.array(scale), dtype=np.int8)
        pair = (self.const(scale), self.const(zero, np.int8))
        return self.node("DequantizeLinear", self.const(codes, np.int8), *pair, axis=axis)

    def conv(self, x: str, n: int, c: int, k: int = 3, **attrs: Any) -> str:
        return self.node("Conv", x, self.weights(n, c, k, k), **attrs)

    def model(self, output: str, shape: Any = (), dtype: int = TensorProto.FLOAT) -> Any:
        given = onnx.helper.make_tensor_value_info("x", self.dtype, self.shape)
        made = onnx.helper.make_tensor_value_info(output, dtype, shape)
        graph = helper.make_graph(self.nodes, "test", [given], [made], self.constants)
        opsets = [helper.make_opsetid("", self.opset)]
        if any(n.domain == QONNX for n in self.nodes):
            opsets.append(helper.make_opsetid(QONNX, 1))
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def save(self, folder: Path, output: str, shape: Any = (), **kwargs: Any) -> Path:
        """Write the model with `output`; the shape is only a rank for onnxruntime's sake."""
        path = folder / "net.onnx"
        onnx.save(self.model(output, shape, **kwargs), path)
        return path

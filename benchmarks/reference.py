"""Run a network in onnxruntime or qonnx and compare one integer layer at a time with it.

Every layer is given the other tool's own inputs (its codes), so an error never travels. Expected
values come from the other tool alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import onnx
import onnxruntime
from qonnx.core import onnx_exec
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_shapes import InferShapes

from hwgen.net.ir import QNet, Tensor


@dataclass(frozen=True)
class Agreement:
    """One layer: how many of its output codes differ, and the largest difference."""

    layer: str
    elements: int
    different: int
    largest: int


def onnxruntime_tensors(
    model: onnx.ModelProto, feeds: Mapping[str, np.ndarray], names: list[str]
) -> dict[str, np.ndarray]:
    """Named tensors of a QDQ network, computed by onnxruntime in float32.

    Optimisations are off: fused integer kernels would round in their own way.
    """
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    del exposed.graph.output[:]
    exposed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        exposed.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def qonnx_tensors(
    model: onnx.ModelProto, feeds: Mapping[str, np.ndarray], names: list[str]
) -> dict[str, np.ndarray]:
    """Named tensors of a QONNX network, computed node by node by the qonnx library."""
    wrapped = ModelWrapper(model).transform(InferShapes())
    make_model = onnx_exec.qonnx_make_model

    def readable_model(*args: Any, **kwargs: Any) -> onnx.ModelProto:
        single = make_model(*args, **kwargs)
        single.ir_version = model.ir_version  # the newest one may be unknown to onnxruntime
        return single

    with mock.patch.object(onnx_exec, "qonnx_make_model", readable_model):
        context = onnx_exec.execute_onnx(wrapped, dict(feeds), return_full_exec_context=True)
    return {name: context[name] for name in names}


def codes_of(array: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Codes [h, w, c] of an ONNX tensor that holds codes, or real numbers on the code grid."""
    plain = array.reshape(tensor.c, tensor.h, tensor.w).transpose(1, 2, 0)
    if plain.dtype.kind in "iu":
        return plain.astype(np.int64)
    steps = plain.astype(np.float64) / tensor.quant.scale
    codes = np.rint(steps)
    if np.abs(steps - codes).max(initial=0) > 0.01:
        raise AssertionError(f"tensor {tensor.name!r} is not on its code grid")
    return codes.astype(np.int64) + tensor.quant.zero


def stored(net: QNet) -> dict[str, Tensor]:
    """Every tensor of the ONNX file that the network's layers and poolings begin or end at."""
    inner = [layer.pool.before for layer in net.layers if layer.pool and layer.pool.before]
    return {tensor.name: tensor for tensor in (*inner, *net.tensors.values())}


def compare(net: QNet, tensors: Mapping[str, np.ndarray], model: ModuleType) -> list[Agreement]:
    """Every layer of `net` against the other tool's tensors, given that tool's inputs.

    tensors: the arrays of `stored(net)`; model: the golden model's `run_layer` and `pool`. A
    convolution and the pooling of its codes are two rows.
    """
    codes = {name: codes_of(tensors[name], t) for name, t in stored(net).items()}
    rows = []
    for layer in net.layers:
        res = None if layer.residual is None else codes[layer.residual.tensor]
        before = layer.pool.before if layer.pool else None
        if layer.pool is not None and before is not None:
            pooled = model.pool(codes[before.name], layer.pool)
            rows.append(_agreement(f"{layer.name}.pool", pooled, codes[layer.y]))
            layer = replace(layer, pool=None, y=before.name)
        y = model.run_layer(layer, codes[layer.x], res)
        binary = (layer.lo, layer.hi, layer.zout) == (-1, 1, 1)  # codes -1 and 1 are neighbours
        rows.append(_agreement(layer.name, y, codes[layer.y], 2 if binary else 1))
    return rows


def _agreement(name: str, ours: np.ndarray, theirs: np.ndarray, step: int = 1) -> Agreement:
    off = np.abs(ours - theirs) // step
    return Agreement(name, off.size, int((off > 0).sum()), int(off.max(initial=0)))

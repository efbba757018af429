"""Run a QONNX graph with the qonnx library's own executor: the accuracy that is ours to keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

# qonnx wraps every node in a model of the newest IR version that onnx knows; the onnxruntime
# released beside onnx 1.23 reads versions up to 13.
ORT_IR_VERSION = 13


def scores(path: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores float32 [N, classes] of images [N, 1, 8, 8], one by one as the graph's batch is 1."""
    model = ModelWrapper(str(path))
    name_in, name_out = model.graph.input[0].name, model.graph.output[0].name
    newest = onnx.IR_VERSION
    onnx.IR_VERSION = min(newest, ORT_IR_VERSION)
    try:
        rows = [execute_onnx(model, {name_in: image[None]})[name_out][0] for image in images]
    finally:
        onnx.IR_VERSION = newest
    return np.stack(rows)

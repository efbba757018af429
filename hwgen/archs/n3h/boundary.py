"""Into codes and out of them: a program's inputs and outputs, by the network that it carries."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.archs.n3h.program import Program
from hwgen.errors import Problem, UsageError
from hwgen.net.ir import QNet
from hwgen.numbers import Ints


def network_of(program: Program) -> QNet | None:
    """The network that the program was compiled from, None if the folder does not hold it."""
    if not program.network:
        return None
    from hwgen.net.load import load_network  # imports onnx

    with tempfile.TemporaryDirectory(prefix="hwgen-net.") as work:
        path = Path(work) / "network.onnx"
        path.write_bytes(program.network)
        return load_network(path)


def network_name(program: Program) -> str:
    """The name of the network's graph."""
    if not program.network:
        return "network"
    import onnx

    return onnx.load_from_string(program.network).graph.name or "network"


def encode(program: Program, net: QNet | None, inputs: npt.NDArray[Any]) -> list[Ints]:
    """Codes [h, w, c] of each of the inputs [N, ...]. Raises UsageError if they do not fit.

    With a network the inputs are what its ONNX file takes; without one they are codes [N, h, w, c].
    """
    t = program.memory.tensors[program.memory.input]
    one = net.boundary.input_shape[1:] if net else (t.h, t.w, t.c)
    if inputs.ndim != len(one) + 1 or inputs.shape[1:] != one or not len(inputs):
        raise UsageError(
            Problem(
                f"the input has shape {list(inputs.shape)}",
                f"the network takes [N, {', '.join(map(str, one))}], N at least 1",
                "reshape the array, as in: np.save('x.npy', x[None])",
            )
        )
    if net:
        return [net.boundary.encode(inputs[i : i + 1]) for i in range(len(inputs))]
    if inputs.dtype.kind not in "iu":
        raise UsageError(
            Problem(f"the input has type {inputs.dtype}", "without a network it holds codes")
        )
    try:
        for codes in inputs:
            t.pack(codes.astype(np.int64))
    except ValueError as error:
        raise UsageError(Problem(f"the input does not fit: {error}")) from error
    return list(inputs.astype(np.int64))


def decode(program: Program, net: QNet | None, tensors: Mapping[str, Ints]) -> npt.NDArray[Any]:
    """The network's own output of one input; codes [h, w, c] where there is no network."""
    codes = tensors[program.memory.output]
    return np.asarray(net.boundary.decode(codes)[0]) if net else codes

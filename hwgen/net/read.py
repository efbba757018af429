"""Read an ONNX file into a small, checked graph; say everything that is wrong with it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from hwgen.errors import Problem, UsageError

OPSET_MIN = 9
INPUT_TYPES: dict[int, str] = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.INT8: "int8",
}
QONNX_OPS = ("Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant")
QONNX_DOMAIN = "qonnx.custom_op.general"


@dataclass(frozen=True)
class Node:
    """One ONNX node. `opset` is that of its domain; absent optional inputs are empty names."""

    name: str
    op: str
    domain: str
    opset: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]
    proto: onnx.NodeProto = field(repr=False, compare=False)

    @property
    def label(self) -> str:
        domain = f"{self.domain} " if self.domain else ""
        return f"node {self.name!r} ({domain}{self.op}, opset {self.opset})"


@dataclass(frozen=True)
class Graph:
    """A network with one static input of batch 1 and one output; nodes in topological order.

    uses: how many node inputs and graph outputs read the elements of each tensor. problems: why
    the file as a whole cannot be imported; then `input_shape` means nothing and `inputs` may be
    any number.
    """

    name: str
    file: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, npt.NDArray[Any]]
    inputs: tuple[str, ...]
    input_shape: tuple[int, ...]
    input_type: str
    output: str
    uses: Mapping[str, int]
    problems: tuple[Problem, ...]


def read(path: Path) -> Graph:
    """The graph of an ONNX file, and what is wrong with it as a whole.

    Raises UsageError when it cannot be read at all, is no valid ONNX or has an unknown opset.
    """
    model = _load(path)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    opsets = {o.domain: o.version for o in model.opset_import}
    sources = [i for i in model.graph.input if i.name not in constants]
    sinks = [o.name for o in model.graph.output]
    nodes = _reachable([_node(n, i, opsets) for i, n in enumerate(model.graph.node)], sinks)
    uses = Counter(name for n in nodes if n.op != "Shape" for name in n.inputs)
    uses.update(sinks)
    tensor = sources[0].type.tensor_type if sources else onnx.TypeProto.Tensor()
    return Graph(
        name=path.stem,
        file=path.name,
        nodes=nodes,
        constants=constants,
        inputs=tuple(i.name for i in sources),
        input_shape=tuple(d.dim_value for d in tensor.shape.dim),
        input_type=INPUT_TYPES.get(tensor.elem_type, ""),
        output=sinks[0] if sinks else "",
        uses=uses,
        problems=tuple(
            Problem(f"{path.name}: {what}", fix=fix) for what, fix in _problems(sources, sinks)
        ),
    )


def _reachable(nodes: list[Node], outputs: list[str]) -> tuple[Node, ...]:
    """The nodes that the outputs depend on, in order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))


def _load(path: Path) -> onnx.ModelProto:
    """The parsed and checked model; QONNX operations are put into their own domain first."""
    try:
        model = onnx.load(path)
    except FileNotFoundError as error:
        missing = Path(error.filename or path).name
        raise UsageError(Problem(f"{path.name}: {missing} does not exist")) from None
    except OSError as error:
        raise UsageError(Problem(f"{path.name}: cannot be read: {error.strerror}")) from None
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        reason = (str(error).splitlines() or ["damaged"])[0]
        raise UsageError(Problem(f"{path.name}: is not an ONNX file: {reason}")) from None
    if not model.graph.node:
        raise UsageError(Problem(f"{path.name}: is not an ONNX file, or holds no nodes"))
    opset = {o.domain: o.version for o in model.opset_import}.get("", 0)
    newest = onnx.defs.onnx_opset_version()
    if not OPSET_MIN <= opset <= newest:
        what = f"{path.name}: opset {opset} of the ONNX operators is not supported"
        fix = f"convert it to an opset in {OPSET_MIN}..{newest}"
        raise UsageError(Problem(what, fix=fix))
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    for node in model.graph.node:
        if node.op_type in QONNX_OPS:  # exporters disagree about the domain's name
            node.domain = QONNX_DOMAIN
    known = {o.domain for o in model.opset_import}
    for domain in sorted({n.domain for n in model.graph.node} - known - {"ai.onnx"}):
        model.opset_import.append(onnx.helper.make_opsetid(domain, 1))
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(Problem(f"{path.name}: is not valid ONNX: {reason}")) from None
    return model


def _problems(sources: list[onnx.ValueInfoProto], sinks: list[str]) -> Iterator[tuple[str, str]]:
    """(what, fix) of everything wrong with the file's inputs and outputs."""
    for kind, names in (("input", [s.name for s in sources]), ("output", sinks)):
        if len(names) != 1:
            found = ", ".join(names) or "none"
            yield f"{len(names)} {kind}s ({found})", f"export a network with one {kind}"
    for value in sources:
        yield from _input_problems(value)


def _input_problems(value: onnx.ValueInfoProto) -> Iterator[tuple[str, str]]:
    tensor = value.type.tensor_type
    if tensor.elem_type not in INPUT_TYPES:
        name = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        yield f"input {value.name!r} has type {name}", "export it with float32, int8 or uint8"
    dims = [d.dim_param or d.dim_value or "?" for d in tensor.shape.dim]
    shape = f"input {value.name!r} has shape [{', '.join(map(str, dims))}]"
    if any(not isinstance(d, int) for d in dims):
        yield f"{shape}, which is dynamic", "export it with fixed sizes, batch 1"
    elif len(dims) not in (2, 3, 4):
        yield shape, "export it with shape [1, channels, rows, columns] or [1, features]"
    elif dims[0] != 1:
        yield f"{shape}: batch {dims[0]}", "export it with batch 1"


def _node(proto: onnx.NodeProto, index: int, opsets: Mapping[str, int]) -> Node:
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    return Node(
        name=proto.name or f"{proto.op_type}_{index}",
        op=proto.op_type,
        domain=domain,
        opset=opsets[domain],
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attrs={a.name: _attribute(a) for a in proto.attribute},
        proto=proto,
    )


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, onnx.TensorProto):
        return np.asarray(numpy_helper.to_array(value))
    return list(value) if attribute.type >= onnx.AttributeProto.FLOATS else value

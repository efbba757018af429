"""Import a quantised ONNX network: `load_network(path)`.

The graph is walked once, in order. Every tensor is a value of `hwgen.net.values`; quantisers
turn pending sums into integer layers. A node that cannot be imported is noted and the walk goes
on, so that all problems of a file are reported together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from hwgen.errors import Problem, UsageError
from hwgen.net import fakequant, fold, shapes, windows
from hwgen.net.boundary import Boundary
from hwgen.net.build import Builder
from hwgen.net.ir import QNet
from hwgen.net.ranges import report
from hwgen.net.read import QONNX_DOMAIN, Graph, Node, read
from hwgen.net.values import (
    Broken,
    Codes,
    Const,
    Mean,
    QConst,
    RefusalError,
    Source,
    Sum,
    Value,
)

Handler = Callable[[Builder, Node, list[Value | None]], Value]

QUANTISERS: dict[str, Handler] = {
    "QuantizeLinear": fakequant.quantize_linear,
    "DequantizeLinear": fakequant.dequantize_linear,
    "Quant": fakequant.quant,
    "IntQuant": fakequant.quant,
    "BipolarQuant": fakequant.bipolar_quant,
}
ANY_CODES: dict[str, Handler] = {
    "Clip": fold.clip,
    "Relu": fold.clip,
    "MaxPool": windows.max_pool,
    "GlobalMaxPool": windows.max_pool,
    "Identity": shapes.identity,
    "Dropout": shapes.identity,
    **dict.fromkeys(shapes.VIEWS, shapes.view),
    "Transpose": shapes.transpose,
    "Shape": shapes.shape_of,
}
REAL: dict[str, Handler] = {
    "Conv": fold.conv,
    "Gemm": fold.gemm,
    "MatMul": fold.matmul,
    "Add": fold.add,
    "Sub": fold.add,
    "Mul": fold.mul,
    "Div": fold.mul,
    "BatchNormalization": fold.batch_norm,
    "AveragePool": windows.average_pool,
    "GlobalAveragePool": windows.average_pool,
    "ReduceMean": windows.average_pool,
}
QCONST = (*shapes.VIEWS, "Identity", "Dropout", "Transpose")  # keep quantised constants so
HANDLERS = {**QUANTISERS, **ANY_CODES, **REAL}

NEAREST = {
    "Softmax": "end the network at its logits",
    "LogSoftmax": "end the network at its logits",
    "ArgMax": "end the network at its logits",
    "ConvTranspose": "use Conv",
    "Pad": "put the padding into the pads of the Conv or pooling behind it",
    "QLinearConv": "export in QDQ form: QuantizeLinear, DequantizeLinear around Conv",
    "QLinearMatMul": "export in QDQ form: QuantizeLinear, DequantizeLinear around MatMul",
    "ConvInteger": "export in QDQ form: QuantizeLinear, DequantizeLinear around Conv",
    "MatMulInteger": "export in QDQ form: QuantizeLinear, DequantizeLinear around MatMul",
    "Trunc": "use Quant",
    "FloatQuant": "use Quant",
    "MultiThreshold": "use Quant",
    "HardSwish": "use Relu or Clip",
    "LeakyRelu": "use Relu",
    "PRelu": "use Relu",
    "Sigmoid": "use Clip",
    "Tanh": "use Clip",
    "Concat": "add feature maps with Add",
}
MALFORMED = (ArithmeticError, AssertionError, IndexError, TypeError, ValueError)
"""What a node that breaks ONNX's own rules for shapes and types makes numpy raise."""
MAX_BIAS_ERROR = 1 / 32
SUPPORTED = ", ".join(sorted(HANDLERS))


def load_network(path: str | Path, max_bias_error: float = MAX_BIAS_ERROR) -> QNet:
    """The integer network of a quantised ONNX file (QDQ, QCDQ or QONNX).

    max_bias_error: where rounding a bias to whole accumulator steps would move a result by more
    than this many output steps (a layer with few products and a coarse accumulator), the layer's
    weights get more bits, at most 8. Biases stored at the scale of the accumulator never need it.

    Raises UsageError with every problem of the file, one sentence each: node, operator, opset,
    what is not supported, and the nearest form that is.
    """
    graph = read(Path(path))
    builder = Builder(graph.uses, max_bias_error)
    values, problems = _walk(graph, builder)
    result = values.get(graph.output, Broken())
    if not isinstance(result, Broken):
        problems += _output_problems(graph, builder, result)
    if problems:
        raise UsageError(*problems)
    assert isinstance(result, Codes)
    assert builder.source_quant is not None
    layers = tuple(builder.layers)
    boundary = Boundary(
        input=graph.inputs[0],
        input_shape=graph.input_shape,
        seen_shape=builder.source_shape,
        dtype=graph.input_type,
        quant=builder.source_quant,
        output=graph.output,
        output_shape=result.shape,
        scale=result.scale,
        zero=result.zero,
        output_codes=result.integer,
    )
    return QNet(
        name=graph.name,
        input=builder.tensors[builder.source],
        output=builder.tensors[result.tensor],
        layers=layers,
        tensors=dict(builder.tensors),
        boundary=boundary,
        report=report(layers, builder.tensors, builder.bias_error),
    )


def _walk(graph: Graph, builder: Builder) -> tuple[dict[str, Value], list[Problem]]:
    """Every tensor's value, and the problems of the file and of each node that was refused."""
    values: dict[str, Value] = {name: Const(array) for name, array in graph.constants.items()}
    problems = list(graph.problems)
    source = Broken() if problems else Source(graph.input_shape, graph.input_type)
    values.update(dict.fromkeys(graph.inputs, source))
    for node in graph.nodes:
        args = [_argument(graph, values, name) for name in node.inputs]
        values.update({name: Broken() for name in node.outputs})
        try:
            values[node.outputs[0]] = _import(builder, node, args)
        except MALFORMED as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            what = f"{graph.file}: {node.label}: its operands do not fit together: {reason}"
            problems.append(Problem(what, fix="check the file with onnx.checker, full_check on"))
        except RefusalError as refusal:
            place = f"{graph.file}: {(refusal.node or node).label}"
            problems += [Problem(f"{place}: {what}", fix=fix) for what, fix in refusal.sentences]
    return values, problems


def _argument(graph: Graph, values: dict[str, Value], name: str) -> Value | None:
    """The value of a node's input; codes that somebody else reads too may not change any more."""
    if not name:
        return None
    value = values[name]
    if isinstance(value, Codes) and graph.uses[name] > 1:
        return replace(value, sole=False)
    return value


def _import(builder: Builder, node: Node, args: list[Value | None]) -> Value:
    """The value of a node's first output. Raises RefusalError."""
    kinds = {type(a) for a in args if a is not None}
    foldable = node.domain == "" and node.op not in QUANTISERS and (args or node.op == "Constant")
    if foldable and (kinds <= {Const} or (kinds <= {Const, QConst} and node.op not in QCONST)):
        return shapes.evaluate(node, args)
    handler = HANDLERS.get(node.op) if node.domain in ("", QONNX_DOMAIN) else None
    if handler is None:
        fix = NEAREST.get(node.op, f"use one of {SUPPORTED}")
        raise RefusalError(("this operator is not supported", fix))
    if Broken in kinds:
        return Broken()
    if node.op in REAL and any(isinstance(a, Codes) and a.integer for a in args):
        raise RefusalError(("computes on integer codes", "put a DequantizeLinear in front of it"))
    return handler(builder, node, args)


def _output_problems(graph: Graph, builder: Builder, result: Value) -> Iterator[Problem]:
    place = f"{graph.file}: output {graph.output!r}"
    if isinstance(result, Sum | Mean):
        yield Problem(
            f"{graph.file}: {result.node.label}: its result reaches output {graph.output!r} "
            "without a quantiser",
            fix=f"put QuantizeLinear and DequantizeLinear, or Quant, behind {result.nodes[-1]!r}",
        )
    elif not isinstance(result, Codes):
        yield Problem(f"{place} is no feature map", fix="end the network at a quantised layer")
    elif not builder.layers or result.tensor == builder.source:
        yield Problem(f"{place} is the quantised input", fix="put a layer in between")

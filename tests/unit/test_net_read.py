"""Files that cannot be imported as a whole: a sentence each, all of them at once."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto
from onnx_graphs import Graph

from hwgen.errors import UsageError
from hwgen.net.load import load_network


def test_all_problems_at_once(tmp_path: Path) -> None:
    g = Graph(("N", 4, 6, 6))
    bad = g.conv(g.qdq("x"), 3, 4)
    y = g.node("Softmax", g.node("Tanh", bad, name="t"), name="s")
    with pytest.raises(UsageError) as caught:
        load_network(g.save(tmp_path, y, ()))
    assert [p.what for p in caught.value.problems] == [
        "net.onnx: input 'x' has shape [N, 4, 6, 6], which is dynamic",
        "net.onnx: node 't' (Tanh, opset 17): this operator is not supported",
        "net.onnx: node 's' (Softmax, opset 17): this operator is not supported",
    ]


@pytest.mark.parametrize(
    ("graph", "what"),
    [
        (Graph((2, 4, 6, 6)), "input 'x' has shape [2, 4, 6, 6]: batch 2"),
        (Graph((1, 4, 6, 6, 6)), "input 'x' has shape [1, 4, 6, 6, 6]"),
        (Graph(dtype=TensorProto.FLOAT16), "input 'x' has type float16"),
        (Graph(opset=8), "opset 8 of the ONNX operators is not supported"),
    ],
)
def test_refused_file(tmp_path: Path, graph: Graph, what: str) -> None:
    y = graph.node("Relu", "x")
    with pytest.raises(UsageError) as caught:
        load_network(graph.save(tmp_path, y, ()))
    assert caught.value.problems[0].what == f"net.onnx: {what}"


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"error: no\.onnx: no\.onnx does not exist"):
        load_network(tmp_path / "no.onnx")
    for data in (b"", b"not a network", b"\x08\x07\x12\x04abcd" * 9):
        (tmp_path / "bad.onnx").write_bytes(data)
        with pytest.raises(UsageError, match=r"error: bad\.onnx: is not an ONNX file"):
            load_network(tmp_path / "bad.onnx")
    with pytest.raises(UsageError, match="cannot be read"):
        load_network(tmp_path)


def test_invalid_onnx(tmp_path: Path) -> None:
    g = Graph()
    model = g.model(g.node("Relu", "nowhere"))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(UsageError, match=r"net\.onnx: is not valid ONNX: "):
        load_network(tmp_path / "net.onnx")


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    g = Graph()
    model = g.model(g.qdq(g.node("Add", "x", "z")), ())
    model.graph.input.append(onnx.helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 4]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(UsageError) as caught:
        load_network(tmp_path / "net.onnx")
    assert [p.what for p in caught.value.problems] == [
        "net.onnx: 2 inputs (x, z)",
        "net.onnx: 2 outputs (dequantizelinear2_y, x)",
    ]


def test_dead_nodes_are_ignored(tmp_path: Path) -> None:
    g = Graph()
    y = g.qdq(g.conv(g.qdq("x"), 2, 4))
    g.node("Softmax", y)
    assert len(load_network(g.save(tmp_path, y, ())).layers) == 1

"""What the importer refuses, word by word: node, operator, opset, offence, nearest form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_graphs import Graph
from refusals import NODES, Case, batch_norm, conv, ones

from hwgen.errors import UsageError
from hwgen.net.load import load_network


@pytest.mark.parametrize(("make", "what", "fix"), [c[1:] for c in NODES], ids=[c[0] for c in NODES])
def test_refused_node(tmp_path: Path, make: Case, what: str, fix: str) -> None:
    g = Graph(opset=21 if "opset 21" in what else 17)
    with pytest.raises(UsageError) as caught:
        load_network(g.save(tmp_path, make(g), ()))
    (problem,) = caught.value.problems
    assert (problem.what, problem.fix) == (f"net.onnx: {what}", fix)


def test_overflow_names_the_node(tmp_path: Path) -> None:
    g = Graph((1, 140000))
    x = g.qdq("x", 0.1, 0, np.uint8)
    y = g.qdq(g.node("MatMul", x, ones(g, 140000, 1, value=127), name="fc"))
    with pytest.raises(UsageError) as caught:
        load_network(g.save(tmp_path, y, ()))
    (problem,) = caught.value.problems
    assert problem.what == (
        "net.onnx: node 'fc' (MatMul, opset 17): the accumulator can reach 0..4533900000, "
        "34 bits of 32"
    )


def test_all_attributes_at_once(tmp_path: Path) -> None:
    g = Graph()
    y = conv(g, ones(g, 3, 4, 1, 1), auto_pad="SAME", strides=[0, 1], pads=[1, 1, 1, -1])
    with pytest.raises(UsageError) as caught:
        load_network(g.save(tmp_path, y, ()))
    assert [p.what.split(": ")[2] for p in caught.value.problems] == [
        "strides = [0, 1]",
        "auto_pad = 'SAME'",
        "pads = [1, 1, 1, -1]",
    ]


def test_operands_that_do_not_fit(tmp_path: Path) -> None:
    g = Graph()
    y = batch_norm(g, g.conv(g.qdq("x"), 2, 4), (1, 1, 1))
    with pytest.raises(UsageError, match=r"'bn' .*its operands do not fit together"):
        load_network(g.save(tmp_path, y, ()))

"""Random networks agree with onnxruntime and qonnx: >= 99.9 % equal, at most 1 LSB per layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks._results import Row, table, tools, write
from benchmarks.agreement import GOAL, Compared, compare_net, result_rows, share
from benchmarks.random_layers import random_net
from benchmarks.random_nets import STYLES

EVERY = {
    *(f"activation bits {b}" for b in range(1, 9)),
    *(f"weight bits {b}" for b in range(1, 9)),
    *("Add", "AveragePool", "BatchNormalization", "Clip", "Conv", "Flatten", "Gemm"),
    *("GlobalAveragePool", "MatMul", "MaxPool", "Relu", "Reshape"),
    *("AveragePool ceil_mode", "ceil_mode", "count_include_pad", "auto_pad", "pad", "stride"),
    *("dilation", "groups", "per channel", "power of two", "residual", "stand-alone Add"),
    *("MaxPool before Quant", "MaxPool after Quant", "quantised before Add", "zero point"),
    *("signed", "unsigned", "transB"),
}
OWN = {
    "qdq": {"QuantizeLinear", "DequantizeLinear", "float weights"},
    "qonnx": {"Quant", "narrow", "sign"},
}


@pytest.mark.parametrize("style", STYLES)
def test_generator_draws_everything(style: str) -> None:
    drawn = set().union(*(random_net(seed, style).features for seed in range(100)))
    assert drawn >= EVERY | OWN[style]


@pytest.mark.parametrize("style", STYLES)
def test_generator_is_reproducible(style: str) -> None:
    first, second = (random_net(3, style).model.SerializeToString() for _ in range(2))
    assert first == second


def check(found: list[Compared]) -> None:
    for net in found:
        for row in net.rows:
            assert row.largest <= 1, f"{net.style} {net.seed}: {row}"
        assert not net.wrong, f"{net.style} {net.seed}: the program differs in {net.wrong}"
    assert share([r for net in found for r in net.rows]) >= GOAL


@pytest.mark.parametrize("style", STYLES)
def test_agreement(style: str) -> None:
    check([compare_net(seed, style) for seed in range(50)])


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_agreement_of_many(style: str) -> None:
    check([compare_net(seed, style) for seed in range(1000, 2000)])


def test_rows(tmp_path: Path) -> None:
    found = [compare_net(seed, style) for style in STYLES for seed in (11, 12)]
    rows = result_rows(found, "c")
    path = write("t", rows, tools("numpy", "no-such-package", yosys="0.70"), tmp_path)
    data = json.loads(path.read_text())
    assert data["tools"]["no-such-package"] == "not installed"
    assert data["tools"]["yosys"] == "0.70"
    assert [set(row) for row in data["rows"]] == [set(Row.__dataclass_fields__)] * 7
    assert "QDQ against onnxruntime" in table(rows)

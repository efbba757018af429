"""The integer network refuses what does not fit together, and derives what it says it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwgen.net.ir import Conv, Pool, QNet, Quant, Residual, Tensor
from hwgen.net.ranges import accumulator, bits, violations

U4 = Quant(0.5, 0, 4, signed=False)


def conv(**changes: Any) -> Conv:
    """Layer 'a': 3 x 3, 2 -> 4 channels, 5 x 7 map, padded by one."""
    values: dict[str, Any] = {
        "name": "a",
        "nodes": ("a",),
        "x": "x",
        "y": "y",
        "weight": np.arange(72).reshape(4, 3, 3, 2) % 7 - 3,
        "w_bits": 3,
        "w_signed": True,
        "groups": 1,
        "stride": (1, 1),
        "pad": (1, 1, 1, 1),
        "dilation": (1, 1),
        "zin": 0,
        "bias": np.zeros(4, dtype=int),
        "mul": np.full(4, 32768),
        "shift": np.full(4, 20),
        "zout": 0,
        "lo": 0,
        "hi": 15,
        "out_h": 5,
        "out_w": 7,
    }
    return Conv(**{**values, **changes})


def max_pool(**changes: Any) -> Pool:
    values: dict[str, Any] = {
        "mode": "max",
        "kernel": (2, 2),
        "stride": (2, 2),
        "pad": (0, 0, 0, 0),
        "count_pad": False,
        "requant": {},
        "z_in": 0,
        "z_out": 0,
        "lo": 0,
        "hi": 15,
        "out_h": 3,
        "out_w": 4,
    }
    return Pool(**{**values, **changes})


def net(layer: Conv, h: int = 5, w: int = 7, c: int = 4) -> QNet:
    x, y = Tensor("x", 5, 7, 2, U4), Tensor("y", h, w, c, U4)
    return QNet("n", x, y, (layer,), {"x": x, "y": y})


@pytest.mark.parametrize(
    ("quant", "lo", "hi"),
    [
        (Quant(1.0, 0, 1, signed=False), 0, 1),
        (Quant(1.0, -1, 1, signed=True), -1, 0),
        (Quant(1.0, 0, 4, signed=True), -8, 7),
        (Quant(1.0, 255, 8, signed=False), 0, 255),
    ],
)
def test_quant_range(quant: Quant, lo: int, hi: int) -> None:
    assert (quant.lo, quant.hi) == (lo, hi)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((0.0, 0, 4, True), "scale 0.0 is not a positive number"),
        ((float("nan"), 0, 4, True), "scale nan is not a positive number"),
        ((1.0, 0, 9, True), "9 bits are outside 1..8"),
        ((1.0, 8, 4, True), "zero point 8 is outside -8..7"),
    ],
)
def test_quant_refuses(args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        Quant(*args)


def test_layer_derives() -> None:
    layer = conv(zin=2, bias=np.arange(4), pool=max_pool())
    assert (layer.n, layer.kernel, layer.m, layer.k) == (4, (3, 3), 35, 18)
    assert layer.macs == 4 * 35 * 18
    assert layer.y_shape == (3, 4, 4)
    sums = layer.weight.sum(axis=(1, 2, 3))
    assert layer.folded_bias.tolist() == [n - 2 * int(s) for n, s in enumerate(sums)]
    assert layer.out_size(5, 7) == (5, 7)
    assert conv(stride=(2, 3), dilation=(2, 1)).out_size(5, 7) == (2, 3)


def test_layer_arrays_are_frozen_copies() -> None:
    weight = np.zeros((4, 3, 3, 2), dtype=np.int8)
    layer = conv(weight=weight)
    weight[0] = 1
    assert not layer.weight.any()
    assert layer.weight.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        layer.weight[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.zeros((4, 3, 3))}, "weight is not an integer array"),
        ({"weight": np.zeros((4, 3, 3), dtype=int)}, r"weight has shape \(4, 3, 3\)"),
        ({"bias": np.zeros(3, dtype=int)}, "bias does not hold one number per output channel"),
        ({"groups": 3}, "groups = 3 does not divide 4 output channels"),
        ({"w_bits": 9}, "9 weight bits are outside"),
        ({"w_bits": 2}, r"a weight is outside -2\.\.1"),
        ({"stride": (0, 1)}, "stride and dilation must be at least 1"),
        ({"pad": (0, 0, -1, 0)}, "pads at least 0"),
        ({"mul": np.full(4, 65536)}, r"mul is outside 0\.\.65535"),
        ({"shift": np.full(4, 48)}, r"shift is outside 1\.\.47"),
        ({"lo": -1, "hi": 128}, r"codes -1\.\.128 do not fit a byte"),
        ({"lo": 1, "hi": 0}, r"codes 1\.\.0 do not fit a byte"),
        ({"residual": Residual("x", 1, (0,), 0)}, "does not hold one shift per output channel"),
        ({"pool": max_pool(out_h=4)}, "a pooling window does not touch the map"),
        ({"pool": max_pool(mode="avg")}, r"an averaging count has no \(mul, shift\)"),
        (
            {"pool": max_pool(mode="avg", requant=dict.fromkeys((1, 2, 4), (1, 48)))},
            r"average \(mul, shift\) = \(1, 48\) is out of range",
        ),
    ],
)
def test_layer_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"layer 'a': .*{message}"):
        conv(**changes)


@pytest.mark.parametrize("args", [(65536, (0,)), (-1, (0,)), (1, (32,))])
def test_residual_refuses(args: tuple[int, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="outside"):
        Residual("x", *args, zero=0)


def test_pool_counts() -> None:
    pool = max_pool(mode="avg", kernel=(3, 3), pad=(1, 1, 1, 1), out_h=3, out_w=4)
    assert pool.counts(5, 7) == {4, 6, 9}
    assert replace(pool, count_pad=True).counts(5, 7) == {9}
    assert max_pool(mode="avg").counts(5, 7) == {1, 2, 4}


def test_network_knows_its_consumers() -> None:
    assert net(conv()).consumers == {"x": ("a",), "y": ()}


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (conv(x="z"), (5, 7, 4), r"reads \['z'\] before it exists"),
        (conv(y="x"), (5, 7, 4), "its output 'x' exists already"),
        (conv(weight=np.zeros((4, 3, 3, 1), dtype=int)), (5, 7, 4), "2 input channels do not"),
        (conv(out_h=4), (4, 7, 4), "output 4 x 7 does not follow from 5 x 7"),
        (conv(), (5, 6, 4), r"makes \(5, 7, 4\), tensor 'y' is \(5, 6, 4\)"),
        (conv(zin=1), (5, 7, 4), "zin = 1 is not the zero point 0 of 'x'"),
        (conv(hi=16), (5, 7, 4), r"codes 0\.\.16 do not fit tensor 'y'"),
        (conv(residual=Residual("x", 1, (0,) * 4, 0)), (5, 7, 4), "residual 'x' has shape"),
        (conv(residual=Residual("y", 1, (0,) * 4, 0)), (5, 7, 4), r"reads \['y'\] before"),
    ],
)
def test_network_refuses(layer: Conv, shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"layer 'a': .*{message}"):
        net(layer, *shape)


def test_bits() -> None:
    assert [bits(*r) for r in ((0, 0), (0, 1), (-1, 0), (-2, 1), (-129, 0))] == [1, 2, 1, 2, 9]
    assert bits(-(1 << 31), (1 << 31) - 1) == 32


def test_accumulator_range_is_reached() -> None:
    weight = np.array([[[[3, -2]]], [[[-1, 0]]]])
    low, high = accumulator(weight, 0, -8, 7)
    assert low.tolist() == [3 * -8 - 2 * 7, -7]
    assert high.tolist() == [3 * 7 - 2 * -8, 8]
    low, high = accumulator(weight, 9, 0, 5)  # the pad code counts
    assert (low.tolist(), high.tolist()) == ([-18, -9], [27, 0])


def test_violations() -> None:
    x = Tensor("x", 5, 7, 2, Quant(1.0, 0, 8, signed=False))
    assert not list(violations(conv(), x, None))
    wide = conv(weight=np.full((1, 1, 1, 1 << 17), 127), w_bits=8, **_one_channel())
    found = list(violations(wide, x, None))
    assert found == ["the accumulator can reach 0..4244766720, 33 bits of 32"]
    biased = conv(**{**_one_channel(), "weight": np.ones((1, 1, 1, 1), int), "bias": [1 << 31]})
    assert "the bias with the input's zero point needs 33 bits of 32" in violations(biased, x, None)
    residual = Residual("r", 65535, (31,), 0)
    total = conv(**{**_one_channel(), "weight": np.ones((1, 1, 1, 1), int), "residual": residual})
    assert not list(violations(total, x, x))  # 255 * 65535 * 2^31 < 2^62: nothing can reach it


def _one_channel() -> dict[str, Any]:
    return {"bias": [0], "mul": [65535], "shift": [1]}

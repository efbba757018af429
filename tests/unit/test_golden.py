"""The golden model against sums written out by hand and against plain loops."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hwgen.archs.n3h import golden
from hwgen.net.ir import Conv, Pool, Residual

RNG = np.random.default_rng(5)


def test_gemm_by_hand() -> None:
    a, w = np.array([[1, 2, 3], [-4, 5, -6]]), np.array([[1, -1], [0, 2], [2, 7]])
    assert golden.gemm(a, w).tolist() == [[7, 24], [-16, -28]]


def test_gemm_extremes() -> None:
    a, w = np.full((1, 65535), -128, np.int8), np.full((65535, 1), -128, np.int8)
    assert golden.gemm(a, w) == 65535 * 128 * 128
    with pytest.raises(OverflowError, match="leaves int32"):
        golden.gemm(np.full((1, 131072), -128), np.full((131072, 1), -128))
    big = np.full((1, 4), 1 << 28)
    assert golden.gemm(big, np.ones((4, 1), int)) == [[1 << 30]]


@pytest.mark.parametrize("bad", [np.ones((1, 2)), np.ones((1, 2), bool), [[0.5, 1]]])
def test_only_integers(bad: Any) -> None:
    with pytest.raises(TypeError, match="must be integers"):
        golden.gemm(bad, np.ones((2, 1), int))


@pytest.mark.parametrize("seed", range(12))
def test_conv_against_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups, h, w = int(rng.integers(1, 4)), int(rng.integers(3, 9)), int(rng.integers(3, 9))
    c, n = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 3))
    kernel, stride, dilation = ([int(v) for v in rng.integers(1, 3, 2)] for _ in range(3))
    pad = tuple(int(v) for v in rng.integers(0, 4, 4))
    x, zin = rng.integers(-8, 8, (h, w, c)), int(rng.integers(-8, 8))
    weight = rng.integers(-8, 8, (n, *kernel, c // groups))
    acc = golden.conv(x, weight, tuple(stride), pad, tuple(dilation), groups, zin)
    out_h, out_w, _ = acc.shape
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    assert out_h == (h + pad[0] + pad[2] - reach[0]) // stride[0] + 1
    assert out_w == (w + pad[1] + pad[3] - reach[1]) // stride[1] + 1
    for oy, ox, o in np.ndindex(acc.shape):
        total = 0
        for ky, kx, i in np.ndindex(*kernel, c // groups):
            y = oy * stride[0] + ky * dilation[0] - pad[0]
            z = ox * stride[1] + kx * dilation[1] - pad[1]
            inside = 0 <= y < h and 0 <= z < w
            code = x[y, z, (o * groups // n) * (c // groups) + i] if inside else zin
            total += int(code) * int(weight[o, ky, kx, i])
        assert acc[oy, ox, o] == total


def test_conv_refuses_other_channels() -> None:
    with pytest.raises(ValueError, match="3 channels"):
        golden.conv(np.zeros((2, 2, 3), int), np.zeros((1, 1, 1, 2), int))


def layer(**changes: Any) -> Conv:
    values: dict[str, Any] = {
        "name": "a",
        "nodes": (),
        "x": "x",
        "y": "y",
        "weight": np.array([[[[2]]], [[[-3]]]]),
        "w_bits": 3,
        "w_signed": True,
        "groups": 1,
        "stride": (1, 1),
        "pad": (0, 0, 0, 0),
        "dilation": (1, 1),
        "zin": 5,
        "bias": [10, -1],
        "mul": [32768, 49152],
        "shift": [16, 17],
        "zout": 4,
        "lo": -20,
        "hi": 20,
        "out_h": 1,
        "out_w": 2,
    }
    return Conv(**{**values, **changes})


def test_post_by_hand() -> None:
    # channel 0: (2 * (x - 5) + 10) / 2 + 4; channel 1: (-3 * (x - 5) - 1) * 0.375 + 4
    x = np.array([[[3], [8]]])
    assert golden.run_layer(layer(), x).tolist() == [[[7, 6], [12, 0]]]
    # 1.875 -> 2, -3.75 -> -4, both + 4


def test_residual_by_hand() -> None:
    res = Residual("r", 32768, (0, 1), 1)
    # channel 0 adds (r - 1) * 2^15 / 2^16, channel 1 adds (r - 1) * 2^16 / 2^17: half steps
    x, r = np.array([[[3], [8]]]), np.array([[[2, 2], [4, -2]]])
    # 3 + 0.5 = 3.5 -> 4; 1.875 + 0.5 -> 2; 8 + 1.5 = 9.5 -> 10; -3.75 - 1.5 = -5.25 -> -5
    y = golden.run_layer(layer(residual=res), x, r)
    assert y.tolist() == [[[8, 6], [14, -1]]]
    with pytest.raises(ValueError, match="come together"):
        golden.run_layer(layer(residual=res), x)
    with pytest.raises(ValueError, match="come together"):
        golden.run_layer(layer(), x, r)


def test_folded_bias_stays_in_32_bits() -> None:
    with pytest.raises(OverflowError, match="leaves int32"):
        golden.run_layer(layer(bias=[(1 << 31) + 10, 0]), np.array([[[3], [8]]]))


def pooling(**changes: Any) -> Pool:
    values: dict[str, Any] = {
        "mode": "max",
        "kernel": (2, 3),
        "stride": (1, 2),
        "pad": (1, 1, 0, 0),
        "count_pad": False,
        "requant": {},
        "z_in": 2,
        "z_out": -1,
        "lo": -8,
        "hi": 7,
        "out_h": 2,
        "out_w": 2,
    }
    return Pool(**{**values, **changes})


MAP = np.array([[1, 5, -3, 2], [0, 4, 8, -6]])[:, :, None]


def test_max_pool_by_hand() -> None:
    assert golden.pool(MAP, pooling())[..., 0].tolist() == [[5, 5], [5, 8]]


def test_average_pool_by_hand() -> None:
    half = (32768, 16)
    requant = {2: half, 3: half, 4: half, 6: half}
    # sums of code - 2: 2, -2; 2 + 0 = 2, -2 + 0 = -2; halved, minus 1
    y = golden.pool(MAP, pooling(mode="avg", requant=requant))
    assert y[..., 0].tolist() == [[0, -2], [0, -2]]
    y = golden.pool(MAP, pooling(mode="avg", count_pad=True, requant={6: (32768, 15)}))
    assert y[..., 0].tolist() == [[1, -3], [1, -3]]


def test_network_checks_its_input() -> None:
    quant = SimpleNamespace(lo=0, hi=15)
    given = SimpleNamespace(name="x", shape=(1, 2, 1), quant=quant)
    net = SimpleNamespace(input=given, layers=(layer(zin=0),))
    values = golden.run_network(net, np.array([[[3], [8]]]))
    assert list(values) == ["x", "y"]
    with pytest.raises(ValueError, match=r"shape \(2, 1, 1\), not \(1, 2, 1\)"):
        golden.run_network(net, np.array([[[3]], [[8]]]))
    with pytest.raises(ValueError, match=r"leave 0\.\.15"):
        golden.run_network(net, np.array([[[3], [16]]]))


def test_depthwise_equals_groups_of_one() -> None:
    x, weight = RNG.integers(-8, 8, (6, 5, 4)), RNG.integers(-8, 8, (4, 3, 3, 1))
    whole = golden.conv(x, weight, groups=4, pad=(1, 1, 1, 1), zin=3)
    for c in range(4):
        one = golden.conv(x[..., c : c + 1], weight[c : c + 1], pad=(1, 1, 1, 1), zin=3)
        assert (whole[..., c] == one[..., 0]).all()


def test_layers_feed_each_other() -> None:
    first = layer(zin=0)
    second = replace(
        layer(zin=0, weight=np.array([[[[1, 1]]], [[[1, 0]]]])), name="b", x="y", y="z"
    )
    values = golden.run_layers((first, second), "x", np.array([[[3], [8]]]))
    assert values["z"].shape == (1, 2, 2)
    assert (values["z"] == golden.run_layer(second, values["y"])).all()

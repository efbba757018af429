"""Arrays of the user become codes and come back, or are refused with a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwgen.errors import UsageError
from hwgen.net.boundary import Boundary
from hwgen.net.values import FakeQuant

BOUNDARY = Boundary(
    input="x",
    input_shape=(1, 2, 2, 3),
    seen_shape=(1, 2, 2, 3),
    dtype="float32",
    quant=FakeQuant(0.5, 3, 0, 15),
    output="y",
    output_shape=(1, 4),
    scale=0.25,
    zero=1,
    output_codes=False,
)


def test_encode_puts_channels_last() -> None:
    x = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3) / 2
    codes = BOUNDARY.encode(x)
    assert codes.shape == (2, 3, 2)
    assert codes[..., 0].tolist() == [[3, 4, 5], [6, 7, 8]]
    assert codes[..., 1].tolist() == [[9, 10, 11], [12, 13, 14]]


def test_encode_saturates() -> None:
    x = np.full((1, 2, 2, 3), 1e30, np.float32)
    x[0, 0] = -np.inf
    assert BOUNDARY.encode(x)[0, 0].tolist() == [0, 15]


def test_encode_in_the_shape_that_the_quantiser_sees() -> None:
    x = np.arange(12).reshape(1, 12)
    seen = replace(BOUNDARY, input_shape=(1, 12), seen_shape=(1, 3, 4))
    assert seen.encode(x).shape == (1, 4, 3)
    flat = replace(BOUNDARY, input_shape=(1, 12), seen_shape=(1, 12))
    assert flat.encode(x).shape == (1, 1, 12)


def test_encode_sign() -> None:
    boundary = replace(BOUNDARY, quant=FakeQuant(1.0, 0, -1, 1, sign=True))
    codes = boundary.encode(np.array([-1.0, 0, 2] * 4).reshape(1, 2, 2, 3))
    assert codes[0, :, 0].tolist() == [-1, 1, 1]


def test_encode_takes_codes_as_they_are() -> None:
    boundary = replace(BOUNDARY, dtype="uint8", quant=FakeQuant(0.5, 3, 0, 255))
    x = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert (boundary.encode(x) == x[0].transpose(1, 2, 0)).all()


@pytest.mark.parametrize(
    ("changes", "x", "messages"),
    [
        ({}, np.zeros((1, 2, 2)), ["input 'x' has shape [1, 2, 2]"]),
        ({}, np.zeros((1, 2, 2, 3), bool), ["input 'x' has type bool"]),
        ({}, np.zeros(3, object), ["input 'x' has shape [3]", "input 'x' has type object"]),
        ({}, np.full((1, 2, 2, 3), np.nan), ["input 'x' holds NaN"]),
        ({"dtype": "int8"}, np.zeros((1, 2, 2, 3)), ["input 'x' has type float64"]),
        (
            {"dtype": "int8"},
            np.full((1, 2, 2, 3), 16),
            ["input 'x' leaves the range of its codes"],
        ),
    ],
)
def test_encode_refuses(changes: dict[str, Any], x: np.ndarray, messages: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        replace(BOUNDARY, **changes).encode(x)
    assert [p.what for p in caught.value.problems] == messages


def test_decode() -> None:
    codes = np.array([[[1], [2]], [[5], [0]]])  # 2 x 2 map, one channel
    y = BOUNDARY.decode(codes)
    assert y.dtype == np.float32
    assert y.tolist() == [[0.0, 0.25, 1.0, -0.25]]
    assert replace(BOUNDARY, output_codes=True).decode(codes).tolist() == [[1, 2, 5, 0]]
    channels = replace(BOUNDARY, output_shape=(1, 2, 2, 1))
    assert channels.decode(np.array([[[1, 5]], [[2, 9]]])).ravel().tolist() == [0, 0.25, 1, 2]

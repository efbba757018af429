"""Hand-written vectors that pin the arithmetic every golden model and every circuit follows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from hwgen import numbers as n


@pytest.mark.parametrize(
    ("p", "shift", "expected"),
    [
        (0, 1, 0),
        (1, 1, 0),  # 0.5 -> 0
        (2, 1, 1),
        (3, 1, 2),  # 1.5 -> 2
        (5, 1, 2),  # 2.5 -> 2
        (7, 1, 4),  # 3.5 -> 4
        (-1, 1, 0),  # -0.5 -> 0
        (-3, 1, -2),  # -1.5 -> -2
        (-5, 1, -2),  # -2.5 -> -2
        (5, 2, 1),  # 1.25 -> 1
        (6, 2, 2),  # 1.5 -> 2
        (7, 2, 2),  # 1.75 -> 2
        (10, 2, 2),  # 2.5 -> 2
        (11, 2, 3),  # 2.75 -> 3
        (-6, 2, -2),  # -1.5 -> -2
        (-7, 2, -2),
        (-9, 2, -2),  # -2.25 -> -2
        (-10, 2, -2),  # -2.5 -> -2
        (1 << 46, 47, 0),
        ((1 << 46) + 1, 47, 1),
        (3 << 46, 47, 2),
        (-(1 << 46), 47, 0),
        (-(1 << 46) - 1, 47, -1),
        ((1 << 62) - 1, 1, 1 << 61),
        (-(1 << 62) + 1, 1, -(1 << 61)),
    ],
)
def test_round_half_even(p: int, shift: int, expected: int) -> None:
    assert n.round_half_even(p, shift) == expected
    assert expected == round(Fraction(p, 1 << shift))  # Python's own half-even rounding


@pytest.mark.parametrize(
    ("acc", "mul", "shift", "lo", "hi", "zero", "add", "expected"),
    [
        (100, 32768, 16, -128, 127, 0, 0, 50),
        (101, 32768, 16, -128, 127, 0, 0, 50),  # 50.5 -> 50
        (103, 32768, 16, -128, 127, 0, 0, 52),  # 51.5 -> 52
        (103, 32768, 16, -128, 127, 1, 0, 53),  # the zero point comes after the rounding
        (-101, 32768, 16, -128, 127, 0, 0, -50),
        (-103, 32768, 16, 0, 255, 128, 0, 76),
        (1000, 65535, 16, -128, 127, 0, 0, 127),
        (-1000, 65535, 16, -8, 7, 0, 0, -8),
        (-1000, 65535, 16, 3, 15, 3, 0, 3),
        (12345, 0, 1, 0, 15, 5, 0, 5),
        (3, 40000, 15, -128, 127, 0, 0, 4),  # 3.662 -> 4
        (3, 40000, 15, -128, 127, 0, 10000 << 0, 4),  # 3.967 -> 4
        (3, 40000, 15, -128, 127, 0, 32768 + 11072, 5),  # 3.662 + 1.338 = 5.0 exactly
        (1, 32768, 15, -128, 127, 0, -16384, 0),  # 1 - 0.5 = 0.5 -> 0: one rounding of the sum
        (2147483647, 65535, 47, -128, 127, 0, 0, 1),  # 0.99999 -> 1
        (-4294967296, 65535, 47, -128, 127, 0, 0, -2),  # the smallest signed 33-bit value
        (4294967295, 65535, 47, -128, 127, 0, 0, 2),
    ],
)
def test_requantise(
    acc: int, mul: int, shift: int, lo: int, hi: int, zero: int, add: int, expected: int
) -> None:
    assert n.requantise(acc, mul, shift, lo, hi, zero, add) == expected
    exact = round(Fraction(acc * mul + add, 1 << shift)) + zero
    assert expected == min(max(exact, lo), hi)


def test_requantise_broadcasts_per_channel() -> None:
    acc = np.array([[10, 20], [30, -40]], dtype=np.int32)
    y = n.requantise(acc, np.array([32768, 65535]), np.array([15, 16]), -128, 127)
    assert y.tolist() == [[10, 20], [30, -40]]
    assert y.dtype == np.int64


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"acc": 1 << 32}, OverflowError),
        ({"acc": -(1 << 32) - 1}, OverflowError),
        ({"acc": 0.5}, TypeError),
        ({"mul": 65536}, ValueError),
        ({"mul": -1}, ValueError),
        ({"shift": 0}, ValueError),
        ({"shift": 48}, ValueError),
        ({"add": 1 << 62}, OverflowError),
        ({"lo": 8}, ValueError),
    ],
)
def test_requantise_refuses(kwargs: dict[str, int], error: type[Exception]) -> None:
    good: dict[str, int] = {"acc": 1, "mul": 32768, "shift": 15, "lo": -8, "hi": 7}
    with pytest.raises(error):
        n.requantise(**{**good, **kwargs})


@pytest.mark.parametrize(
    ("scale", "mul", "shift"),
    [
        (0.0, 0, 1),
        (1.0, 32768, 15),
        (0.5, 32768, 16),
        (0.75, 49152, 16),
        (1.5, 49152, 15),
        (1 / 3, 43691, 17),
        (0.1, 52429, 19),
        (1 - 2**-20, 32768, 15),  # rounds up to the next power of two
        (16384.0, 32768, 1),
        (32767.5, 65535, 1),
        (2.0**-32, 32768, 47),
    ],
)
def test_quantise_multiplier(scale: float, mul: int, shift: int) -> None:
    assert n.quantise_multiplier(scale) == (mul, shift)


@pytest.mark.parametrize("scale", [-1.0, float("nan"), float("inf"), 2.0**-33, 32768.0])
def test_quantise_multiplier_refuses(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        n.quantise_multiplier(scale)


def test_quantise_multiplier_error_bound() -> None:
    for scale in np.exp(np.random.default_rng(1).uniform(-21, 10, 2000)):
        mul, shift = n.quantise_multiplier(float(scale))
        assert n.MUL_MIN <= mul <= n.MUL_MAX
        assert n.SHIFT_MIN <= shift <= n.SHIFT_MAX
        assert abs(mul / 2**shift / scale - 1) <= 2**-16


def test_quantise_as_onnx() -> None:
    x = [0.25, 0.75, 1.25, -0.25, -0.75, 100.0, -100.0, float("inf")]
    assert n.quantise(x, 0.5, 0, -8, 7).tolist() == [0, 2, 2, 0, -2, 7, -8, 7]
    assert n.quantise(x, 0.5, 3, 0, 15).tolist() == [3, 5, 5, 3, 1, 15, 0, 15]
    assert n.quantise([1e30], 1e-30, 0, 0, 255).tolist() == [255]
    with pytest.raises(ValueError, match="NaN"):
        n.quantise([float("nan")], 1.0, 0, 0, 1)


def test_quantise_as_qonnx() -> None:
    x = [0.25, 0.75, 1.25, -0.25, -0.75]  # ties: 0.5, 1.5, 2.5, -0.5, -1.5 steps
    assert n.quantise(x, 0.5, 3, 0, 15, zero_first=True).tolist() == [4, 4, 6, 2, 2]
    assert n.quantise(x, 0.5, 4, 0, 15, zero_first=True).tolist() == [4, 6, 6, 4, 2]


def test_dequantise() -> None:
    y = n.dequantise([0, 3, 15], 0.5, 3)
    assert y.tolist() == [-1.5, 0.0, 6.0]
    assert y.dtype == np.float32


def test_containers() -> None:
    assert [n.container_bits(b) for b in range(1, 9)] == [1, 2, 4, 4, 8, 8, 8, 8]
    for bits in (0, 9, -1):
        with pytest.raises(ValueError, match=r"1\.\.8"):
            n.container_bits(bits)


@pytest.mark.parametrize(
    ("codes", "bits", "data"),
    [
        ([1, 0, 1, 1, 0, 0, 0, 1, 1], 1, b"\x8d\x01"),
        ([-1, 0, -1], 1, b"\x05"),  # signed 1 bit: -1 is stored as 1
        ([0, 1, 2, 3, -2], 2, b"\xe4\x02"),
        ([5, -3, 7], 3, b"\xd5\x07"),  # 3 bits in containers of 4, sign extended
        ([15, 1], 4, b"\x1f"),
        ([-16, 15], 5, b"\xf0\x0f"),
        ([-128, 255, 1], 8, b"\x80\xff\x01"),
        ([], 4, b""),
    ],
)
def test_pack_codes(codes: list[int], bits: int, data: bytes) -> None:
    assert n.pack_codes(codes, bits) == data


def test_pack_refuses() -> None:
    with pytest.raises(ValueError, match="do not fit 4 bits"):
        n.pack_codes([16], 4)
    with pytest.raises(ValueError, match="do not fit 4 bits"):
        n.pack_codes([-9], 3)
    with pytest.raises(TypeError, match="integers"):
        n.pack_codes([0.5], 4)


@pytest.mark.parametrize(
    ("data", "count", "container", "signed", "codes"),
    [
        (b"\x8d\x01", 9, 1, False, [1, 0, 1, 1, 0, 0, 0, 1, 1]),
        (b"\x05", 3, 1, True, [-1, 0, -1]),
        (b"\xe4\x02", 5, 2, True, [0, 1, -2, -1, -2]),
        (b"\xd5\x07", 3, 4, True, [5, -3, 7]),
        (b"\x1f", 2, 4, False, [15, 1]),
        (b"\x80\xff", 2, 8, True, [-128, -1]),
    ],
)
def test_unpack_codes(
    data: bytes, count: int, container: int, signed: bool, codes: list[int]
) -> None:
    assert n.unpack_codes(data, count, container, signed).tolist() == codes


def test_unpack_refuses() -> None:
    with pytest.raises(ValueError, match="container"):
        n.unpack_codes(b"\x00", 1, 3, False)
    with pytest.raises(ValueError, match="fewer than 3"):
        n.unpack_codes(b"\x00", 3, 4, False)


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("signed", [False, True])
def test_pack_round_trip(bits: int, signed: bool) -> None:
    lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    codes = np.random.default_rng(bits).integers(lo, hi + 1, 37)
    data = n.pack_codes(codes, bits)
    assert (n.unpack_codes(data, 37, n.container_bits(bits), signed) == codes).all()


@pytest.mark.parametrize(
    ("lo", "hi", "bits", "signed"),
    [
        (0, 0, 1, False),
        (0, 1, 1, False),
        (-1, 0, 1, True),
        (-1, 1, 2, True),
        (0, 15, 4, False),
        (-7, 7, 4, True),
        (-8, 7, 4, True),
        (-8, 8, 5, True),
        (-1, 127, 8, True),
        (3, 255, 8, False),
        (-129, -129, 9, True),
    ],
)
def test_code_bits(lo: int, hi: int, bits: int, signed: bool) -> None:
    assert n.code_bits(lo, hi) == (bits, signed)


def test_hex(tmp_path: Path) -> None:
    assert n.hex_text([0, 255, -1, 300], 12) == "000\n0ff\nfff\n12c\n"
    assert n.hex_text([1 << 127], 128) == "8" + "0" * 31 + "\n"
    with pytest.raises(ValueError, match="word 1 = 16"):
        n.hex_text([15, 16], 4)
    n.write_hex(tmp_path / "a.hex", [10, 11], 4)
    assert (tmp_path / "a.hex").read_bytes() == b"a\nb\n"

"""Integer arithmetic that every golden model shares: round, requantise, pack, unpack, hex files.

Everything is exact: integers are int64 and every bound that makes this safe is checked. Hardware
never imports this file; hand-written vectors in the tests pin each rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

MUL_MIN, MUL_MAX = 1 << 15, (1 << 16) - 1
SHIFT_MIN, SHIFT_MAX = 1, 47
SUM_LIMIT = 1 << 62  # |sum before the shift| stays below: 64-bit rounding cannot wrap
CONTAINERS = (1, 2, 4, 8)


def integers(values: npt.ArrayLike, what: str = "values") -> Ints:
    """`values` as int64. Raises TypeError, naming `what`, unless the dtype is an integer's."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{what} must be integers, not {array.dtype}")
    return array.astype(np.int64)


def _within(values: Ints, lo: int, hi: int) -> bool:
    return not values.size or (int(values.min()) >= lo and int(values.max()) <= hi)


def round_half_even(p: npt.ArrayLike, shift: npt.ArrayLike) -> Ints:
    """p / 2^shift rounded to the nearest integer, ties to even.

    p: integers, |p| < 2^62; shift: 1..47, broadcast against p. Raises OverflowError or ValueError
    outside. Source: the rounding of ONNX QuantizeLinear (IEEE 754 roundTiesToEven).
    """
    p, s = integers(p, "p"), integers(shift, "shift")
    if not _within(p, 1 - SUM_LIMIT, SUM_LIMIT - 1):
        raise OverflowError("the sum before the shift reaches 2^62")
    if not _within(s, SHIFT_MIN, SHIFT_MAX):
        raise ValueError(f"shift {int(s.min())}..{int(s.max())} is outside 1..47")
    half = np.left_shift(np.int64(1), s - 1) - 1
    return np.asarray((p + half + ((p >> s) & 1)) >> s, dtype=np.int64)


def requantise(
    acc: npt.ArrayLike,
    mul: npt.ArrayLike,
    shift: npt.ArrayLike,
    lo: int,
    hi: int,
    zero: int = 0,
    add: npt.ArrayLike = 0,
) -> Ints:
    """clip(round_half_even((acc * mul + add) / 2^shift) + zero, lo, hi), one rounding.

    acc: signed 33 bits (accumulator plus bias); mul: 0 or [2^15, 2^16) (any u16 is computed);
    shift: 1..47; add: a term already at the scale of acc * mul (the residual), |sum| < 2^62. All
    broadcast. Raises TypeError, ValueError or OverflowError for anything outside.
    """
    a, m, r = integers(acc, "acc"), integers(mul, "mul"), integers(add, "add")
    if not _within(a, -(1 << 32), (1 << 32) - 1):
        raise OverflowError("the accumulator leaves signed 33 bits")
    if not _within(m, 0, MUL_MAX):
        raise ValueError(f"mul {int(m.min())}..{int(m.max())} is outside 0..65535")
    if not _within(r, 1 - SUM_LIMIT, SUM_LIMIT - 1):
        raise OverflowError("the added term reaches 2^62")
    return saturate(round_half_even(a * m + r, shift) + zero, lo, hi)


def saturate(values: npt.ArrayLike, lo: int, hi: int) -> Ints:
    """Integers limited to lo..hi. Raises ValueError if lo > hi."""
    if lo > hi:
        raise ValueError(f"empty range {lo}..{hi}")
    return np.clip(integers(values), lo, hi)


def quantise_multiplier(scale: float) -> tuple[int, int]:
    """(mul, shift) with mul / 2^shift nearest to `scale`; mul in [2^15, 2^16), shift 1..47.

    The relative error is at most 2^-16. scale 0 gives (0, 1). Raises ValueError for a negative or
    non-finite scale and outside about 2^-32..32767.5.
    """
    if scale == 0:
        return 0, 1
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"scale {scale!r} is not a positive number")
    fraction, exponent = math.frexp(scale)  # fraction in [0.5, 1)
    mul = round(math.ldexp(fraction, 16))  # Python rounds half to even
    if mul > MUL_MAX:
        mul, exponent = MUL_MIN, exponent + 1
    shift = 16 - exponent
    if not SHIFT_MIN <= shift <= SHIFT_MAX:
        raise ValueError(f"scale {scale!r} is outside 2^-32..32767.5")
    return mul, shift


def quantise(
    x: npt.ArrayLike, scale: float, zero: int, lo: int, hi: int, zero_first: bool = False
) -> Ints:
    """clip(rint(x / scale) + zero, lo, hi) in float32, as ONNX QuantizeLinear does.

    x: real numbers of any shape, finite or infinite; scale > 0; zero_first: rint(x / scale + zero)
    instead, as QONNX Quant does (other codes at ties if zero is odd). Raises ValueError for NaN.
    """
    values = np.asarray(x, dtype=np.float32)
    if np.isnan(values).any():
        raise ValueError("NaN cannot be quantised")
    with np.errstate(over="ignore"):  # an infinite quotient saturates like any large one
        ratio = values / np.float32(scale)
    if zero_first:
        codes = np.rint(ratio + np.float32(zero)).astype(np.float64)
    else:
        codes = np.rint(ratio).astype(np.float64) + zero
    return np.asarray(np.clip(codes, lo, hi), dtype=np.int64)


def dequantise(codes: npt.ArrayLike, scale: float, zero: int) -> npt.NDArray[np.float32]:
    """(codes - zero) * scale in float32, as ONNX DequantizeLinear does."""
    shifted = (integers(codes, "codes") - zero).astype(np.float32)
    return np.asarray(shifted * np.float32(scale), dtype=np.float32)


def container_bits(bits: int) -> int:
    """Width of the container of a code of `bits` bits: 1, 2, 4 or 8 (3 -> 4, 5..7 -> 8)."""
    for container in CONTAINERS:
        if 1 <= bits <= container:
            return container
    raise ValueError(f"{bits} bits have no container; codes have 1..8 bits")


def pack_codes(codes: npt.ArrayLike, bits: int) -> bytes:
    """Codes in containers of `container_bits(bits)`, element 0 in the low bits of byte 0.

    codes: integers of any shape, taken in C order; negative ones fill the container in two's
    complement. The last byte is filled with zeros. Raises ValueError for a code that does not fit.
    """
    width = container_bits(bits)
    flat = integers(codes, "codes").ravel()
    if not _within(flat, -(1 << (width - 1)), (1 << width) - 1):
        raise ValueError(f"codes {flat.min()}..{flat.max()} do not fit {width} bits")
    per_byte = 8 // width
    padded = np.zeros(-(-flat.size // per_byte) * per_byte, dtype=np.int64)
    padded[: flat.size] = flat & ((1 << width) - 1)
    weights = np.left_shift(1, width * np.arange(per_byte, dtype=np.int64))
    return (padded.reshape(-1, per_byte) @ weights).astype(np.uint8).tobytes()


def unpack_codes(data: bytes, count: int, container: int, signed: bool) -> Ints:
    """The first `count` codes of `data`: the inverse of `pack_codes`.

    container: 1, 2, 4 or 8 bits; signed: two's complement in the container. Raises ValueError for
    another container or when data is too short.
    """
    if container not in CONTAINERS:
        raise ValueError(f"container of {container} bits; it must be 1, 2, 4 or 8")
    if count * container > len(data) * 8:
        raise ValueError(f"{len(data)} bytes hold fewer than {count} codes of {container} bits")
    raw = np.frombuffer(data, dtype=np.uint8).astype(np.int64)
    shifts = container * np.arange(8 // container, dtype=np.int64)
    codes = ((raw[:, None] >> shifts) & ((1 << container) - 1)).ravel()[:count]
    if signed:
        codes = codes - ((codes >> (container - 1)) << container)
    return np.asarray(codes, dtype=np.int64)


def code_bits(lo: int, hi: int) -> tuple[int, bool]:
    """(bits, signed): the narrowest code that holds lo..hi; at least 1 bit."""
    if lo > hi:
        raise ValueError(f"empty range {lo}..{hi}")
    if lo >= 0:
        return max(1, hi.bit_length()), False
    return max((~lo).bit_length(), max(hi, 0).bit_length()) + 1, True


def hex_text(words: Iterable[int], bits: int) -> str:
    """One word per line for `$readmemh`; words are `bits` wide, negative ones two's complement.

    Raises ValueError for a word that does not fit.
    """
    digits, mask = -(-bits // 4), (1 << bits) - 1
    lines = []
    for index, word in enumerate(words):
        value = int(word)
        if not -(1 << (bits - 1)) <= value <= mask:
            raise ValueError(f"word {index} = {value} does not fit {bits} bits")
        lines.append(f"{value & mask:0{digits}x}\n")
    return "".join(lines)


def write_hex(path: Path, words: Iterable[int], bits: int) -> None:
    """Write `hex_text(words, bits)` to `path`."""
    path.write_text(hex_text(words, bits), encoding="ascii", newline="\n")

"""One layer of the quantised integer network and the parts it is made of.

The arithmetic that these numbers drive is written down in `hwgen.net.ir`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from hwgen.numbers import Ints

Pair = tuple[int, int]  # rows, columns
Pad = tuple[int, int, int, int]  # top, left, bottom, right

CODE_MIN, CODE_MAX = -128, 255  # a code is one byte, signed or unsigned


def _check(problems: list[str]) -> None:
    if problems:
        raise ValueError("; ".join(problems))


def windows(size: int, kernel: int, stride: int, before: int, out: int) -> list[Pair]:
    """First and end index, inside a map of `size`, of each of `out` windows along one axis."""
    starts = range(-before, -before + out * stride, stride)
    return [(max(s, 0), min(s + kernel, size)) for s in starts]


@dataclass(frozen=True)
class Quant:
    """How codes stand for real numbers: value = (code - zero) * scale.

    scale > 0, per tensor; bits 1..8; signed: two's complement; zero lies within lo..hi.
    Raises ValueError for anything else.
    """

    scale: float
    zero: int
    bits: int
    signed: bool

    @property
    def lo(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        return (1 << (self.bits - int(self.signed))) - 1

    def __post_init__(self) -> None:
        problems = []
        if not (np.isfinite(self.scale) and self.scale > 0):
            problems.append(f"scale {self.scale!r} is not a positive number")
        if not 1 <= self.bits <= 8:
            problems.append(f"{self.bits} bits are outside 1..8")
        elif not self.lo <= self.zero <= self.hi:
            problems.append(f"zero point {self.zero} is outside {self.lo}..{self.hi}")
        _check(problems)


@dataclass(frozen=True)
class Tensor:
    """A feature map: h rows, w columns, c channels (all >= 1), channels last in memory."""

    name: str
    h: int
    w: int
    c: int
    quant: Quant

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.h, self.w, self.c

    def __post_init__(self) -> None:
        _check([] if min(self.shape) >= 1 else [f"tensor {self.name!r} has shape {self.shape}"])


@dataclass(frozen=True)
class Residual:
    """A second operand, added before the rounding: (code - zero) * mul * 2^rs[n].

    tensor: its name; its shape is that of the convolution's output before pooling. mul: 0..65535;
    rs: one shift 0..31 per output channel; zero: the tensor's zero point.
    """

    tensor: str
    mul: int
    rs: tuple[int, ...]
    zero: int

    def __post_init__(self) -> None:
        problems = []
        if not 0 <= self.mul < 1 << 16:
            problems.append(f"residual mul {self.mul} is outside 0..65535")
        if not all(0 <= r <= 31 for r in self.rs):
            problems.append("a residual shift is outside 0..31")
        _check(problems)


@dataclass(frozen=True)
class Pool:
    """Pooling of a layer's codes; windows may leave the map on every side but always touch it.

    mode: 'max' or 'avg'; kernel and stride (rows, columns); pad (top, left, bottom, right);
    count_pad: an average divides by the whole window, padding included; requant: for an average,
    (mul, shift) by the number of elements it divides by; z_in, z_out: zero points of the codes
    and of the average; lo, hi: range of the average. For 'max', z_in = z_out and lo, hi are the
    convolution's. out_h, out_w: size after pooling. before: the tensor of the ONNX file that holds
    the codes before pooling, None if the file has none; it is never stored.
    """

    mode: Literal["max", "avg"]
    kernel: Pair
    stride: Pair
    pad: Pad
    count_pad: bool
    requant: Mapping[int, Pair]
    z_in: int
    z_out: int
    lo: int
    hi: int
    out_h: int
    out_w: int
    before: Tensor | None = None

    def spans(self, h: int, w: int) -> tuple[list[Pair], list[Pair]]:
        """Row and column windows (first, end) inside an h x w map."""
        rows = windows(h, self.kernel[0], self.stride[0], self.pad[0], self.out_h)
        return rows, windows(w, self.kernel[1], self.stride[1], self.pad[1], self.out_w)

    def counts(self, h: int, w: int) -> set[int]:
        """Every number of elements that an average over an h x w map divides by."""
        if self.count_pad:
            return {self.kernel[0] * self.kernel[1]}
        rows, cols = self.spans(h, w)
        return {(b - a) * (d - c) for a, b in set(rows) for c, d in set(cols)}

    def problems(self, h: int, w: int) -> Iterator[str]:
        """Sentences on what is wrong with this pooling of an h x w map."""
        rows, cols = self.spans(h, w)
        if self.out_h < 1 or self.out_w < 1 or any(a >= b for a, b in rows + cols):
            yield "a pooling window does not touch the map"
        elif self.mode == "avg" and not self.counts(h, w) <= set(self.requant):
            yield "an averaging count has no (mul, shift)"
        for mul, shift in self.requant.values():
            if not (0 <= mul < 1 << 16 and 1 <= shift <= 47):
                yield f"average (mul, shift) = ({mul}, {shift}) is out of range"


@dataclass(frozen=True, eq=False)
class Conv:
    """One layer.

    name: unique; nodes: the ONNX nodes it stands for; x, y: tensor names.
    weight: int64 [n, k_h, k_w, c/groups], codes of w_bits (1..8) bits, zero point 0.
    stride, dilation: (rows, columns) >= 1; pad: (top, left, bottom, right) >= 0; zin: x's zero
    point, the pad code. bias: int64 [n], zero point of x not folded in; mul: int64 [n] 0..65535
    (at least 32768 or 0 unless a scale is extreme); shift: int64 [n] 1..47. zout: added after the
    rounding; lo, hi: range of the codes, within -128..127 or 0..255. out_h, out_w: size of the
    convolution's output, before pooling.
    """

    name: str
    nodes: tuple[str, ...]
    x: str
    y: str
    weight: Ints
    w_bits: int
    w_signed: bool
    groups: int
    stride: Pair
    pad: Pad
    dilation: Pair
    zin: int
    bias: Ints
    mul: Ints
    shift: Ints
    zout: int
    lo: int
    hi: int
    out_h: int
    out_w: int
    residual: Residual | None = None
    pool: Pool | None = None

    @property
    def n(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])

    @property
    def kernel(self) -> Pair:
        return int(self.weight.shape[1]), int(self.weight.shape[2])

    @property
    def m(self) -> int:
        """Output pixels before pooling."""
        return self.out_h * self.out_w

    @property
    def k(self) -> int:
        """Products per output: k_h * k_w * c / groups."""
        return int(np.prod(self.weight.shape[1:]))

    @property
    def macs(self) -> int:
        return self.m * self.k * self.n

    @cached_property
    def folded_bias(self) -> Ints:
        """int64 [n]: bias - zin * sum(weight), what the hardware adds to the accumulator."""
        return np.asarray(self.bias - self.zin * self.weight.sum(axis=(1, 2, 3)), dtype=np.int64)

    @property
    def y_shape(self) -> tuple[int, int, int]:
        """Shape of y, after pooling."""
        if self.pool is not None:
            return self.pool.out_h, self.pool.out_w, self.n
        return self.out_h, self.out_w, self.n

    def __post_init__(self) -> None:
        for name in ("weight", "bias", "mul", "shift"):
            array = np.array(getattr(self, name))  # a private copy nobody can write
            if array.dtype.kind not in "iu":
                raise ValueError(f"layer {self.name!r}: {name} is not an integer array")
            array = array.astype(np.int64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        _check([f"layer {self.name!r}: {p}" for p in self._problems()])

    def _problems(self) -> Iterator[str]:
        if self.weight.ndim != 4 or self.weight.size == 0:
            yield f"weight has shape {self.weight.shape}, not [n, k_h, k_w, c/groups]"
            return
        for name in ("bias", "mul", "shift"):
            if getattr(self, name).shape != (self.n,):
                yield f"{name} does not hold one number per output channel"
        if self.groups < 1 or self.n % self.groups:
            yield f"groups = {self.groups} does not divide {self.n} output channels"
        if not 1 <= self.w_bits <= 8:
            yield f"{self.w_bits} weight bits are outside 1..8"
        else:
            w_quant = Quant(1.0, 0, self.w_bits, self.w_signed)
            if self.weight.min() < w_quant.lo or self.weight.max() > w_quant.hi:
                yield f"a weight is outside {w_quant.lo}..{w_quant.hi}"
        if min(self.stride + self.dilation) < 1 or min(self.pad) < 0:
            yield "stride and dilation must be at least 1, pads at least 0"
        if self.mul.min() < 0 or self.mul.max() >= 1 << 16:
            yield "mul is outside 0..65535"
        if self.shift.min() < 1 or self.shift.max() > 47:
            yield "shift is outside 1..47"
        if not (CODE_MIN <= self.lo <= self.hi <= CODE_MAX) or (self.lo < 0 and self.hi > 127):
            yield f"codes {self.lo}..{self.hi} do not fit a byte"
        if self.residual is not None and len(self.residual.rs) != self.n:
            yield "the residual does not hold one shift per output channel"
        if self.pool is not None:
            yield from self.pool.problems(self.out_h, self.out_w)

    def out_size(self, h: int, w: int) -> Pair:
        """Output rows and columns of the convolution for an h x w input."""
        sizes = []
        for axis, size in enumerate((h, w)):
            room = size + self.pad[axis] + self.pad[axis + 2]
            room -= self.dilation[axis] * (self.kernel[axis] - 1) + 1
            sizes.append(room // self.stride[axis] + 1)
        return sizes[0], sizes[1]

"""How tensors, weights and parameters lie in DRAM: byte for byte as docs/n3h.md says.

Feature maps are NHWC. A pixel's channels are padded (`c_padded`), codes lie in containers of 1, 2,
4 or 8 bits, and every row starts at a multiple of the bus width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import Tensor
from hwgen.numbers import Ints, container_bits, integers, pack_codes, unpack_codes


def ceil_div(a: int, b: int) -> int:
    """The smallest integer not below a / b."""
    return -(-a // b)


def round_up(a: int, b: int) -> int:
    """The smallest multiple of b not below a."""
    return ceil_div(a, b) * b


@dataclass(frozen=True)
class TensorLayout:
    """One feature map in DRAM. `base` and `row_bytes` are bytes, `container` bits per code."""

    name: str
    base: int
    h: int
    w: int
    c: int
    c_padded: int
    row_bytes: int
    container: int
    bits: int
    signed: bool
    scale: float
    zero: int

    @property
    def pixel_bits(self) -> int:
        return self.c_padded * self.container

    @property
    def nbytes(self) -> int:
        return self.h * self.row_bytes

    def pack(self, codes: Ints) -> bytes:
        """The map's bytes. codes: integers [h, w, c] that fit `bits`; else ValueError."""
        values = integers(codes, f"codes of {self.name}")
        if values.shape != (self.h, self.w, self.c):
            raise ValueError(
                f"{self.name} is {self.h} x {self.w} x {self.c}, not "
                + " x ".join(map(str, values.shape))
            )
        lo = -(1 << (self.bits - 1)) if self.signed else 0
        hi = lo + (1 << self.bits) - 1
        if values.min() < lo or values.max() > hi:
            raise ValueError(
                f"codes {values.min()}..{values.max()} of {self.name} are outside {lo}..{hi}"
            )
        per_row = self.row_bytes * 8 // self.container
        rows = np.zeros((self.h, per_row), dtype=np.int64)
        pixels = np.zeros((self.h, self.w, self.c_padded), dtype=np.int64)
        pixels[:, :, : self.c] = values
        rows[:, : self.w * self.c_padded] = pixels.reshape(self.h, -1)
        return pack_codes(rows, self.container)

    def unpack(self, data: bytes) -> Ints:
        """The codes [h, w, c] of the map's bytes: the inverse of `pack`."""
        per_row = self.row_bytes * 8 // self.container
        rows = unpack_codes(data, self.h * per_row, self.container, self.signed)
        used = rows.reshape(self.h, per_row)[:, : self.w * self.c_padded]
        return used.reshape(self.h, self.w, self.c_padded)[:, :, : self.c].copy()

    def as_dict(self) -> dict[str, Any]:
        """The entry of memory.json (the name is its key)."""
        entry = asdict(self)
        del entry["name"]
        return entry


def place(tensor: Tensor, base: int, c_padded: int, bus_bits: int) -> TensorLayout:
    """`tensor` at byte `base` with `c_padded` channels per pixel on a bus of `bus_bits`."""
    container = container_bits(tensor.quant.bits)
    return TensorLayout(
        name=tensor.name,
        base=base,
        h=tensor.h,
        w=tensor.w,
        c=tensor.c,
        c_padded=c_padded,
        row_bytes=round_up(tensor.w * c_padded * container, bus_bits) // 8,
        container=container,
        bits=tensor.quant.bits,
        signed=tensor.quant.signed,
        scale=tensor.quant.scale,
        zero=tensor.quant.zero,
    )


def lut_image(spec: N3hSpec, weights: Ints, w_bits: int) -> bytes:
    """LUT weight words of `weights` [filters, k]: w_bits planes of DN columns of DK bits."""
    dk, dn = spec.lut_core.dk, spec.lut_core.dn
    filters, k = weights.shape
    chunks, tiles = ceil_div(k, dk), ceil_div(filters, dn)
    codes = np.zeros((tiles * dn, chunks * dk), dtype=np.uint8)
    codes[:filters, :k] = weights & 0xFF
    planes = (codes[None] >> np.arange(w_bits, dtype=np.uint8)[:, None, None]) & 1
    grid = planes.reshape(w_bits, tiles, dn, chunks, dk).transpose(1, 3, 0, 2, 4)
    return np.packbits(np.ascontiguousarray(grid), axis=None, bitorder="little").tobytes()


def dsp_image(spec: N3hSpec, weights: Ints, w8: bool) -> bytes:
    """Words of the DSP weight buffer for `weights` [filters, k], dummy filters included."""
    pin, pout = spec.dsp_core.pin, spec.dsp_core.pout
    filters, k = weights.shape
    steps, tiles = ceil_div(k, pin), ceil_div(filters, pout)
    steps += 0 if w8 else steps % 2  # the missing odd step of a 4-bit word is zero
    codes = np.zeros((tiles * pout, steps * pin), dtype=np.int64)
    codes[:filters, :k] = weights
    grid = codes.reshape(tiles, pout, steps, pin).transpose(0, 2, 1, 3)
    return pack_codes(grid, 8 if w8 else 4)


def parameter_image(
    spec: N3hSpec, words: int, bias: Ints, mul: Ints, shift: Ints, rs: Ints
) -> bytes:
    """`words` parameter words; channel i in lane i % LANES of word i // LANES.

    Channels beyond those given have bias 0, mul 0 and shift 1: code zout.
    """
    entries = np.full(words * spec.post.lanes, 1 << 48, dtype=np.uint64)
    low = (bias & 0xFFFFFFFF).astype(np.uint64)
    entries[: bias.size] = (
        low
        | (mul.astype(np.uint64) << np.uint64(32))
        | (shift.astype(np.uint64) << np.uint64(48))
        | (rs.astype(np.uint64) << np.uint64(54))
    )
    return entries.astype("<u8").tobytes()

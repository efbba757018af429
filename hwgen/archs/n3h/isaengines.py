"""What each engine does, on whole passes: the behaviour behind `isasim`.

Written from docs/n3h.md alone. Every function takes the machine, the payload and the engine's
registers; it raises `FaultError` with a sentence where hardware would hang or compute rubbish.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hwgen.archs.n3h.isa import Engine
from hwgen.archs.n3h.spec import N3hSpec

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Fields = Mapping[str, int]
STALE = 0xA5  # what a word holds where nobody wrote


class FaultError(Exception):
    """The program asks for something that the machine cannot do right."""


def check(holds: bool, sentence: str) -> None:
    if not holds:
        raise FaultError(sentence)


@dataclass
class Region:
    """Collector words of one pass; `count` says how often each lane was written."""

    base: int
    data: Bytes
    count: Bytes


class Machine:
    """On-chip state. Rings are unbounded here; weight and parameter buffers are real."""

    def __init__(self, spec: N3hSpec, dram: bytearray) -> None:
        core, dsp, buffers = spec.lut_core, spec.dsp_core, spec.buffers
        self.spec, self.lanes, self.beat = spec, spec.post.lanes, spec.axi.data_w // 8
        self.dram = np.frombuffer(dram, dtype=np.uint8)
        self.raw: deque[Bytes] = deque()
        self.operands: dict[Engine, deque[Operand]] = {e: deque() for e in (GL, GD)}
        self.results: dict[Engine, deque[Ints]] = {e: deque() for e in (GL, GD)}
        self.buffers = (
            np.full((buffers.lut_weights, core.dn * core.dk // 8), STALE, dtype=np.uint8),
            np.full((buffers.dsp_weights, dsp.pin * dsp.pout), STALE, dtype=np.uint8),
            np.full((buffers.parameters, self.lanes * 8), STALE, dtype=np.uint8),
        )
        self.residual = np.zeros((0, self.lanes), dtype=np.uint8)
        self.residual_at = {Engine.POST_L: 0, Engine.POST_D: 0}
        self.collector: deque[Region] = deque()
        self.posted = {Engine.POST_L: 0, Engine.POST_D: 0}
        self.averages: dict[int, tuple[int, int]] = {}

    def read(self, address: int, beats: int) -> Bytes:
        check(address % self.beat == 0, f"address {address:#x} is no multiple of the bus width")
        end = address + beats * self.beat
        check(end <= self.dram.size, f"bytes {address:#x}..{end:#x} are beyond the memory")
        return self.dram[address:end]


@dataclass
class Operand:
    """Codes of one pass: [pixels, k_chunks * DK], a_bits wide, as planes would hold them."""

    codes: Bytes
    k_chunks: int
    a_bits: int


GL, GD = Engine.GEMM_L, Engine.GEMM_D
CORE = {Engine.POST_L: GL, Engine.POST_D: GD}


@dataclass
class Touched:
    """What an instruction read and wrote, for the hazard check: buffer words, DRAM bytes."""

    buffer: int = -1
    words: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    dram: tuple[int, int] = (0, 0)
    nbytes: int = 0


def unpack(data: Bytes, bits: int) -> Bytes:
    """Unsigned codes of 2^n <= 8 bits, first code in the low bits; last axis grows."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = (data[..., None] >> shifts) & ((1 << bits) - 1)
    return codes.reshape(*data.shape[:-1], -1).astype(np.uint8)


def signed(codes: Bytes, bits: int, is_signed: int) -> Ints:
    values = codes.astype(np.int64)
    return values - ((values >> (bits - 1)) << bits) if is_signed else values


def load_x(m: Machine, f: Fields, bank: Fields) -> Touched:
    words, beat = bank["row_words"], m.beat
    row_bytes = words * m.spec.raw_w // 8
    check(f["x_beats"] * beat <= row_bytes, f"rows of {f['x_beats']} beats exceed {words} words")
    check(words <= m.spec.buffers.raw, f"a row of {words} words exceeds the raw ring")
    for y in range(f["y_cnt"]):
        row = np.full(row_bytes, STALE, dtype=np.uint8)
        data = m.read(f["dram"] + y * f["y_stride"] * beat, f["x_beats"])
        row[: data.size] = data
        m.raw.append(row)
    end = f["dram"] + ((f["y_cnt"] - 1) * f["y_stride"] + f["x_beats"]) * beat
    return Touched(dram=(f["dram"], end), nbytes=f["y_cnt"] * f["x_beats"] * beat)


def load_w(m: Machine, f: Fields) -> Touched:
    check(f["dst"] < 3, f"destination {f['dst']} does not exist")
    buffer = m.buffers[f["dst"]]
    data = m.read(f["dram"], f["x_beats"])
    check(data.size % buffer.shape[1] == 0, "the beats are no whole number of words")
    count = data.size // buffer.shape[1]
    check(count <= len(buffer), f"{count} words exceed the buffer")
    words = (f["sram"] + np.arange(count)) % len(buffer)
    buffer[words] = data.reshape(count, -1)
    return Touched(f["dst"], words, (f["dram"], f["dram"] + data.size), data.size)


def load_r(m: Machine, f: Fields, bank: Fields) -> Touched:
    bits, wanted = 1 << bank["cont"], bank["seg_words"] * m.lanes
    held = f["x_beats"] * m.beat * 8 // bits
    check(held >= wanted, f"a segment holds {held} codes, its words need {wanted}")
    new, end = [], f["dram"]
    for y in range(f["y_cnt"]):
        for s in range(bank["segs"]):
            at = f["dram"] + (y * f["y_stride"] + s * bank["p_stride"]) * m.beat
            codes = unpack(m.read(at, f["x_beats"]), bits)[:wanted]
            new.append(signed(codes, bits, bank["sext"]).astype(np.uint8))
            end = max(end, at + f["x_beats"] * m.beat)
    rows = np.concatenate(new).reshape(-1, m.lanes)
    m.residual = np.concatenate([m.residual, rows])
    beats = f["y_cnt"] * bank["segs"] * f["x_beats"]
    return Touched(dram=(f["dram"], end), nbytes=beats * m.beat)


def fill(m: Machine, f: Fields, b0: Fields, b1: Fields, b2: Fields) -> Touched:
    spec, bits, words = m.spec, 1 << b0["cont"], b1["row_words"]
    in_h, out_w = b0["in_h"], b0["out_w"]
    check(f["pixels"] % out_w == 0, f"{f['pixels']} pixels are no whole rows of {out_w}")
    check(len(m.raw) >= in_h, f"{len(m.raw)} raw rows were loaded, the map has {in_h}")
    rows = [m.raw[y] for y in range(in_h)]
    fits = all(row.size == words * spec.raw_w // 8 for row in rows)
    check(fits, f"a raw row does not have {words} words")
    reach = min(in_h, (b0["k_h"] - 1) * b0["d_h"] + 1) if not f["keep"] else in_h
    check(reach * words <= spec.buffers.raw, f"{reach} rows of {words} words exceed the raw ring")
    for name, factor in (("sh_words", "s_h"), ("dh_words", "d_h"), ("pt_words", "pad_t")):
        check(b2[name] == b0[factor] * words, f"{name} is not {factor} rows")
    check(f["slot"] == f["k_chunks"] * (f["a_bits_m1"] + 1), "slot is not k_chunks * a_bits")
    check(f["slot"] <= spec.buffers.ring, f"a slot of {f['slot']} exceeds the operand ring")

    index, inside = _runs(b0, b1, b2, bits)
    out_h = f["pixels"] // out_w
    iy = np.arange(out_h)[:, None] * b0["s_h"] + np.arange(b0["k_h"]) * b0["d_h"] - b0["pad_t"]
    codes = unpack(np.stack(rows), bits)
    taken = codes[np.clip(iy, 0, in_h - 1)[:, :, None, None], index[None, None]]
    valid = ((iy >= 0) & (iy < in_h))[:, :, None, None] & inside[None, None]
    patches = np.where(valid, taken, np.uint8(b0["zin"] & ((1 << bits) - 1)))
    flat = patches.transpose(0, 2, 1, 3).reshape(f["pixels"], -1)
    width, dk = f["k_chunks"] * spec.lut_core.dk, spec.lut_core.dk
    check(width - dk < flat.shape[1] <= width, f"K = {flat.shape[1]} is not {f['k_chunks']} chunks")
    a_bits = f["a_bits_m1"] + 1
    operand = np.zeros((f["pixels"], width), dtype=np.uint8)
    operand[:, : flat.shape[1]] = flat & ((1 << a_bits) - 1)
    for engine, used in ((GL, f["use_l"]), (GD, f["use_d"])):
        if used:
            m.operands[engine].append(Operand(operand, f["k_chunks"], a_bits))
    if not f["keep"]:
        for _ in range(in_h):
            m.raw.popleft()
    return Touched()


def _runs(b0: Fields, b1: Fields, b2: Fields, bits: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Index of each element of a kernel row within its raw row, and whether it lies inside.

    Both [out_w, runs * elements per run].
    """
    ox = np.arange(b0["out_w"], dtype=np.int64)[:, None, None]
    run = np.arange(b0["runs"], dtype=np.int64)[None, :, None]
    at = np.arange(0, b1["run_bits"], bits, dtype=np.int64)[None, None, :]
    start = ox * b1["step_bits"] + run * b1["tap_bits"] + b1["base_bits"] - b2["left_bits"]
    if b0["merged"]:
        left = b2["left_bits"] - ox * b1["step_bits"]
        right = b1["run_bits"] - np.maximum(0, ox * b1["step_bits"] + b2["right_bits"])
        inside = (at >= left) & (at < right)
    else:
        column = ox * b0["s_w"] + run * b0["d_w"] - b0["pad_l"]
        inside = np.broadcast_to(
            (column >= 0) & (column < b0["in_w"]), np.broadcast(start, at).shape
        )
    index = np.where(inside, (start + at) // bits, 0)
    shape = (b0["out_w"], -1)
    return index.reshape(shape), inside.reshape(shape)


def _product(m: Machine, engine: Engine, f: Fields, weights: Ints) -> None:
    """Multiply the oldest operand of `engine` by weights [filters, k] into its results."""
    check(bool(m.operands[engine]), "FILL has made no operands for this core")
    operand = m.operands[engine].popleft()
    check(operand.k_chunks == f["k_chunks"], "k_chunks is not that of FILL")
    check(operand.a_bits == f["a_bits_m1"] + 1, "a_bits is not that of FILL")
    codes = signed(operand.codes, operand.a_bits, f["a_signed"])
    k = min(codes.shape[1], weights.shape[1])
    check(not codes[:, k:].any() or k == codes.shape[1], "k_steps leaves elements out")
    # Every partial sum is far below 2^53, so float64 is exact and fast
    acc = (codes[:, :k].astype(np.float64) @ weights[:, :k].T.astype(np.float64)).astype(np.int64)
    low, high = int(acc.min()), int(acc.max())
    check(low >= -(1 << 31) and high < 1 << 31, f"a sum of {low}..{high} leaves 32 bits")
    m.results[engine].append(acc)


def gemm_l(m: Machine, f: Fields) -> Touched:
    core, w_bits = m.spec.lut_core, f["w_bits_m1"] + 1
    count = f["n_tiles"] * f["k_chunks"] * w_bits
    words = (f["w_base"] + np.arange(count)) % len(m.buffers[0])
    check(count <= len(m.buffers[0]), f"{count} weight words exceed the buffer")
    pixels = len(m.operands[GL][0].codes) if m.operands[GL] else 0
    check(f["m_tiles"] == -(-pixels // core.dm), f"m_tiles does not cover {pixels} pixels")
    bits = np.unpackbits(m.buffers[0][words], axis=1, bitorder="little")
    planes = bits.reshape(f["n_tiles"], f["k_chunks"], w_bits, core.dn, core.dk).astype(np.int64)
    factor = np.left_shift(1, np.arange(w_bits, dtype=np.int64))
    if f["w_signed"]:
        factor[-1] = -factor[-1]
    weights = np.einsum("tcpnk,p->tnck", planes, factor).reshape(f["n_tiles"] * core.dn, -1)
    _product(m, GL, f, weights)
    return Touched(0, words)


def gemm_d(m: Machine, f: Fields) -> Touched:
    dsp, steps = m.spec.dsp_core, f["k_steps"]
    stored = steps if f["w8"] else -(-steps // 2)
    count = f["n_tiles"] * stored
    check(count <= len(m.buffers[1]), f"{count} weight words exceed the buffer")
    words = (f["w_base"] + np.arange(count)) % len(m.buffers[1])
    bits = 8 if f["w8"] else 4
    codes = signed(unpack(m.buffers[1][words], bits), bits, f["w_signed"])
    grid = codes.reshape(f["n_tiles"], -1, dsp.pout, dsp.pin)[:, :steps]
    weights = grid.transpose(0, 2, 1, 3).reshape(f["n_tiles"] * dsp.pout, -1)
    pixels = len(m.operands[GD][0].codes) if m.operands[GD] else 0
    check(f["pixels"] == pixels, f"{f['pixels']} pixels, FILL made {pixels}")
    _product(m, GD, f, weights)
    return Touched(1, words)

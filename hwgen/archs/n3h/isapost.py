"""What POST and STORE do, on whole passes: the results' side of `isaengines`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hwgen.archs.n3h.isa import Engine
from hwgen.archs.n3h.isaengines import (
    CORE,
    Bytes,
    Fields,
    Ints,
    Machine,
    Region,
    Touched,
    check,
    signed,
)


def post(m: Machine, engine: Engine, f: Fields, bank: Fields) -> Touched:
    """POST_L or POST_D: results of one core to collector codes."""
    pixels, gpp, lanes, base = f["pixels"], f["gpp"], m.lanes, m.posted[engine]
    check(f["words"] == pixels * gpp, "words is not pixels * gpp")
    region = _region(m, base, f["words"])
    m.posted[engine] += f["words"]
    residual = _residual(m, engine, f["words"]) if bank["res_en"] else None
    if f["n_tiles"] == 0:
        return Touched()
    check(bool(m.results[CORE[engine]]), "the core has left no results")
    acc = m.results[CORE[engine]].popleft()
    per_tile = m.spec.lut_core.dn if engine is Engine.POST_L else m.spec.dsp_core.pout
    channels, first = f["g_cnt"] * lanes, f["g0"] * lanes
    check(acc.shape == (pixels, f["n_tiles"] * per_tile), "the results have another shape")
    check(0 < channels <= acc.shape[1], f"{f['g_cnt']} groups are not in {f['n_tiles']} tiles")
    check(f["g0"] + f["g_cnt"] <= gpp, "groups exceed the pixel")
    words = (f["p_base"] + f["g0"] + np.arange(f["g_cnt"])) % len(m.buffers[2])
    table = m.buffers[2][words].reshape(-1).view("<i8")
    bias, mul, shift, rs = (_column(table, at, bits) for at, bits in PARAMETER)
    total = (acc[:, :channels] + np.where(bias >> 31, bias - (1 << 32), bias)) * mul
    if residual is not None:
        codes = residual.reshape(pixels, gpp * lanes)[:, first : first + channels]
        values = signed(codes, 8, bank["res_signed"])
        total = total + np.left_shift((values - bank["res_z"]) * bank["res_mul"], rs)
    result = _narrow(total, shift, bank["zout"], bank["lo"], bank["hi"])
    mask = np.ones((f["g_cnt"], lanes), dtype=bool)
    mask[0, : f["lane_lo"]] = False
    mask[-1, f["lane_hi"] :] = False
    flat = mask.reshape(-1)
    own = np.flatnonzero(flat) + first
    region.data.reshape(pixels, -1)[:, own] = result[:, flat].astype(np.uint8)
    region.count.reshape(pixels, -1)[:, own] += 1
    return Touched(2, words)


PARAMETER = ((0, 32), (32, 16), (48, 6), (54, 5))  # first bit and width: bias, mul, shift, rs


def _column(table: Ints, at: int, bits: int) -> Ints:
    return np.asarray((table >> at) & ((1 << bits) - 1), dtype=np.int64)


def _narrow(total: Ints, shift: Ints, zero: int, lo: int, hi: int) -> Ints:
    """Round total / 2^shift half to even, add zero, clip."""
    check(bool((shift >= 1).all()), "a parameter has shift 0")
    check(bool((np.abs(total) < 1 << 62).all()), "a sum reaches 2^62")
    odd = (total >> shift) & 1
    rounded = (total + np.left_shift(np.int64(1), shift - 1) - 1 + odd) >> shift
    return np.asarray(np.clip(rounded + zero, lo, hi), dtype=np.int64)


def _region(m: Machine, base: int, words: int) -> Region:
    """The collector words of the pass that starts at running total `base`."""
    for region in m.collector:
        if region.base == base:
            check(len(region.data) == words, "both POSTs must pass over the same words")
            return region
    behind = m.collector[-1].base + len(m.collector[-1].data) if m.collector else base
    check(behind == base, "POST_L and POST_D are not in step")
    shape = (words, m.lanes)
    region = Region(base, np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.uint8))
    m.collector.append(region)
    return region


def _residual(m: Machine, engine: Engine, words: int) -> Bytes:
    """The next residual words of this POST; those that both have passed are freed."""
    at = m.residual_at[engine]
    check(len(m.residual) >= at + words, f"{len(m.residual) - at} residual words of {words}")
    data = m.residual[at : at + words].copy()
    m.residual_at[engine] += words
    freed = min(m.residual_at.values())
    m.residual = m.residual[freed:]
    m.residual_at = {e: p - freed for e, p in m.residual_at.items()}
    return data


def store(m: Machine, f: Fields, b0: Fields, b1: Fields) -> Touched:
    """One pass from the collector to DRAM, through pooling."""
    check(bool(m.collector), "the collector is empty")
    region, lanes, gpp = m.collector.popleft(), m.lanes, b0["gpp"]
    end = region.base + len(region.data)
    check(min(m.posted.values()) >= end, "a POST has not passed these words")
    check(bool((region.count == 1).all()), "a lane was written never or twice")
    shape = (b0["in_h"], b0["in_w"], gpp * lanes)
    check(region.data.size == np.prod(shape), f"{len(region.data)} words are no {shape} codes")
    codes = signed(region.data, 8, b1["code_signed"]).reshape(shape)
    if b1["mode"]:
        codes = _pool(codes, b1, (f["rows"], b0["out_w"]), m.averages)
    check(codes.shape[:2] == (f["rows"], b0["out_w"]), "rows or out_w is not the map's")
    words, beats, bits = b0["seg_words"], b0["seg_beats"], 1 << f["cont"]
    check(f["segs"] * words == b0["out_w"] * gpp, "the segments are not the row")
    room = beats * m.beat * 8 // bits
    check(room - m.beat * 8 // bits < words * lanes <= room, "seg_beats is not the segment")
    written, last = 0, f["dram"]
    for y in range(f["rows"]):
        padded = np.zeros((f["segs"], room), dtype=np.int64)
        padded[:, : words * lanes] = codes[y].reshape(f["segs"], -1)
        grid = (padded & ((1 << bits) - 1)).reshape(f["segs"], -1, 8 // bits)
        packed = (grid << np.arange(0, 8, bits)).sum(axis=2).astype(np.uint8)
        for s in range(f["segs"]):
            at = f["dram"] + (y * f["y_stride"] + s * f["p_stride"]) * m.beat
            m.read(at, beats)[:] = packed[s]
            written += beats * m.beat
            last = max(last, at + beats * m.beat)
    return Touched(dram=(f["dram"], last), nbytes=written)


def _pool(
    codes: Ints, b: Fields, out: tuple[int, int], averages: Mapping[int, tuple[int, int]]
) -> Ints:
    """Pooled codes; only elements inside the map take part."""
    result = np.zeros((*out, codes.shape[2]), dtype=np.int64)
    for oy in range(out[0]):
        top = oy * b["s_h"] - b["pad_t"]
        for ox in range(out[1]):
            left = ox * b["s_w"] - b["pad_l"]
            window = codes[max(top, 0) : top + b["k_h"], max(left, 0) : left + b["k_w"]]
            window = window.reshape(-1, codes.shape[2])
            check(len(window) > 0, "a window lies outside the map")
            if b["mode"] == 1:
                result[oy, ox] = window.max(axis=0)
                continue
            count = b["k_h"] * b["k_w"] if b["count_pad"] else len(window)
            check(count in averages, f"the average table has no row {count}")
            mul, shift = averages[count]
            total = (window - b["z_in"]).sum(axis=0) * mul
            result[oy, ox] = _narrow(total, np.array(shift), b["z_out"], b["lo"], b["hi"])
    return result

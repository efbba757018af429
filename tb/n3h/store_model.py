"""What STORE must do, in plain Python integers: passes, their reads, their bytes in memory.

Nothing here is shared with the hardware or with the golden model.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MODES = ("none", "maximum", "average")


@dataclass(frozen=True)
class Sizes:
    """The design: lanes, bus width in bits, collector words."""

    lanes: int
    axi: int
    col: int


@dataclass
class Pass:
    """One pass: fields, the collector's words and what must come of them."""

    payload: dict[str, int]
    bank: dict[str, int]
    table: dict[int, tuple[int, int]]  # (mul, shift) by count
    codes: list[list[int]]  # bytes of every collector word of the pass
    reads: list[int]  # words in the order they are read
    steps: int  # window elements, those outside the map included
    beats: list[tuple[int, int]]  # requests: address, beats
    data: list[int]  # beats in order

    @property
    def label(self) -> str:
        return f"{self.payload} {self.bank}"


def half_even(p: int, shift: int) -> int:
    """p / 2^shift, ties to the even neighbour."""
    whole, rest = divmod(p, 1 << shift)
    return whole + (2 * rest + whole % 2 > 1 << shift)


def pooled(bank: dict[str, int], table: dict, window: list[list[int]], lane: int) -> int:
    """The output byte of one lane from the window's words inside the map."""
    codes = [word[lane] for word in window]
    if bank["code_signed"]:
        codes = [c - 256 if c > 127 else c for c in codes]
    if bank["mode"] == 1:
        return max(codes) & 0xFF
    count = bank["k_h"] * bank["k_w"] if bank["count_pad"] else len(codes)
    mul, shift = table[count]
    y = half_even(sum(c - bank["z_in"] for c in codes) * mul, shift) + bank["z_out"]
    return min(max(y, bank["lo"]), bank["hi"]) & 0xFF


def geometry(rng: random.Random, s: Sizes, mode: int) -> dict[str, int]:
    """Bank fields of a map and its windows; the windows of a row fit the collector."""
    gpp = rng.choice((1, 1, 2, rng.randrange(1, 7)))
    size = rng.choice((3, 6, 12))
    in_w, in_h = rng.randrange(1, size + 1), rng.randrange(1, size + 1)
    if mode == 0:
        if rng.random() < 0.3:
            in_w = rng.randrange(1, 2 * s.col // gpp)  # a row longer than the collector
            in_h = rng.randrange(1, 3)
        return {"in_w": in_w, "in_h": in_h, "out_w": in_w, "gpp": gpp}
    most = min(15, s.col // (in_w * gpp))
    k = [rng.choice((1, 2, 3, n, rng.randrange(1, 16))) for n in (in_h, in_w)]
    k_h, k_w = min(k[0], most), min(k[1], 15)
    pad = [rng.choice((0, 0, rng.randrange(n))) for n in (k_h, k_h, k_w, k_w)]
    k_h, k_w = min(k_h, in_h + pad[0] + pad[1]), min(k_w, in_w + pad[2] + pad[3])
    pad = [min(n, limit - 1) for n, limit in zip(pad, (k_h, k_h, k_w, k_w), strict=True)]
    k_h, k_w = min(k_h, in_h + pad[0] + pad[1]), min(k_w, in_w + pad[2] + pad[3])
    s_h, s_w = (rng.choice((1, 2, n, rng.randrange(1, 16))) for n in (k_h, k_w))
    return {
        "in_w": in_w,
        "in_h": in_h,
        "out_h": (in_h + pad[0] + pad[1] - k_h) // s_h + 1,
        "out_w": (in_w + pad[2] + pad[3] - k_w) // s_w + 1,
        "gpp": gpp,
        "k_h": k_h,
        "k_w": k_w,
        "s_h": s_h,
        "s_w": s_w,
        "pad_t": min(pad[0], k_h - 1),
        "pad_l": min(pad[2], k_w - 1),
    }


def windows(bank: dict[str, int], rows: int) -> list[list[int | None]]:
    """Collector words of every window in output order; None stands for an element outside."""
    none = {"k_h": 1, "k_w": 1, "s_h": 1, "s_w": 1, "pad_t": 0, "pad_l": 0}
    b = bank if bank["mode"] else bank | none
    out = []
    for oy in range(rows):
        for ox in range(b["out_w"]):
            places = [
                (oy * b["s_h"] - b["pad_t"] + ky, ox * b["s_w"] - b["pad_l"] + kx)
                for ky in range(b["k_h"])
                for kx in range(b["k_w"])
            ]
            inside = [0 <= y < b["in_h"] and 0 <= x < b["in_w"] for y, x in places]
            for g in range(b["gpp"]):
                out.append(
                    [
                        (y * b["in_w"] + x) * b["gpp"] + g if ok else None
                        for (y, x), ok in zip(places, inside, strict=True)
                    ]
                )
    return out


def pack(words: list[list[int]], container: int, bus: int) -> list[int]:
    """Beats of one segment: containers from bit 0 upwards, the last beat filled with zeros."""
    bits = n = 0
    for word in words:
        for code in word:
            bits |= (code & ((1 << container) - 1)) << n
            n += container
    return [bits >> at & ((1 << bus) - 1) for at in range(0, n, bus)]


def make_pass(rng: random.Random, s: Sizes, mode: int | None = None, plain: bool = False) -> Pass:
    """A random legal pass. `plain`: nothing outside the map, 8-bit containers, one segment."""
    mode = rng.randrange(3) if mode is None else mode
    size = geometry(rng, s, mode)
    while plain and (size.get("pad_t") or size.get("pad_l") or not_inside(size)):
        size = geometry(rng, s, mode)
    rows = size.pop("out_h", size["in_h"])
    bank = {name: rng.randrange(16) for name in ("k_h", "k_w", "s_h", "s_w", "pad_t", "pad_l")}
    lo, hi = rng.choice(((0, 1), (0, 15), (-8, 7), (0, 255), (-128, 127)))
    bank |= size | {
        "mode": mode,
        "code_signed": rng.randrange(2),
        "count_pad": rng.randrange(2),
        "z_in": rng.choice((0, rng.randrange(-128, 256))),
        "z_out": rng.randrange(lo, hi + 1),
        "lo": lo,
        "hi": hi,
    }
    table = {}
    for count in range(1, bank["k_h"] * bank["k_w"] + 1 if mode == 2 else 1):
        usual = 15 + count.bit_length() + rng.randrange(3)
        shift = rng.choice((usual, usual, usual, rng.randrange(1, 48)))
        table[count] = (rng.choice((1 << 15, 0xFFFF, rng.randrange(1 << 15, 1 << 16))), shift)
    words = bank["in_h"] * bank["in_w"] * bank["gpp"]
    codes = [[rng.randrange(256) for _ in range(s.lanes)] for _ in range(words)]
    wins = windows(bank, rows)
    out = []
    for win in wins:
        inside = [codes[w] for w in win if w is not None]
        if mode == 0:
            out.append(inside[0])
        else:
            out.append([pooled(bank, table, inside, n) for n in range(s.lanes)])
    cont = 3 if plain else rng.randrange(4)
    segs = 1 if plain else rng.choice((1, bank["out_w"]))
    bank["seg_words"] = bank["gpp"] * (bank["out_w"] if segs == 1 else 1)
    bank["seg_beats"] = -(-bank["seg_words"] * (s.lanes << cont) // s.axi)
    p_stride = bank["seg_beats"] + rng.randrange(3)
    y_stride = segs * p_stride + rng.randrange(5)
    unit = s.axi // 8
    dram = rng.randrange(1 << 24) * unit
    beats, data, at = [], [], 0
    for y in range(rows):
        for seg in range(segs):
            chunk = pack(out[at : at + bank["seg_words"]], 1 << cont, s.axi)
            assert len(chunk) == bank["seg_beats"]
            beats.append((dram + (y * y_stride + seg * p_stride) * unit, len(chunk)))
            data += chunk
            at += bank["seg_words"]
    payload = {"dram": dram, "rows": rows, "y_stride": y_stride, "segs": segs}
    payload |= {"p_stride": p_stride, "cont": cont}
    reads = [w for win in wins for w in win if w is not None]
    return Pass(payload, bank, table, codes, reads, sum(map(len, wins)), beats, data)


def not_inside(size: dict[str, int]) -> bool:
    """Whether the last windows of a map leave it."""
    if "k_h" not in size:
        return False
    last_y = (size["out_h"] - 1) * size["s_h"] + size["k_h"]
    last_x = (size["out_w"] - 1) * size["s_w"] + size["k_w"]
    return last_y > size["in_h"] or last_x > size["in_w"]

"""What FILL must write: maps, passes and their planes, from numpy indexing alone."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

PAYLOAD = {"pixels": 20, "k_chunks": 14, "a_bits_m1": 3, "slot": 14, "use_l": 1, "use_d": 1,
           "keep": 1}  # fmt: skip
BANK = {"in_w": 12, "in_h": 12, "out_w": 12, "k_h": 4, "s_h": 4, "d_h": 4, "pad_t": 4, "s_w": 4,
        "d_w": 4, "pad_l": 4, "runs": 4, "merged": 1, "cont": 2, "zin": 8, "row_words": 14,
        "run_bits": 20, "step_bits": 20, "tap_bits": 20, "base_bits": 20, "left_bits": 20,
        "right_bits": 21, "sh_words": 18, "dh_words": 18, "pt_words": 18}  # fmt: skip


@dataclass(frozen=True)
class Map:
    """A feature map: container codes [h, w, c], container width in bits, raw words per row."""

    codes: np.ndarray
    cont: int
    row_words: int

    def rows(self, raw_w: int) -> list[list[int]]:
        """Raw words of each row: codes little-endian from bit 0, noise after the last."""
        bits = (self.codes[..., None] >> np.arange(self.cont)) & 1
        out = []
        for row in bits.reshape(len(self.codes), -1):
            noise = random.getrandbits(self.row_words * raw_w)
            size = row.size
            value = int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")
            value |= noise >> size << size
            mask = (1 << raw_w) - 1
            out.append([value >> raw_w * k & mask for k in range(self.row_words)])
        return out


@dataclass(frozen=True)
class Pass:
    """One FILL instruction over a map. `c0`, `cs`: the channel slice."""

    a_bits: int
    k: tuple[int, int]
    s: tuple[int, int]
    d: tuple[int, int]
    pad: tuple[int, int]
    out: tuple[int, int]
    c0: int
    cs: int
    zin: int
    merged: bool
    use: tuple[int, int] = (1, 1)
    keep: bool = False

    def chunks(self, dk: int) -> int:
        return -(-self.k[0] * self.k[1] * self.cs // dk)

    def fields(self, m: Map, dk: int) -> dict[str, int]:
        """Port values, from the definitions of the instruction set."""
        h, w, c = m.codes.shape
        pixel = c * m.cont
        slot = self.chunks(dk) * self.a_bits
        return {
            "i_pixels": self.out[0] * self.out[1], "i_k_chunks": self.chunks(dk),
            "i_a_bits_m1": self.a_bits - 1, "i_slot": slot, "i_use_l": self.use[0],
            "i_use_d": self.use[1], "i_keep": int(self.keep),
            "c_in_w": w, "c_in_h": h, "c_out_w": self.out[1], "c_k_h": self.k[0],
            "c_s_h": self.s[0], "c_d_h": self.d[0], "c_pad_t": self.pad[0], "c_s_w": self.s[1],
            "c_d_w": self.d[1], "c_pad_l": self.pad[1],
            "c_runs": 1 if self.merged else self.k[1], "c_merged": int(self.merged),
            "c_cont": m.cont.bit_length() - 1, "c_zin": self.zin, "c_row_words": m.row_words,
            "c_run_bits": (self.k[1] if self.merged else 1) * self.cs * m.cont,
            "c_step_bits": self.s[1] * pixel, "c_tap_bits": self.d[1] * pixel,
            "c_base_bits": self.c0 * m.cont, "c_left_bits": self.pad[1] * pixel,
            "c_right_bits": (self.k[1] - self.pad[1] - w) * pixel,
            "c_sh_words": self.s[0] * m.row_words, "c_dh_words": self.d[0] * m.row_words,
            "c_pt_words": self.pad[0] * m.row_words,
        }  # fmt: skip

    def planes(self, m: Map, dk: int) -> list[list[int]]:
        """Words of each pixel in the order of their entries, chunk * a_bits + plane."""
        h, w, _ = m.codes.shape
        y = np.arange(self.out[0])[:, None] * self.s[0] + np.arange(self.k[0]) * self.d[0]
        x = np.arange(self.out[1])[:, None] * self.s[1] + np.arange(self.k[1]) * self.d[1]
        y, x = y - self.pad[0], x - self.pad[1]
        inside = ((y >= 0) & (y < h))[:, None, :, None] & ((x >= 0) & (x < w))[None, :, None, :]
        cut = m.codes[:, :, self.c0 : self.c0 + self.cs]
        got = cut[y.clip(0, h - 1)[:, None, :, None], x.clip(0, w - 1)[None, :, None, :]]
        a = np.where(inside[..., None], got, self.zin).reshape(self.out[0] * self.out[1], -1)
        full = np.zeros((len(a), self.chunks(dk) * dk), np.int64)
        full[:, : a.shape[1]] = a
        chunks = full.reshape(len(a), -1, 1, dk)
        bits = (chunks >> np.arange(self.a_bits)[:, None]) & 1
        packed = np.packbits(bits.astype(np.uint8), axis=-1, bitorder="little")
        return [
            [int.from_bytes(word.tobytes(), "little") for word in p]
            for p in packed.reshape(len(a), -1, dk // 8)
        ]


def some(*choices: int, upto: int) -> int:
    """Mostly small: 1..upto, one of `choices` now and then."""
    return random.choice(choices) if choices and random.random() < 0.15 else random.randint(1, upto)


def make_map(h: int, w: int, c: int, cont: int, raw_w: int, slack: int = 0) -> Map:
    """A map of random container codes in rows of the least number of raw words, + slack."""
    codes = np.array([random.getrandbits(cont) for _ in range(h * w * c)], np.int64)
    return Map(codes.reshape(h, w, c), cont, -(-w * c * cont // raw_w) + slack)


def random_map(dk: int, raw_w: int, depth: int) -> Map:
    """A small map; its rows often fill so much of the ring that few fit."""
    cont = random.choice((1, 2, 4, 8))
    h, w = some(12, upto=8), some(17, upto=8)
    c = random.choice(
        (random.randint(1, 12), random.randint(1, 40), dk // cont, dk, dk // cont // 2)
    )
    m = make_map(h, w, c, cont, raw_w)
    most = depth // max(h, 4)
    if random.random() < 0.6 and m.row_words < most:
        m = make_map(h, w, c, cont, raw_w, random.randint(1, most - m.row_words))
    return m


def random_pass(m: Map, dk: int, depth: int, words: int) -> Pass:
    """A pass over `m` of at most `words` planes whose window fits the ring."""
    h, w, c = m.codes.shape
    while True:
        k, s = (some(15, upto=4), some(12, upto=4)), (some(15, upto=3), some(15, upto=3))
        d = (some(15, upto=2), some(15, upto=2))
        pad = (some(15, upto=4) - 1, some(15, upto=4) - 1)
        merged = random.random() < 0.5
        cs = c if merged else random.choice((c, random.randint(1, c)))
        top = {1: 1, 2: 2, 4: 4, 8: 8}[m.cont]
        out = tuple(
            max(1, min((n + p + random.randint(0, 3) - (e - 1) * g - 1) // t + 1, 12))
            for n, p, e, g, t in zip((h, w), pad, k, d, s, strict=True)
        )
        p = Pass(
            a_bits=random.choice((top, random.randint(1, top))), k=k, s=s,
            d=(d[0], 1 if merged else d[1]), pad=pad, out=(out[0], out[1]),
            c0=random.randint(0, c - cs), cs=cs, zin=random.getrandbits(m.cont), merged=merged,
            use=random.choice(((0, 1), (1, 0), (1, 1))),
        )  # fmt: skip
        rows = min(h, (k[0] - 1) * d[0] + 1)
        if p.chunks(dk) * p.a_bits * out[0] * out[1] <= words and rows * m.row_words <= depth:
            return p

"""What POST must do, in plain Python integers: passes, their walk, their codes.

Nothing here is shared with the hardware or with the golden model.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sizes:
    """The design: parameter values of n3h_post."""

    dm: int
    dn: int
    pout: int
    lanes: int
    col: int
    res: int
    prm: int


@dataclass(frozen=True)
class Group:
    """One channel group of one pixel, as one context must handle it."""

    item: int  # running number of the item of the context
    m: int  # pixel of the item
    g: int  # group of the item
    pop: bool
    prm: int  # parameter word
    word: int  # collector word, relative to the pass
    be: int
    acc: tuple[int, ...]
    end: int  # words of the pass that `done` reaches with this write; 0: not the last of a tile


@dataclass
class Pass:
    """One pass of both contexts: fields, data and the groups expected of each context."""

    payload: dict[str, dict[str, int]]  # by context "l", "d"
    bank: dict[str, int]
    words: int
    residual: list[list[int]]  # bytes of every word; empty without residual
    params: dict[int, list[dict[str, int]]]
    groups: dict[str, list[Group]] = field(default_factory=dict)

    def code(self, group: Group, lane: int) -> int:
        """The byte of one lane."""
        c, v = self.bank, self.params[group.prm][lane]
        p = (group.acc[lane] + v["bias"]) * v["mul"]
        if c["res_en"]:
            byte = self.residual[group.word][lane]
            if c["res_signed"] and byte > 127:
                byte -= 256
            p += (byte - c["res_z"]) * c["res_mul"] << v["rs"]
        whole, rest = divmod(p, 1 << v["shift"])
        whole += 2 * rest + whole % 2 > 1 << v["shift"]  # half to even
        return min(max(whole + c["zout"], c["lo"]), c["hi"]) & 0xFF

    def bytes(self, group: Group) -> dict[int, int]:
        """Byte by lane, of the lanes written."""
        lanes = [n for n in range(len(group.acc)) if group.be >> n & 1]
        return {n: self.code(group, n) for n in lanes}


def number(rng: random.Random, bits: int) -> int:
    """A signed number of at most `bits` bits, often an extreme."""
    top = 1 << (bits - 1)
    return rng.choice((-top, top - 1, 0) + (rng.randrange(-top, top),) * 5)


def parameters(rng: random.Random, bits: int) -> dict[str, int]:
    """One lane's parameters for sums of about `bits` bits."""
    usual = rng.random() < 0.8
    shift = bits + 16 - rng.randrange(4, 9) if usual else rng.choice((1, 47, rng.randrange(1, 48)))
    shift = max(1, min(47, shift))
    rs = max(0, min(31, shift - rng.randrange(14, 19))) if usual else rng.randrange(32)
    mul = rng.choice((0, 1 << 15, 0xFFFF) + (rng.randrange(1 << 15, 1 << 16),) * 5)
    return {"bias": number(rng, bits), "mul": mul, "shift": shift, "rs": rs}


def walk(rng: random.Random, s: Sizes, ctx: str, p: dict[str, int], bits: int) -> list[Group]:
    """All groups of a context's pass in order. Items are numbered from 0."""
    width = s.dn if ctx == "l" else s.pout
    per, out, item = width // s.lanes, [], -1
    for first in range(0, p["pixels"] if p["n_tiles"] else 0, s.dm):
        rows = range(first, min(first + s.dm, p["pixels"]))
        for nt in range(p["n_tiles"]):
            groups = range(nt * per, min((nt + 1) * per, p["g_cnt"]))
            for m in rows:
                if ctx == "d" or m == first:
                    item += 1
                for g in groups:
                    lo = p["lane_lo"] if g == 0 else 0
                    hi = p["lane_hi"] if g == p["g_cnt"] - 1 else s.lanes
                    last = g == groups[-1] and (ctx == "d" or m == rows[-1])
                    ends = last and m == rows[-1] and nt == p["n_tiles"] - 1
                    out.append(
                        Group(
                            item,
                            m - first,
                            g - nt * per,
                            last,
                            (p["p_base"] + p["g0"] + g) % s.prm,
                            m * p["gpp"] + p["g0"] + g,
                            sum(1 << n for n in range(lo, hi)),
                            tuple(number(rng, bits) for _ in range(s.lanes)),
                            (rows[-1] + 1) * p["gpp"] if ends else 0,
                        )
                    )
    return out


def make_pass(rng: random.Random, s: Sizes, p_base: int, both: bool = False) -> Pass:
    """A random legal pass whose tiles fit both rings; `both`: both cores have filters."""
    room = min(s.col, s.res) // s.dm
    gpp = rng.randrange(1, min(room, 3 * max(s.dn, s.pout) // s.lanes + 1) + 1)
    padded = gpp * s.lanes
    n_l = rng.choice((0, padded, rng.randrange(padded + 1), min(padded, s.dn)))
    if both:
        n_l = rng.randrange(1, padded) if padded > 1 else 1
    g0 = n_l // s.lanes
    g_cnt = -(-n_l // s.lanes)
    pixels = rng.choice((1, s.dm, rng.randrange(1, 4 * s.dm)))
    common = {"pixels": pixels, "gpp": gpp, "p_base": p_base, "words": pixels * gpp}
    hi_l = n_l - (g_cnt - 1) * s.lanes if n_l < padded else s.lanes
    payload = {
        "l": common
        | {"g0": 0, "g_cnt": g_cnt, "n_tiles": -(-n_l // s.dn), "lane_lo": 0, "lane_hi": hi_l},
        "d": common
        | {"g0": g0, "g_cnt": gpp - g0, "n_tiles": -(-(gpp - g0) * s.lanes // s.pout)}
        | {"lane_lo": n_l % s.lanes, "lane_hi": s.lanes},
    }
    if rng.random() < 0.3:  # masks that no split of channels asks for
        for p in payload.values():
            p["lane_lo"] = rng.randrange(s.lanes)
            p["lane_hi"] = rng.randrange(p["lane_lo"] + 1, s.lanes + 1)
    lo, hi = rng.choice(((0, 1), (0, 15), (-8, 7), (0, 255), (-128, 127), (0, 3)))
    bank = {
        "lo": lo,
        "hi": hi,
        "zout": rng.choice((0, rng.randrange(lo, hi + 1))),
        "res_en": rng.randrange(2),
        "res_signed": rng.randrange(2),
        "res_z": rng.choice((0, rng.randrange(-128, 256))),
        "res_mul": rng.choice((0, 0xFFFF, rng.randrange(1 << 16))),
    }
    bits = rng.choice((4, 8, 12, 20, 32))
    params = {
        (p_base + g) % s.prm: [parameters(rng, bits) for _ in range(s.lanes)] for g in range(gpp)
    }
    words = common["words"] if bank["res_en"] else 0
    residual = [[rng.randrange(256) for _ in range(s.lanes)] for _ in range(words)]
    groups = {ctx: walk(rng, s, ctx, payload[ctx], bits) for ctx in "ld"}
    return Pass(payload, bank, common["words"], residual, params, groups)

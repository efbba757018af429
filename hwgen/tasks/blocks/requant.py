"""hw_requant: one lane of requantisation with residual, exact, nine cycles long."""

from __future__ import annotations

import random
from collections import deque
from fractions import Fraction

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row, extremes, signed

CYCLES = 9
SHIFT_MOST = 47


class Requant:
    """Each answer from its definition in exact fractions; a line of 9 cycles behind it."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.line: deque[int | None] = deque([None] * CYCLES, CYCLES)

    def reset(self) -> None:
        return None

    def step(self, inputs: Row) -> dict[str, int | None]:
        self.line.append(self.code(inputs))
        return {"code": self.line[0]}

    def code(self, i: Row) -> int | None:
        """The low byte of the code, None outside the promise."""
        small = {n: signed(i[n], 9) for n in ("res", "res_z", "zout", "lo", "hi")}
        if i["shift"] > SHIFT_MOST or small["lo"] > small["hi"]:
            return None
        main = (signed(i["acc"], self.width) + signed(i["bias"], self.width)) * i["mul"]
        residual = (small["res"] - small["res_z"]) * i["res_mul"] * 2 ** i["rs"]
        exact = Fraction(main + residual, 2 ** i["shift"])
        clipped = min(max(round(exact) + small["zout"], small["lo"]), small["hi"])
        return clipped % 256


TEXTS = (
    "One lane of requantisation, one result per cycle. p = (acc + bias) * mul + (res - res_z) *"
    " res_mul * 2^rs, exactly; acc and bias ({width} bits), res, res_z, zout, lo and hi (9 bits)"
    " are signed in two's complement, mul, res_mul (16 bits), shift and rs unsigned. q = p /"
    " 2^shift rounded to the nearest integer, ties to even. code is the low byte of q + zout"
    " limited to lo..hi. All inputs are sampled together at every rising edge of clk; the code"
    " of what is sampled at one edge is shown after the eighth edge that follows it (nine"
    " registers from inputs to code). No reset. Results for shift > 47 or lo > hi do not matter.",
    "Pipeline of nine register stages clocked by rising edges of clk, without reset, enable or"
    " valid. With signed acc, bias ({width} bits each), signed res, res_z, zout, lo, hi (9 bits"
    " each), unsigned mul, res_mul, shift, rs it computes x = acc + bias and r = res - res_z"
    " without overflow, p = x*mul + ((r*res_mul) << rs) (58 bits suffice), rounds p / 2^shift"
    " half to even (no rounding for shift = 0), adds zout, clips to lo (below) and hi (above),"
    " and gives bits 7..0 of that on code. Inputs present at edge n determine code between edges"
    " n+8 and n+9. The caller keeps shift in 0..47 and lo <= hi; otherwise code is free.",
    "Fixed-point rescaling with saturation: code = low 8 bits of clip(zout + round(((acc + bias)"
    " * mul + (res - res_z) * res_mul * 2^rs) / 2^shift), lo, hi). round() goes to the nearest"
    " integer and, half way, to the even one, for negative numbers too. Nothing wraps inside."
    " Signed: acc, bias ({width} bits), res, res_z, zout, lo, hi (9 bits); unsigned: mul and"
    " res_mul (16 bits), shift (6 bits, 0 to 47), rs (5 bits). A new set of inputs is taken at"
    " each rising edge of clk, its code appears nine cycles later: it is driven by the ninth"
    " register, counting the one that takes the inputs. There is no reset. For lo > hi or shift"
    " above 47 any code is right.",
)


def make(choice: Choice) -> Blueprint:
    width = choice["ACC_W"]
    one, two, three = (text.format(width=width) for text in TEXTS)
    return Blueprint(
        ports=ports(
            f"clk< acc<s{width} bias<s{width} mul<16 shift<6 res<s9 res_z<s9 res_mul<16 rs<5",
            "zout<s9 lo<s9 hi<s9 code>8",
        ),
        clock="clk",
        golden=lambda: Requant(width),
        phrasings=(one, two, three),
        view={"regs": ["code"], "pad": 64 - width},
        stimulus=lambda rng: [directed(rng, width)],
    )


def directed(rng: random.Random, width: int) -> list[Row]:
    """Ties and their neighbours on both sides of zero, saturation, residuals, every shift."""
    rows = []
    for shift in [*range(SHIFT_MOST + 1)] * 2:
        row = {"shift": shift, "mul": rng.randrange(1 << 15, 1 << 16), "lo": -256, "hi": 255}
        row |= {"acc": rng.choice(extremes(width)), "bias": rng.choice(extremes(width))}
        row |= {"res": rng.getrandbits(9), "res_z": rng.getrandbits(9), "rs": rng.getrandbits(5)}
        row |= {"res_mul": rng.choice((0, 0, 1, 65535, rng.getrandbits(16)))}
        rows.append(row | {"zout": rng.randrange(-128, 256)})
    for _ in range(96):
        lo = rng.choice((-256, -128, 0, rng.randrange(-256, 256)))
        tie = {"lo": lo, "hi": rng.randrange(lo, 256), "zout": rng.randrange(-8, 9)}
        shift = rng.randrange(1, min(18, width + 7))
        mul = 1 << rng.randrange(max(0, shift - 4), min(16, shift))
        units = rng.randrange(-9, 10) * (1 << shift - 1) // mul  # halves, hit exactly
        near = {"shift": shift, "mul": mul, "acc": units, "bias": rng.choice((0, 0, 1, -1))}
        bits = {n: v % (1 << 9 if n in tie else 1 << width) for n, v in (tie | near).items()}
        rows.append(bits)
    for rs in [*range(32)] * 2:  # residuals that are seen in the code
        res, mul = rng.choice((1, -1, 3, -5)), rng.choice((1 << 15, 3 << 14, 1 << 9))
        shift = min(rs + rng.randrange(mul.bit_length() - 6, mul.bit_length()), SHIFT_MOST)
        row = {"rs": rs, "res": res % 512, "res_mul": mul, "shift": max(shift, 0), "lo": 256}
        rows.append(row | {"hi": 255})
    return rows + [{}] * CYCLES


FAMILY = Family(
    name="hw_requant",
    kind="cycle",
    summary="requantisation with residual: scale, round half to even, clip",
    parameters={"ACC_W": (32, *range(8, 32))},
    options={},
    make=make,
    template="blocks/requant.v.j2",
)

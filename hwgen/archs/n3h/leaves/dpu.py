"""n3h_dpu: a bit-serial dot product unit: ones of two planes, signed, shifted, accumulated."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row

WRAP = 1 << 32


class Dpu:
    """Two values on their way, None for those of before the first edges, and the sum."""

    def __init__(self) -> None:
        self.ones: int | None = None
        self.part: int | None = None
        self.acc: int | None = None

    def reset(self) -> None:
        return None

    def step(self, inputs: Row) -> dict[str, int | None]:
        if inputs["acc_en"]:
            self.acc = self.sum(inputs)
        if self.ones is not None:
            self.part = -self.ones - 1 if inputs["neg"] else self.ones
        self.ones = (inputs["a"] & inputs["w"]).bit_count()
        return {"acc": self.acc}

    def sum(self, inputs: Row) -> int | None:
        base = 0 if inputs["acc_first"] else self.acc
        if base is None or self.part is None:
            return None
        return (base * (1 + inputs["acc_double"]) + self.part + inputs["acc_carry"]) % WRAP


TEXTS = (
    "Bit-serial dot product unit, clock clk (rising edge), no reset. Stage 1 registers n, the"
    " number of ones in a & w ({dk} bits each). Stage 2, one edge later, registers n if neg is 0"
    " and -n-1 (all bits of n inverted, sign included) if neg is 1. Stage 3, one edge later, if"
    " acc_en is 1: acc (32 bits, modulo 2^32) becomes base + stage 2 + acc_carry, where base is"
    " 0 with acc_first, else twice acc with acc_double, else acc. acc_first wins over"
    " acc_double. With acc_en = 0 acc holds. neg, acc_en, acc_first, acc_double and acc_carry"
    " act at the edge at which they are sampled, not delayed.",
    "Three registers in a row, all clocked by rising edges of clk, none with a reset: ones <="
    " popcount(a & w); part <= neg ? ~ones : ones (as a signed number one bit wider than ones);"
    " and, only when acc_en is 1, acc <= (acc_first ? 0 : acc_double ? 2*acc : acc) + part +"
    " acc_carry, 32 bits with wrap-around, part sign-extended. So a and w of edge k meet neg at"
    " edge k+1 and the acc_* inputs at edge k+2. a and w have {dk} bits.",
    "Count the positions ({dk} of them) at which a and w are both 1 and keep the count in a"
    " register. In the next cycle input neg chooses the count itself or its one's complement"
    " (which is minus the count minus one) into a second, signed register. In the cycle after"
    " that the enable acc_en lets the 32-bit output register acc take: the second register,"
    " sign-extended, plus the bit acc_carry (which makes the complement a negation), plus the"
    " old sum: nothing if acc_first, doubled if acc_double (and not acc_first), unchanged"
    " otherwise; all modulo 2^32. Rising edges of clk; no reset exists.",
)


def make(choice: Choice) -> Blueprint:
    width = choice["DK"]
    one, two, three = (text.format(dk=width) for text in TEXTS)
    return Blueprint(
        ports=ports(
            f"clk< a<{width} w<{width} neg< acc_en< acc_first< acc_double< acc_carry< acc>32"
        ),
        clock="clk",
        golden=Dpu,
        phrasings=(one, two, three),
        view={
            "regs": ["acc"],
            "top": width - 1,
            "count": width.bit_length(),
            "part": width.bit_length() + 1,
            "pad": 31 - width.bit_length(),
        },
        stimulus=lambda rng: [directed(rng, width)],
    )


def directed(rng: random.Random, width: int) -> list[Row]:
    """Sums of plane products as the core makes them: carry follows neg; doubling past 2^31."""
    full, rows, neg = (1 << width) - 1, [], 0
    for n in range(160):
        carry, neg = neg, rng.randrange(2)
        row = {"a": rng.choice((full, full, 0, rng.getrandbits(width))), "w": full}
        if n % 3:
            row["w"] = rng.getrandbits(width)
        row |= {"neg": neg, "acc_carry": carry, "acc_en": int(rng.random() < 0.9)}
        row |= {"acc_first": int(n < 6 or n % 50 == 0), "acc_double": rng.randrange(2)}
        rows.append(row)
    return rows


FAMILY = Family(
    name="n3h_dpu",
    kind="cycle",
    summary="bit-serial dot product unit: popcount, sign select, shift and accumulate",
    parameters={"DK": (64, *range(4, 64), 96, 128, 256, 512)},
    options={},
    make=make,
    template="n3h/dpu.v.j2",
)

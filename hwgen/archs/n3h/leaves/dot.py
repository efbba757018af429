"""n3h_dsp_dot: products of a vector pair, their sum over an adder tree, an accumulator."""

from __future__ import annotations

import random
from collections import deque

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row, signed
from hwgen.tasks.task import Limits

BITS = 9
WRAP = 1 << 32


class Dot:
    """Sums on their way to the accumulator, None for those of before the first edge."""

    def __init__(self, pin: int) -> None:
        self.pin = pin
        cycles = pin.bit_length()  # one for the products, one for each level of the tree
        self.way: deque[int | None] = deque([None] * cycles, cycles)
        self.acc: int | None = None

    def reset(self) -> None:
        return None

    def step(self, inputs: Row) -> dict[str, int | None]:
        dot = self.way[0]
        self.way.append(self.product(inputs["x"], inputs["w"]))
        if inputs["acc_en"]:
            base = 0 if inputs["acc_first"] else self.acc
            self.acc = None if dot is None or base is None else (base + dot) % WRAP
        return {"acc": self.acc}

    def product(self, x: int, w: int) -> int:
        places = range(0, BITS * self.pin, BITS)
        pairs = [(x >> n & 511, w >> n & 511) for n in places]
        return sum(signed(a, BITS) * signed(b, BITS) for a, b in pairs)


TEXTS = (
    "Multiply-accumulate unit for {pin} pairs per cycle. x and w hold {pin} signed 9-bit"
    " operands each, operand 0 in the low bits. At every rising edge of clk the {pin} products"
    " go into registers; then an adder tree of {levels} levels with a register behind each level"
    " adds them, so the sum of the products sampled at edge n is there after edge n+{levels}. At"
    " the edge after that, n+{cycles}, acc_en = 1 adds it to acc (32 bits, modulo 2^32, the sum"
    " sign-extended); with acc_first = 1 as well it replaces acc. With acc_en = 0 acc holds."
    " There is no reset.",
    "acc is a 32-bit register. At each rising clk edge with acc_en = 1 it becomes D + (acc_first"
    " ? 0 : acc) modulo 2^32, otherwise it keeps its value. D is the signed dot product sum"
    " x[i]*w[i], i = 0 to {last}, of the vectors that were sampled {cycles} edges earlier,"
    " whatever acc_en was then; x[i] and w[i] are bits 9i+8..9i of x and w, in two's complement."
    " The {cycles} cycles are one product register and {levels} registered adder levels. No"
    " reset: acc is undefined until the first acc_en with acc_first.",
    "A pipeline without reset, clock clk (rising edge): stage 1 registers {pin} signed 9 x 9-bit"
    " products of the elements of x and w (element i at bits 9i and up), stages 2 to {cycles}"
    " register the pairwise sums of an adder tree that never overflows, down to a single signed"
    " sum. The final stage is an accumulator, output acc, 32 bits with wrap-around: if acc_en is"
    " 1 in the cycle in which the sum leaves the tree ({cycles} cycles after x and w were"
    " applied), it loads the sum when acc_first is 1 and adds the sum when acc_first is 0; if"
    " acc_en is 0, acc does not change.",
)


def make(choice: Choice) -> Blueprint:
    pin = choice["PIN"]
    levels = pin.bit_length() - 1
    values = {"pin": pin, "levels": levels, "cycles": levels + 1, "last": pin - 1}
    one, two, three = (text.format(**values) for text in TEXTS)
    tree = sum((pin >> level) * (2 * BITS + level) for level in range(levels + 1))
    return Blueprint(
        ports=ports(f"clk< x<{BITS * pin} w<{BITS * pin} acc_en< acc_first< acc>32"),
        clock="clk",
        golden=lambda: Dot(pin),
        phrasings=(one, two, three),
        view={"regs": ["acc"], "levels": levels, "sum": 2 * BITS + levels, "pad": 14 - levels},
        stimulus=lambda rng: [directed(rng, pin)],
        limits=Limits(state_bits=tree + 32),
    )


def directed(rng: random.Random, pin: int) -> list[Row]:
    """Extreme vectors, single elements, and sums that run past 2^31 both ways."""
    ends = (256, 255, 511, 0, 1)  # -256, 255, -1, 0, 1

    def vector(value: int) -> int:
        return sum(value << BITS * n for n in range(pin))

    rows = [{"x": vector(a), "w": vector(b)} for a in ends for b in ends]
    for n in range(pin):
        rows.append({"x": rng.choice(ends) << BITS * n, "w": vector(rng.getrandbits(9))})
    rows += [{"x": rng.getrandbits(9 * pin), "w": rng.getrandbits(9 * pin)} for _ in range(60)]
    for n, row in enumerate(rows):
        row |= {"acc_en": int(rng.random() < 0.8), "acc_first": int(n < 8 or rng.random() < 0.1)}
    return rows


FAMILY = Family(
    name="n3h_dsp_dot",
    kind="cycle",
    summary="a dot product per cycle over an adder tree, accumulated",
    parameters={"PIN": (8, 2, 4, 16, 32, 64)},
    options={},
    make=make,
    template="n3h/dot.v.j2",
)

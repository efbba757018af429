"""Absolute value, negation, sign and magnitude."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, extremes, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def result(op: str, word: int, width: int) -> int:
    """The number that y stands for (for to_magnitude: its pattern)."""
    number, top = signed(word, width), (1 << width - 1) - 1
    if op == "from_magnitude":
        return -(word & top) if number < 0 else word
    if op == "to_magnitude":
        size = min(abs(number), top)
        return size + top + 1 if number < 0 else size
    return {
        "abs": abs(number),
        "abs_sat": min(abs(number), top),
        "neg": -number,
        "neg_sat": min(-number, top),
        "minus_abs": -abs(number),
        "sign": (number > 0) - (number < 0),
    }[op]


def _rules(width: int) -> dict[str, str]:
    least, top = -(1 << width - 1), (1 << width - 1) - 1
    return {
        "abs": f"y is the absolute value of x as an unsigned number, so {least} gives {-least}",
        "abs_sat": f"y is the absolute value of x, and {least} saturates to {top}",
        "neg": f"y is -x modulo {2**width}, so that {least} stays {least}",
        "neg_sat": f"y is -x, and {least} saturates to {top}",
        "minus_abs": "y is minus the absolute value of x, which never overflows",
        "sign": "y is 1 when x is positive, 0 when it is zero and -1 (all bits set) when it is"
        " negative",
        "to_magnitude": "y is x in sign and magnitude: the top bit is the sign, the others hold"
        f" the absolute value; {least} saturates to magnitude {top} with the sign set, and zero has"
        " sign 0",
        "from_magnitude": "x is given in sign and magnitude (top bit: sign, other bits: absolute"
        " value) and y is the same number in two's complement; negative zero gives 0",
    }


NOUNS = {
    "abs": "absolute value",
    "abs_sat": "saturating absolute value",
    "neg": "negation",
    "neg_sat": "saturating negation",
    "minus_abs": "negative absolute value",
    "sign": "signum function",
    "to_magnitude": "conversion from two's complement to sign and magnitude",
    "from_magnitude": "conversion from sign and magnitude to two's complement",
}


def make(choice: Choice) -> Blueprint:
    width, op = choice["width"], choice["op"]
    noun, rule = NOUNS[op], _rules(width)[op]
    ports = [
        Port(name="x", dir="in", width=width, signed=op != "from_magnitude"),
        Port(name="y", dir="out", width=width, signed=op not in ("abs", "to_magnitude")),
    ]
    source = "" if op == "from_magnitude" else " x is in two's complement."

    def stimulus(rng: random.Random) -> list[list[Row]]:
        words = [*extremes(width), *(1 << i for i in range(width))]
        return [[*({"x": word} for word in words), *rows_for(ports, rng)]]

    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda i: {"y": result(op, i["x"], width) % 2**width}),
        phrasings=(
            f"Combinational {noun} of {bits(width)} number x, result y of {width} bits:"
            f" {rule}.{source}",
            f"Input x and output y have {width} bits each. {sentence(rule)}.{source} No clock.",
            f"{sentence(bits(width))} unit without registers for the {noun}.{source} In detail"
            f" {rule}.",
        ),
        view={"regs": [], "width": width, "op": op, "least": 1 << width - 1,
              "top": (1 << width - 1) - 1, "fewer": width - 1},
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="absolute",
    kind="comb",
    summary="absolute value, negation, sign and magnitude",
    parameters={"width": (8, *range(3, 8), *range(9, 65))},
    options={"op": tuple(NOUNS)},
    make=make,
    template="absolute.v.j2",
)

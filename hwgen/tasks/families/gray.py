"""Gray code, both ways."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def encode(number: int, width: int) -> int:
    """The reflected code by its definition: the upper half is the lower half backwards."""
    code = 0
    for place in reversed(range(width)):
        if number >= 1 << place:
            code += 1 << place
            number = (2 << place) - 1 - number
    return code


def decode(code: int, width: int) -> int:
    """The number whose code this is, found half by half."""
    low, high = 0, (1 << width) - 1
    flipped = False
    for place in reversed(range(width)):
        middle = (low + high) // 2
        upper = bool(code >> place & 1) != flipped
        flipped = bool(code >> place & 1) != flipped
        low, high = (middle + 1, high) if upper else (low, middle)
    return low


def make(choice: Choice) -> Blueprint:
    width, out = choice["width"], choice["to"] == "gray"
    ports = [Port(name="d", dir="in", width=width), Port(name="y", dir="out", width=width)]
    change, top = (encode if out else decode), width - 1
    rule = (
        f"y[{top}] is d[{top}], and every lower bit y[i] is d[i+1] XOR d[i]"
        if out
        else f"y[{top}] is d[{top}], and every lower bit y[i] is y[i+1] XOR d[i]"
    )
    source, target = ("binary", "Gray") if out else ("Gray", "binary")

    def stimulus(rng: random.Random) -> list[list[Row]]:
        words = [(1 << i) - 1 for i in range(width + 1)] + [1 << i for i in range(width)]
        return [[*({"d": word} for word in words), *rows_for(ports, rng)]]

    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: {"y": change(inputs["d"], width)}),
        phrasings=(
            f"Combinational converter from {source} to {target} code, {width} bits, input d and"
            f" output y: {rule}.",
            f"d is {bits(width)} number in {source} code; y is the same number in {target} code"
            f" (reflected binary Gray code). No clock.",
            f"{sentence(bits(width))} {source}-to-{target} code converter without registers."
            f" Input d, output y; in detail {rule}.",
        ),
        view={"regs": [], "width": width, "out": out},
        stimulus=stimulus,
    )


FAMILY = Family(
    name="gray",
    kind="comb",
    summary="Gray code converters",
    parameters={"width": (8, *range(2, 8), *range(9, 65))},
    options={"to": ("gray", "binary")},
    make=make,
    template="gray.v.j2",
)

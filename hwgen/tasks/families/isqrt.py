"""The integer square root."""

from __future__ import annotations

import random
from math import isqrt

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def make(choice: Choice) -> Blueprint:
    width, rest, nearest = choice["width"], choice["remainder"] == 1, choice["rounding"] == "near"
    half = (width + 1) // 2
    # (r + 1/2)**2 = r*r + r + 1/4, so the root that is nearest may need one bit more.
    out = half + nearest
    ports = [Port(name="x", dir="in", width=width), Port(name="root", dir="out", width=out)]
    ports += [Port(name="rem", dir="out", width=half + 1)] if rest else []

    def golden(inputs: Row) -> dict[str, int]:
        x = inputs["x"]
        root = (isqrt(4 * x) + 1) // 2 if nearest else isqrt(x)
        return {"root": root} | ({"rem": x - root * root} if rest else {})

    def stimulus(rng: random.Random) -> list[list[Row]]:
        roots = [rng.randrange(1 << half) for _ in range(24)] + [1, 2, (1 << half) - 1]
        near = [r * r + d for r in roots for d in (-1, 0, 1, r, r + 1)]
        return [[*({"x": v} for v in near if 0 <= v < 1 << width), *rows_for(ports, rng)]]

    rule = (
        "the square root of x rounded to the nearest whole number"
        if nearest
        else "the largest whole number whose square is not above x"
    )
    said = f" rem ({half + 1} bits) is x - root*root." if rest else ""
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational integer square root of the unsigned {width}-bit number x: root ({out}"
            f" bits) is {rule}.{said}",
            f"Without a clock, drive root, {bits(out)} unsigned number, with {rule}; x has {width}"
            f" bits and is unsigned.{said}",
            f"{sentence(bits(width))} input x (unsigned), output root of {out} bits, no registers:"
            f" root is {rule}.{said}",
        ),
        view={
            "regs": [], "half": half, "padded": 2 * half, "width": width, "rest": rest,
            "nearest": nearest, "pad": 2 * half - width,
            "steps": [(half - 1 - k, 2 * (half - 1 - k)) for k in range(half)],
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="isqrt",
    kind="comb",
    summary="integer square root",
    parameters={"width": (8, *range(3, 8), *range(9, 25))},
    options={"rounding": ("down", "near"), "remainder": (0, 1)},
    make=make,
    template="isqrt.v.j2",
    legal=lambda choice: not (choice["rounding"] == "near" and choice["remainder"] == 1),
)

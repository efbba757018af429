"""Sums of many operands."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, extremes, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def total(word: int, choice: Choice) -> int:
    """The sum of all lanes as y shows it, before it is cut to the width of y."""
    width: int = choice["width"]
    negative = choice["sign"] == "signed"
    lanes = [word >> i * width & (1 << width) - 1 for i in range(choice["operands"])]
    exact = sum(signed(lane, width) if negative else lane for lane in lanes)
    if choice["result"] != "saturate":
        return exact
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if negative else (0, (1 << width) - 1)
    return max(low, min(high, exact))


def make(choice: Choice) -> Blueprint:
    width, count, negative = choice["width"], choice["operands"], choice["sign"] == "signed"
    full = width + (count - 1).bit_length()
    out = full if choice["result"] == "full" else width
    ports = [
        Port(name="d", dir="in", width=count * width),
        Port(name="y", dir="out", width=out, signed=negative),
    ]

    def stimulus(rng: random.Random) -> list[list[Row]]:
        lanes = extremes(width)
        words = [[v] * count for v in lanes] + [
            [rng.choice(lanes) for _ in range(count)] for _ in range(24)
        ]
        words += [[(1 << width) - 1 if k == i else 0 for k in range(count)] for i in range(count)]
        packed = [sum(lane << k * width for k, lane in enumerate(word)) for word in words]
        return [[*({"d": word} for word in packed), *rows_for(ports, rng)]]

    kind = "two's complement (signed)" if negative else "unsigned"
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if negative else (0, (1 << width) - 1)
    rule = {
        "full": f"y has {out} bits, so the sum is always exact",
        "wrap": f"y has {out} bits and shows the sum modulo {2**width}",
        "saturate": f"y has {out} bits; a sum outside {low}..{high} saturates to the nearer end,"
        " judged on the exact sum of all operands",
    }[choice["result"]]
    where = f"operand i is bits i*{width} to i*{width}+{width - 1} of d"
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda i: {"y": total(i["d"], choice) % 2**out}),
        phrasings=(
            f"Combinational sum of {count} {kind} {width}-bit operands, packed into the input d of"
            f" {count * width} bits ({where}). {sentence(rule)}; it is {kind} too.",
            f"Add up the {count} lanes of d without a clock. The lanes are {width} bits wide and"
            f" {kind}; {where}. Result: {rule}, in the same number format.",
            f"An adder tree without registers: {bits(width)} {kind} numbers, {count} of them, enter"
            f" side by side on d ({where}) and their sum leaves on y in the same format."
            f" {sentence(rule)}.",
        ),
        view={
            "regs": [], "full": full, "more": full - width, "out": out,
            "saturate": choice["result"] == "saturate", "negative": negative,
            "low": low % (1 << full), "high": high,
            "lanes": [(f"d[{top}:{top - width + 1}]", f"d[{top}]" if negative else "1'b0")
                      for top in range(width - 1, count * width, width)],
            "low_y": low % (1 << width), "wrap": choice["result"] == "wrap",
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="adder_tree",
    kind="comb",
    summary="sums of many operands",
    parameters={
        "width": (8, *range(2, 8), *range(9, 17), 20, 24),
        "operands": (4, 3, *range(5, 17)),
    },
    options={"sign": ("unsigned", "signed"), "result": ("full", "wrap", "saturate")},
    make=make,
    template="adder_tree.v.j2",
)

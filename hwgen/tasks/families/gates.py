"""Bitwise gates of one to eight inputs."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

RULES = {
    "and": "all inputs have a 1 there",
    "or": "at least one input has a 1 there",
    "xor": "an odd number of the inputs have a 1 there",
    "nand": "not all inputs have a 1 there",
    "nor": "no input has a 1 there",
    "xnor": "an even number of the inputs (none counts as even) have a 1 there",
    "not": "the input has a 0 there",
}
SIGNS = {"and": "&", "or": "|", "xor": "^", "nand": "&", "nor": "|", "xnor": "^", "not": "&"}
INVERTED = ("nand", "nor", "xnor", "not")


def gate(op: str, inputs: Row, width: int) -> dict[str, int]:
    """Each bit of y, from the number of ones that the inputs have in it."""
    y = 0
    for i in range(width):
        ones = sum(value >> i & 1 for value in inputs.values())
        truth = {
            "and": ones == len(inputs),
            "or": ones >= 1,
            "xor": ones % 2 == 1,
            "nand": ones < len(inputs),
            "nor": ones == 0,
            "xnor": ones % 2 == 0,
            "not": ones == 0,
        }
        y |= truth[op] << i
    return {"y": y}


def make(choice: Choice) -> Blueprint:
    op, width, count = choice["op"], choice["width"], choice["inputs"]
    names = "abcdefgh"[:count]
    listed, ports = ", ".join(names), [Port(name=n, dir="in", width=width) for n in names]
    ports.append(Port(name="y", dir="out", width=width))
    joined = f" {SIGNS[op]} ".join(names)
    formula = f"~({joined})" if op in INVERTED else joined
    noun = "inverter" if op == "not" else f"{op.upper()} gate"
    plural = "inputs" if count > 1 else "input"

    def stimulus(rng: random.Random) -> list[list[Row]]:
        ones = (1 << width) - 1
        cases = [{n: ones * (n != odd) for n in names} for odd in names]
        cases += [{n: ones * (n == odd) for n in names} for odd in names]
        return [
            [*cases, dict.fromkeys(names, 0), dict.fromkeys(names, ones), *rows_for(ports, rng)]
        ]

    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: gate(op, inputs, width)),
        phrasings=(
            f"{sentence(bits(width))} bitwise {noun} with {count} {plural} ({listed}) and output"
            f" y. Purely combinational: a bit of y is 1 exactly when {RULES[op]}.",
            f"Drive y, {bits(width)} output, with the bitwise {op.upper()} of the {plural}"
            f" {listed}. In other words y = {formula}, bit by bit, without a clock.",
            f"Combinational logic on {width}-bit words. For every bit position the output y shows"
            f" a 1 if and only if {RULES[op]}. Ports besides y: the {plural} {listed}.",
        ),
        view={"regs": [], "formula": formula},
        stimulus=stimulus,
    )


FAMILY = Family(
    name="gates",
    kind="comb",
    summary="bitwise and, or, xor and their inverses",
    parameters={"width": (8, *range(1, 8), *range(9, 33), 48, 64), "inputs": (2, 3, 4, 5, 6, 8, 1)},
    options={"op": tuple(RULES)},
    make=make,
    template="gates.v.j2",
    legal=lambda choice: (choice["inputs"] == 1) == (choice["op"] == "not"),
)

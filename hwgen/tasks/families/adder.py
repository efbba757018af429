"""Adders and subtractors, signed or unsigned in name only, with carry or borrow."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Adder:
    """y = a + b + cin or a - b - cin, and the carry or borrow out of the top bit."""

    def __init__(self, width: int, subtract: bool) -> None:
        self.modulus, self.subtract = 1 << width, subtract

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        a, b, carry = inputs["a"], inputs["b"], inputs.get("cin", 0)
        total = a - b - carry if self.subtract else a + b + carry
        return {"y": total % self.modulus, "cout": int(not 0 <= total < self.modulus)}


def make(choice: Choice) -> Blueprint:
    width, subtract, carry = choice["width"], choice["op"] == "sub", choice["carry_in"] == 1
    bit = "borrow" if subtract else "carry"
    sign, tail = ("-" if subtract else "+"), f" {'-' if subtract else '+'} cin" if carry else ""
    noun = "subtractor" if subtract else "adder"
    given = f" and {bit} input cin" if carry else ""
    return Blueprint(
        ports=[
            Port(name="a", dir="in", width=width),
            Port(name="b", dir="in", width=width),
            *([Port(name="cin", dir="in")] if carry else []),
            Port(name="y", dir="out", width=width),
            Port(name="cout", dir="out"),
        ],
        golden=lambda: Adder(width, subtract),
        phrasings=(
            f"{sentence(bits(width))} combinational {noun} with operands a and b{given}. y is"
            f" a {sign} b{tail} modulo {2**width}; cout is the {bit} out.",
            f"Compute a {sign} b{tail} of unsigned {width}-bit numbers: the low {width} bits on y,"
            f" the {bit} on cout. No clock.",
            f"Design a {noun} for {width}-bit unsigned inputs a, b{given}. Outputs: y, the result,"
            f" and cout, which is 1 when there is a {bit}.",
        ),
        view={"regs": [], "width": width, "sign": sign, "tail": tail},
    )


FAMILY = Family(
    name="adder",
    kind="comb",
    summary="adders and subtractors with carry or borrow",
    parameters={"width": (8, *range(1, 8), *range(9, 65))},
    options={"op": ("add", "sub"), "carry_in": (0, 1)},
    make=make,
    template="adder.v.j2",
)

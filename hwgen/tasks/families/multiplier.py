"""Combinational multipliers."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, crossed, extremes, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits

SIGNED = {"unsigned": "", "signed": "ab", "mixed": "a"}


def make(choice: Choice) -> Blueprint:
    widths = {"a": choice["a_width"], "b": choice["b_width"]}
    out, negative = sum(widths.values()), SIGNED[choice["sign"]]
    addend = choice["addend"] == 1
    ports = [Port(name=n, dir="in", width=w, signed=n in negative) for n, w in widths.items()]
    ports += [Port(name="c", dir="in", width=out, signed=bool(negative))] if addend else []
    ports.append(Port(name="y", dir="out", width=out, signed=bool(negative)))

    def golden(inputs: Row) -> dict[str, int]:
        a, b = (signed(inputs[n], w) if n in negative else inputs[n] for n, w in widths.items())
        return {"y": (a * b + inputs.get("c", 0)) % 2**out}

    def stimulus(rng: random.Random) -> list[list[Row]]:
        rows = crossed([(n, extremes(w)) for n, w in widths.items()])
        more = [row | {"c": rng.getrandbits(out)} for row in rows] if addend else rows
        return [[*more, *rows_for(ports, rng)]]

    kinds = {n: "two's complement (signed)" if n in negative else "unsigned" for n in "ab"}
    said = f"a ({widths['a']} bits, {kinds['a']}) and b ({widths['b']} bits, {kinds['b']})"
    kind = "two's complement" if negative else "unsigned"
    extra = f" c, {bits(out)} {kind} number, is added." if addend else ""
    wrap = f" modulo {2**out}" if addend else ", which is never too narrow"
    formula = "a * b + c" if addend else "a * b"
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational multiplier of {said}. y = {formula}{wrap}, in {kind} form with {out}"
            f" bits.{extra}",
            f"Compute {formula} without a clock. Operands: {said}.{extra} The result y has {out}"
            f" bits, {kind}{wrap}.",
            f"Without registers, multiply {said}; show the {out}-bit {kind} result on y."
            f"{extra} The result is y = {formula}{wrap}.",
        ),
        view={"regs": [], "addend": addend, "grow": [
            (n, widths[other], f"{n}[{widths[n] - 1}]" if n in negative else "1'b0")
            for n, other in (("a", "b"), ("b", "a"))], "out": out},
        stimulus=stimulus,
    )  # fmt: skip


_WIDTHS = (8, *range(2, 8), 9, 10, 11, 12)

FAMILY = Family(
    name="multiplier",
    kind="comb",
    summary="signed, unsigned and mixed products",
    parameters={"a_width": _WIDTHS, "b_width": _WIDTHS},
    options={"sign": tuple(SIGNED), "addend": (0, 1)},
    make=make,
    template="multiplier.v.j2",
)

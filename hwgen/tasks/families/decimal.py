"""Decimal digits: binary to BCD, BCD sums, seven-segment displays."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, crossed, rows_for
from hwgen.tasks.task import Port, Value
from hwgen.tasks.words import bits, sentence

GLYPHS = (
    *("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg"),
    *("abcefg", "cdefg", "adef", "bcdeg", "adefg", "aefg"),
)


def packed(number: int, digits: int) -> int:
    """Decimal digits in groups of four bits: the decimal text read as hexadecimal."""
    return int(f"{number:0{digits}d}", 16)


def make_segments(choice: Choice) -> Blueprint:
    hexa, low, blank = choice["digits"] == "hex", choice["level"] == "low", choice["blank"] == 1
    first_low, dash = choice["order"] == "a_low", choice["invalid"] == "dash"
    ports = [
        Port(name="d", dir="in", width=4),
        *([Port(name="blank", dir="in")] if blank else []),
        Port(name="seg", dir="out", width=7),
    ]
    lit_ = [*GLYPHS] if hexa else [*GLYPHS[:10], *(["g" if dash else ""] * 6)]

    def place(segment: str) -> int:
        at = "abcdefg".index(segment)
        return at if first_low else 6 - at

    def golden(inputs: Row) -> dict[str, int]:
        on = "" if inputs.get("blank") else lit_[inputs["d"]]
        word = sum(1 << place(segment) for segment in on)
        return {"seg": 127 - word if low else word}

    patterns = ["".join("01"[(s in on) != low] for s in ("gfedcba" if first_low else "abcdefg"))
                for on in lit_]  # fmt: skip
    shown = ", ".join(f"{i:X} {glyph}" for i, glyph in enumerate(GLYPHS if hexa else GLYPHS[:10]))
    order = "a is seg[0] and g is seg[6]" if first_low else "a is seg[6] and g is seg[0]"
    wrong = "" if hexa else f" Inputs 10 to 15 {'light only g' if dash else 'light nothing'}."
    off = " While blank is 1 no segment is lit." if blank else ""
    level = f"A lit segment is {0 if low else 1}, a dark one {1 if low else 0}."
    kind = "hexadecimal" if hexa else "decimal"
    pin = " and input blank" if blank else ""
    places = "top a, upper right b, lower right c, bottom d, lower left e, upper left f, middle g"
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational seven-segment decoder for {kind} digits: 4-bit input d{pin}, 7-bit"
            f" output seg; {order}. {level} Segments lit for each digit: {shown}.{wrong}{off}",
            f"Show the 4-bit number d on a seven-segment display ({places}). seg has 7 bits:"
            f" {order}. {level} The digits use these segments: {shown}.{wrong}{off} No clock.",
            f"Decode d (4 bits){pin} into seven segments seg without registers, {kind} digits."
            f" {level} In seg, {order}, the others in between in alphabetical order. Lit: {shown}."
            f"{wrong}{off}",
        ),
        view={"regs": ["seg"], "blank": blank, "dark": "1111111" if low else "0000000",
              "rows": list(enumerate(patterns))},
        stimulus=lambda rng: [
            crossed([("d", range(16)), *([("blank", (0, 1))] if blank else [])])
        ],
    )  # fmt: skip


def make_bcd(choice: Choice) -> Blueprint:
    width = choice["width"]
    digits = len(str(2**width - 1))
    ports = [Port(name="x", dir="in", width=width), Port(name="bcd", dir="out", width=4 * digits)]

    def stimulus(rng: random.Random) -> list[list[Row]]:
        edges = [10**k + d for k in range(digits) for d in (-1, 0, 1)] + [
            5 * 10**k for k in range(digits)
        ]
        return [[*({"x": v} for v in edges if v < 2**width), *rows_for(ports, rng)]]

    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda i: {"bcd": packed(i["x"], digits)}),
        phrasings=(
            f"Combinational binary to BCD converter: x is an unsigned {width}-bit number, bcd shows"
            f" its {digits} decimal digits, four bits each, units in bits 3:0.",
            f"Write the unsigned input x ({width} bits) as {digits} decimal digits on bcd"
            f" ({4 * digits} bits): digit i, worth 10**i, in bits 4*i+3 to 4*i. No clock.",
            f"{sentence(bits(width))} unsigned binary input x, packed decimal output bcd of"
            f" {4 * digits} bits, no registers. The least significant digit is in the lowest four"
            " bits; leading digits are 0.",
        ),
        view={"regs": ["bcd"], "width": width, "digits": digits, "out": 4 * digits},
        stimulus=stimulus,
    )


def make_sum(choice: Choice) -> Blueprint:
    digits, subtract, carry = choice["digits"], choice["op"] == "sub", choice["carry_in"] == 1
    width, base = 4 * digits, 10**digits
    ports = [
        *(Port(name=n, dir="in", width=width) for n in "ab"),
        *([Port(name="cin", dir="in")] if carry else []),
        Port(name="y", dir="out", width=width),
        Port(name="cout", dir="out"),
    ]

    def golden(inputs: Row) -> dict[str, Value]:
        texts = [f"{inputs[n]:x}" for n in "ab"]
        if not all(text.isdecimal() for text in texts):
            return {"y": None, "cout": None}
        a, b = (int(text) for text in texts)
        exact = a - b - inputs.get("cin", 0) if subtract else a + b + inputs.get("cin", 0)
        return {"y": packed(exact % base, digits), "cout": int(not 0 <= exact < base)}

    def stimulus(rng: random.Random) -> list[list[Row]]:
        if digits == 1:
            pairs = [(a, b) for a in range(10) for b in range(10)]
        else:
            edges = [0, 1, base - 1, base // 2, base // 2 - 1, base // 10, base // 10 - 1]
            pairs = [(a, b) for a in edges for b in edges]
            pairs += [(rng.randrange(base), rng.randrange(base)) for _ in range(120)]
            pairs += [(a, base - 1 - a) for a in (rng.randrange(base) for _ in range(20))]
        rows = [{"a": packed(a, digits), "b": packed(b, digits)} for a, b in pairs]
        return [[row | {"cin": c} for row in rows for c in (0, 1)] if carry else rows]

    bit = "borrow" if subtract else "carry"
    tail = f" {'-' if subtract else '+'} cin" if carry else ""
    formula = f"a {'-' if subtract else '+'} b{tail}"
    given = f" and {bit} input cin" if carry else ""
    unit = "digit" if digits == 1 else "digits"
    care = "Digits above 9 never come in; what happens then is free."
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational BCD {'subtractor' if subtract else 'adder'} for operands a and b of"
            f" {digits} decimal {unit} (four bits each, units lowest){given}. y is {formula} modulo"
            f" {base} in BCD, cout the decimal {bit} out. {care}",
            f"Compute {formula} of packed decimal numbers with {digits} {unit} ({width} bits): the"
            f" result on y, packed decimal modulo {base}, and its {bit} on cout. {care} No clock.",
            f"A {digits}-digit decimal {'subtractor' if subtract else 'adder'} without registers:"
            f" inputs a, b{given} in binary coded decimal, output y = {formula} (modulo {base}) in"
            f" the same code and cout, 1 when there is a {bit}. {care}",
        ),
        view={"regs": ["y", "cout"], "digits": digits, "subtract": subtract, "carry": carry},
        stimulus=stimulus,
    )


FAMILIES = (
    Family(
        name="seven_segment",
        kind="comb",
        summary="digits on seven segments",
        parameters={},
        options={
            "digits": ("decimal", "hex"),
            "level": ("high", "low"),
            "order": ("a_low", "a_high"),
            "invalid": ("dark", "dash"),
            "blank": (0, 1),
        },
        make=make_segments,
        template="seven_segment.v.j2",
        legal=lambda choice: choice["digits"] == "decimal" or choice["invalid"] == "dark",
    ),
    Family(
        name="bin_to_bcd",
        kind="comb",
        summary="binary to decimal digits",
        parameters={"width": (8, 4, 5, 6, 7, *range(9, 25))},
        options={},
        make=make_bcd,
        template="bin_to_bcd.v.j2",
    ),
    Family(
        name="bcd_adder",
        kind="comb",
        summary="decimal sums and differences",
        parameters={"digits": (2, 1, *range(3, 13))},
        options={"op": ("add", "sub"), "carry_in": (1, 0)},
        make=make_sum,
        template="bcd_adder.v.j2",
    ),
)

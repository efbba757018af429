"""Numbers brought into another range: saturation, extension, rounding shifts."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil, floor

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

KINDS = {"s2s": (True, True), "s2u": (True, False), "u2u": (False, False), "u2s": (False, True)}


def limits(width: int, negative: bool) -> tuple[int, int]:
    """The least and the greatest number of this width."""
    return (-(1 << width - 1), (1 << width - 1) - 1) if negative else (0, (1 << width) - 1)


def clamp(number: int, low: int, high: int) -> int:
    """The number in [low, high] that is closest."""
    return sorted((low, number, high))[1]


def rounded(number: int, shift: int, mode: str) -> int:
    """number / 2**shift as a whole number."""
    exact = Fraction(number, 2**shift)
    return {
        "half_even": round(exact),
        "half_up": floor(exact + Fraction(1, 2)),
        "floor": floor(exact),
        "ceil": ceil(exact),
    }[mode]


def _kind(negative: bool) -> str:
    return "two's complement (signed)" if negative else "unsigned"


def _near(width: int, edges: list[int], rng: random.Random) -> list[Row]:
    """Patterns around numbers that matter."""
    near = [e + d for e in edges for d in (-2, -1, 0, 1, 2)]
    return [{"x": v % (1 << width)} for v in near] + [
        {"x": rng.getrandbits(width) >> rng.randrange(width)} for _ in range(40)
    ]


def _single_bits(width: int) -> list[Row]:
    """Words of one 1, and of one 0: no bit is overlooked."""
    ones = (1 << width) - 1
    return [{"x": word} for n in range(width) for word in (1 << n, ones ^ 1 << n)]


def make_saturate(choice: Choice) -> Blueprint:
    wide, narrow, flag = choice["in_width"], choice["out_width"], choice["flag"] == 1
    source, target = KINDS[choice["kind"]]
    low, high = limits(narrow, target)
    ports = [
        Port(name="x", dir="in", width=wide, signed=source),
        Port(name="y", dir="out", width=narrow, signed=target),
        *([Port(name="clipped", dir="out")] if flag else []),
    ]

    def golden(inputs: Row) -> dict[str, int]:
        number = signed(inputs["x"], wide) if source else inputs["x"]
        y = clamp(number, low, high)
        return {"y": y % 2**narrow} | ({"clipped": int(y != number)} if flag else {})

    under = f" below {low} give {low}, values" if source else ""
    said = " clipped is 1 when x had to be changed, else 0." if flag else ""
    head = {True: "0", False: "1"}[target]
    top = narrow - 1 if target else narrow
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational saturation of the {wide}-bit {_kind(source)} number x to the"
            f" {narrow}-bit {_kind(target)} number y: values{under} above {high} give {high}, all"
            f" others stay.{said}",
            f"Narrow x ({wide} bits, {_kind(source)}) to y ({narrow} bits, {_kind(target)}) with"
            f" clipping to the range {low} to {high} instead of wrapping.{said} No clock.",
            f"{sentence(bits(narrow))} clamp without registers. y is the number closest to x in"
            f" {low}..{high}. x has {wide} bits and is {_kind(source)}; y is"
            f" {_kind(target)}.{said}",
        ),
        view={
            "regs": [], "flag": flag, "source": source, "target": target, "narrow": narrow,
            "sign": wide - 1, "top": top, "unsigned_high": (1 << narrow) - 1,
            "fill": narrow - 1, "positive": head, "both": source and target,
        },
        stimulus=lambda rng: [
            _near(wide, [low, high, *limits(wide, source), 0], rng) + _single_bits(wide)
        ],
    )  # fmt: skip


def make_extend(choice: Choice) -> Blueprint:
    narrow, wide, mode = choice["in_width"], choice["out_width"], choice["mode"]
    pin = mode == "pin"
    ports = [
        Port(name="x", dir="in", width=narrow),
        *([Port(name="sext", dir="in")] if pin else []),
        Port(name="y", dir="out", width=wide),
    ]

    def golden(inputs: Row) -> dict[str, int]:
        negative = inputs["sext"] == 1 if pin else mode == "sign"
        number = signed(inputs["x"], narrow) if negative else inputs["x"]
        return {"y": number % 2**wide}

    rule = {
        "zero": "zeros",
        "sign": f"copies of the sign bit x[{narrow - 1}]",
        "pin": f"copies of x[{narrow - 1}] when sext is 1 and zeros when sext is 0",
    }[mode]
    name = {"zero": "zero", "sign": "sign", "pin": "sign or zero"}[mode]
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational {name} extension from {narrow} to {wide} bits: the low {narrow} bits of"
            f" y are x, the upper {wide - narrow} bits are {rule}.",
            f"Widen x ({narrow} bits) to y ({wide} bits). The added high bits of y are {rule}; the"
            " others come from x unchanged. No clock.",
            f"{sentence(bits(wide))} {name} extender without registers, input x of {narrow} bits,"
            f" output y. Fill the {wide - narrow} new bits with {rule}.",
        ),
        view={
            "regs": [],
            "more": wide - narrow,
            "fill": {
                "zero": "1'b0",
                "sign": f"x[{narrow - 1}]",
                "pin": f"sext & x[{narrow - 1}]",
            }[mode],
        },
        stimulus=lambda rng: [rows_for(ports, rng)],
    )


ROUNDINGS = {
    "half_even": "to the nearest whole number, ties to the even one",
    "half_up": "to the nearest whole number, ties upwards (towards plus infinity)",
    "floor": "down (towards minus infinity)",
    "ceil": "up (towards plus infinity)",
}


def make_requantise(choice: Choice) -> Blueprint:
    wide, narrow, shift = choice["in_width"], choice["out_width"], choice["shift"]
    target, mode = choice["out_sign"] == "signed", choice["rounding"]
    low, high = limits(narrow, target)
    ports = [
        Port(name="x", dir="in", width=wide, signed=True),
        Port(name="y", dir="out", width=narrow, signed=target),
    ]

    def golden(inputs: Row) -> dict[str, int]:
        quotient = rounded(signed(inputs["x"], wide), shift, mode)
        return {"y": clamp(quotient, low, high) % 2**narrow}

    def stimulus(rng: random.Random) -> list[list[Row]]:
        unit, half = 1 << shift, 1 << shift - 1
        some = [rng.randrange(low, high + 1) for _ in range(12)]
        edges = [k * unit + half for k in (low, low - 1, high, high - 1, -1, 0, 1, *some)]
        edges += [k * unit for k in (low, high, 0, 1, *some)] + [*limits(wide, True)]
        edges += [(k + (side << n)) * unit for k in (low, high) for n in range(narrow)
                  for side in (1, -1)]  # fmt: skip
        low_x, high_x = limits(wide, True)
        return [_near(wide, [clamp(e, low_x + 2, high_x - 2) for e in edges], rng)]

    calc = wide + 1
    addend = {
        "half_even": f"{(1 << shift - 1) - 1}",
        "half_up": f"{1 << shift - 1}",
        "floor": "0",
        "ceil": f"{(1 << shift) - 1}",
    }[mode]
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational requantisation: x is a {wide}-bit two's complement number; divide it by"
            f" 2**{shift}, round {ROUNDINGS[mode]}, then clamp to {low}..{high}. The result y has"
            f" {narrow} bits and is {_kind(target)}.",
            f"y = clamp(round(x / {2**shift}), {low}, {high}), where round goes {ROUNDINGS[mode]}."
            f" Input x: signed, {wide} bits. Output y: {_kind(target)}, {narrow} bits. No clock.",
            f"Rounding shift right by {shift} without registers: the signed {wide}-bit input x"
            f" becomes the {_kind(target)} {narrow}-bit output y. Rounding goes {ROUNDINGS[mode]},"
            f" never overflows on the way, and results outside {low} to {high} saturate at the"
            " nearer end.",
        ),
        view={
            "regs": [], "calc": calc, "addend": int(addend), "even": mode == "half_even",
            "shift": shift, "target": target, "wide": wide, "narrow": narrow,
            "low": low % (1 << calc), "high": high, "low_y": low % (1 << narrow),
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILIES = (
    Family(
        name="saturate",
        kind="comb",
        summary="numbers clipped to a narrower range",
        parameters={
            "in_width": (16, *range(3, 16), *range(17, 33), 40, 48, 64),
            "out_width": (8, *range(2, 8), *range(9, 32)),
        },
        options={"kind": tuple(KINDS), "flag": (0, 1)},
        make=make_saturate,
        template="saturate.v.j2",
        legal=lambda choice: choice["out_width"] < choice["in_width"],
    ),
    Family(
        name="extend",
        kind="comb",
        summary="sign and zero extension",
        parameters={
            "in_width": (8, *range(2, 8), *range(9, 33)),
            "out_width": (16, *range(3, 16), *range(17, 34), 48, 64),
        },
        options={"mode": ("sign", "zero", "pin")},
        make=make_extend,
        template="extend.v.j2",
        legal=lambda choice: choice["in_width"] < choice["out_width"],
    ),
    Family(
        name="requantise",
        kind="comb",
        summary="rounding shift with saturation",
        parameters={
            "in_width": (16, *range(6, 16), *range(17, 41)),
            "shift": (4, 1, 2, 3, *range(5, 25)),
            "out_width": (8, *range(2, 8), *range(9, 17)),
        },
        options={"rounding": tuple(ROUNDINGS), "out_sign": ("signed", "unsigned")},
        make=make_requantise,
        template="requantise.v.j2",
        legal=lambda choice: (
            choice["shift"] < choice["in_width"] - 1 and choice["out_width"] < choice["in_width"]
        ),
    ),
)

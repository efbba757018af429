"""Comparators, and the least and the greatest of several numbers."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

RELATIONS = {
    "lt": ("less than", "<"),
    "le": ("less than or equal to", "<="),
    "gt": ("greater than", ">"),
    "ge": ("greater than or equal to", ">="),
    "eq": ("equal to", "=="),
    "ne": ("not equal to", "!="),
}
HOLDS = {"lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1), "eq": (0,), "ne": (-1, 1)}


def order(inputs: Row, width: int, negative: bool) -> int:
    """-1, 0 or 1: how a stands to b, from the sign of their difference."""
    a, b = ((signed(inputs[n], width) if negative else inputs[n]) for n in "ab")
    return (a > b) - (a < b)


def compare(inputs: Row, names: tuple[str, ...], width: int, negative: bool) -> dict[str, int]:
    """Each relation of `names` under its own name; a single one on y."""
    sign = order(inputs, width, negative)
    truth = {name: int(sign in HOLDS[name]) for name in names}
    return truth if len(names) > 1 else {"y": truth[names[0]]}


def extreme(inputs: Row, choice: Choice) -> dict[str, int]:
    """The least or greatest of the operands, and the first place where it stands."""
    width, kind, words = choice["width"], choice["op"], [inputs[n] for n in sorted(inputs)]
    keys = [signed(w, width) if choice["sign"] == "signed" else w for w in words]
    low, high = keys.index(min(keys)), keys.index(max(keys))
    if kind == "both":
        return {"lo": words[low], "hi": words[high]}
    at = low if kind == "min" else high
    return {"y": words[at]} | ({"index": at} if choice["index"] else {})


def _close(names: str, ports: list[Port], width: int, rng: random.Random) -> list[list[Row]]:
    """Operands that differ in one bit or by one, or not at all."""
    rows = []
    for i in range(width):
        base = rng.getrandbits(width)
        rows += [{n: base ^ (n == names[i % len(names)]) << i for n in names}]
        rows += [{n: (base + (n == names[-1])) % (1 << width) for n in names}]
    rows += [dict.fromkeys(names, rng.getrandbits(width)) for _ in range(4)]
    return [[*rows, *rows_for(ports, rng)]]


def make_comparator(choice: Choice) -> Blueprint:
    width, sign, relation = choice["width"], choice["sign"], choice["relation"]
    names = ("lt", "eq", "gt") if relation == "all" else (relation,)
    negative = sign == "signed"
    ports = [Port(name=n, dir="in", width=width, signed=negative) for n in "ab"]
    outs = [(n if len(names) > 1 else "y", n) for n in names]
    ports += [Port(name=out, dir="out") for out, _ in outs]
    rule = ", ".join(f"{out} is 1 when a is {RELATIONS[n][0]} b, else 0" for out, n in outs)
    short = ", ".join(f"{out} = (a {RELATIONS[n][1]} b)" for out, n in outs)
    kind = "two's complement (signed)" if negative else "unsigned"
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: compare(inputs, names, width, negative)),
        phrasings=(
            f"Combinational comparator of two {width}-bit {kind} numbers a and b: {rule}.",
            f"Compare a with b, both {width} bits wide and read as {kind} numbers. Outputs:"
            f" {short}. No clock.",
            f"{sentence(bits(width))} magnitude comparator without registers. The operands a and b"
            f" are {kind}. {sentence(rule)}.",
        ),
        view={"regs": [], "rows": [(out, RELATIONS[n][1]) for out, n in outs]},
        stimulus=lambda rng: _close("ab", ports, width, rng),
    )


def make_extreme(choice: Choice) -> Blueprint:
    width, op, count = choice["width"], choice["op"], choice["operands"]
    index, negative = choice["index"] == 1, choice["sign"] == "signed"
    names, places = "abcdefgh"[:count], (count - 1).bit_length()
    outs = ("lo", "hi") if op == "both" else ("y",)
    ports = [Port(name=n, dir="in", width=width, signed=negative) for n in names]
    ports += [Port(name=n, dir="out", width=width, signed=negative) for n in outs]
    ports += [Port(name="index", dir="out", width=places)] if index else []
    listed, kind = ", ".join(names), "two's complement (signed)" if negative else "unsigned"
    rule = {
        "min": "y is the smallest of them",
        "max": "y is the largest of them",
        "both": "lo is the smallest and hi the largest of them",
    }[op]
    where = (
        f" index ({places} bits) is the position of that operand, 0 for a, 1 for b and so on; of"
        " equal operands the first one (lowest position) counts."
        if index
        else ""
    )
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: extreme(inputs, choice)),
        phrasings=(
            f"Combinational block with {count} {kind} operands {listed} of {width} bits: {rule}."
            f"{where}",
            f"Read {listed} ({width} bits each) as {kind} numbers. Without a clock, {rule}.{where}",
            f"{sentence(bits(width))} {'sorter of extremes' if op == 'both' else op + ' unit'} for"
            f" {count} inputs {listed}, which are {kind}; {rule}. No registers.{where}",
        ),
        view={
            "regs": [*outs, "index"],
            "rest": list(enumerate(names))[1:],
            "places": places,
            "find": {"min": [("y", "<")], "max": [("y", ">")]}.get(op, [("lo", "<"), ("hi", ">")]),
        },
        stimulus=lambda rng: [
            *_close(names, ports, width, rng),
            _winners(names, width, negative, rng),
        ],
    )


def _winners(names: str, width: int, negative: bool, rng: random.Random) -> list[Row]:
    """Each operand once below and once above all others, at values all over the range."""
    top, rows = (1 << width) - 1, []
    for name in names:
        some = range(1 << width) if width <= 4 else [rng.getrandbits(width) for _ in range(16)]
        for value in some:
            above = {n: rng.randint(min(value + 1, top), top) for n in names}
            below = {n: rng.randint(0, max(value - 1, 0)) for n in names}
            rows += [above | {name: value}, below | {name: value}]
    offset = 1 << width - 1 if negative else 0  # keeps the order, of signed numbers then
    return [{n: value ^ offset for n, value in row.items()} for row in rows]


_WIDTHS = (8, *range(2, 8), *range(9, 33), 40, 48, 64)

FAMILIES = (
    Family(
        name="comparator",
        kind="comb",
        summary="signed and unsigned comparisons",
        parameters={"width": _WIDTHS},
        options={"sign": ("unsigned", "signed"), "relation": (*RELATIONS, "all")},
        make=make_comparator,
        template="comparator.v.j2",
    ),
    Family(
        name="minmax",
        kind="comb",
        summary="the least or greatest operand, and which it is",
        parameters={"width": _WIDTHS, "operands": (2, 3, 4, 5, 8)},
        options={"op": ("min", "max", "both"), "sign": ("unsigned", "signed"), "index": (0, 1)},
        make=make_extreme,
        template="minmax.v.j2",
        legal=lambda choice: not (choice["op"] == "both" and choice["index"]),
    ),
)

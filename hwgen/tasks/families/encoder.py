"""Priority encoders and encoders of one-hot words."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def priority(inputs: Row, msb: bool, grant: bool, flag: bool) -> dict[str, int]:
    """The index (or the bit) of the first set bit in the order of priority."""
    ones = [i for i, digit in enumerate(reversed(f"{inputs['d']:b}")) if digit == "1"]
    first = (max(ones) if msb else min(ones)) if ones and inputs.get("en", 1) else None
    y = 0 if first is None else 2**first if grant else first
    return {"y": y} | ({"valid": int(first is not None)} if flag else {})


def onehot(inputs: Row, strict: bool) -> dict[str, int]:
    """The index of the one set bit; otherwise what the policy says."""
    ones = [i for i, digit in enumerate(reversed(f"{inputs['d']:b}")) if digit == "1"]
    if strict:
        return {"y": ones[0], "valid": 1} if len(ones) == 1 else {"y": 0, "valid": 0}
    y = 0
    for i in ones:
        y |= i
    return {"y": y, "valid": int(bool(ones))}


def _rows(ports: list[Port], count: int, enable: bool, rng: random.Random) -> list[list[Row]]:
    """Single bits, all pairs of neighbours, runs from both ends, then any mixture."""
    words = [0, *(1 << i for i in range(count)), *(3 << i for i in range(count - 1))]
    words += [(1 << i) - 1 for i in range(1, count + 1)]
    words += [(1 << count) - (1 << i) for i in range(1, count)]
    on = {"en": 1} if enable else {}
    return [[*({"d": word} | on for word in words), *rows_for(ports, rng)]]


def make_priority(choice: Choice) -> Blueprint:
    count, msb, grant = choice["inputs"], choice["first"] == "msb", choice["output"] == "onehot"
    flag, enable = choice["valid"] == 1, choice["enable"] == 1
    width = count if grant else (count - 1).bit_length()
    ports = [
        Port(name="d", dir="in", width=count),
        *([Port(name="en", dir="in")] if enable else []),
        Port(name="y", dir="out", width=width),
        *([Port(name="valid", dir="out")] if flag else []),
    ]
    order = "highest" if msb else "lowest"
    what = f"only the {order} set bit of d kept" if grant else f"the index of the {order} set bit"
    gate = " or en is 0" if enable else ""
    said = f" valid is 1 when d is not 0{' and en is 1' if enable else ''}, else 0." if flag else ""
    pin = " and enable en" if enable else ""
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: priority(inputs, msb, grant, flag)),
        phrasings=(
            f"Combinational priority encoder: input d of {count} bits{pin}, output y of {width}"
            f" bits. The {'most' if msb else 'least'} significant set bit of d wins; y is {what}."
            f" y is 0 when d is 0{gate}.{said}",
            f"Find the {order} numbered 1 in the request word d ({count} bits, bit 0 is the least"
            f" significant). Show on y ({width} bits) {what}, or 0 when d is 0{gate}.{said} No"
            f" clock{', enable input en' if enable else ''}.",
            f"Among {count} request lines d{pin}, line {count - 1 if msb else 0} has the highest"
            f" priority and line {0 if msb else count - 1} the lowest. y, {bits(width)} output"
            f" without registers, is {what}; if there is no request{gate} it is 0.{said}",
        ),
        view={"regs": [] if grant else ["y"], "width": width, "count": count, "flag": flag,
              "enable": enable, "grant": grant, "msb": msb},
        stimulus=lambda rng: _rows(ports, count, enable, rng),
    )  # fmt: skip


def make_onehot(choice: Choice) -> Blueprint:
    count, strict = choice["inputs"], choice["invalid"] == "zero"
    width = (count - 1).bit_length()
    ports = [
        Port(name="d", dir="in", width=count),
        Port(name="y", dir="out", width=width),
        Port(name="valid", dir="out"),
    ]
    rule = (
        "valid is 1 exactly when one and only one bit of d is 1; in every other case y and valid"
        " are both 0"
        if strict
        else "valid is 1 when d is not 0. With several bits set y is the bitwise OR of their"
        " indices; with none y is 0"
    )
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: onehot(inputs, strict)),
        phrasings=(
            f"Combinational encoder from a one-hot word d of {count} bits to its binary index y of"
            f" {width} bits. {sentence(rule)}.",
            f"d has {count} lines of which normally one is 1; y ({width} bits) is the number of"
            f" that line, counted from bit 0. {sentence(rule)}. No clock.",
            f"{sentence(bits(count))} one-hot to {width}-bit binary converter without registers,"
            f" input d, outputs y (index of the set bit) and valid. {sentence(rule)}.",
        ),
        view={"regs": ["y"], "width": width, "count": count, "strict": strict},
        stimulus=lambda rng: _rows(ports, count, False, rng),
    )


_COUNTS = (8, *range(2, 8), *range(9, 34), 40, 48, 64)

FAMILIES = (
    Family(
        name="priority_encoder",
        kind="comb",
        summary="index or bit of the first request",
        parameters={"inputs": _COUNTS},
        options={
            "first": ("msb", "lsb"),
            "output": ("index", "onehot"),
            "valid": (1, 0),
            "enable": (0, 1),
        },
        make=make_priority,
        template="priority_encoder.v.j2",
    ),
    Family(
        name="onehot_encoder",
        kind="comb",
        summary="one-hot to binary",
        parameters={"inputs": _COUNTS},
        options={"invalid": ("or", "zero")},
        make=make_onehot,
        template="onehot_encoder.v.j2",
    ),
)

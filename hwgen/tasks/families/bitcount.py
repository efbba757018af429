"""Blocks that count ones: parity, population count, thresholds, runs at an end."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, bit, rows_for, sliced
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def parity(inputs: Row, lanes: int, width: int, odd: bool) -> dict[str, int]:
    """Parity bits of the lanes, or which given ones are wrong."""
    p = 0
    for i in range(lanes):
        ones = f"{inputs['d'] >> i * width & (1 << width) - 1:b}".count("1")
        p += ((ones + odd) % 2) << i
    return {"err": p ^ inputs["p"]} if "p" in inputs else {"p": p}


def threshold(ones: int, count: int, rule: str, level: int) -> bool:
    """Whether this number of ones among `count` votes passes."""
    passing = {
        "majority": range(count // 2 + 1, count + 1),
        "at_least": range(level, count + 1),
        "at_most": range(level + 1),
        "exactly": range(level, level + 1),
    }
    return ones in passing[rule]


def run(word: int, width: int, kind: str) -> int:
    """Equal digits at one end of the word as text."""
    text, (end, _, digit) = f"{word:0{width}b}", kind.partition("_")
    kept = text.lstrip(digit[0]) if end == "leading" else text.rstrip(digit[0])
    return width - len(kept)


DIGIT = {"zeros": "0", "ones": "1"}


def _patterns(ports: list[Port], rng: random.Random, level: int = -1) -> list[list[Row]]:
    """Words with every number of ones, packed at either end and scattered; more about `level`."""
    width = ports[0].width
    words = []
    for ones in range(width + 1):
        packed = (1 << ones) - 1
        words += [packed, packed << (width - ones)]
        for _ in range(12 if abs(ones - level) <= 1 else 1):
            words.append(sum(1 << n for n in rng.sample(range(width), ones)))
    return [[*({"d": word} for word in words), *rows_for(ports, rng)]]


def make_parity(choice: Choice) -> Blueprint:
    width, lanes, odd = choice["width"], choice["lanes"], choice["kind"] == "odd"
    check, kind, total = choice["role"] == "check", choice["kind"], width * lanes
    ports = [Port(name="d", dir="in", width=total)]
    ports += [Port(name="p", dir="in" if check else "out", width=lanes)]
    ports += [Port(name="err", dir="out", width=lanes)] if check else []
    one = lanes == 1
    data = "d" if one else f"lane i of d (bits i*{width} to i*{width}+{width - 1})"
    even = f"the ones of {data} together with {'p' if one else 'bit i of p'}"
    good = f"{even} are {kind} in number"
    rule = f"{'err' if one else 'bit i of err'} is 0 when {good}, else 1" if check else (
        f"{'p' if one else 'bit i of p'} is chosen so that {good}"
    )  # fmt: skip
    shape = f"{total} bits of data d" + ("" if one else f" in {lanes} lanes of {width} bits")
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: parity(inputs, lanes, width, odd)),
        phrasings=(
            f"Combinational {kind} parity {'checker' if check else 'generator'} for {shape}:"
            f" {rule}.",
            f"{'Check' if check else 'Make'} {kind} parity over {shape}"
            f"{f', with received parity p ({bits(lanes)} input) and result err' if check else ''}."
            f" {sentence(rule)}. No clock.",
            f"Parity ({kind}) without registers. There are {shape}"
            f"{f' and {lanes} parity bit(s) p' if check else ''}. In detail: {rule}.",
        ),
        view={"regs": [], "odd": odd, "check": check,
              "rows": [(bit("err" if check else "p", i, lanes), bit("p", i, lanes),
                        sliced("d", i * width + width - 1, i * width)) for i in range(lanes)]},
        stimulus=lambda rng: _patterns(ports, rng),
    )  # fmt: skip


def make_popcount(choice: Choice) -> Blueprint:
    width, what = choice["width"], choice["count"]
    out = width.bit_length()
    ports = [Port(name="d", dir="in", width=width), Port(name="y", dir="out", width=out)]
    digit = DIGIT[what]
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda i: {"y": f"{i['d']:0{width}b}".count(digit)}),
        phrasings=(
            f"Combinational population count: y ({out} bits) is the number of {what} among the"
            f" {width} bits of d.",
            f"Count how many bits of the {width}-bit input d are {digit}; show the number (0 to"
            f" {width}) on the {out}-bit output y. No clock.",
            f"{sentence(bits(width))} word d goes in, the count of its {what} comes out on y as"
            f" {bits(out)} unsigned number, without registers.",
        ),
        view={"regs": ["y"], "width": width, "out": out, "digit": digit},
        stimulus=lambda rng: _patterns(ports, rng),
    )


def make_threshold(choice: Choice) -> Blueprint:
    count, rule, level = choice["votes"], choice["rule"], choice["level"]
    ports = [Port(name="d", dir="in", width=count), Port(name="y", dir="out")]
    out = count.bit_length()
    said = {
        "majority": f"more than half of its bits, that is {count // 2 + 1} or more,",
        "at_least": f"{level} or more of its bits",
        "at_most": f"{level} or fewer of its bits",
        "exactly": f"exactly {level} of its bits",
    }[rule]
    formula = {
        "majority": f"ones > {out}'d{count // 2}",
        "at_least": f"ones >= {out}'d{level}",
        "at_most": f"ones <= {out}'d{level}",
        "exactly": f"ones == {out}'d{level}",
    }[rule]
    return Blueprint(
        ports=ports,
        golden=lambda: Function(
            lambda i: {"y": int(threshold(f"{i['d']:b}".count("1"), count, rule, level))}
        ),
        phrasings=(
            f"Combinational voter over the {count}-bit input d: the one-bit output y is 1 when"
            f" {said} are 1, otherwise 0.",
            f"y tells whether {said} are set in the word d of {count} bits (1: yes, 0: no). No"
            " clock.",
            f"A threshold gate without registers. It looks at d ({count} bits) and raises y if and"
            f" only if {said} are 1.",
        ),
        view={"regs": [], "width": count, "out": out, "formula": formula},
        stimulus=lambda rng: _patterns(ports, rng, count // 2 if rule == "majority" else level),
    )


def make_run(choice: Choice) -> Blueprint:
    width, kind, flag = choice["width"], choice["kind"], choice["full"] == 1
    end, _, what = kind.partition("_")
    out, digit = width.bit_length(), DIGIT[what]
    ports = [Port(name="d", dir="in", width=width), Port(name="y", dir="out", width=out)]
    ports += [Port(name="full", dir="out")] if flag else []
    from_end = "most" if end == "leading" else "least"
    said = f" full is 1 when all bits of d are {digit}, else 0." if flag else ""

    def golden(inputs: Row) -> dict[str, int]:
        length = run(inputs["d"], width, f"{end}_{digit}")
        return {"y": length} | ({"full": int(length == width)} if flag else {})

    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational count of {end} {what}: y ({out} bits) is the number of consecutive"
            f" {digit} bits of the {width}-bit input d, beginning at its {from_end} significant"
            f" bit; {width} when all bits are {digit}.{said}",
            f"How many bits in a row are {digit}, seen from the {from_end} significant end of d"
            f" ({width} bits)? Give the number, 0 to {width}, on y ({out} bits). No clock.{said}",
            f"{sentence(bits(width))} {end}-{what} counter without registers, input d, output y of"
            f" {out} bits: the length of the run of {what} at the {from_end} significant end, up to"
            f" and including {width}.{said}",
        ),
        view={"regs": ["y"], "width": width, "out": out, "leading": end == "leading",
              "flag": flag, "zeros": what == "zeros", "last": width - 1},
        stimulus=lambda rng: _patterns(ports, rng),
    )  # fmt: skip


_WIDTHS = (8, *range(2, 8), *range(9, 65))

FAMILIES = (
    Family(
        name="parity",
        kind="comb",
        summary="parity generators and checkers",
        parameters={"width": (8, *range(2, 8), *range(9, 33), 48, 64), "lanes": (1, 2, 3, 4, 8)},
        options={"kind": ("even", "odd"), "role": ("generate", "check")},
        make=make_parity,
        template="parity.v.j2",
    ),
    Family(
        name="popcount",
        kind="comb",
        summary="number of ones or zeros of a word",
        parameters={"width": _WIDTHS},
        options={"count": ("ones", "zeros")},
        make=make_popcount,
        template="popcount.v.j2",
    ),
    Family(
        name="threshold",
        kind="comb",
        summary="majority and other votes",
        parameters={"votes": (5, 3, 4, *range(6, 33)), "level": (2, 1, *range(3, 17))},
        options={"rule": ("majority", "at_least", "at_most", "exactly")},
        make=make_threshold,
        template="threshold.v.j2",
        legal=lambda choice: (
            choice["level"] == 2
            if choice["rule"] == "majority"
            else choice["level"] < choice["votes"]
        ),
    ),
    Family(
        name="zero_run",
        kind="comb",
        summary="leading and trailing zeros or ones",
        parameters={"width": _WIDTHS},
        options={
            "kind": ("leading_zeros", "trailing_zeros", "leading_ones", "trailing_ones"),
            "full": (0, 1),
        },
        make=make_run,
        template="zero_run.v.j2",
    ),
)

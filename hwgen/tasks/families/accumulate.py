"""Accumulators of numbers and of products."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row, extremes, grown, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Accumulator:
    """acc takes the sum of itself and the product of the operands (one operand: itself)."""

    def __init__(self, widths: Row, out: int, negative: bool, saturating: bool, reload: bool):
        self.widths, self.negative, self.reload, self.acc = widths, negative, reload, 0
        self.modulus, self.saturating = 1 << out, saturating
        self.low = -(1 << out - 1) if negative else 0
        self.high = self.low + self.modulus - 1

    def reset(self) -> dict[str, int]:
        self.acc = 0
        return {"acc": 0}

    def step(self, inputs: Row) -> dict[str, int]:
        product = 1
        for name, width in self.widths.items():
            product *= signed(inputs[name], width) if self.negative else inputs[name]
        if inputs.get("clear", 0):
            self.acc = self._fit(product) if self.reload else 0
        elif inputs.get("en", 1):
            self.acc = self._fit(self.acc + product)
        return {"acc": self.acc % self.modulus}

    def _fit(self, number: int) -> int:
        if self.saturating:
            return min(max(number, self.low), self.high)
        return (number - self.low) % self.modulus + self.low


def _rows(widths: Row, choice: Choice, rng: random.Random) -> list[list[Row]]:
    """To either end of the range and a little beyond, then clear, then anything."""
    on = {"en": 1} if choice["enable"] else {}
    negative, room = choice["sign"] == "signed", choice["acc_width"] - sum(widths.values())
    least = {n: 1 << w - 1 for n, w in widths.items()}
    tops = {n: (1 << w - negative) - 1 for n, w in widths.items()}
    # The largest product of signed numbers is that of the two least ones.
    up = least if negative and len(widths) > 1 else tops
    down = {n: least[n] if k == 0 else tops[n] for k, n in enumerate(widths)}
    times = (3 << room) + 4
    cases = [[up | on] * times + [down | on] * 3]
    cases += [[down | on] * times + [up | on] * 3] if negative else []
    mixed = [{n: rng.choice(extremes(w)) for n, w in widths.items()} | on for _ in range(40)]
    if choice["clear"] != "none":
        mixed += [row | {"clear": k % 2} for k, row in enumerate(mixed)]
        mixed += [{n: v for n, v in row.items() if n != "en"} | {"clear": 1} for row in mixed[:2]]
    return [*cases, mixed]


def _make(choice: Choice, widths: Row) -> Blueprint:
    out, negative = choice["acc_width"], choice["sign"] == "signed"
    enable, clear, saturating = choice["enable"] == 1, choice["clear"], choice["overflow"] == "sat"
    reset, kind = reset_words(choice["reset"]), "two's complement" if negative else "unsigned"
    low, high = (-(1 << out - 1), (1 << out - 1) - 1) if negative else (0, (1 << out) - 1)
    term = " * ".join(widths)
    cleared = {"none": "", "zero": "0", "load": f"{term} alone (the old sum is dropped)"}[clear]
    over = f"saturates at {low} and {high}" if saturating else f"wraps modulo {2**out}"
    gate = "in which en is 1" if enable else "of clk"
    rest = f" When clear is 1, acc becomes {cleared} at that edge instead" if cleared else ""
    rest += (", whatever en is." if enable else ".") if cleared else ""
    idle = " Otherwise acc keeps its value." if enable else ""
    sizes = " and ".join(f"{n} ({w} bits)" for n, w in widths.items())
    # Wide enough for the exact sum; when it wraps anyway, the width of the register will do.
    calc = max(out, sum(widths.values())) + 1 if saturating else out
    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *(Port(name=n, dir="in", width=w, signed=negative) for n, w in widths.items()),
            *([Port(name="en", dir="in")] if enable else []),
            *([Port(name="clear", dir="in")] if cleared else []),
            Port(name="acc", dir="out", width=out, signed=negative),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Accumulator(widths, out, negative, saturating, clear == "load"),
        phrasings=(
            f"{'Multiply-accumulate unit' if len(widths) > 1 else 'Accumulator'} for {kind} numbers"
            f" {sizes} with {reset}. At every rising edge {gate} the {out}-bit register acc"
            f" becomes acc + {term}. The sum {over}.{rest}{idle} Reset sets acc to 0.",
            f"Sum up {term} over the clock cycles {gate.replace('of clk', '(all of them)')}:"
            f" {sizes}, {kind}; the sum is kept in the output register acc of {out} bits, which"
            f" {over}.{rest}{idle} {sentence(reset)} sets acc to 0.",
            f"{sentence(bits(out))} register acc, {kind}, output. On rising edges {gate}: acc <="
            f" acc + {term}, where the inputs are {sizes}, also {kind}. A sum out of range"
            f" {over}.{rest}{idle} There is {reset}; it clears acc.",
        ),
        view={
            **reset_view(choice["reset"]), "regs": ["acc"], "out": out, "enable": enable,
            "clears": clear, "negative": negative, "saturating": saturating, "calc": calc,
            "high": high, "low": low % (1 << calc), "low_y": low % (1 << out),
            "term": " * ".join(f"{n}_wide" for n in widths),
            "old": grown("acc", out, calc, negative),
            "grow": [(n, grown(n, w, calc, negative)) for n, w in widths.items()],
        },
        stimulus=lambda rng: _rows(widths, choice, rng),
    )  # fmt: skip


def make_sum(choice: Choice) -> Blueprint:
    return _make(choice, {"x": choice["width"]})


def make_mac(choice: Choice) -> Blueprint:
    return _make(choice, {"a": choice["a_width"], "b": choice["b_width"]})


ROOM = 7  # bits of a sum above those of a term: a simulation must see it overflow
_OPTIONS: dict[str, tuple[str | int, ...]] = {
    "sign": ("unsigned", "signed"),
    "overflow": ("wrap", "sat"),
    "enable": (1, 0),
    "clear": ("none", "zero", "load"),
    "reset": RESETS,
}

FAMILIES = (
    Family(
        name="accumulator",
        kind="cycle",
        summary="running sums, wrapping or saturating",
        parameters={
            "width": (8, *range(2, 8), *range(9, 17)),
            "acc_width": (12, *range(2, 12), *range(13, 24)),
        },
        options=_OPTIONS,
        make=make_sum,
        template="accumulate.v.j2",
        legal=lambda choice: 0 <= choice["acc_width"] - choice["width"] <= ROOM,
    ),
    Family(
        name="mac",
        kind="cycle",
        summary="running sums of products",
        parameters={
            "a_width": (8, *range(2, 8), 9, 10, 12),
            "b_width": (8, *range(2, 8), 9, 10, 12),
            "acc_width": (20, *range(4, 20), *range(21, 32)),
        },
        options=_OPTIONS,
        make=make_mac,
        template="accumulate.v.j2",
        legal=lambda choice: (
            0 <= choice["acc_width"] - choice["a_width"] - choice["b_width"] <= ROOM
        ),
    ),
)

"""Arithmetic that takes several cycles under start, busy and done: quotients, products, roots."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import isqrt

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row, extremes, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import sentence

Work = Callable[[Row], dict[str, int]]


class Timed:
    """Takes its operands at a start, and shows the result of `work` `cycles` edges later."""

    def __init__(self, work: Work, cycles: int, outs: dict[str, int]) -> None:
        self.work, self.cycles, self.outs = work, cycles, outs
        self.shown: dict[str, int] = {}
        self.result: dict[str, int] = {}
        self.left = 0

    def reset(self) -> dict[str, int]:
        self.shown, self.left = dict.fromkeys(self.outs, 0), 0
        return {"busy": 0, "done": 0} | self.shown

    def step(self, inputs: Row) -> dict[str, int]:
        done = 0
        if self.left:
            self.left -= 1
            if not self.left:
                done, self.shown = 1, self.result
        elif inputs["start"]:
            self.left, self.result = self.cycles, self.work(inputs)
        return {"busy": int(self.left > 0), "done": done} | self.shown


def divide(inputs: Row, width: int, negative: bool) -> dict[str, int]:
    """Quotient towards zero and remainder; RISC-V's answers for division by zero."""
    n, d = (signed(inputs[k], width) if negative else inputs[k] for k in ("n", "d"))
    if d == 0:
        return {"q": 2**width - 1, "r": inputs["n"]}
    size, rest = divmod(abs(n), abs(d))
    q, r = (-size if (n < 0) != (d < 0) else size), (-rest if n < 0 else rest)
    return {"q": q % 2**width, "r": r % 2**width}


def multiply(inputs: Row, width: int, negative: bool) -> dict[str, int]:
    """The exact product."""
    a, b = (signed(inputs[k], width) if negative else inputs[k] for k in ("a", "b"))
    return {"p": a * b % 4**width}


def root(inputs: Row) -> dict[str, int]:
    """The square root rounded down, and what it leaves."""
    q = isqrt(inputs["x"])
    return {"q": q, "r": inputs["x"] - q * q}


def _rows(ports: dict[str, int], cycles: int, rng: random.Random) -> list[list[Row]]:
    """Extreme operands one after another, at once or late, with other operands while busy."""
    values = {n: extremes(w) for n, w in ports.items()}
    rows: list[Row] = []
    for k in range(14):
        pick = {n: rng.choice(v) if k % 3 else rng.getrandbits(ports[n]) for n, v in values.items()}
        if k < 3:
            pick[list(ports)[-1]] = k % 2
        other = {n: rng.getrandbits(w) for n, w in ports.items()} | {"start": k % 2}
        rows += [pick | {"start": 1}, *[other] * cycles, *[{}] * (k % 3)]
    for _ in range(min(40, 800 // (cycles + 1))):  # operands of one 1 or one 0
        pick = {n: rng.choice((0, -1)) % (1 << w) ^ 1 << rng.randrange(w) for n, w in ports.items()}
        rows += [pick | {"start": 1}, *[{}] * cycles]
    return [rows]


def _plan(
    choice: Choice, noun: str, rule: str, ins: dict[str, int], outs: dict[str, int],
    cycles: int, work: Work, view: dict[str, object],
) -> Blueprint:  # fmt: skip
    negative, reset = choice.get("sign") == "signed", reset_words(choice["reset"])
    kind = "two's complement (signed)" if negative else "unsigned"
    operands = " and ".join(f"{n} ({w} bits)" for n, w in ins.items())
    results = " and ".join(f"{n} ({w} bits)" for n, w in outs.items())
    held = " and ".join(outs)
    keeps = "keeps" if len(outs) == 1 else "keep"
    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            Port(name="start", dir="in"),
            *(Port(name=n, dir="in", width=w, signed=negative) for n, w in ins.items()),
            Port(name="busy", dir="out"),
            Port(name="done", dir="out"),
            *(Port(name=n, dir="out", width=w, signed=negative) for n, w in outs.items()),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Timed(work, cycles, outs),
        phrasings=(
            f"Sequential {noun} of {kind} numbers with {reset}. A rising edge with start = 1 while"
            f" busy is 0 takes the operands {operands} and sets busy. Edge number {cycles} after"
            f" that one clears busy, puts the result on {results} and sets done, which is 1 for"
            f" one cycle only. {rule} Between results {held} {keeps} the last one; start is"
            " ignored while busy is 1 and accepted again from the cycle in which done is 1. Reset"
            " sets all outputs to 0 and drops a running operation.",
            f"Build a {noun} that works over several cycles. Operands: {operands}, {kind}, sampled"
            f" at the clock edge at which start is 1 and busy is 0. From that edge on busy is 1 for"
            f" exactly {cycles} cycles; then busy falls, and at the same edge done rises for a"
            f" single cycle and {results} change to the result, and stay until the next result."
            f" {rule} A start while busy is lost; one in the done cycle counts. {sentence(reset)}"
            " stops everything and clears all outputs.",
            f"{sentence(reset)}, inputs start, {operands}, outputs busy, done, {results}: a {noun}"
            f" for {kind} numbers that needs {cycles} clock edges after the one that accepts start"
            f" (start = 1 with busy = 0). busy is 1 in between. At the last of these edges the"
            f" result appears, busy goes to 0 and done to 1; done goes back to 0 at the next edge"
            f" even if that accepts a new start. {rule} Results hold until replaced; reset zeroes"
            " every output and abandons the operation.",
        ),
        view={**reset_view(choice["reset"]), "regs": ["busy", "done", *outs], "cycles": cycles,
              "negative": negative, "counter": cycles.bit_length(), **view},
        stimulus=lambda rng: _rows(ins, cycles, rng),
    )  # fmt: skip


def make_divider(choice: Choice) -> Blueprint:
    width, negative = choice["width"], choice["sign"] == "signed"
    rule = "q is n / d rounded towards zero and r = n - q*d."
    if negative:
        rule += f" The quotient {-(2 ** (width - 1))} / -1 wraps to {-(2 ** (width - 1))}."
    rule += f" For d = 0 q has all {width} bits set and r is n."
    return _plan(
        choice, "divider", rule, {"n": width, "d": width}, {"q": width, "r": width}, width,
        lambda inputs: divide(inputs, width, negative), {"width": width},
    )  # fmt: skip


def make_multiplier(choice: Choice) -> Blueprint:
    width, negative = choice["width"], choice["sign"] == "signed"
    return _plan(
        choice, "multiplier", "p is the exact product a * b.", {"a": width, "b": width},
        {"p": 2 * width}, width, lambda inputs: multiply(inputs, width, negative),
        {"width": width, "double": 2 * width},
    )  # fmt: skip


def make_root(choice: Choice) -> Blueprint:
    width, half = choice["width"], choice["width"] // 2
    rule = "q is the square root of x rounded down to a whole number and r is x - q*q."
    return _plan(
        choice, "square root unit", rule, {"x": width}, {"q": half, "r": half + 1}, half, root,
        {"width": width, "half": half},
    )  # fmt: skip


_SIGNED = {"sign": ("unsigned", "signed"), "reset": RESETS}

FAMILIES = (
    Family(
        name="seq_divider",
        kind="cycle",
        summary="division over several cycles",
        parameters={"width": (8, 4, 5, 6, 7, *range(9, 33))},
        options=_SIGNED,
        make=make_divider,
        template="seq_divider.v.j2",
    ),
    Family(
        name="seq_multiplier",
        kind="cycle",
        summary="multiplication over several cycles",
        parameters={"width": (8, 4, 5, 6, 7, *range(9, 25))},
        options=_SIGNED,
        make=make_multiplier,
        template="seq_multiplier.v.j2",
    ),
    Family(
        name="seq_root",
        kind="cycle",
        summary="square root over several cycles",
        parameters={"width": (16, *range(8, 16, 2), *range(18, 41, 2))},
        options={"reset": RESETS},
        make=make_root,
        template="seq_root.v.j2",
    ),
)

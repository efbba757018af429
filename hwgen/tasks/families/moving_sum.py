"""Sums and means over the latest numbers."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row, extremes, grown, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Window:
    """The latest `length` numbers, zeros before the first."""

    def __init__(self, width: int, out: int, choice: Choice) -> None:
        self.width, self.out, self.choice = width, out, choice
        self.latest: list[int] = []

    def reset(self) -> dict[str, int]:
        self.latest = [0] * self.choice["length"]
        return {"y": 0}

    def step(self, inputs: Row) -> dict[str, int]:
        if inputs.get("en", 1):
            x = inputs["x"]
            negative = self.choice["sign"] == "signed"
            self.latest = [*self.latest[1:], signed(x, self.width) if negative else x]
        total = sum(self.latest)
        mean = self.choice["result"] == "mean"
        return {"y": (total // len(self.latest) if mean else total) % 2**self.out}


def make(choice: Choice) -> Blueprint:
    width, length, negative = choice["width"], choice["length"], choice["sign"] == "signed"
    mean, enable, reset = choice["result"] == "mean", choice["enable"] == 1, choice["reset"]
    more = (length - 1).bit_length()
    total = width + more
    out = width if mean else total
    kind = "two's complement (signed)" if negative else "unsigned"
    gate = " at which en is 1" if enable else ""
    what = (
        f"their mean, the sum divided by {length} and rounded down (towards minus infinity)"
        if mean
        else "their sum, which is always exact"
    )

    def stimulus(rng: random.Random) -> list[list[Row]]:
        on = {"en": 1} if enable else {}
        words = [w for v in extremes(width) for w in [v] * (length + 1)]
        words += [rng.choice(extremes(width)) for _ in range(3 * length)]
        rows: list[Row] = [{"x": word} | on for word in words]
        return [rows + ([{"x": 1}, *rows[:2], {"x": 2}] if enable else [])]

    return Blueprint(
        ports=[
            *clock_and_reset(reset),
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="x", dir="in", width=width, signed=negative),
            Port(name="y", dir="out", width=out, signed=negative),
        ],
        clock="clk",
        reset=reset_of(reset),
        golden=lambda: Window(width, out, choice),
        phrasings=(
            f"Moving {'average' if mean else 'sum'} over the last {length} samples of the {kind}"
            f" {width}-bit input x, with {reset_words(reset)}. After each rising edge{gate} the"
            f" {out}-bit output y covers the sample taken at that edge and the {length - 1} before"
            f" it and shows {what}. Reset makes all earlier samples 0 and y 0.",
            f"A window of {length} numbers slides over x ({width} bits, {kind}): a rising edge of"
            f" clk{gate} takes in x and drops the oldest. y ({out} bits, {kind}) shows, without"
            f" further delay, {what}. {sentence(reset_words(reset))} fills the window with zeros.",
            f"{sentence(bits(width))} samples x ({kind}) are taken at rising edges{gate}. Keep the"
            f" latest {length}; after the edge y, {out} bits and {kind} too, is {what}. There is"
            f" {reset_words(reset)}: after it the window holds {length} zeros.",
        ),
        view={
            **reset_view(reset), "regs": [], "width": width, "total": total, "negative": negative,
            "enable": enable, "bits": width * length, "length": length, "mean": mean,
            "more": more, "out": out, "rest": width * (length - 1),
            "lanes": [grown(f"w{i}", width, total, negative) for i in range(length)],
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="moving_sum",
    kind="cycle",
    summary="sums and means over a sliding window",
    parameters={"width": (8, *range(2, 8), *range(9, 17)), "length": (4, 2, 3, 5, 6, 7, 8, 12, 16)},
    options={
        "result": ("sum", "mean"),
        "sign": ("unsigned", "signed"),
        "enable": (1, 0),
        "reset": RESETS,
    },
    make=make,
    template="moving_sum.v.j2",
    legal=lambda choice: choice["result"] == "sum" or choice["length"] in (2, 4, 8, 16),
)

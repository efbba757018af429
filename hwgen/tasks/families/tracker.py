"""The least, the greatest or both of the numbers seen so far."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row, extremes, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Tracker:
    """Keeps all numbers seen since the start; shows their extremes, or what an empty list shows."""

    def __init__(self, width: int, negative: bool, low: bool, high: bool) -> None:
        self.width, self.negative, self.low, self.high = width, negative, low, high
        self.seen: list[int] = []

    def _show(self) -> dict[str, int]:
        half = 2 ** (self.width - 1)
        least, top = (-half, half - 1) if self.negative else (0, 2 * half - 1)
        shown = {"lo": min([*self.seen, top])} if self.low else {}
        shown |= {"hi": max([*self.seen, least])} if self.high else {}
        return {name: number % 2**self.width for name, number in shown.items()}

    def reset(self) -> dict[str, int]:
        self.seen.clear()
        return self._show()

    def step(self, inputs: Row) -> dict[str, int]:
        if inputs.get("clear", 0):
            self.seen.clear()
        elif inputs.get("en", 1):
            x = inputs["x"]
            self.seen.append(signed(x, self.width) if self.negative else x)
        return self._show()


def make(choice: Choice) -> Blueprint:
    width, op, negative = choice["width"], choice["op"], choice["sign"] == "signed"
    enable, clear, reset = choice["enable"] == 1, choice["clear"] == 1, reset_words(choice["reset"])
    low, high = op != "max", op != "min"
    least, top = (1 << width - 1, (1 << width - 1) - 1) if negative else (0, (1 << width) - 1)
    shown = (f"-{least}" if negative else "0"), str(top)
    outs = [("lo", "smallest", top, shown[1], "<")] if low else []
    outs += [("hi", "largest", least, shown[0], ">")] if high else []
    kind = "two's complement (signed)" if negative else "unsigned"
    shows = " and ".join(f"{n} is the {word}" for n, word, *_ in outs)
    empty = " and ".join(f"{n} to {text}" for n, _, _, text, _ in outs)
    gate = " in which en is 1" if enable else ""
    back = (
        f" When clear is 1 the next edge sets {empty} again{' whatever en is' if enable else ''},"
    )
    back = f"{back} and x is ignored at that edge." if clear else ""
    names = ", ".join(n for n, *_ in outs)

    def stimulus(rng: random.Random) -> list[list[Row]]:
        on = {"en": 1} if enable else {}
        up = sorted(rng.getrandbits(width) for _ in range(12))
        words = [*up, *reversed(up), *extremes(width), *reversed(extremes(width))]
        rows: list[Row] = []
        for k, word in enumerate(words):
            if clear and k % 12 == 0:
                rows.append({"x": word, "clear": 1} | on)
            rows.append({"x": word} | on)
        flipped = [{"x": row["x"] ^ 1 << (width - 1)} | row for row in rows]
        steps = range(1 << min(width, 6))  # every value once, after smaller and after larger ones
        walks = [[{"x": v ^ high} | on for v in some] for high in (0, 1 << width - 1)
                 for some in (steps, reversed(steps))]  # fmt: skip
        return [rows, flipped, *walks, *([[{"x": word} for word in words]] if enable else [])]

    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            Port(name="x", dir="in", width=width, signed=negative),
            *([Port(name="en", dir="in")] if enable else []),
            *([Port(name="clear", dir="in")] if clear else []),
            *(Port(name=n, dir="out", width=width, signed=negative) for n, *_ in outs),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Tracker(width, negative, low, high),
        phrasings=(
            f"Track the {kind} {width}-bit input x with {reset}: after every rising edge {shows} of"
            f" the values of x sampled since reset at edges{gate or ' of clk'}, the present edge"
            f" included. Reset sets {empty}.{back}",
            f"Register(s) {names}, {width} bits each, {kind} like the input x. At each rising edge"
            f"{gate} they take in x: {shows} value so far."
            f" {sentence(reset)}"
            f" sets {empty}.{back}",
            f"{sentence(bits(width))} peak detector, {reset}. Outputs {names} hold extremes"
            f" of the {kind} numbers x seen at rising edges{gate}: {shows}. Reset sets"
            f" {empty} (nothing seen yet).{back}",
        ),
        view={
            **reset_view(choice["reset"]), "regs": [n for n, *_ in outs], "enable": enable,
            "clears": clear, "width": width,
            "rows": [(n, value, sign) for n, _, value, _, sign in outs],
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="tracker",
    kind="cycle",
    summary="minimum and maximum of what was seen",
    parameters={"width": (8, *range(2, 8), *range(9, 33))},
    options={
        "op": ("max", "min", "both"),
        "sign": ("unsigned", "signed"),
        "enable": (1, 0),
        "clear": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="tracker.v.j2",
)

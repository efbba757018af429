"""Counters that stop at their ends, wrap at any modulus, or can be loaded."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row, extremes
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Saturating:
    """Goes up and down between 0 and `top`, and stays at the ends."""

    def __init__(self, top: int, flags: bool) -> None:
        self.top, self.flags, self.count = top, flags, 0

    def reset(self) -> dict[str, int]:
        self.count = 0
        return self._show()

    def step(self, inputs: Row) -> dict[str, int]:
        wish = self.count + inputs["inc"] - inputs["dec"]
        if 0 <= wish <= self.top:
            self.count = wish
        return self._show()

    def _show(self) -> dict[str, int]:
        ends = {"at_min": int(self.count == 0), "at_max": int(self.count == self.top)}
        return {"count": self.count} | (ends if self.flags else {})


class Modulo:
    """A counter on a ring of `modulus` values; `last` tells its end, maybe only when it moves."""

    def __init__(self, modulus: int, step: int, flag: str) -> None:
        self.modulus, self.step_by, self.flag = modulus, step, flag
        self.start = 0 if step > 0 else modulus - 1
        self.count = self.start

    def reset(self) -> dict[str, int]:
        self.count = self.start
        return self._show(0)

    def step(self, inputs: Row) -> dict[str, int]:
        enable = inputs.get("en", 1)
        self.count = (self.count + self.step_by * enable) % self.modulus
        return self._show(enable)

    def _show(self, enable: int) -> dict[str, int]:
        end = (self.count + self.step_by) % self.modulus == self.start
        shown = {"none": {}, "state": {"last": int(end)}, "carry": {"last": int(end and enable)}}
        return {"count": self.count} | shown[self.flag]


class Loadable:
    """An up and down counter with a load; the ends wrap or hold."""

    def __init__(self, width: int, choice: Choice) -> None:
        self.top, self.choice, self.count = 2**width - 1, choice, 0

    def reset(self) -> dict[str, int]:
        self.count = 0
        return {"count": 0}

    def step(self, inputs: Row) -> dict[str, int]:
        if self.choice["pins"] == "inc_dec":
            move = inputs["inc"] - inputs["dec"]
        else:
            move = (1 if inputs["up"] else -1) * inputs["en"]
        if inputs.get("clear", 0):
            self.count = 0
        elif inputs["load"]:
            self.count = inputs["d"]
        elif self.choice["ends"] == "wrap":
            self.count = (self.count + move) % (self.top + 1)
        else:
            self.count = min(max(self.count + move, 0), self.top)
        return {"count": self.count}


def make_saturating(choice: Choice) -> Blueprint:
    top, flags, reset = choice["top"], choice["flags"] == 1, reset_words(choice["reset"])
    width = top.bit_length()
    said = " at_min is 1 while count is 0, at_max while it is" if flags else ""
    said = f"{said} {top}; else they are 0." if flags else ""

    def stimulus(rng: random.Random) -> list[list[Row]]:
        up, down, both = {"inc": 1}, {"dec": 1}, {"inc": 1, "dec": 1}
        there = [*[up] * (min(top, 1100) + 2), both, *[down] * (min(top, 1100) + 2), both, {}]
        return [there + [up, both, down, {}] * 2, [down, both, up, both, down]]

    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *(Port(name=n, dir="in") for n in ("inc", "dec")),
            Port(name="count", dir="out", width=width),
            *([Port(name=n, dir="out") for n in ("at_min", "at_max")] if flags else []),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Saturating(top, flags),
        phrasings=(
            f"Saturating counter from 0 to {top} ({width}-bit output count) with {reset} to 0. At a"
            f" rising edge with inc = 1 and dec = 0 it goes up by one unless it is {top}; with dec"
            f" = 1 and inc = 0 it goes down by one unless it is 0; otherwise it stays.{said}",
            f"{sentence(bits(width))} register count that never leaves 0..{top}. On each rising"
            f" edge of clk add inc and subtract dec (one bit each); a step beyond either end is not"
            f" taken, and inc together with dec changes nothing. {sentence(reset)} clears"
            f" it.{said}",
            f"Count events without wrapping: inc counts up, dec counts down, both together do"
            f" nothing. The ends are 0 and {top}, where count ({width} bits) stays. There is"
            f" {reset}, after which count is 0.{said}",
        ),
        view={**reset_view(choice["reset"]), "regs": ["count"], "width": width, "top": top,
              "flags": flags},
        stimulus=stimulus,
    )  # fmt: skip


def make_modulo(choice: Choice) -> Blueprint:
    modulus, down, enable = choice["modulus"], choice["dir"] == "down", choice["enable"] == 1
    flag, reset, width = choice["flag"], reset_words(choice["reset"]), (modulus - 1).bit_length()
    start, end = (modulus - 1, 0) if down else (0, modulus - 1)
    gate = " at which en is 1" if enable else ""
    word = "down" if down else "up"
    gated = enable and flag == "carry"
    said = f" last is 1 while count is {end}{' and en is 1 (combinationally)' if gated else ''},"
    said = f"{said} else 0." if flag != "none" else ""
    outs = " Outputs: count and last." if said else ""

    def stimulus(rng: random.Random) -> list[list[Row]]:
        on = {"en": 1} if enable else {}
        once = [on] * (modulus + 2)
        if not enable:
            return [once]
        halting = [on, {}] if modulus <= 64 else [on]  # the end with and without en
        return [once, [*halting * (modulus - 1), {}, {}, on, on]]

    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="count", dir="out", width=width),
            *([Port(name="last", dir="out")] if flag != "none" else []),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Modulo(modulus, -1 if down else 1, flag),
        phrasings=(
            f"Modulo-{modulus} {word} counter with {reset}, which sets count ({width} bits) to"
            f" {start}. It moves by one at every rising edge{gate}, and {end} is followed by"
            f" {start}.{said}",
            f"count, a {width}-bit register, runs through the {modulus} values from {start} to"
            f" {end} and begins again, one step per rising edge of clk{gate}. {sentence(reset)}"
            f" puts it at {start}.{said}",
            f"Divide by {modulus}: a counter that counts {word} from {start} to {end} and then"
            f" starts over at {start}. It steps at rising clock edges{gate}. Width of count:"
            f" {width}. {sentence(reset)} brings it back to {start}.{outs}{said}",
        ),
        view={**reset_view(choice["reset"]), "regs": ["count"], "width": width, "start": start,
              "end": end, "sign": "-" if down else "+", "enable": enable,
              "flag": flag, "gated": gated},
        stimulus=stimulus,
    )  # fmt: skip


def make_loadable(choice: Choice) -> Blueprint:
    width, pins, clear = choice["width"], choice["pins"], choice["clear"] == 1
    reset, top, wrap = (
        reset_words(choice["reset"]),
        2 ** choice["width"] - 1,
        choice["ends"] == "wrap",
    )
    names = ["inc", "dec"] if pins == "inc_dec" else ["en", "up"]
    move = {
        "inc_dec": "inc alone counts up by one, dec alone counts down by one, with both or none it"
        " stays",
        "en_up": "with en = 1 it counts up by one if up is 1 and down by one if up is 0; with"
        " en = 0 it stays",
    }[pins]
    ends = (
        f"Counting wraps from {top} to 0 and from 0 to {top}."
        if wrap
        else f"Counting stops at {top} and at 0: it never wraps."
    )
    first = "clear = 1 sets count to 0; otherwise, " if clear else ""
    order = "clear, load, counting" if clear else "load, counting"

    def stimulus(rng: random.Random) -> list[list[Row]]:
        up, down = (
            ({"inc": 1}, {"dec": 1}) if pins == "inc_dec" else ({"en": 1, "up": 1}, {"en": 1})
        )
        both = {"inc": 1, "dec": 1} if pins == "inc_dec" else {"up": 1}
        rows: list[Row] = []
        for value in extremes(width):
            rows += [{"load": 1, "d": value}, up, up, up, both, down, down, down, down, both]
            rows += [
                {"load": 1, "d": value ^ top} | up,
                {"d": value},
                {"load": 1, "d": value} | down,
            ]
            rows += [{"clear": 1, "load": 1, "d": value} | up, up] if clear else []
        walk = [*[up] * (2 + top), *[down] * (4 + top)] if width <= 8 else []
        return [rows, walk]

    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *([Port(name="clear", dir="in")] if clear else []),
            Port(name="load", dir="in"),
            Port(name="d", dir="in", width=width),
            *(Port(name=n, dir="in") for n in names),
            Port(name="count", dir="out", width=width),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Loadable(width, choice),
        phrasings=(
            f"{sentence(bits(width))} loadable up/down counter with {reset} to 0. At each rising"
            f" edge: {first}load = 1 copies d into count; otherwise {move}. {ends}",
            f"Register count of {width} bits, cleared by {reset}. Priority at a rising edge of clk:"
            f" {order}. {sentence(first)}load takes over d ({width} bits); without that, {move}."
            f" {ends}",
            f"A counter in both directions that can be preset. {sentence(reset)} clears count"
            f" ({width} bits). Per clock edge: {first}if load is 1 count becomes d, else {move}."
            f" {ends}",
        ),
        view={**reset_view(choice["reset"]), "regs": ["count"], "width": width, "clears": clear,
              "top": top, "wrap": wrap,
              "up": "inc && !dec" if pins == "inc_dec" else "en && up",
              "down": "dec && !inc" if pins == "inc_dec" else "en && !up"},
        stimulus=stimulus,
    )  # fmt: skip


_TOPS = (15, *range(1, 15), *range(16, 41), 63, 99, 100, 127, 200, 255, 1000, 1023)

FAMILIES = (
    Family(
        name="sat_counter",
        kind="cycle",
        summary="counters that stop at their ends",
        parameters={"top": _TOPS},
        options={"flags": (0, 1), "reset": RESETS},
        make=make_saturating,
        template="sat_counter.v.j2",
    ),
    Family(
        name="mod_counter",
        kind="cycle",
        summary="counters of any modulus",
        parameters={"modulus": (10, *range(2, 10), *range(11, 65), 100, 125, 200, 256, 360, 1000)},
        options={
            "dir": ("up", "down"),
            "enable": (1, 0),
            "flag": ("none", "state", "carry"),
            "reset": RESETS,
        },
        make=make_modulo,
        template="mod_counter.v.j2",
        legal=lambda choice: choice["flag"] != "carry" or choice["enable"] == 1,
    ),
    Family(
        name="load_counter",
        kind="cycle",
        summary="up and down counters with a load",
        parameters={"width": (8, *range(2, 8), *range(9, 65))},
        options={
            "pins": ("en_up", "inc_dec"),
            "ends": ("wrap", "stop"),
            "clear": (0, 1),
            "reset": RESETS,
        },
        make=make_loadable,
        template="load_counter.v.j2",
    ),
)

"""Counters in other codes: Gray, one-hot ring, Johnson."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


class Coded:
    """Walks round a list of codes, forwards or backwards, in cycles with en."""

    def __init__(self, codes: list[int], step_by: int) -> None:
        self.codes, self.step_by, self.at = codes, step_by, 0

    def reset(self) -> dict[str, int]:
        self.at = 0
        return {"q": self.codes[0]}

    def step(self, inputs: Row) -> dict[str, int]:
        move = self.step_by * inputs.get("en", 1)
        if inputs.get("dir", 1) == 0:
            move = -move
        self.at = (self.at + move) % len(self.codes)
        return {"q": self.codes[self.at]}


def gray_codes(width: int) -> list[int]:
    """All codes in order: the list so far, then backwards with the next bit set."""
    codes = [0]
    for place in range(width):
        codes += [code + 2**place for code in reversed(codes)]
    return codes


def ring_codes(kind: str, width: int) -> list[int]:
    """The words a ring shows when it moves to the left."""
    if kind == "ring":
        return [2**i for i in range(width)]
    filling = [2**i - 1 for i in range(width)]
    return filling + [2**width - 1 - word for word in filling]


def _pins(choice: Choice) -> list[Port]:
    """The inputs that move the counter."""
    enable = [Port(name="en", dir="in")] if choice["enable"] else []
    return enable + ([Port(name="dir", dir="in")] if choice["dir"] == "pin" else [])


def _walk(choice: Choice, length: int) -> list[list[Row]]:
    """Once around in every direction there is, with a pause."""
    on = {"en": 1} if choice["enable"] else {}
    forth = [on | {"dir": 1}] if choice["dir"] == "pin" else [on]
    back = [on | {"dir": 0}] if choice["dir"] == "pin" else []
    pause: list[Row] = [{}] if choice["enable"] else []
    steps = min(length, 1100) + 2
    pauses = (forth + pause) * min(length, 128) if pause else []
    return [forth * steps + pause * 2 + forth + back * steps, back * 2 + forth * 3, pauses]


def make_gray(choice: Choice) -> Blueprint:
    width, enable, reset = choice["width"], choice["enable"] == 1, reset_words(choice["reset"])
    way, pin = choice["dir"], choice["dir"] == "pin"
    gate = " at which en is 1" if enable else ""
    word = {"up": "next", "down": "previous"}.get(way, "next (dir = 1) or previous (dir = 0)")
    code = "code of n is n XOR (n >> 1)"
    codes = gray_codes(width)
    return Blueprint(
        ports=[*clock_and_reset(choice["reset"]), *_pins(choice),
               Port(name="q", dir="out", width=width)],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Coded(codes, -1 if way == "down" else 1),
        phrasings=(
            f"{sentence(bits(width))} Gray code counter with {reset} to 0. At every rising edge"
            f"{gate} the output q takes the {word} code of the reflected binary Gray sequence, in"
            f" which the {code}; the sequence of {2**width} codes is closed.",
            f"q ({width} bits) shows the Gray code of a number n modulo {2**width}; the {code}. At"
            f" rising edges of clk{gate} q goes to the code of the {word} number. {sentence(reset)}"
            " sets n and q to 0.",
            f"Count in reflected Gray code, {width} bits, output q: one step to the {word} code per"
            f" rising clock edge{gate}, going round after {2**width} steps. The {code}. There is"
            f" {reset}, which gives 0.",
        ),
        view={**reset_view(choice["reset"]), "regs": ["q"], "width": width, "enable": enable,
              "move": {"up": f"+ {width}'d1", "down": f"- {width}'d1"}.get(way), "pin": pin},
        stimulus=lambda rng: _walk(choice, 1 << width),
    )  # fmt: skip


def make_ring(choice: Choice) -> Blueprint:
    width, enable, reset = choice["width"], choice["enable"] == 1, reset_words(choice["reset"])
    kind, way, pin = choice["kind"], choice["dir"], choice["dir"] == "pin"
    johnson, top = kind == "johnson", width - 1
    codes, start = ring_codes(kind, width), int(kind == "ring")
    gate = " at which en is 1" if enable else ""
    left = f"left by one place, {'the inverse of ' if johnson else ''}q[{top}] entering at q[0]"
    right = f"right by one place, {'the inverse of ' if johnson else ''}q[0] entering at q[{top}]"
    how = {"left": left, "right": right}.get(
        way, f"{left}, when dir is 1, and {right}, when it is 0"
    )
    noun = "Johnson (twisted ring) counter" if johnson else "one-hot ring counter"
    value = "0" if johnson else "1 (only q[0] set)"
    marks = "~" if johnson else ""
    return Blueprint(
        ports=[*clock_and_reset(choice["reset"]), *_pins(choice),
               Port(name="q", dir="out", width=width)],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Coded(codes, -1 if way == "right" else 1),
        phrasings=(
            f"{sentence(bits(width))} {noun} with {reset}, which sets q to {value}. At every rising"
            f" edge{gate} q shifts {how}.",
            f"A shift register q of {width} bits closed to a loop. It moves at rising edges of clk"
            f"{gate}: {how}. {sentence(reset)} sets q to {value}.",
            f"Make a {noun}: output q, {width} bits, {len(codes)} states. One step per rising clock"
            f" edge{gate} shifts it {how}. There is {reset}; it sets q to {value}.",
        ),
        view={**reset_view(choice["reset"]), "regs": ["q"], "width": width, "enable": enable,
              "start": start, "pin": pin, "way": way,
              "left": f"{{q[{top - 1}:0], {marks}q[{top}]}}",
              "right": f"{{{marks}q[0], q[{top}:1]}}"},
        stimulus=lambda rng: _walk(choice, len(codes)),
    )  # fmt: skip


FAMILIES = (
    Family(
        name="gray_counter",
        kind="cycle",
        summary="Gray code counters",
        parameters={"width": (4, 2, 3, *range(5, 11))},
        options={"dir": ("up", "down", "pin"), "enable": (1, 0), "reset": RESETS},
        make=make_gray,
        template="gray_counter.v.j2",
    ),
    Family(
        name="ring_counter",
        kind="cycle",
        summary="ring and Johnson counters",
        parameters={"width": (4, 3, *range(5, 65))},
        options={
            "kind": ("ring", "johnson"),
            "dir": ("left", "right", "pin"),
            "enable": (1, 0),
            "reset": RESETS,
        },
        make=make_ring,
        template="ring_counter.v.j2",
    ),
)

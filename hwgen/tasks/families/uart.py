"""Asynchronous serial transmitters and receivers."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked, ordinal
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port

Shown = dict[str, int | None]


def frame(word: int, bits: int, parity: str, stops: int) -> list[int]:
    """Start bit, data (least significant first), parity, stop bits."""
    data = [word >> i & 1 for i in range(bits)]
    check = {"none": [], "even": [sum(data) % 2], "odd": [1 - sum(data) % 2]}[parity]
    return [0, *data, *check, *[1] * stops]


class Transmitter:
    """A list of line levels still to be shown, one per clock cycle."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.reset()

    def reset(self) -> Shown:
        self.levels: list[int] = []
        return {"tx": 1, "busy": 0}

    def step(self, inputs: dict[str, int]) -> Shown:
        if self.levels:
            self.levels.pop(0)
        elif inputs["start"]:
            choice = self.choice
            bits = frame(inputs["d"], choice["bits"], choice["parity"], choice["stops"])
            self.levels = [level for level in bits for _ in range(choice["divider"])]
        busy = bool(self.levels)
        return {"tx": self.levels[0] if busy else 1, "busy": int(busy)}


class Receiver:
    """Remembers the samples since the edge that saw the start bit, and reads them at the end."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.checks = choice["parity"] != "none"
        self.reset()

    def reset(self) -> Shown:
        self.samples: list[int] | None = None
        return self.outputs(0, None, 0)

    def outputs(self, valid: int, word: int | None, error: int | None) -> Shown:
        return {"valid": valid, "q": word, "error": error if valid else None}

    def step(self, inputs: dict[str, int]) -> Shown:
        divider, bits = self.choice["divider"], self.choice["bits"]
        if self.samples is None:
            if inputs["rx"] == 0:
                self.samples = [0]
            return self.outputs(0, None, None)
        self.samples.append(inputs["rx"])
        half = divider // 2
        if len(self.samples) == half + 1 and self.samples[half] == 1:
            self.samples = None  # the line went up again: not a start bit
            return self.outputs(0, None, None)
        length = 1 + bits + self.checks + 1
        if len(self.samples) < half + 1 + (length - 1) * divider:
            return self.outputs(0, None, None)
        levels = self.samples[half::divider]
        self.samples = None
        word = sum(level << i for i, level in enumerate(levels[1 : 1 + bits]))
        good = levels == frame(word, bits, self.choice["parity"], 1)
        return self.outputs(1, word, int(not good))


def make_transmitter(choice: Choice) -> Blueprint:
    bits, divider, parity, stops = (choice[n] for n in ("bits", "divider", "parity", "stops"))
    length = len(frame(0, bits, parity, stops))
    check = "" if parity == "none" else f", {parity} parity bit"
    law = {
        "none": "",
        "even": " The parity bit makes the number of ones among data and parity bits even.",
        "odd": " The parity bit makes the number of ones among data and parity bits odd.",
    }[parity]
    stop = f"{stops} stop bit{'s' * (stops > 1)} (1)"
    rule = (
        f"While busy is 0, tx is 1. At a rising edge of clk with busy = 0 and start = 1, d ({bits}"
        " bits) is taken, busy becomes 1 and tx shows, from that edge on, a frame: start bit (0),"
        f" {bits} data bits with the least significant first{check}, {stop}; each bit lasts"
        f" {divider} clock cycles. At the {ordinal(length * divider)} edge after the one that took"
        " d (end of the last stop bit) busy becomes 0; start is ignored at this edge and at all"
        f" others with busy = 1, and d may change during the frame.{law}"
    )
    counter = max(1, (divider - 1).bit_length())
    places = length.bit_length()
    shift = bits + (parity != "none") + 1
    guard = {"none": "", "even": "^d, ", "odd": "~^d, "}[parity]
    return clocked(
        choice,
        ports=[
            Port(name="start", dir="in"),
            Port(name="d", dir="in", width=bits),
            Port(name="tx", dir="out"),
            Port(name="busy", dir="out"),
        ],
        golden=lambda: Transmitter(choice),
        says=(
            f"A UART transmitter with {divider} clock cycles per bit. {rule}",
            f"Send words serially on tx ({bits} data bits, parity {parity}, {stops} stop"
            f" bit{'s' * (stops > 1)}). {rule}",
            f"Asynchronous serial output: each accepted word d becomes one frame on tx. {rule}",
        ),
        start="tx is 1 and busy is 0; a frame that was being sent is dropped",
        registers={
            "word": (shift, 2**shift - 1),
            "left": (places, 0),
            "count": (counter, None),
        },
        view={
            "counter": counter,
            "places": places,
            "length": length,
            "reload": divider - 1,
            "load": f"{{{guard}d, 1'b0}}",
            "top": shift - 1,
        },
        stimulus=lambda rng: send(rng, bits, length * divider),
        vectors=max(300, 40 * divider),
    )


def send(rng: random.Random, bits: int, cycles: int) -> list[list[dict[str, int]]]:
    """Frames with start for one cycle, and with start all the time and d changing."""
    words = [0, 2**bits - 1, 1, 1 << bits - 1, rng.getrandbits(bits)]
    single = [
        {"start": int(n == 0), "d": word if n == 0 else rng.getrandbits(bits)}
        for word in words
        for n in range(cycles + 2)
    ]
    always = [{"start": 1, "d": rng.getrandbits(bits)} for _ in range(2 * cycles + 5)]
    return [single, always]


def make_receiver(choice: Choice) -> Blueprint:
    bits, divider, parity = choice["bits"], choice["divider"], choice["parity"]
    half, checks = divider // 2, parity != "none"
    length = bits + checks + 2
    check = f", {parity} parity bit" if checks else ""
    wrong = "the parity bit is wrong or the stop bit is 0" if checks else "the stop bit is 0"
    rule = (
        f"A frame is: start bit (0), {bits} data bits with the least significant first{check}, one"
        f" stop bit (1); each lasts {divider} clock cycles; the line rests at 1. In the idle state,"
        " a rising edge of clk with rx = 0 is edge 0 of a frame. Bit i (the start bit is bit 0) is"
        f" sampled at edge {half} + {divider}*i. If the sample of bit 0 is 1 the block is idle"
        " again from the next edge on and nothing is reported. Otherwise, at the edge that samples"
        f" the stop bit, valid becomes 1 for one cycle, q ({bits} bits) shows the data and error is"
        f" 1 if {wrong}, else 0; the block is idle from the next edge on (if rx is 0 there, that is"
        " edge 0 of a frame). At every other edge valid becomes 0. q and error do not matter while"
        " valid is 0."
    )
    counter = max(1, divider.bit_length())
    places = length.bit_length()
    shift = bits + checks
    return clocked(
        choice,
        ports=[
            Port(name="rx", dir="in"),
            Port(name="valid", dir="out"),
            Port(name="q", dir="out", width=bits),
            Port(name="error", dir="out"),
        ],
        golden=lambda: Receiver(choice),
        says=(
            f"A UART receiver with {divider} clock cycles per bit; rx is synchronous to clk."
            f" {rule}",
            f"Receive serial frames on rx ({bits} data bits, parity {parity}, one stop bit)."
            f" {rule}",
            f"Asynchronous serial input without oversampling votes: one sample per bit. {rule}",
        ),
        start="the block is idle and valid is 0",
        registers={
            "word": (shift, None),
            "place": (places, None),
            "count": (counter, None),
            "busy": (1, 0),
            "valid": (1, 0),
            "error": (1, None),
        },
        view={
            "counter": counter,
            "places": places,
            "first": half - 1,
            "reload": divider - 1,
            "end": length - 1,
            "top": shift - 1,
            "data": bits - 1,
            "parity_wrong": {"none": "", "even": "^word || ", "odd": "!(^word) || "}[parity],
        },
        stimulus=lambda rng: receive(rng, choice),
        vectors=max(300, 40 * divider),
    )


def receive(rng: random.Random, choice: Choice) -> list[list[dict[str, int]]]:
    """Good frames with and without gaps, each bit of a frame wrong once, false starts."""
    bits, divider = choice["bits"], choice["divider"]
    words = [0, 2**bits - 1, 1, 1 << bits - 1, rng.getrandbits(bits), rng.getrandbits(bits)]
    good = [frame(word, bits, choice["parity"], 1) for word in words]
    bad = [[*g[:i], 1 - g[i], *g[i + 1 :]] for i, g in enumerate(good, len(good[0]) - len(good))]

    def line(frames: list[list[int]], gap: int) -> list[dict[str, int]]:
        rows = [level for f in frames for level in [*(b for b in f for _ in range(divider)),
                                                    *[1] * gap]]  # fmt: skip
        return [{"rx": level} for level in rows]

    false = [{"rx": level} for n in range(1, divider + 1) for level in [0] * n + [1] * divider * 2]
    tail = [{"rx": 1}] * divider * (bits + 4)
    return [line(good, 0) + tail, line(good, 3), line(bad, 2 * divider), false + tail]


FAMILIES = (
    Family(
        name="uart_tx",
        kind="cycle",
        summary="asynchronous serial transmitters",
        parameters={"bits": (8, 5, 6, 7, 9), "divider": (4, 1, 2, 3, *range(5, 17))},
        options={"parity": ("none", "even", "odd"), "stops": (1, 2), "reset": RESETS},
        make=make_transmitter,
        template="uart_tx.v.j2",
    ),
    Family(
        name="uart_rx",
        kind="cycle",
        summary="asynchronous serial receivers",
        parameters={"bits": (8, 5, 6, 7, 9), "divider": (4, 2, 3, *range(5, 17))},
        options={"parity": ("none", "even", "odd"), "reset": RESETS},
        make=make_receiver,
        template="uart_rx.v.j2",
    ),
)

"""Shift registers: serial and parallel input, both directions, serial and parallel output."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Shifter:
    """A row of bits as text, the most significant one first."""

    def __init__(self, width: int, choice: Choice) -> None:
        self.width, self.choice = width, choice
        self.reset()

    def reset(self) -> dict[str, int]:
        self.bits = "0" * self.width
        return self.outputs(self.choice["dir"] != "right")

    def outputs(self, left: bool) -> dict[str, int]:
        if self.choice["dir"] == "either":
            return {"q": int(self.bits, 2)}
        return {"q": int(self.bits, 2), "so": int(self.bits[0 if left else -1])}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        left = self.choice["dir"] == "left" or inputs.get("left") == 1
        if inputs.get("load"):
            self.bits = format(inputs["d"], f"0{self.width}b")
        elif inputs.get("en", 1):
            ring = self.choice["input"] == "ring"
            leaving = self.bits[0 if left else -1]
            new = leaving if ring else str(inputs["si"])
            new = str(1 - int(new)) if self.choice["input"] == "inverted" else new
            self.bits = self.bits[1:] + new if left else new + self.bits[:-1]
        return self.outputs(left)


def make(choice: Choice) -> Blueprint:
    width, way, source = choice["width"], choice["dir"], choice["input"]
    load, enable, either = choice["load"] == 1, choice["enable"] == 1, way == "either"
    new = {
        "serial": "si",
        "inverted": "the inverse of si",
        "ring": "the bit that leaves at the other end",
    }[source]
    moves = {
        "left": f"left (towards the most significant bit; {new} comes in at q[0])",
        "right": f"right (towards the least significant bit; {new} comes in at q[{width - 1}])",
    }
    said = moves.get(way, f"{moves['left']} if the input left is 1, else {moves['right']}")
    end = width - 1 if way == "left" else 0
    out = "" if either else f" so is q[{end}], the bit that leaves next."
    gate = " while en is 1" if enable else ""
    keep = " With en = 0 (and no load) q keeps its value." if enable else ""
    keep = keep.replace(" (and no load)", "") if not load else keep
    loads = f" When load is 1 q takes d ({width} bits) instead" if load else ""
    loads += ", whatever en is." if load and enable else "." if load else ""
    begin = "begins as 0" if source != "ring" or load else "begins as 0 and so stays 0"
    return clocked(
        choice,
        ports=[
            *([Port(name="load", dir="in"), Port(name="d", dir="in", width=width)] if load else []),
            *([Port(name="en", dir="in")] if enable else []),
            *([Port(name="left", dir="in")] if either else []),
            *([Port(name="si", dir="in")] if source != "ring" else []),
            Port(name="q", dir="out", width=width),
            *([] if either else [Port(name="so", dir="out")]),
        ],
        golden=lambda: Shifter(width, choice),
        says=(
            f"A shift register q of {width} bits. At each rising edge of clk{gate} it shifts by one"
            f" bit to the {said}.{loads}{keep}{out}",
            f"q ({width} bits) {begin} and moves one place per clock cycle{gate}: {said}."
            f"{loads}{keep}{out}",
            f"{width}-bit shift register with parallel output q. Every rising clock edge{gate}:"
            f" shift by one, {said}.{loads}{keep}{out}",
        ),
        start="q is 0",
        registers={"q": (width, 0)},
        view={
            "loads": load,
            "gate": enable,
            "either": either,
            "serial": {"serial": "si", "inverted": "!si"}.get(source, ""),
            "top": width - 1,
            "below": width - 2,
            "out": end,
        },
        stimulus=lambda rng: [steady(width, enable, rng)],
    )


def steady(width: int, enable: bool, rng: random.Random) -> list[dict[str, int]]:
    """Random bits through all the register and out again, both ways, now and then with a pause."""
    ways = [left for left in (0, 1) for _ in range(2 * width + 8)]
    on = [int(not enable or rng.random() < 0.8) for _ in ways]
    start = {"load": 1, "d": rng.getrandbits(width)}
    return [start, *({"en": go, "left": left, "si": rng.getrandbits(1)}
                     for go, left in zip(on, ways, strict=True))]  # fmt: skip


def legal(choice: Choice) -> bool:
    """A ring needs a load, else it stays 0."""
    return bool(choice["input"] != "ring" or choice["load"] == 1)


FAMILY = Family(
    name="shift_register",
    kind="cycle",
    summary="shift registers with serial and parallel input and output",
    parameters={"width": (8, *range(2, 8), *range(9, 65))},
    options={
        "dir": ("left", "right", "either"),
        "input": ("serial", "inverted", "ring"),
        "load": (0, 1),
        "enable": (0, 1),
        "reset": RESETS,
    },
    legal=legal,
    make=make,
    template="shift_register.v.j2",
)

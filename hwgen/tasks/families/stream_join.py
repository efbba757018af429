"""Joins: one beat of each of two streams become one beat."""

from __future__ import annotations

import random
from collections import deque

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

MEANS = {
    "concat": "{a_data, b_data}, a_data in the upper half",
    "sum": "a_data + b_data with its carry, unsigned",
    "difference": "a_data - b_data in two's complement, the operands unsigned",
    "max": "the larger of a_data and b_data as unsigned numbers",
    "min": "the smaller of a_data and b_data as unsigned numbers",
    "xor": "the bitwise exclusive or of a_data and b_data",
    "equal": "1 if a_data and b_data are equal, else 0",
}
VERILOG = {
    "concat": "{a_data, b_data}",
    "sum": "{1'b0, a_data} + {1'b0, b_data}",
    "difference": "{1'b0, a_data} - {1'b0, b_data}",
    "max": "a_data > b_data ? a_data : b_data",
    "min": "a_data < b_data ? a_data : b_data",
    "xor": "a_data ^ b_data",
    "equal": "a_data == b_data",
}


class Pairs:
    """Holds the beats of both streams until they have a partner."""

    def __init__(self, op: str, width: int) -> None:
        self.op, self.width = op, width
        self.reset()

    def reset(self) -> None:
        self.a: deque[int] = deque()
        self.b: deque[int] = deque()

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        if "a" in inputs:
            self.a.append(inputs["a"]["a_data"])
        if "b" in inputs:
            self.b.append(inputs["b"]["b_data"])
        if not (self.a and self.b):
            return {"m": []}
        return {"m": [{"m_data": self.combine(self.a.popleft(), self.b.popleft())}]}

    def combine(self, a: int, b: int) -> int:
        if self.op in ("max", "min"):
            return sorted((a, b))[self.op == "max"]
        if self.op == "concat":
            return (a << self.width) + b
        if self.op == "difference":
            return (a - b) % (2 << self.width)
        return {"sum": a + b, "xor": (a | b) - (a & b), "equal": int(a == b)}[self.op]


def make(choice: Choice) -> Blueprint:
    width, op = choice["width"], choice["op"]
    others = {"concat": 2 * width, "sum": width + 1, "difference": width + 1, "equal": 1}
    wide = others.get(op) or width
    wait = "The ready of an input may wait for the valid of the other input."
    return streaming(
        choice,
        links=[
            Link("a", "in", {"data": width}),
            Link("b", "in", {"data": width}),
            Link("m", "out", {"data": wide}),
        ],
        golden=lambda: Pairs(op, width),
        says=(
            f"Join streams a and b: the n-th beat of a and the n-th beat of b (each {width} bits)"
            f" give the n-th beat of m, m_data ({wide} bits) being {MEANS[op]}. {wait}",
            f"Whenever both inputs a and b have a beat, take one of each and send one beat m_data:"
            f" {MEANS[op]}. a_data and b_data have {width} bits, m_data has {wide}. {wait}",
            f"Two {width}-bit streams are synchronised into one: beats of a and b are paired in"
            f" order, and each pair becomes {wide}-bit m_data, {MEANS[op]}. {wait}",
        ),
        registers={"m_valid": (1, 0), "m_data": (wide, None)},
        view={"value": VERILOG[op]},
        stimulus=lambda rng: {"beats": alike(rng, width)},
    )


def alike(rng: random.Random, width: int) -> dict[str, list[dict[str, int]]]:
    """Pairs that are equal or differ in one bit: random ones of many bits never do."""
    firsts = [rng.getrandbits(width) for _ in range(24)]
    seconds = [v ^ (1 << rng.randrange(width)) * rng.randrange(2) for v in firsts]
    return {"a": [{"a_data": v} for v in firsts], "b": [{"b_data": v} for v in seconds]}


FAMILY = Family(
    name="stream_join",
    kind="stream",
    summary="a join of two streams, beat by beat",
    parameters={"width": (8, *range(1, 8), *range(9, 65))},
    options={"op": tuple(MEANS), "reset": RESETS},
    make=make,
    template="stream_join.v.j2",
)

"""Detectors of a pattern of bits, overlapping or not."""

from __future__ import annotations

import itertools
import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Detector:
    """Compares the text of the samples with the pattern."""

    def __init__(self, pattern: str, overlap: bool, count: bool) -> None:
        self.pattern, self.overlap, self.count = pattern, overlap, count
        self.reset()

    def reset(self) -> dict[str, int]:
        self.text, self.hits = "", 0
        return self.outputs(0)

    def outputs(self, found: int) -> dict[str, int]:
        return {"found": found, **({"hits": self.hits} if self.count else {})}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        if not inputs.get("en", 1):
            return self.outputs(0)
        self.text += str(inputs["d"])
        found = self.text.endswith(self.pattern)
        if found and not self.overlap:
            self.text = ""
        self.hits = min(self.hits + found, 7)
        return self.outputs(int(found))


def automaton(pattern: str, overlap: bool) -> list[tuple[int, int]]:
    """For each number of matched bits, how many are matched after a 0 and after a 1."""
    rows = []
    for matched in range(len(pattern)):
        row = []
        for bit in "01":
            seen = pattern[:matched] + bit
            if seen == pattern and not overlap:
                row.append(0)
                continue
            tails = (n for n in range(min(len(seen), len(pattern) - 1), -1, -1))
            row.append(next(n for n in tails if seen.endswith(pattern[:n])))
        rows.append((row[0], row[1]))
    return rows


def make(choice: Choice) -> Blueprint:
    pattern = format(choice["bits"], f"0{choice['length']}b")
    overlap, enable, count = choice["overlap"] == 1, choice["en"] == 1, choice["hits"] == 1
    length, bits = len(pattern), (len(pattern) - 1).bit_length()
    edges = "rising edges of clk at which en is 1" if enable else "rising edges of clk"
    rule = (
        "Patterns may overlap: bits of one found pattern count for the next"
        if overlap
        else "Patterns do not overlap: after a found pattern the search starts anew with the"
        " next bit"
    )
    hold = " An edge with en = 0 takes no bit and makes found 0." if enable else ""
    number = (
        " hits (3 bits) is the number of patterns found since reset; it stays at 7 when it gets"
        " there and changes together with found."
        if count
        else ""
    )
    return clocked(
        choice,
        ports=[
            *([Port(name="en", dir="in")] if enable else []),
            Port(name="d", dir="in"),
            Port(name="found", dir="out"),
            *([Port(name="hits", dir="out", width=3)] if count else []),
        ],
        golden=lambda: Detector(pattern, overlap, count),
        says=(
            f"A sequence detector: d is sampled at {edges}. found is a register that becomes 1"
            f" at the edge that takes the last bit of the pattern {pattern} (leftmost bit first in"
            f" time) and 0 at every other edge. {rule}.{hold}{number}",
            f"Watch the serial input d for the {length} bits {pattern}, the left one coming first,"
            f" one bit per edge ({edges}). When the latest {length} bits are the pattern, found is"
            f" 1 from that edge until the next edge. {rule}.{hold}{number}",
            f"Finite state machine with input d and registered output found. It looks for"
            f" {', '.join(pattern)} in this order in time at consecutive {edges}; found is 1 for"
            f" the cycle after the edge that completes it, else 0. {rule}.{hold}{number}",
        ),
        start=f"found is 0{' and hits is 0' if count else ''} and no bit has been seen",
        registers={
            "matched": (bits, 0),
            "found": (1, 0),
            **({"hits": (3, 0)} if count else {}),
        },
        view={
            "size": bits,
            "rows": automaton(pattern, overlap),
            "end": length - 1,
            "final": int(pattern[-1]),
            "gate": enable,
            "count": count,
        },
        stimulus=lambda rng: cases(rng, pattern, enable),
    )


def cases(rng: random.Random, pattern: str, enable: bool) -> list[list[dict[str, int]]]:
    """The pattern again and again, and with one bit wrong or missing in front of it."""
    texts = [pattern * 10]
    for i in range(len(pattern)):
        wrong = pattern[:i] + str(1 - int(pattern[i])) + pattern[i + 1 :]
        texts.append(wrong + pattern + pattern[:i] + pattern + pattern[i:] + pattern)
    size = len(pattern)
    for seen, bit, behind in itertools.product(range(size), "01", range(1, size)):
        texts.append(pattern[:seen] + bit + pattern[behind:])  # found only from state `behind`
    texts.append("".join(rng.choice((pattern, pattern[:-1], "0", "1")) for _ in range(20)))
    extra = {"en": 1} if enable else {}
    return [[{"d": int(bit), **extra} for bit in text] for text in texts]


def legal(choice: Choice) -> bool:
    """The pattern fits its length."""
    return bool(choice["bits"] < 2 ** choice["length"])


FAMILY = Family(
    name="sequence_detector",
    kind="cycle",
    summary="detectors of a pattern of bits",
    parameters={"bits": (11, *range(11), *range(12, 64)), "length": (4, 3, 5, 6)},
    options={"overlap": (1, 0), "en": (0, 1), "hits": (0, 1), "reset": RESETS},
    legal=legal,
    make=make,
    template="sequence_detector.v.j2",
)

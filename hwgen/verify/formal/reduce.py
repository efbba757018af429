"""Cheap answers to a problem: random simulation finds differences, matching finds sameness.

Matching: latches that start alike and stay alike are one. Simulation guesses the classes, then each
class must prove itself: with every class written as one latch, the next values of its members must
be the same literal (or split the class). What remains is an induction by structure alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.verify.formal.aig import FALSE, Aig
from hwgen.verify.formal.mitre import Problem

PATTERNS = 256
ROUNDS = 24
SWEEPS = 12


@dataclass(frozen=True)
class Trace:
    """Values of the problem's inputs, `frames[cycle][input]` 0 or 1, that make `bad` true."""

    frames: list[list[int]]


def simulate(
    problem: Problem, frames: list[list[int]], patterns: int, watch: Sequence[int] = ()
) -> tuple[list[int], list[list[int]]]:
    """Runs bit-parallel patterns: `frames[cycle][input]` and the results are `patterns` bits wide.

    Gives `bad` per cycle, and per cycle each latch's value, then those of the `watch` literals.
    """
    aig, ones = problem.aig, (1 << patterns) - 1
    values = [0] * len(aig.left)
    state = [ones if init else 0 for init in problem.inits]
    bads, states = [], []
    left, right = aig.left, aig.right
    inputs = [x >> 1 for x in problem.inputs]
    latches = [x >> 1 for x in problem.latches]
    gates = [n for n in range(1, len(left)) if left[n] >= 0]
    for row in frames:
        for node, value in zip(inputs, row, strict=True):
            values[node] = value
        for node, value in zip(latches, state, strict=True):
            values[node] = value
        for n in gates:
            a, b = left[n], right[n]
            va = values[a >> 1] ^ ones if a & 1 else values[a >> 1]
            values[n] = va & (values[b >> 1] ^ ones if b & 1 else values[b >> 1])
        bads.append(_value(values, problem.bad, ones))
        states.append(state + [_value(values, x, ones) for x in watch])
        state = [_value(values, x, ones) for x in problem.nexts]
    return bads, states


def _value(values: list[int], literal: int, ones: int) -> int:
    return values[literal >> 1] ^ (ones if literal & 1 else 0)


def guess(
    problem: Problem, seed: int, rare: tuple[int, int] | None
) -> tuple[Trace | None, list[int]]:
    """Random runs: a trace to `bad` if one is met, and a signature of each latch.

    `rare` is the reset's place among the inputs and its active value, met once in 16 cycles.
    """
    rng, ones = random.Random(seed), (1 << PATTERNS) - 1
    frames = []
    for _ in range(ROUNDS if problem.latches else 1):
        row = [rng.getrandbits(PATTERNS) for _ in problem.inputs]
        if rare is not None:
            few = rng.getrandbits(PATTERNS)
            for _ in range(3):
                few &= rng.getrandbits(PATTERNS)
            row[rare[0]] = few if rare[1] else few ^ ones
        frames.append(row)
    bads, states = simulate(problem, frames, PATTERNS)
    for cycle, bad in enumerate(bads):
        if bad:
            lane = (bad & -bad).bit_length() - 1
            rows = [[value >> lane & 1 for value in row] for row in frames[: cycle + 1]]
            return Trace(rows), []
    signatures = [0] * len(problem.latches)
    for state in states:
        signatures = [s << PATTERNS | value for s, value in zip(signatures, state, strict=True)]
    full = (1 << PATTERNS * len(states)) - 1
    phased = [s ^ full if i else s for s, i in zip(signatures, problem.inits, strict=True)]
    return None, phased


def match(problem: Problem, signatures: list[int]) -> Problem:
    """The same problem with equal, inverse and constant latches merged, as far as is proved."""
    classes: dict[int, list[int]] = {0: []}
    for place, signature in enumerate(signatures):
        classes.setdefault(signature, []).append(place)
    groups = list(classes.values())  # the first is the class of the latches that never change
    for _ in range(SWEEPS):
        merged, nexts = _rebuild(problem, groups)
        split: list[list[int]] = []
        for n, group in enumerate(groups):
            parts: dict[int, list[int]] = {FALSE: []} if n == 0 else {}
            for place in group:
                parts.setdefault(nexts[place] ^ problem.inits[place], []).append(place)
            split += parts.values()
        if len(split) == len(groups):
            return merged
        groups = split
    return problem


def _rebuild(problem: Problem, groups: list[list[int]]) -> tuple[Problem, list[int]]:
    """The problem with one latch per group, and every old latch's next literal in it."""
    old, new = problem.aig, Problem(Aig())
    lit = [FALSE] * len(old.left)
    for literal in problem.inputs:
        lit[literal >> 1] = new.input()
    kept: list[int] = []
    for n, group in enumerate(groups):
        shown = new.latch(0) if n else FALSE
        if n:
            kept.append(group[0])
        for place in group:
            lit[problem.latches[place] >> 1] = shown ^ problem.inits[place]
    land = new.aig.land
    for n, (a, b) in enumerate(zip(old.left, old.right, strict=True)):
        if a >= 0:
            lit[n] = land(lit[a >> 1] ^ (a & 1), lit[b >> 1] ^ (b & 1))

    def move(literals: list[int]) -> list[int]:
        return [lit[x >> 1] ^ (x & 1) for x in literals]

    new.task_inputs = move(problem.task_inputs)
    new.first = None if problem.first is None else move(problem.first)
    nexts = move(problem.nexts)
    new.nexts = [nexts[place] ^ problem.inits[place] for place in kept]
    (new.bad,) = move([problem.bad])
    return new, nexts

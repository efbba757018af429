"""Requantisers: a wide number times a constant, shifted right with rounding, clamped."""

from __future__ import annotations

import random
from fractions import Fraction
from math import floor

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

ROUNDS = {
    "floor": "rounded towards minus infinity",
    "half_up": "rounded to the nearest integer, halves towards plus infinity",
    "half_even": "rounded to the nearest integer, halves to the even one",
}


class Requantise:
    """clamp(round(x * factor / 2**shift)) of signed numbers, by exact fractions."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        width, out, how = self.choice["width"], self.choice["out"], self.choice["round"]
        value = inputs["s"]["s_data"]
        value -= 2**width * (value >= 2 ** (width - 1))
        exact = Fraction(value * self.choice["factor"], 2 ** self.choice["shift"])
        whole = {"floor": floor(exact), "half_up": floor(exact + Fraction(1, 2))}
        result = round(exact) if how == "half_even" else whole[how]
        top = 2 ** (out - 1) - 1
        return {"m": [{"m_data": min(max(result, -top - 1), top) % 2**out}]}


def make(choice: Choice) -> Blueprint:
    width, out, factor, shift = (choice[n] for n in ("width", "out", "factor", "shift"))
    low, high = -(1 << out - 1), (1 << out - 1) - 1
    product = width + factor.bit_length() + 1
    rounds = ROUNDS[choice["round"]]
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width}, ("data",)),
            Link("m", "out", {"data": out}, ("data",)),
        ],
        golden=lambda: Requantise(choice),
        says=(
            f"A requantiser: m_data ({out} bits, signed) = s_data ({width} bits, signed) *"
            f" {factor} / 2**{shift}, {rounds}, then clamped to {low} ... {high}. Intermediate"
            " results never overflow.",
            f"Scale each beat of s by {factor}/2**{shift}. s_data is a signed {width}-bit number;"
            f" the exact quotient is {rounds}; m_data is that integer, saturated to a signed"
            f" {out}-bit number ({low} to {high}).",
            f"Stage of a fixed-point pipeline. For every s_data (two's complement, {width} bits):"
            f" multiply by {factor}, shift right by {shift} bits so that the result is {rounds},"
            f" saturate at {low} and {high}, and send it as {out}-bit two's complement m_data.",
        ),
        registers={"m_valid": (1, 0), "m_data": (out, None)},
        view={
            "product": product,
            "top": product - 1,
            "bias": f"{product}'sd{1 << shift - 1}",
            "less": f"{product}'sd{(1 << shift - 1) - 1}",
            "scale": f"{product}'sd{factor}",
            "high": f"{product}'sd{high}",
            "low": f"-{product}'sd{high + 1}",
            "end": out - 1,
            "pad": product - 1,
        },
        stimulus=lambda rng: {"beats": {"s": ties(rng, choice)}},
    )


def ties(rng: random.Random, choice: Choice) -> list[dict[str, int]]:
    """Inputs whose results are next to halves, to the clamps and to the ends of the range."""
    width, unit = choice["width"], Fraction(2 ** choice["shift"], choice["factor"])
    half = 2 ** (width - 1)
    aims = [Fraction(n, 2) for n in range(-7, 8)]
    aims += [Fraction(s * 2 ** choice["out"] + n, 2) for s in (-1, 1) for n in range(-4, 5)]
    values = [floor(aim * unit) + near for aim in aims for near in (0, 1)]
    step = 1 << max(
        0, choice["shift"] - 1 - (choice["factor"] & -choice["factor"]).bit_length() + 1
    )
    values += [odd * step for odd in range(-9, 10, 2)]  # exactly between two integers
    values += [-half, half - 1, 0, -1, *(rng.randrange(-half, half) for _ in range(8))]
    return [{"s_data": v % 2**width} for v in values if -half <= v < half]


def legal(choice: Choice) -> bool:
    """The clamps can be reached, and there is something to round."""
    reach = 2 ** (choice["width"] - 1) * choice["factor"] >> choice["shift"]
    return bool(reach > 2 ** (choice["out"] - 1))


FAMILY = Family(
    name="stream_requant",
    kind="stream",
    summary="a requantiser: times a constant, rounding shift, clamp",
    parameters={
        "width": (16, 8, 10, 12, 14, 18, 20, 24, 28, 32),
        "out": (8, *range(2, 8), 9, 10, 12, 16),
        "factor": (181, 1, 3, 5, 8, 10, 13, 77, 255, 1000, 32768, 40503, 49152, 65535),
        "shift": (12, *range(1, 12), *range(13, 25)),
    },
    options={"round": ("half_even", "half_up", "floor"), "reset": RESETS},
    legal=legal,
    make=make,
    template="stream_requant.v.j2",
)

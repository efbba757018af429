"""Sliding windows: the sum, largest or smallest of the last n beats."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Window:
    """One beat for each beat, from it and the `taps` - 1 before it."""

    def __init__(self, width: int, taps: int, op: str, signed: bool) -> None:
        self.width, self.taps, self.op, self.signed = width, taps, op, signed
        self.reset()

    def reset(self) -> None:
        self.seen = [0] * self.taps

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        value = inputs["s"]["s_data"]
        if self.signed and value >= 2 ** (self.width - 1):
            value -= 2**self.width
        self.seen = [*self.seen[1:], value]
        results = {"sum": sum(self.seen), "max": max(self.seen), "min": min(self.seen)}
        bits = growth(self.taps) if self.op == "sum" else 0
        return {"m": [{"m_data": results[self.op] % 2 ** (self.width + bits)}]}


def growth(taps: int) -> int:
    """Bits that a sum of `taps` numbers has more than each of them."""
    return (taps - 1).bit_length()


def extended(name: str, width: int, pad: int, signed: bool) -> str:
    """Verilog of a number with `pad` bits more."""
    if not pad:
        return name
    return f"{{{{{pad}{{{name}[{width - 1}]}}}}, {name}}}" if signed else f"{{{pad}'d0, {name}}}"


def make(choice: Choice) -> Blueprint:
    width, taps, op = choice["width"], choice["taps"], choice["op"]
    signed = choice["sign"] == "signed"
    pad = growth(taps) if op == "sum" else 0
    wide = width + pad
    sort = "signed (two's complement)" if signed else "unsigned"
    noun = {"sum": "sum", "max": "largest", "min": "smallest"}[op]
    shown = ("data",) if signed else ()
    names = ["s_data", *(f"old{i}" for i in range(1, taps))]
    return streaming(
        choice,
        links=[Link("s", "in", {"data": width}, shown), Link("m", "out", {"data": wide}, shown)],
        golden=lambda: Window(width, taps, op, signed),
        says=(
            f"Sliding window over stream s: for each beat one beat on m, m_data ({wide} bits) being"
            f" the {noun} of this s_data and the {taps - 1} before it. s_data is {sort}, {width}"
            " bits. Beats before the first one after reset count as 0.",
            f"m_data = {noun} of the latest {taps} values of s_data (the newest included), one"
            f" result for every beat. Numbers are {sort}; s_data has {width} bits and m_data"
            f" {wide}. After reset the window holds zeros.",
            f"Keep the last {taps} beats of s ({width}-bit {sort} s_data; zeros after reset). Each"
            f" new beat pushes out the oldest, and then the {noun} of the {taps} values leaves as"
            f" {wide}-bit m_data.",
        ),
        registers={
            **dict.fromkeys(names[1:], (width, 0)),
            "m_valid": (1, 0),
            "m_data": (wide, None),
        },
        view={
            "op": op,
            "wide": wide,
            "taps": [extended(name, width, pad, signed) for name in names],
            "newest": dict(zip(names[1:], names, strict=False)),
            "end": taps - 1,
            "signs": {"sum": "+", "max": ">", "min": "<"}[op],
            "number": "signed " if signed else "",
        },
        stimulus=lambda rng: {
            "beats": {
                "s": [
                    {"s_data": value}
                    for value in (0, 2**width - 1, 0, 2 ** (width - 1), 2 ** (width - 1) - 1, 1)
                    for _ in range(taps)
                ]
            }
        },
    )


FAMILY = Family(
    name="stream_window",
    kind="stream",
    summary="sum, maximum or minimum of the last n beats",
    parameters={"width": (8, *range(2, 8), *range(9, 33)), "taps": (4, 2, 3, 5, 6, 7, 8)},
    options={"op": ("sum", "max", "min"), "sign": ("unsigned", "signed"), "reset": RESETS},
    make=make,
    template="stream_window.v.j2",
)

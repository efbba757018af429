"""Flip-flops by their truth tables: D, T, JK and SR, several side by side."""

from __future__ import annotations

import itertools

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port

Table = dict[tuple[int, ...], str]
KINDS: dict[str, tuple[tuple[str, ...], Table, str]] = {
    "jk": (
        ("j", "k"),
        {(0, 0): "keep", (0, 1): "0", (1, 0): "1", (1, 1): "toggle"},
        "(j & ~q) | (~k & q)",
    ),
    "t": (("t",), {(0,): "keep", (1,): "toggle"}, "q ^ t"),
    "sr_reset": (
        ("s", "r"),
        {(0, 0): "keep", (0, 1): "0", (1, 0): "1", (1, 1): "0"},
        "(q | s) & ~r",
    ),
    "sr_set": (
        ("s", "r"),
        {(0, 0): "keep", (0, 1): "0", (1, 0): "1", (1, 1): "1"},
        "(q & ~r) | s",
    ),
    "d": (("d",), {(0,): "0", (1,): "1"}, "d"),
}


class FlipFlops:
    """Bits, each following the truth table."""

    def __init__(self, kind: str, width: int, start: int, inverse: bool) -> None:
        self.kind, self.width, self.start, self.inverse = kind, width, start, inverse
        self.reset()

    def reset(self) -> dict[str, int]:
        self.bits = [self.start] * self.width
        return self.outputs()

    def outputs(self) -> dict[str, int]:
        q = sum(bit << i for i, bit in enumerate(self.bits))
        return {"q": q, **({"q_n": 2**self.width - 1 - q} if self.inverse else {})}

    def step(self, inputs: dict[str, int]) -> dict[str, int]:
        names, table, _ = KINDS[self.kind]
        for i in range(self.width) if inputs.get("en", 1) else ():
            does = table[tuple(inputs[name] >> i & 1 for name in names)]
            old = self.bits[i]
            self.bits[i] = {"keep": old, "toggle": 1 - old, "0": 0, "1": 1}[does]
        return self.outputs()


def make(choice: Choice) -> Blueprint:
    width, kind, start = choice["width"], choice["kind"], choice["start"]
    enable, inverse = choice["en"] == 1, choice["q_n"] == 1
    names, table, verilog = KINDS[kind]
    verbs = {"keep": "q stays", "toggle": "q is inverted", "0": "q becomes 0", "1": "q becomes 1"}
    rows = "; ".join(
        f"{', '.join(f'{n} = {v}' for n, v in zip(names, values, strict=True))}: {verbs[does]}"
        for values, does in table.items()
    )
    gate = " at which en is 1" if enable else ""
    keep = " With en = 0 q stays." if enable else ""
    each = f" This holds for each of the {width} bits by itself." if width > 1 else ""
    out = " q_n is always the inverse of q." if inverse else ""
    word = kind.split("_")[0].upper()
    count = "A" if width == 1 else f"{width} side by side, each a"
    ports = [Port(name=name, dir="in", width=width) for name in names]
    return clocked(
        choice,
        ports=[
            *([Port(name="en", dir="in")] if enable else []),
            *ports,
            Port(name="q", dir="out", width=width),
            *([Port(name="q_n", dir="out", width=width)] if inverse else []),
        ],
        golden=lambda: FlipFlops(kind, width, start, inverse),
        says=(
            f"{count} {word} flip-flop. At each rising edge of clk{gate}: {rows}.{each}{keep}{out}",
            f"Inputs {' and '.join(names)}, output q, {width} bit{'s' * (width > 1)}: a {word}"
            f" flip-flop triggered by rising clock edges{gate}. {rows}.{each}{keep}{out}",
            f"The truth table of a {word} flip-flop at a rising edge of clk{gate} is: {rows}. Write"
            f" it with {width} bit{'s' * (width > 1)}.{each}{keep}{out}",
        ),
        start=f"{'q is' if width == 1 else 'every bit of q is'} {start}",
        registers={"q": (width, start * (2**width - 1))},
        view={"value": verilog, "gate": enable, "inverse": inverse},
        stimulus=lambda rng: [
            [
                {n: v * (2**width - 1) for n, v in zip(names, values, strict=True)}
                | ({"en": on} if enable else {})
                for pair in itertools.product(table, table)
                for values in pair
                for on in (1, 0)
            ]
        ],
    )


FAMILY = Family(
    name="flip_flop",
    kind="cycle",
    summary="D, T, JK and SR flip-flops",
    parameters={"width": (1, *range(2, 33))},
    options={
        "kind": tuple(KINDS),
        "start": (0, 1),
        "en": (0, 1),
        "q_n": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="flip_flop.v.j2",
)

"""Bits and bytes of a word in another order."""

from __future__ import annotations

from collections.abc import Callable

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, rows_for
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def _groups(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


# Each as a change of the word written in binary, most significant digit first.
TEXTS: dict[str, Callable[[str], str]] = {
    "reverse": lambda t: t[::-1],
    "swap_bytes": lambda t: "".join(reversed(_groups(t, 8))),
    "reverse_in_bytes": lambda t: "".join(g[::-1] for g in _groups(t, 8)),
    "swap_nibbles": lambda t: "".join(g[4:] + g[:4] for g in _groups(t, 8)),
    "swap_halves": lambda t: t[len(t) // 2 :] + t[: len(t) // 2],
    "swap_pairs": lambda t: "".join(g[::-1] for g in _groups(t, 2)),
    "interleave": lambda t: "".join(
        a + b for a, b in zip(t[: len(t) // 2], t[len(t) // 2 :], strict=True)
    ),
    "deinterleave": lambda t: t[::2] + t[1::2],
}
MULTIPLE = {"reverse": 1, "swap_bytes": 8, "reverse_in_bytes": 8, "swap_nibbles": 8}
SAID = {
    "reverse": "all bits in reverse order: bit 0 of d becomes the top bit of y and so on",
    "swap_bytes": "the bytes in reverse order (least significant byte first), each byte unchanged",
    "reverse_in_bytes": "the bits of every byte in reverse order, the bytes where they were",
    "swap_nibbles": "the upper and lower four bits of every byte exchanged",
    "swap_halves": "the upper and the lower half of the word exchanged",
    "swap_pairs": "each even-numbered bit exchanged with the odd-numbered bit above it",
    "interleave": "the halves interleaved: bit i of the lower half of d becomes bit 2*i of y, bit i"
    " of its upper half bit 2*i+1",
    "deinterleave": "the even-numbered bits of d gathered in the lower half of y (bit 2*i of d"
    " becomes bit i) and the odd-numbered ones in the upper half, in order",
}


def origin(op: str, to: int, width: int) -> int:
    """The bit of d that becomes bit `to` of y."""
    half = width // 2
    return {
        "reverse": width - 1 - to,
        "swap_bytes": width - 8 - to // 8 * 8 + to % 8,
        "reverse_in_bytes": to ^ 7,
        "swap_nibbles": to ^ 4,
        "swap_halves": (to + half) % width,
        "swap_pairs": to ^ 1,
        "interleave": to // 2 + to % 2 * half,
        "deinterleave": to * 2 if to < half else (to - half) * 2 + 1,
    }[op]


def make(choice: Choice) -> Blueprint:
    width, op, enable = choice["width"], choice["op"], choice["enable"] == 1
    ports = [
        Port(name="d", dir="in", width=width),
        *([Port(name="en", dir="in")] if enable else []),
        Port(name="y", dir="out", width=width),
    ]

    def golden(inputs: Row) -> dict[str, int]:
        if not inputs.get("en", 1):
            return {"y": inputs["d"]}
        return {"y": int(TEXTS[op](f"{inputs['d']:0{width}b}"), 2)}

    off = " While en is 0, y is d unchanged." if enable else ""
    pin = " and enable en" if enable else ""
    on = {"en": 1} if enable else {}
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational rewiring of {bits(width)} word d{pin}: y is d with {SAID[op]}.{off}",
            f"Give on y ({width} bits) the input word d{pin} with {SAID[op]}.{off} No clock.",
            f"{sentence(bits(width))} permutation without registers, input d{pin}, output y. The"
            f" output shows the input with {SAID[op]}.{off}",
        ),
        view={"regs": [], "enable": enable,
              "order": [f"d[{origin(op, to, width)}]" for to in reversed(range(width))]},
        stimulus=lambda rng: [
            [*({"d": 1 << i} | on for i in range(width)), *rows_for(ports, rng)]
        ],
    )  # fmt: skip


FAMILY = Family(
    name="reorder",
    kind="comb",
    summary="reversed bits, swapped bytes and other fixed orders",
    parameters={"width": (16, 4, 6, 8, 10, 12, 14, *range(18, 65, 2), 5, 7, 9, 11, 13, 15)},
    options={"op": tuple(TEXTS), "enable": (0, 1)},
    make=make,
    template="reorder.v.j2",
    legal=lambda choice: (
        choice["width"] % MULTIPLE.get(choice["op"], 2) == 0
        and (choice["op"] != "swap_bytes" or choice["width"] > 8)
    ),
)

"""n3h_fill_swap and n3h_fill_turn: blocks exchanged by a key, a word rotated."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Function, Row

BLOCKS = 8


def swapped(bits: int, row: Row) -> Row:
    """Block b goes to place b ^ key."""
    y = 0
    for block in range(BLOCKS):
        piece = row["x"] >> bits * block & (1 << bits) - 1
        y |= piece << bits * (block ^ row["key"])
    return {"y": y}


def make_swap(choice: Choice) -> Blueprint:
    bits = choice["BITS"]
    width = BLOCKS * bits
    return Blueprint(
        ports=ports(f"key<3 x<{width} y>{width}"),
        golden=lambda: Function(lambda row: swapped(bits, row)),
        phrasings=(
            f"Combinational. x and y consist of 8 blocks of {bits} bits, block 0 in the low bits."
            " Block b of y is block b XOR key of x, for b = 0 to 7.",
            f"Permute the 8 fields ({bits} bits each, field 0 lowest) of the word x by exclusive"
            " or of the field number with the 3-bit input key: y.field[b] = x.field[b ^ key]. No"
            " clock.",
            f"An exchange network without clock for eight {bits}-bit blocks: key[0] = 1 swaps"
            " neighbouring blocks (0 with 1, 2 with 3, ...), key[1] = 1 swaps neighbouring pairs"
            " of blocks, key[2] = 1 swaps the two halves of the word; input x, output y; block 0"
            " is in the least significant bits.",
        ),
        view={"regs": ["y"]},
        stimulus=lambda rng: [
            [{"key": key, "x": rng.getrandbits(width)} for key in range(BLOCKS) for _ in range(8)]
        ],
    )  # fmt: skip


def rotated(width: int, row: Row) -> Row:
    """The word twice, a window of it."""
    twice = row["x"] * ((1 << width) + 1)
    return {"y": twice >> (width - row["by"]) & (1 << width) - 1}


def make_turn(choice: Choice) -> Blueprint:
    by = choice["LK"]
    width = 1 << by
    return Blueprint(
        ports=ports(f"by<{by} x<{width} y>{width}"),
        golden=lambda: Function(lambda row: rotated(width, row)),
        phrasings=(
            f"Combinational barrel rotator: y is the {width}-bit word x rotated left by by (0 to"
            f" {width - 1}) bits. Bit i of x is bit (i + by) modulo {width} of y.",
            f"Rotate left without a clock: the {width} bits of x move up by the number of places"
            f" that the {by}-bit input by says; bits that leave at the top come back at the"
            " bottom. Result: y.",
            f"y[(i + by) mod {width}] = x[i] for all i from 0 to {width - 1}. Pure combinational"
            f" logic; by has {by} bits, x and y have {width}.",
        ),
        view={"regs": [], "double": 2 * width - 1, "top": width - 1},
        stimulus=lambda rng: [turns(rng, width)],
    )


def turns(rng: random.Random, width: int) -> list[Row]:
    """Every distance, with one bit set and with a random word."""
    rows = [{"by": by, "x": 1 << rng.randrange(width)} for by in range(width)]
    return rows + [{"by": by, "x": rng.getrandbits(width)} for by in range(width)]


FAMILIES = (
    Family(
        name="n3h_fill_swap",
        kind="comb",
        summary="eight blocks exchanged by the XOR of their number and a key",
        parameters={"BITS": (8, *range(1, 8), *range(9, 65))},
        options={},
        make=make_swap,
        template="n3h/swap.v.j2",
    ),
    Family(
        name="n3h_fill_turn",
        kind="comb",
        summary="a barrel rotator to the left",
        parameters={"LK": (6, 1, 2, 3, 4, 5, 7, 8, 9)},
        options={},
        make=make_turn,
        template="n3h/rotate.v.j2",
    ),
)

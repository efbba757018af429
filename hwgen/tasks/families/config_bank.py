"""Banks of configuration registers with fields of all kinds, as accelerators' engines have them."""

from __future__ import annotations

import random

from hwgen.tasks.banks import Place, bank
from hwgen.tasks.family import Blueprint, Choice, Family

WORDS = (
    "row", "col", "base", "step", "skip", "len", "num", "pad", "mode", "gain", "bias", "lo", "hi",
    "top", "left", "z", "mul", "shift", "src", "dst", "addr", "count", "words", "segs", "stride",
    "bits", "en", "signed", "cont", "first", "last", "tag", "depth", "rows", "res", "in", "out",
    "win", "s", "k", "p", "g", "h", "w", "y", "x",
)  # fmt: skip
NAMES = (
    "config_bank", "bank_dma_a", "regs_in", "n3_bank_core", "cfg_fetch_b", "engine_bank_pool",
    "acc_regs_post", "n9h_bank_move",
)  # fmt: skip
"""What the module is called, so that its name is read and not known by heart."""

WIDTHS = (1, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 9, 10, 11, 12, 12, 14, 16, 16, 20, 24, 32)


def drawn(choice: Choice) -> tuple[list[Place], list[Place]]:
    """Fields and table of a choice: names and widths are drawn by its number `layout`."""
    rng = random.Random(f"{choice['layout']} {choice['registers']} {choice['fields']}")
    names = list(dict.fromkeys(name(rng) for _ in range(200)))
    held = []
    for register in range(choice["registers"]):
        low = 0
        for _ in range(rng.randint(max(1, choice["fields"] - 2), choice["fields"])):
            bits = rng.choice(WIDTHS)
            if low + bits <= choice["data"]:
                signed = bits > 1 and rng.random() < 0.15
                held.append(Place(f"c_{names.pop()}", register, low, bits, signed))
                low += bits
    if not choice["table"]:
        return held, []
    row, bits = rng.randint(2, 9), rng.randint(8, choice["data"] - 9)
    number = choice["registers"]
    return held, [
        Place("table_addr", number, 0, row, False),
        Place("table_data", number, row, bits, False),
    ]


def name(rng: random.Random) -> str:
    """One or two words."""
    return "_".join(rng.sample(WORDS, rng.choice((1, 2, 2))))


def make(choice: Choice) -> Blueprint:
    return bank(*drawn(choice), choice["data"])


FAMILY = Family(
    name="config_bank",
    kind="cycle",
    summary="write-only configuration registers whose fields are outputs",
    parameters={
        "layout": tuple(range(96)),
        "registers": (1, 2, 3, 4),
        "fields": (4, 1, 2, 3, 5, 6, 7, 8),
        "data": (96, 32, 40, 48, 64, 72, 80, 128),
    },
    options={"module": NAMES, "table": (0, 1)},
    make=make,
    template="config_bank.v.j2",
    legal=lambda choice: choice["registers"] * choice["fields"] <= 16,
)

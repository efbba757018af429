"""Small memories: register files with two read ports, and memories with one write and one read."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port

SYNC_RESETS = tuple(word for word in RESETS if word.startswith("sync"))
"""The memory must not be written in reset: one that comes between two edges could not stop it."""

Shown = dict[str, int | None]


class RegisterFile:
    """Words by address, all 0 after reset; reads look at them without a clock."""

    def __init__(self, zero: bool) -> None:
        self.zero = zero
        self.reset()

    def reset(self) -> Shown:
        self.words: dict[int, int] = {}
        return {"q_a": 0, "q_b": 0}

    def step(self, inputs: dict[str, int]) -> Shown:
        if inputs["we"] and not (self.zero and inputs["waddr"] == 0):
            self.words[inputs["waddr"]] = inputs["d"]
        return {f"q_{port}": self.words.get(inputs[f"addr_{port}"], 0) for port in "ab"}


class Memory:
    """Words by address, undefined until written; reads arrive one edge later."""

    def __init__(self, new: bool, enable: bool) -> None:
        self.new, self.enable = new, enable
        self.words: dict[int, int] = {}
        self.reset()

    def reset(self) -> Shown:
        self.q: int | None = 0
        return {"q": 0}

    def step(self, inputs: dict[str, int]) -> Shown:
        old = self.words.get(inputs["raddr"])
        if inputs["we"]:
            self.words[inputs["waddr"]] = inputs["d"]
        if inputs.get("re", 1):
            self.q = self.words.get(inputs["raddr"]) if self.new else old
        return {"q": self.q}


def make_file(choice: Choice) -> Blueprint:
    width, bits, zero = choice["width"], choice["bits"], choice["zero"] == 1
    depth = 1 << bits
    fixed = " Word 0 is always 0: writes to it are ignored." if zero else ""
    rule = (
        "At a rising edge of clk with we = 1 the word at waddr becomes d. q_a is always the word"
        " at addr_a and q_b the word at addr_b, both combinational reads; a word that was written"
        f" at an edge is seen from that edge on.{fixed} Words have {width} bits, addresses {bits}."
    )
    return clocked(
        choice,
        ports=[
            Port(name="we", dir="in"),
            Port(name="waddr", dir="in", width=bits),
            Port(name="d", dir="in", width=width),
            Port(name="addr_a", dir="in", width=bits),
            Port(name="addr_b", dir="in", width=bits),
            Port(name="q_a", dir="out", width=width),
            Port(name="q_b", dir="out", width=width),
        ],
        golden=lambda: RegisterFile(zero),
        says=(
            f"A register file of {depth} words with one write port and two read ports. {rule}",
            f"Two-read, one-write register file, {depth} x {width} bits. {rule}",
            f"Keep {depth} registers; one can be written per cycle and two be read at any time."
            f" {rule}",
        ),
        start="every word is 0",
        registers={f"word{i}": (width, 0) for i in range(int(zero), depth)},
        view={
            "numbers": [{"name": f"word{i}", "code": i} for i in range(int(zero), depth)],
        },
        stimulus=lambda rng: [fill_and_read(rng, width, bits)],
    )


def fill_and_read(rng: random.Random, width: int, bits: int) -> list[dict[str, int]]:
    """Every word written while it is read, then all read on both ports, then each rewritten."""
    depth = 1 << bits
    rows = [
        {"we": 1, "waddr": i, "d": rng.getrandbits(width), "addr_a": i, "addr_b": (i - 1) % depth}
        for _ in range(2)
        for i in range(depth)
    ]
    idle = [{"we": 0, "waddr": i, "d": rng.getrandbits(width), "addr_a": depth - 1 - i, "addr_b": i}
            for i in range(depth)]  # fmt: skip
    return rows + idle


def make_memory(choice: Choice) -> Blueprint:
    width, bits, enable = choice["width"], choice["bits"], choice["re"] == 1
    new, depth = choice["clash"] == "new", 1 << choice["bits"]
    gate = " at which re is 1" if enable else ""
    keep = " At edges with re = 0 q keeps its value." if enable else ""
    clash = (
        "the word that is being written at the same edge (d)"
        if new
        else "the word that the memory held before"
    )
    rule = (
        "At a rising edge of clk with we = 1 the word at waddr becomes d. At each rising"
        f" edge{gate} the register q takes the word at raddr; if this address is written at the"
        f" very edge, q takes {clash}.{keep} A word that was never written may read as anything."
        f" Words have {width} bits, addresses {bits}. Reset concerns q alone and the memory keeps"
        " its contents; while reset is active nothing is written or read."
    )
    return clocked(
        choice,
        ports=[
            Port(name="we", dir="in"),
            Port(name="waddr", dir="in", width=bits),
            Port(name="d", dir="in", width=width),
            *([Port(name="re", dir="in")] if enable else []),
            Port(name="raddr", dir="in", width=bits),
            Port(name="q", dir="out", width=width),
        ],
        golden=lambda: Memory(new, enable),
        says=(
            f"A simple dual-port memory of {depth} words with a read latency of one cycle. {rule}",
            f"Memory, {depth} x {width} bits, one write port and one clocked read port. {rule}",
            f"Store {depth} words; write through (we, waddr, d), read through (raddr, q) one cycle"
            f" later. {rule}",
        ),
        start="q is 0",
        registers={"q": (width, 0)},
        view={"end": depth - 1, "new": new, "gate": enable},
        stimulus=lambda rng: [memory_rows(rng, width, bits, enable)],
    )


def memory_rows(rng: random.Random, width: int, bits: int, enable: bool) -> list[dict[str, int]]:
    """Every word written, read while rewritten, and read once more."""
    depth, gate = 1 << bits, ({"re": 1} if enable else {})
    rows = []
    for write, ahead in ((1, 0), (1, 0), (1, 1), (0, 0)):
        rows += [
            {"we": write, "waddr": i, "d": rng.getrandbits(width), "raddr": (i + ahead) % depth}
            | gate
            for i in range(depth)
        ]
    return rows


FAMILIES = (
    Family(
        name="register_file",
        kind="cycle",
        summary="register files with two read ports",
        parameters={"width": (8, *range(1, 8), *range(9, 33)), "bits": (3, 1, 2, 4)},
        options={"zero": (0, 1), "reset": RESETS},
        make=make_file,
        template="register_file.v.j2",
    ),
    Family(
        name="simple_ram",
        kind="cycle",
        summary="memories with one write port and one clocked read port",
        parameters={"width": (8, *range(1, 8), *range(9, 33)), "bits": (3, 1, 2, 4, 5)},
        options={"clash": ("old", "new"), "re": (0, 1), "reset": SYNC_RESETS},
        make=make_memory,
        template="simple_ram.v.j2",
    ),
)

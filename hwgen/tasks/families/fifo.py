"""FIFOs and stacks with push and pop, full and empty, cycle by cycle."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import clocked
from hwgen.tasks.resets import RESETS
from hwgen.tasks.task import Port


class Store:
    """A list of words; `newest` says which end the pops are from."""

    def __init__(self, choice: Choice, newest: bool) -> None:
        self.depth, self.through = choice["depth"], choice["when_full"] == "replace"
        self.almost, self.errors, self.newest = choice["almost"], choice["errors"] == 1, newest
        self.reset()

    def reset(self) -> dict[str, int | None]:
        self.words: list[int] = []
        return self.outputs(0, 0)

    def outputs(self, over: int, under: int) -> dict[str, int | None]:
        held = len(self.words)
        head = self.words[-1 if self.newest else 0] if held else None
        shown = {"q": head, "full": int(held == self.depth), "empty": int(held == 0), "count": held}
        if self.almost:
            shown["almost_full"] = int(held >= self.depth - self.almost)
        return {**shown, **({"overflow": over, "underflow": under} if self.errors else {})}

    def step(self, inputs: dict[str, int]) -> dict[str, int | None]:
        push, pop = inputs["push"] == 1, inputs["pop"] == 1
        held = len(self.words)
        popped = pop and held > 0
        pushed = push and (held < self.depth or (popped and self.through))
        if popped:
            self.words.pop(-1 if self.newest else 0)
        if pushed:
            self.words.append(inputs["d"])
        return self.outputs(int(push and not pushed), int(pop and not popped))


def make_block(choice: Choice, newest: bool) -> Blueprint:
    width, depth, through = choice["width"], choice["depth"], choice["when_full"] == "replace"
    almost, errors = choice["almost"], choice["errors"] == 1
    pointer, bits = max(1, (depth - 1).bit_length()), depth.bit_length()
    noun, end = ("stack (last in, first out)", "newest") if newest else ("FIFO", "oldest")
    full = (
        "On a full one, push and pop at the same edge both take place; a push without a pop is"
        " ignored and d is lost"
        if through
        else "On a full one, a push is ignored and d is lost, even if a pop at the same edge makes"
        " room"
    )
    both = (
        "the pop removes the word that was newest before the edge and d becomes the newest"
        if newest
        else "the oldest word goes and d is added"
    )
    near = f" almost_full is 1 while count is at least {depth - almost}." if almost else ""
    flags = (
        " overflow and underflow are registers that every edge sets: overflow to 1 if a push was"
        " ignored at this edge, underflow to 1 if a pop was ignored, else 0."
        if errors
        else ""
    )
    rule = (
        f"At a rising edge of clk push = 1 stores d and pop = 1 removes the {end} word. A pop on an"
        f" empty one is ignored (a push at the same edge is stored). {full}. Both at the same edge,"
        f" neither full nor empty: {both}. q shows the {end} word held, without a pop and from the"
        f" edge on that stored it; while it is empty q does not matter. full is 1 while {depth}"
        f" words are held, empty is 1 while none is; count ({bits} bits) is the number of words"
        f" held; all of them change only after clock edges.{near}{flags}"
    )
    return clocked(
        choice,
        ports=[
            Port(name="push", dir="in"),
            Port(name="pop", dir="in"),
            Port(name="d", dir="in", width=width),
            Port(name="q", dir="out", width=width),
            Port(name="full", dir="out"),
            Port(name="empty", dir="out"),
            Port(name="count", dir="out", width=bits),
            *([Port(name="almost_full", dir="out")] if almost else []),
            *([Port(name=n, dir="out") for n in ("overflow", "underflow")] if errors else []),
        ],
        golden=lambda: Store(choice, newest),
        says=(
            f"A {noun} of {depth} words of {width} bits with inputs push, pop, d. {rule}",
            f"Write a {noun} for {depth} words of {width} bits. {rule}",
            f"Buffer up to {depth} {width}-bit words d in a {noun}. {rule}",
        ),
        start="nothing is held" + (" and overflow and underflow are 0" if errors else ""),
        registers={
            "count": (bits, 0),
            **({} if newest else {"head": (pointer, 0), "tail": (pointer, 0)}),
            **({"overflow": (1, 0), "underflow": (1, 0)} if errors else {}),
        },
        view={
            "pointer": pointer,
            "bits": bits,
            "end": depth - 1,
            "near": depth - almost,
            "near_full": almost > 0,
            "through": through,
            "flags": errors,
            "low": pointer - 1,
        },
        stimulus=lambda rng: cases(rng, width, depth),
    )


def cases(rng: random.Random, width: int, depth: int) -> list[list[dict[str, int]]]:
    """Filled and emptied beyond both ends, with both at once when full, empty and between."""

    def run(push: int, pop: int, length: int) -> list[dict[str, int]]:
        return [{"push": push, "pop": pop, "d": rng.getrandbits(width)} for _ in range(length)]

    there_and_back = run(1, 0, depth + 2) + run(0, 0, 1) + run(0, 1, depth + 2)
    full = run(1, 0, depth) + run(1, 1, 3) + run(0, 1, depth + 1)
    empty = run(1, 1, 3) + run(0, 1, 3) + run(1, 0, 2) + run(1, 1, 2 * depth) + run(0, 1, 4)
    return [there_and_back, full, empty]


def make_fifo(choice: Choice) -> Blueprint:
    return make_block(choice, newest=False)


def make_stack(choice: Choice) -> Blueprint:
    return make_block(choice, newest=True)


PARAMETERS = {
    "width": (8, *range(1, 8), *range(9, 33)),
    "depth": (4, 2, 3, *range(5, 18)),
    "almost": (0, 1, 2),
}
OPTIONS = {"when_full": ("ignore", "replace"), "errors": (0, 1), "reset": RESETS}


def legal(choice: Choice) -> bool:
    """almost_full means something."""
    return bool(choice["almost"] < choice["depth"])


FAMILIES = (
    Family(
        name="fifo",
        kind="cycle",
        summary="FIFOs with full, empty and count",
        parameters=PARAMETERS,
        options=OPTIONS,
        legal=legal,
        make=make_fifo,
        template="fifo.v.j2",
    ),
    Family(
        name="lifo",
        kind="cycle",
        summary="stacks with full, empty and count",
        parameters=PARAMETERS,
        options=OPTIONS,
        legal=legal,
        make=make_stack,
        template="lifo.v.j2",
    ),
)

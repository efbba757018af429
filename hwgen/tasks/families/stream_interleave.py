"""Interleavers: bursts of two streams in strict turn, and back."""

from __future__ import annotations

from collections import deque

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

BEAT = dict[str, int]


class Interleave:
    """Queues of both inputs, and whose turn it is."""

    def __init__(self, burst_a: int, burst_b: int, first: str, mark: bool) -> None:
        turns = ["a"] * burst_a, ["b"] * burst_b
        self.turns = turns[0] + turns[1] if first == "a" else turns[1] + turns[0]
        self.mark = mark
        self.reset()

    def reset(self) -> None:
        self.queues: dict[str, deque[int]] = {"a": deque(), "b": deque()}
        self.sent = 0

    def step(self, inputs: dict[str, BEAT]) -> dict[str, list[BEAT]]:
        for name, beat in inputs.items():
            self.queues[name].append(beat[f"{name}_data"])
        out: list[BEAT] = []
        while self.queues[turn := self.turns[self.sent % len(self.turns)]]:
            source = {"m_source": int(turn == "b")} if self.mark else {}
            out.append({"m_data": self.queues[turn].popleft(), **source})
            self.sent += 1
        return {"m": out}


class Separate:
    """Sends the beats of one stream to two outputs, in strict turn."""

    def __init__(self, burst_a: int, burst_b: int, first: str) -> None:
        turns = ["a"] * burst_a, ["b"] * burst_b
        self.turns = turns[0] + turns[1] if first == "a" else turns[1] + turns[0]
        self.reset()

    def reset(self) -> None:
        self.taken = 0

    def step(self, inputs: dict[str, BEAT]) -> dict[str, list[BEAT]]:
        turn = self.turns[self.taken % len(self.turns)]
        self.taken += 1
        return {turn: [{f"{turn}_data": inputs["s"]["s_data"]}]}


def words(choice: Choice) -> tuple[str, str]:
    """The turns in two ways."""
    sizes = {"a": choice["burst_a"], "b": choice["burst_b"]}
    one = choice["first"]
    two = "b" if one == "a" else "a"
    plural = {name: f"{size} beat{'s' * (size > 1)}" for name, size in sizes.items()}
    return (
        f"{plural[one]} of {one}, then {plural[two]} of {two}, and so on, beginning with {one}"
        " after reset",
        ", ".join([one] * sizes[one] + [two] * sizes[two]) + " and again from the front",
    )


def view_of(choice: Choice) -> dict[str, object]:
    """What both templates need: positions in the circle of turns."""
    a, b, first = choice["burst_a"], choice["burst_b"], choice["first"]
    return {
        "bits": (a + b - 1).bit_length(),
        "end": a + b - 1,
        "split": a if first == "a" else b,
        "one": first,
        "two": "b" if first == "a" else "a",
    }


def make_interleave(choice: Choice) -> Blueprint:
    width, mark = choice["width"], choice["source"] == 1
    said, turns = words(choice)
    view = view_of(choice)
    also = " m_source is 0 for a beat that came from a and 1 for one from b." if mark else ""
    wait = "When the stream whose turn it is has no beat, the other one has to wait."
    return streaming(
        choice,
        links=[
            Link("a", "in", {"data": width}),
            Link("b", "in", {"data": width}),
            Link("m", "out", {"data": width, **({"source": 1} if mark else {})}),
        ],
        golden=lambda: Interleave(choice["burst_a"], choice["burst_b"], choice["first"], mark),
        says=(
            f"Interleave streams a and b into stream m in a fixed order: {said}. {wait} a_data,"
            f" b_data and m_data have {width} bits.{also}",
            f"A strictly alternating merger. Beats of m come from {turns}; m_data is the a_data or"
            f" b_data of that beat ({width} bits). {wait}{also}",
            f"Multiplex two {width}-bit streams, a_data and b_data, onto m_data in strict turn:"
            f" {said}. {wait}{also}",
        ),
        registers={
            "place": (int(str(view["bits"])), 0),
            "m_valid": (1, 0),
            "m_data": (width, None),
            **({"m_source": (1, None)} if mark else {}),
        },
        view={**view, "mark": mark, "first_code": int(choice["first"] == "b")},
    )


def make_separate(choice: Choice) -> Blueprint:
    width = choice["width"]
    said, turns = words(choice)
    view = view_of(choice)
    links = [Link(name, "out", {"data": width}) for name in "ab"]
    wait = "When the output whose turn it is cannot take a beat, stream s may wait."
    return streaming(
        choice,
        links=[Link("s", "in", {"data": width}), *links],
        golden=lambda: Separate(choice["burst_a"], choice["burst_b"], choice["first"]),
        says=(
            f"Separate stream s into output streams a and b in a fixed order: {said}. s_data leaves"
            f" as a_data or b_data, {width} bits. {wait}",
            f"A deinterleaver for {width}-bit beats. Consecutive beats s_data go to {turns}, as"
            f" a_data and b_data. {wait}",
            f"Deal the beats of s ({width}-bit s_data) out to a (a_data) and b (b_data) in strict"
            f" turn: {said}. {wait}",
        ),
        registers={
            "place": (int(str(view["bits"])), 0),
            **{f"{name}_valid": (1, 0) for name in "ab"},
            **{f"{name}_data": (width, None) for name in "ab"},
        },
        view=view,
    )


AXES = {
    "width": (8, *range(1, 8), *range(9, 65)),
    "burst_a": (1, 2, 3, 4),
    "burst_b": (1, 2, 3, 4),
}
FAMILIES = (
    Family(
        name="stream_interleave",
        kind="stream",
        summary="two streams into one, in strict turn",
        parameters=AXES,
        options={"first": ("a", "b"), "source": (0, 1), "reset": RESETS},
        make=make_interleave,
        template="stream_interleave.v.j2",
    ),
    Family(
        name="stream_separate",
        kind="stream",
        summary="one stream into two, in strict turn",
        parameters=AXES,
        options={"first": ("a", "b"), "reset": RESETS},
        make=make_separate,
        template="stream_separate.v.j2",
    ),
)

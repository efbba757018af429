"""Synchronous FIFOs between two streams, of any depth."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Queue:
    """Every beat leaves as it came."""

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        beat = inputs["s"]
        return {"m": [{"m" + name[1:]: value for name, value in beat.items()}]}


def make(choice: Choice) -> Blueprint:
    width, depth, last = choice["width"], choice["depth"], choice["last"] == 1
    fields = {"data": width, "last": 1} if last else {"data": width}
    also = " and s_last as m_last" if last else ""
    total, pointer = sum(fields.values()), max(1, (depth - 1).bit_length())
    return streaming(
        choice,
        links=[Link("s", "in", fields), Link("m", "out", fields)],
        golden=Queue,
        says=(
            f"A FIFO of {depth} words between stream s and stream m. s_data ({width} bits) leaves"
            f" as m_data{also}, first in first out. s_ready is 1 while it holds fewer than {depth}"
            " beats, m_valid is 1 while it holds any; s_ready does not depend on m_ready.",
            f"Buffer up to {depth} beats of {width}-bit s_data and give them on m_data{also} in the"
            f" order in which they came. Full ({depth} beats held): s_ready = 0. Empty: m_valid ="
            " 0. Writing and reading in the same cycle is possible unless full or empty.",
            f"Synchronous queue, {depth} entries of {width}-bit data. Input stream s, output stream"
            f" m: every s_data comes out as m_data{also}. The depth"
            f" {'is not' if depth & (depth - 1) else 'is'} a power of two. A beat that came in can"
            " leave from the next cycle on.",
        ),
        registers={
            "head": (pointer, 0),
            "tail": (pointer, 0),
            "level": (depth.bit_length(), 0),
        },
        view={
            "total": total,
            "entries": depth,
            "into": ", ".join(f"s_{name}" for name in fields),
            "out_of": ", ".join(f"m_{name}" for name in fields),
            "pointer": pointer,
            "count": depth.bit_length(),
            "end": depth - 1,
        },
    )


FAMILY = Family(
    name="stream_fifo",
    kind="stream",
    summary="a synchronous FIFO of any depth between two streams",
    parameters={
        "width": (8, *range(1, 8), *range(9, 33)),
        "depth": (4, 2, 3, *range(5, 18), 20, 24, 31, 32),
    },
    options={"last": (0, 1), "reset": RESETS},
    make=make,
    template="stream_fifo.v.j2",
)

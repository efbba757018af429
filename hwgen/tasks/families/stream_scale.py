"""A pipeline stage under valid and ready: each beat times a constant, in order."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.task import Port, Stream


class Scale:
    """Every beat that comes in leaves times `factor`, modulo 2**width."""

    def __init__(self, width: int, factor: int) -> None:
        self.modulus, self.factor = 1 << width, factor

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        return {"m": [{"m_data": inputs["s"]["s_data"] * self.factor % self.modulus}]}


def make(choice: Choice) -> Blueprint:
    width, factor, reset = choice["width"], choice["factor"], reset_words(choice["reset"])
    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            Port(name="s_data", dir="in", width=width),
            Port(name="s_valid", dir="in"),
            Port(name="s_ready", dir="out"),
            Port(name="m_data", dir="out", width=width),
            Port(name="m_valid", dir="out"),
            Port(name="m_ready", dir="in"),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        streams=(
            Stream(name="s", valid="s_valid", ready="s_ready", payload=("s_data",)),
            Stream(name="m", valid="m_valid", ready="m_ready", payload=("m_data",)),
        ),
        golden=lambda: Scale(width, factor),
        phrasings=(
            f"A pipeline stage with valid/ready handshakes on both sides and {reset}. Each beat"
            f" s_data leaves as m_data = s_data * {factor}, {width} bits, in order. m_valid does"
            " not wait for m_ready, and m_data stays stable while m_valid is 1 and m_ready is 0.",
            f"Multiply the beats of stream s by {factor} (modulo {2**width}) and send them on"
            f" stream m without loss, duplication or reordering. AXI4-Stream handshake rules;"
            f" {reset}.",
            f"A registered stream multiplier: input stream s, output stream m, {width}-bit data,"
            f" factor {factor}. It must accept back-pressure at m_ready. It has {reset}.",
        ),
        view={**reset_view(choice["reset"]), "width": width, "factor": factor,
              "regs": ["m_data", "m_valid"]},
    )  # fmt: skip


FAMILY = Family(
    name="stream_scale",
    kind="stream",
    summary="a registered multiplication by a constant under valid and ready",
    parameters={"width": (8, 4, 12, 16, 24, 32), "factor": (3, 5, 7, 9)},
    options={"reset": RESETS},
    make=make,
    template="stream_scale.v.j2",
)

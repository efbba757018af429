"""What the judge's tests share: small tasks, and traces written by hand."""

from __future__ import annotations

from hwgen.tasks.task import Port, Reset, Stream, Task, TaskSpec
from hwgen.verify.stimulus import Stimulus


class Accumulator:
    """q adds d after each edge, modulo 16."""

    def __init__(self) -> None:
        self.q = 0

    def reset(self):
        self.q = 0
        return {"q": 0}

    def step(self, inputs):
        self.q = (self.q + inputs["d"]) % 16
        return {"q": self.q}


def accumulator(style: str = "sync", golden=Accumulator) -> Task:
    """clk, rst, d (4 bits) -> q (4 bits)."""
    spec = TaskSpec(
        id="acc",
        prompt="add",
        module="acc",
        clock="clk",
        reset=Reset(port="rst", style=style),
        ports=(
            Port(name="clk", dir="in"),
            Port(name="rst", dir="in"),
            Port(name="d", dir="in", width=4),
            Port(name="q", dir="out", width=4),
        ),
    )
    return Task(spec, golden, "acc")


class Doubler:
    """Each beat leaves twice as large."""

    def reset(self):
        return None

    def step(self, beats):
        return {"m": [{"m_data": beats["s"]["s_data"] * 2 % 16}]}


def doubler() -> Task:
    """clk, rst, s_data (4), s_valid, m_ready -> s_ready, m_data (4), m_valid."""
    spec = TaskSpec(
        id="twice",
        kind="stream",
        prompt="double",
        module="twice",
        clock="clk",
        reset=Reset(port="rst"),
        ports=(
            Port(name="clk", dir="in"),
            Port(name="rst", dir="in"),
            Port(name="s_data", dir="in", width=4),
            Port(name="s_valid", dir="in"),
            Port(name="m_ready", dir="in"),
            Port(name="s_ready", dir="out"),
            Port(name="m_data", dir="out", width=4),
            Port(name="m_valid", dir="out"),
        ),
        streams=(
            Stream(name="s", valid="s_valid", ready="s_ready", payload=("s_data",)),
            Stream(name="m", valid="m_valid", ready="m_ready", payload=("m_data",)),
        ),
        latency={"least": 0, "most": 3},
    )
    return Task(spec, Doubler, "twice")


def trace(*lines: str) -> str:
    """A trace of these lines, with its header and its end."""
    return "\n".join(["ports -", *lines, f"end {len(lines)}"])


def rows(*values: int, flips: tuple[int, ...] = (), starts=(0,), beats=None) -> Stimulus:
    """A stimulus of these rows."""
    return Stimulus(tuple(values), flips or (0,) * len(values), tuple(starts), beats or {})

"""Blueprints of clocked blocks and of stream blocks: ports and sentences that all of them share.

A family says what its block does, in three ways; what every block promises (clock, reset,
handshake) is added here in three ways, so that each phrasing is complete by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hwgen.tasks.family import Blueprint, Choice
from hwgen.tasks.resets import clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.task import Golden, Latency, Limits, Port, Stream
from hwgen.tasks.words import sentence

Texts = tuple[str, str, str]
Direction = Literal["in", "out"]
BACK: dict[Direction, Direction] = {"in": "out", "out": "in"}
BEATS = 32
Registers = Mapping[str, tuple[int, int | None]]
"""Registers of a reference: width in bits and value after reset (None: it has no reset), by"
" name."""

CLOCKED = (
    "All registers work on the rising edge of clk. {reset} sets the start: {start}.",
    "Clock: clk, rising edge. There is {small_reset}; after it {start}.",
    "State changes on rising edges of clk only, apart from the reset. The block has {small_reset};"
    " in reset {start}.",
)
HANDSHAKE = (
    "Streams {names} use valid/ready handshakes: a beat moves on a rising edge of clk at which the"
    " valid and the ready of its stream are both 1. An output valid does not wait for its ready;"
    " once 1, it stays 1 with its payload unchanged until the beat has moved. Apart from what is"
    " said above, no beat is lost, repeated or reordered. {reset} empties the block: output valids"
    " become 0 and every beat and all history in it are forgotten. While it has something to do the"
    " block never spends more than {most} cycles in a row without moving a beat.",
    "Handshakes of streams {names} follow the rules of AXI4-Stream: a transfer takes place when"
    " valid and ready are both 1 at a rising edge of clk, a valid never waits for a ready, and a"
    " valid that has been raised stays, with stable payload, until its transfer. After"
    " {small_reset} the block starts anew: it holds no beats, remembers nothing and its output"
    " valids are 0. It must take or give a beat at least every {most} cycles as long as there is"
    " one to move.",
    "Ports clk and {port}: rising edge clock, {small_reset} that drops everything that the block"
    " holds or remembers and clears its output valids. {names} are valid/ready streams (a beat is"
    " transferred when both are 1 at a clock edge): hold valid and payload of an output until the"
    " beat is taken, do not make an output valid depend on its ready, keep the order, lose or"
    " duplicate nothing but by the rule above, and never idle for more than {most} cycles while"
    " there is work.",
)


@dataclass(frozen=True)
class Link:
    """A stream as a family writes it: `fields` are its payload, name to width in bits; ports are
    called `<name>_<field>`, `<name>_valid` and `<name>_ready`.
    """

    name: str
    dir: Direction
    fields: Mapping[str, int]
    signed: tuple[str, ...] = ()

    @property
    def ports(self) -> list[Port]:
        """Payload, valid and ready, in this order."""
        name, back = self.name, BACK[self.dir]
        payload = [
            Port(name=f"{name}_{f}", dir=self.dir, width=width, signed=f in self.signed)
            for f, width in self.fields.items()
        ]
        return [
            *payload,
            Port(name=f"{name}_valid", dir=self.dir),
            Port(name=f"{name}_ready", dir=back),
        ]

    @property
    def stream(self) -> Stream:
        """The same as the task format says it."""
        payload = tuple(f"{self.name}_{f}" for f in self.fields)
        name = self.name
        return Stream(name=name, valid=f"{name}_valid", ready=f"{name}_ready", payload=payload)


def clocked(
    choice: Choice,
    *,
    ports: Sequence[Port],
    golden: Callable[[], Golden],
    says: Texts,
    start: str,
    registers: Registers,
    view: Mapping[str, Any] | None = None,
    stimulus: Callable[[random.Random], Any] | None = None,
    vectors: int = 300,
) -> Blueprint:
    """Blueprint of a `cycle` block with option `reset`; `start` says its state after reset."""
    word = choice["reset"]
    fill = {"reset": sentence(reset_words(word)), "small_reset": reset_words(word), "start": start}
    texts = [f"{a} {b.format(**fill)}" for a, b in zip(says, CLOCKED, strict=True)]
    return Blueprint(
        ports=[*clock_and_reset(word), *ports],
        clock="clk",
        reset=reset_of(word),
        golden=golden,
        phrasings=(texts[0], texts[1], texts[2]),
        view={**reset_view(word), **registers_view(registers, ports), **(view or {})},
        stimulus=stimulus,
        limits=Limits(vectors=vectors),
    )


def streaming(
    choice: Choice,
    *,
    links: Sequence[Link],
    golden: Callable[[], Golden],
    says: Texts,
    registers: Registers,
    view: Mapping[str, Any] | None = None,
    stimulus: Callable[[random.Random], Any] | None = None,
    most: int = 16,
    least: int = 0,
) -> Blueprint:
    """Blueprint of a `stream` block with option `reset`; `most` and `least` as in Latency."""
    word = choice["reset"]
    names = [link.name for link in links]
    fill = {
        "names": f"{', '.join(names[:-1])} and {names[-1]}",
        "reset": sentence(reset_words(word)),
        "small_reset": reset_words(word),
        "port": reset_of(word).port,
        "most": most,
    }
    texts = [f"{a} {b.format(**fill)}" for a, b in zip(says, HANDSHAKE, strict=True)]
    ports = [port for link in links for port in link.ports]
    return Blueprint(
        ports=[*clock_and_reset(word), *ports],
        clock="clk",
        reset=reset_of(word),
        streams=tuple(link.stream for link in links),
        golden=golden,
        phrasings=(texts[0], texts[1], texts[2]),
        view={**reset_view(word), **registers_view(registers, ports), **(view or {})},
        stimulus=stimulus or (lambda rng: some_beats(rng, links)),
        latency=Latency(least=least, most=most),
    )


def some_beats(rng: random.Random, links: Sequence[Link]) -> dict[str, Any]:
    """Random beats for every input: with them a run has a long case with few stalls."""
    return {
        "beats": {
            link.name: [
                {f"{link.name}_{f}": rng.getrandbits(width) for f, width in link.fields.items()}
                for _ in range(BEATS)
            ]
            for link in links
            if link.dir == "in"
        }
    }


def registers_view(registers: Registers, ports: Sequence[Port]) -> dict[str, Any]:
    """What templates/tasks/_clocked.j2 needs: output registers, inner ones, values after reset."""
    outputs = {port.name for port in ports}
    rows = [{"name": n, "width": w, "start": s} for n, (w, s) in registers.items()]
    return {
        "regs": [name for name in registers if name in outputs],
        "inner": [row for row in rows if row["name"] not in outputs],
        "cleared": [row for row in rows if row["start"] is not None],
    }


def ordinal(number: int) -> str:
    """A place in a row: 1st, 2nd, 3rd, 4th, ..."""
    end = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{end}"

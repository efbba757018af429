"""The benches of the vector lane: text, and the files of stimulus that they read.

A bench drives recorded stimulus and writes what it sees; it compares nothing. Its first line
gives the width of every port as the simulator sees it, see `lanes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwgen.emit.env import ident, render

if TYPE_CHECKING:
    from hwgen.tasks.task import Stream, TaskSpec
    from hwgen.verify.stimulus import Stimulus


@dataclass(frozen=True)
class Field:
    """A payload port: its bits of the input vector, and of the beat."""

    bits: str
    of_beat: str


@dataclass(frozen=True)
class Source:
    """A stream into the block. `ready` is an expression, `last` the index of the last beat."""

    index: int
    width: int
    beats: int
    last: int
    valid: str
    ready: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class View:
    """What the templates of templates/judge print; `last` is the last index of the stimulus."""

    top: str
    module: str
    values: str
    pins: tuple[str, ...]
    widths: tuple[str, ...]
    in_width: int
    out_width: int
    cycles: int
    last: int
    active: str
    sources: tuple[Source, ...]
    waves: str


def slices(spec: TaskSpec, direction: str) -> dict[str, tuple[int, int]]:
    """(most, least significant bit) of each port in the vector; the first port is on top."""
    ports = spec.inputs if direction == "in" else spec.outputs
    place, at = {}, sum(p.width for p in ports)
    for port in ports:
        place[port.name] = (at - 1, at - port.width)
        at -= port.width
    return place


def bench(
    spec: TaskSpec,
    stimulus: Stimulus,
    overrides: Mapping[str, int],
    tag: str,
    *,
    waves: str = "",
) -> str:
    """Verilog of the bench, its module named `judge_<tag>`. `waves` names a VCD file to write."""
    inside, outside = slices(spec, "in"), slices(spec, "out")
    ports = [p for p in spec.ports if p.name != spec.clock]
    nets = {n: f"drive[{h}:{low}]" for n, (h, low) in inside.items()}
    nets |= {n: f"seen[{h}:{low}]" for n, (h, low) in outside.items()}
    pins = [f".{ident(p.name)}({nets[p.name]})" for p in ports]
    if spec.clock is not None:
        pins.insert(0, f".{ident(spec.clock)}(clk)")
    values = ", ".join(f".{ident(name)}({value})" for name, value in sorted(overrides.items()))
    view = View(
        top=ident(f"judge_{tag}"),
        module=ident(spec.module),
        values=f"#({values}) " if values else "",
        pins=tuple(f"{pin}," for pin in pins[:-1]) + tuple(pins[-1:]),
        widths=tuple(f"$bits(dut.{p.name})" for p in spec.ports),
        in_width=max(1, sum(p.width for p in spec.inputs)),
        out_width=max(1, sum(p.width for p in spec.outputs)),
        cycles=len(stimulus.rows),
        last=max(1, 2 * len(stimulus.rows) - 1),
        active=_active(spec, inside),
        sources=tuple(
            _source(spec, i, s, len(stimulus.beats[s.name])) for i, s in enumerate(spec.sources)
        ),
        waves=waves,
    )
    return render(f"judge/{spec.kind}.v.j2", view)


def _active(spec: TaskSpec, inside: Mapping[str, tuple[int, int]]) -> str:
    """An expression over `row`, true while reset is active."""
    if spec.reset is None:
        return "1'b0"
    bit = f"row[{inside[spec.reset.port][0]}]"
    return bit if spec.reset.active == "high" else f"!{bit}"


def _source(spec: TaskSpec, index: int, stream: Stream, beats: int) -> Source:
    inside, outside = slices(spec, "in"), slices(spec, "out")
    width = spec.width(*stream.payload)
    fields, at = [], width
    for name in stream.payload:
        high, low = inside[name]
        fields.append(Field(f"{high}:{low}", f"{at - 1}:{at - 1 - high + low}"))
        at -= high - low + 1
    ready = f"seen[{outside[stream.ready][0]}] === 1'b1" if stream.ready else "1'b1"
    return Source(
        index=index,
        width=max(1, width),
        beats=beats,
        last=max(1, beats - 1),
        valid=str(inside[stream.valid][0]),
        ready=ready,
        fields=tuple(fields),
    )


def stimulus_files(spec: TaskSpec, stimulus: Stimulus) -> dict[str, str]:
    """Hexadecimal files by name, for the bench and for the recorder.

    `stimulus.hex` holds two words a cycle: the row with its flip (comb: the row) and the row; for
    streams the row and the flip, as the row is not final. `beats<i>.hex`: stream i's beats.
    """
    final = spec.kind != "stream"
    words = (
        f"{row ^ flip if final else row:x} {row if final else flip:x}\n"
        for row, flip in zip(stimulus.rows, stimulus.flips, strict=True)
    )
    files = {"stimulus.hex": "".join(words)}
    for index, stream in enumerate(spec.sources):
        beats = stimulus.beats[stream.name]
        padded = [*beats, *[0] * (2 - len(beats))]  # a memory has two words or more
        files[f"beats{index}.hex"] = "".join(f"{beat:x}\n" for beat in padded)
    return files

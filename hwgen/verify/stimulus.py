"""What is driven into a candidate: directed cases of the task, then constrained random ones.

The same for every lane and simulator; it depends on the task and the seed alone. A case begins
with reset. In half of the random cases reset returns at odd times; inputs also move between the
edges (`flips`), which a design that looks at anything but the clock edge does not survive.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.tasks.task import Port, Stream, Task, TaskSpec

CASES = 8
"""Random cases of a run."""
RESET_ROWS = 2
PROBABILITIES = (0.5, 0.9, 0.1, 1.0, 0.5, 0.0)
TRAFFIC = (
    (1.0, 1.0), (0.9, 0.2), (0.2, 1.0), (0.6, 0.6), (1.0, 0.5), (0.3, 0.3), (0.9, 0.9), (0.5, 0.8),
)  # fmt: skip
"""How often a random case of streams offers beats, and is ready for them."""
PULSES = 0.08  # share of rows before which an asynchronous reset may come and go
EXHAUSTIVE = 9  # bits of input up to which a comb block sees every combination


@dataclass(frozen=True)
class Stimulus:
    """Rows of input values. `rows[t]` holds every input but the clock, the first port in the
    most significant bits; `flips[t]` is what differs from it between the edges before it.
    `starts` are the rows at which cases begin. `beats` holds, for each stream into the block, its
    payloads in order, likewise concatenated.
    """

    rows: tuple[int, ...]
    flips: tuple[int, ...]
    starts: tuple[int, ...]
    beats: Mapping[str, tuple[int, ...]]


def stimulus_of(task: Task, seed: int) -> Stimulus:
    """The stimulus of a task under `seed`. Raises whatever the task's own stimulus raises."""
    rng = random.Random(seed)
    if task.spec.kind == "stream":
        return _streams(task, rng)
    cases = [_row_of(task.spec, case) for case in (task.stimulus(rng) if task.stimulus else [])]
    cases = [case for case in cases if case]
    make = _comb_cases if task.spec.kind == "comb" else _cycle_cases
    made = make(task.spec, rng)
    pulsed = [False] * len(cases) + [bool(n % 2) for n in range(len(made))]
    return _joined(task.spec, [*cases, *made], pulsed, rng, {})


def replay(
    spec: TaskSpec, rows: Sequence[int], beats: Mapping[str, tuple[int, ...]] | None = None
) -> Stimulus:
    """One case of given rows, nothing between the edges: how a counterexample is tried.

    `beats` are those of each stream into the block; in the end everything owed must come out.
    """
    rows = tuple(rows)
    if spec.kind == "stream":
        last = {s.ready: 1 for s in spec.sinks if s.ready}
        if spec.reset:
            last[spec.reset.port] = resting(spec, False)
        rows += (concat(spec.inputs, last),) * (spec.latency.most + 2)
    sent = {s.name: (beats or {}).get(s.name, ()) for s in spec.sources}
    return Stimulus(rows, (0,) * len(rows), (0,), sent)


def resting(spec: TaskSpec, active: bool) -> int:
    """Value of the reset port while reset is active or not."""
    assert spec.reset is not None
    return int(active == (spec.reset.active == "high"))


def concat(ports: Sequence[Port], values: Mapping[str, int]) -> int:
    """Port values side by side, the first port in the most significant bits."""
    word = 0
    for port in ports:
        word = word << port.width | values.get(port.name, 0) & (1 << port.width) - 1
    return word


def _row_of(spec: TaskSpec, case: Sequence[Mapping[str, int]]) -> list[dict[str, int]]:
    """A directed case with the reset that precedes it."""
    if spec.reset is None:
        return [dict(row) for row in case]
    name, idle = spec.reset.port, resting(spec, False)
    first = [{**case[0], name: resting(spec, True)}] * RESET_ROWS if case else []
    return [*first, *({name: idle, **row} for row in case)]


def _comb_cases(spec: TaskSpec, rng: random.Random) -> list[list[dict[str, int]]]:
    length = -(-spec.limits.vectors // CASES)
    total = sum(p.width for p in spec.inputs)
    if total <= EXHAUSTIVE:
        words = list(range(1 << total))
        rng.shuffle(words)
        words += rng.choices(words, k=max(0, spec.limits.vectors - len(words)))
        rows = [_split(spec.inputs, word) for word in words]
        size = -(-len(rows) // CASES)
        return [rows[n : n + size] for n in range(0, len(rows), size)]
    return [_random_rows(spec.inputs, length, rng) for _ in range(CASES)]


def _cycle_cases(spec: TaskSpec, rng: random.Random) -> list[list[dict[str, int]]]:
    length = -(-spec.limits.vectors // CASES)
    cases = []
    for number in range(CASES):
        rows = _random_rows(spec.inputs, length, rng)
        if spec.reset:
            _reset_columns(spec, rows, rng, pulses=number % 2)
        cases.append(rows)
    return cases


def _reset_columns(
    spec: TaskSpec, rows: list[dict[str, int]], rng: random.Random, pulses: int
) -> None:
    """Reset at the beginning of a case, and in cases with pulses again a few times."""
    assert spec.reset is not None
    active = set(range(rng.randint(1, 3)))
    if pulses:
        for _ in range(rng.randint(2, 4)):
            at = rng.randrange(3, len(rows))
            active |= set(range(at, at + rng.randint(1, 2)))
    for n, row in enumerate(rows):
        row[spec.reset.port] = resting(spec, n in active)


def _random_rows(ports: Sequence[Port], length: int, rng: random.Random) -> list[dict[str, int]]:
    columns = {p.name: _column(p.width, length, rng) for p in ports}
    wide = [p for p in ports if p.width > 1]
    for a, b in itertools.pairwise(wide):
        if a.width == b.width and a is not b:  # equal and neighbouring operands
            for n in rng.sample(range(length), k=length // 8):
                near = columns[a.name][n] + rng.choice((0, 0, 1, -1))
                columns[b.name][n] = near & (1 << b.width) - 1
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(width: int, length: int, rng: random.Random) -> list[int]:
    """Values of one input: bursts of one probability for a bit; corners, walks, repeats and
    uniform values for a bus."""
    if width == 1:
        bits: list[int] = []
        while len(bits) < length:
            p = rng.choice(PROBABILITIES)
            bits += [int(rng.random() < p) for _ in range(rng.randint(6, 20))]
        return bits[:length]
    top = (1 << width) - 1
    corners = (0, 1, top, top - 1, top >> 1, (top >> 1) + 1, 2, top // 3)
    values, last = [], 0
    for draw in rng.choices(range(16), k=length):
        if draw < 8:
            last = rng.getrandbits(width)
        elif draw < 11:
            last = corners[rng.randrange(8)]
        elif draw < 12:
            last = 1 << rng.randrange(width)
        elif draw < 13:
            last = rng.getrandbits(2) & top
        elif draw < 14:
            last = (last + 1) & top
        values.append(last)  # else the value before once more
    return values


def _joined(
    spec: TaskSpec,
    cases: Sequence[Sequence[Mapping[str, int]]],
    pulsed: Sequence[bool],
    rng: random.Random,
    beats: Mapping[str, tuple[int, ...]],
) -> Stimulus:
    """Cases one after the other; an asynchronous reset between edges comes in pulsed ones alone."""
    rows: list[int] = []
    starts: list[int] = []
    for case in cases:
        starts.append(len(rows))
        rows += [concat(spec.inputs, row) for row in case]
    if spec.kind == "comb":
        return Stimulus(tuple(rows), (0,) * len(rows), tuple(starts), beats)
    bits = spec.width(*(p.name for p in spec.inputs))
    flips = [rng.getrandbits(bits) if rng.random() < 0.75 else 0 for _ in rows]
    if spec.reset and spec.reset.style != "sync":
        column = concat(spec.inputs, {spec.reset.port: 1})
        often = PULSES if spec.reset.style == "async" else 0.0
        within = [p for p, case in zip(pulsed, cases, strict=True) for _ in case]
        flips = [
            flip if meets and rng.random() < often else flip & ~column
            for flip, meets in zip(flips, within, strict=True)
        ]
    return Stimulus(tuple(rows), tuple(flips), tuple(starts), beats)


def _split(ports: Sequence[Port], word: int) -> dict[str, int]:
    values = {}
    for port in reversed(ports):
        values[port.name] = word & (1 << port.width) - 1
        word >>= port.width
    return values


def _streams(task: Task, rng: random.Random) -> Stimulus:
    """Idle x back-pressure; a long stall; drains, in which everything owed must come out."""
    spec = task.spec
    directed = task.stimulus(rng).get("beats", {}) if task.stimulus else {}
    given = max((len(b) for b in directed.values()), default=0)
    drain, length = spec.latency.most + 2, -(-spec.limits.vectors // CASES)
    drained = max(1, min(CASES, spec.limits.vectors // drain))
    cases = [_traffic(spec, 2 * given + length, drain, 0.9, 0.9, rng)] if given else []
    pulsed = [False] * len(cases) + [bool(n % 2) for n in range(CASES)] + [False]
    for number in range(CASES):
        offer, ready = TRAFFIC[number]
        rows = _traffic(spec, length, drain if number < drained else 0, offer, ready, rng)
        if number % 2 and spec.reset:
            _reset_columns(spec, rows[:length], rng, pulses=1)
        cases.append(rows)
    cases.append(_stalled(spec, drain, rng))
    total = sum(map(len, cases))
    beats = {s.name: _beats(spec, s, directed.get(s.name, ()), total, rng) for s in spec.sources}
    return _joined(spec, cases, pulsed, rng, beats)


def _traffic(
    spec: TaskSpec, length: int, drain: int, offer: float, ready: float, rng: random.Random
) -> list[dict[str, int]]:
    valids = [s.valid for s in spec.sources]
    readys = [s.ready for s in spec.sinks if s.ready]
    busy = [
        {**{v: int(rng.random() < offer) for v in valids},
         **{r: int(rng.random() < ready) for r in readys}}
        for _ in range(length)
    ]  # fmt: skip
    rows = busy + [dict.fromkeys(readys, 1) for _ in range(drain)]
    if spec.reset:
        for n, row in enumerate(rows):
            row[spec.reset.port] = resting(spec, n < RESET_ROWS)
    return rows


def _stalled(spec: TaskSpec, drain: int, rng: random.Random) -> list[dict[str, int]]:
    """Nobody is ready for long: valid must come without it. Then everything leaves."""
    rows = _traffic(spec, drain, 0, 1.0, 0.0, rng)
    flow = _traffic(spec, drain, drain, 0.0, 1.0, rng)
    for row in flow if spec.reset else ():
        assert spec.reset is not None
        row[spec.reset.port] = resting(spec, False)
    return rows + flow


def _beats(
    spec: TaskSpec, stream: Stream, directed: Sequence[Mapping[str, Any]], count: int,
    rng: random.Random,
) -> tuple[int, ...]:  # fmt: skip
    ports = [spec.port(name) for name in stream.payload]
    random_ones = _random_rows(ports, count, rng) if ports else [{}] * count
    return tuple(concat(ports, beat) for beat in [*directed, *random_ones])

"""What the engines did, cycle by cycle: from the hosts' records to counts and a timeline.

A record says that one queue was in one state with one tag for a number of cycles. Both hosts of
the bench (native and Icarus) give the same records; idle cycles are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.archs.n3h.isa import ENGINES, Engine

IDLE, WAIT, RUN, STALL = range(4)
FIELD_BITS = 18
BINS = 720

RECORD = np.dtype(
    [("start", "<u8"), ("cycles", "<u4"), ("tag", "<u2"), ("queue", "u1"), ("state", "u1")]
)
Records = npt.NDArray[np.void]


@dataclass(frozen=True)
class Span:
    """Cycles that one engine spent on one tag, and its first and last cycle (exclusive) there."""

    run: int
    wait: int
    stall: int
    first: int
    last: int


Spans = Mapping[tuple[Engine, int], Span]


def read_records(path: Path) -> Records:
    """Records of the native host's timeline file."""
    return np.fromfile(path, dtype=RECORD)


def records_of_changes(lines: Iterable[str], cycles: int) -> Records:
    """Records of the Icarus host's lines "cycle trace": the trace from that cycle on.

    Unknown bits (x) are read as 1. `cycles`: length of the run.
    """
    found: list[tuple[int, int, int, int, int]] = []
    now = [(0, 0)] * len(ENGINES)  # (field, since)
    for line in (*lines, f"{cycles} 0"):
        at_text, bus = line.split()
        at, value = int(at_text), int(bus.lower().replace("x", "f"), 16)
        for queue, (before, since) in enumerate(now):
            state = (value >> FIELD_BITS * queue) & ((1 << FIELD_BITS) - 1)
            if state == before:
                continue
            if before & 3 != IDLE and at > since:
                found.append((since, at - since, before >> 2, queue, before & 3))
            now[queue] = (state, at)
    return np.array(found, dtype=RECORD)


def spans_of(records: Records) -> dict[tuple[Engine, int], Span]:
    """Cycles by engine, tag and state."""
    spans: dict[tuple[Engine, int], Span] = {}
    keys = records["queue"].astype(np.int64) << 16 | records["tag"]
    for key in np.unique(keys):
        mine = records[keys == key]
        sums = np.bincount(mine["state"], weights=mine["cycles"], minlength=4)
        counts = sums.astype(int).tolist()
        spans[ENGINES[int(key) >> 16], int(key) & 0xFFFF] = Span(
            counts[RUN], counts[WAIT], counts[STALL],
            int(mine["start"].min()), int((mine["start"] + mine["cycles"]).max()),
        )  # fmt: skip
    return spans


def layer_ends(spans: Spans, cycles: int) -> dict[int, tuple[int, int]]:
    """(start, end) of each layer by tag: a layer ends when its last row is in memory.

    The first starts at cycle 0, the last ends with the run, so that the lengths add up. Tag 0, what
    an engine has before its first layer, is no layer.
    """
    stores = {tag: span for (engine, tag), span in spans.items() if engine is Engine.STORE and tag}
    last = {tag: span.last for tag, span in stores.items()}
    ends: dict[int, tuple[int, int]] = {}
    start = 0
    for tag in sorted(last):
        end = cycles if tag == max(last) else last[tag]
        ends[tag] = (start, end)
        start = end
    return ends


def timeline(records: Records, spans: Spans, cycles: int, bins: int = BINS) -> dict[str, Any]:
    """timeline.json: cycles per bin, engine and state, and each layer's start and end."""
    step = max(1, -(-cycles // bins))
    edges = np.minimum(np.arange(-(-cycles // step) + 1, dtype=np.int64) * step, cycles)
    lanes = []
    for queue, engine in enumerate(ENGINES):
        mine = records[records["queue"] == queue]
        lane: dict[str, Any] = {"engine": engine.name}
        for name, state in (("run", RUN), ("stall", STALL), ("wait", WAIT)):
            lane[name] = _per_bin(mine[mine["state"] == state], edges)
        lanes.append(lane)
    layers = [[tag, *ends] for tag, ends in layer_ends(spans, cycles).items()]
    return {"cycles": cycles, "bin": step, "lanes": lanes, "layers": layers}


def _per_bin(records: Records, edges: npt.NDArray[np.int64]) -> list[int]:
    """Cycles of disjoint records between consecutive edges."""
    if not records.size:
        return [0] * (edges.size - 1)
    records = np.sort(records, order="start")
    start, length = records["start"].astype(np.int64), records["cycles"].astype(np.int64)
    total = np.concatenate([[0], np.cumsum(length)])
    corner_x = np.stack([start, start + length], axis=1).ravel()
    corner_y = np.stack([total[:-1], total[1:]], axis=1).ravel()
    before = np.interp(edges, corner_x, corner_y)
    return [int(v) for v in np.diff(np.rint(before))]

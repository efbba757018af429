"""Records of the engines: from the hosts' files to counts, layers and the timeline's bins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwgen.archs.n3h.isa import ENGINES, Engine
from hwgen.archs.n3h.trace import (
    RECORD,
    RUN,
    STALL,
    WAIT,
    Span,
    layer_ends,
    records_of_changes,
    spans_of,
    timeline,
)

STORE = ENGINES.index(Engine.STORE)


def bus(**fields):
    """A trace word from {engine name: (tag, state)}."""
    return sum(
        (tag << 2 | state) << 18 * ENGINES.index(Engine[name])
        for name, (tag, state) in fields.items()
    )


def test_changes_become_records():
    lines = [
        f"0 {bus(GEMM_L=(1, WAIT)):x}",
        f"3 {bus(GEMM_L=(1, RUN), STORE=(1, RUN)):x}",
        f"10 {bus(GEMM_L=(2, RUN), STORE=(1, STALL)):x}",
    ]
    records = records_of_changes(lines, 12)
    queue = ENGINES.index(Engine.GEMM_L)
    assert sorted(records.tolist()) == sorted(
        [
            (0, 3, 1, queue, WAIT),
            (3, 7, 1, queue, RUN),
            (10, 2, 2, queue, RUN),
            (3, 7, 1, STORE, RUN),
            (10, 2, 1, STORE, STALL),
        ]
    )
    assert spans_of(records) == {
        (Engine.GEMM_L, 1): Span(run=7, wait=3, stall=0, first=0, last=10),
        (Engine.GEMM_L, 2): Span(run=2, wait=0, stall=0, first=10, last=12),
        (Engine.STORE, 1): Span(run=7, wait=0, stall=2, first=3, last=12),
    }


def test_layers_follow_each_other_without_gaps():
    spans = {
        (Engine.STORE, 0): Span(1, 1, 0, 2, 4),
        (Engine.STORE, 1): Span(5, 0, 0, 10, 40),
        (Engine.STORE, 2): Span(5, 0, 0, 50, 95),
        (Engine.GEMM_L, 3): Span(5, 0, 0, 50, 99),
    }
    assert layer_ends(spans, 100) == {1: (0, 40), 2: (40, 100)}


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), max_size=30),
    st.integers(1, 50),
)
def test_bins_hold_every_cycle(gaps_and_lengths, bins):
    rows, at = [], 0
    busy = []
    for gap, length in gaps_and_lengths:
        at += gap
        rows.append((at, length, 1, STORE, RUN))
        busy += range(at, at + length)
        at += length
    cycles = at + 5
    records = np.array(rows, dtype=RECORD)
    data = timeline(records, spans_of(records), cycles, bins)
    step = data["bin"]
    assert len(data["lanes"][STORE]["run"]) == -(-cycles // step) <= bins
    expected = [0] * (-(-cycles // step))
    for cycle in busy:
        expected[cycle // step] += 1
    assert data["lanes"][STORE]["run"] == expected
    assert sum(data["lanes"][STORE]["stall"]) == 0

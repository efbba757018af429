"""Rewards of verdicts, by tables."""

from __future__ import annotations

import itertools

import pytest

from hwgen.training.rewards import (
    FUNCTION,
    MOST_PPA,
    SCHEMES,
    components,
    reward,
    size_term,
)
from hwgen.verify.verdict import OURS, SENTENCES, Verdict

PROVED = Verdict("PASS", "prove", assurance="proved", worthy=True, cases=(9, 9), cells=10)
UNWORTHY = Verdict("PASS", "prove", assurance="bounded", bound=4, cases=(9, 9), cells=10)
SIMULATED = Verdict("PASS", "simulate", assurance="simulated", cases=(9, 9))
REFUTED = Verdict("FAIL", "prove", "refuted", cases=(9, 9), cells=10)
LATCH = Verdict("FAIL", "synthesise", "latch", cases=(9, 9))
HALF = Verdict("FAIL", "simulate", "mismatch", cases=(5, 10))
NONE = Verdict("FAIL", "simulate", "mismatch", cases=(0, 10))
CRASH = Verdict("FAIL", "simulate", "crash")
ELABORATE = Verdict("FAIL", "elaborate", "elaborate")
INTERFACE = Verdict("FAIL", "screen", "interface")
SYNTAX = Verdict("FAIL", "screen", "syntax")
LOST = Verdict("ERROR", "simulate", "lost", cases=(4, 9))

TABLE = [
    # verdict, shaped, binary, weak, cases
    (PROVED, 1.0, 1.0, 1.0, 1.0),
    (UNWORTHY, 0.7, 0.0, 1.0, 1.0),
    (SIMULATED, 0.7, 0.0, 1.0, 1.0),
    (REFUTED, 0.6, 0.0, 1.0, 1.0),
    (LATCH, 0.6, 0.0, 1.0, 1.0),
    (HALF, 0.35, 0.0, 0.35, 0.5),
    (NONE, 0.1, 0.0, 0.1, 0.0),
    (CRASH, 0.1, 0.0, 0.1, 0.0),
    (ELABORATE, 0.05, 0.0, 0.05, 0.0),
    (INTERFACE, 0.02, 0.0, 0.02, 0.0),
    (SYNTAX, 0.0, 0.0, 0.0, 0.0),
    (LOST, None, None, None, None),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0].cause or row[0].assurance)
def test_table(row):
    verdict, *wanted = row
    paid = [reward(verdict, scheme) for scheme in ("shaped", "binary", "weak", "cases")]
    assert paid == [None if w is None else pytest.approx(w) for w in wanted]


@pytest.mark.parametrize("cause", sorted(SENTENCES))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_cause_is_paid_between_nothing_and_less_than_a_pass(cause, scheme):
    for stage in ("screen", "elaborate", "simulate", "synthesise", "prove"):
        verdict = Verdict.stopped(stage, cause)
        paid = reward(verdict, scheme)
        assert (paid is None) == (cause in OURS)
        assert paid is None or 0.0 <= paid <= FUNCTION


def test_a_worthy_pass_alone_is_paid_in_full():
    full = [row[0] for row in TABLE if reward(row[0]) == 1.0]
    assert full == [PROVED]
    with_size = reward(PROVED, ppa=MOST_PPA, reference_cells=1)
    assert with_size is not None
    assert with_size > max(reward(row[0]) or 0.0 for row in TABLE if row[0] is not PROVED)


def test_more_cases_are_paid_more():
    paid = [reward(HALF.with_(cases=(n, 9))) or 0.0 for n in range(9)]
    assert all(a < b for a, b in itertools.pairwise(paid))
    assert paid[-1] < FUNCTION


def test_time_seed_and_tools_do_not_count():
    other = HALF.with_(seconds=9.0, seed=3, tools={"icarus": "12"}, what="words", line=4)
    assert reward(other) == reward(HALF)
    assert components(other) == components(HALF)


@pytest.mark.parametrize(
    ("cells", "reference", "wanted"),
    [(9, 9, 0.5), (4, 9, 1.0), (0, 9, 1.0), (14, 9, 0.0), (90, 9, 0.0), (0, 0, 0.5), (11, 9, 0.3)],
)
def test_size(cells, reference, wanted):
    assert size_term(cells, reference) == pytest.approx(wanted)


def test_size_counts_behind_a_worthy_pass_alone():
    assert reward(PROVED, ppa=0.1, reference_cells=10) == pytest.approx(0.95)
    assert reward(PROVED.with_(cells=4), ppa=0.1, reference_cells=10) == pytest.approx(1.0)
    assert reward(PROVED, ppa=0.1) == 1.0  # nothing to compare with
    for verdict in (UNWORTHY, REFUTED, HALF, SYNTAX):
        small = verdict.with_(cells=1)
        assert reward(small, ppa=0.1, reference_cells=10) == reward(verdict)
        assert "size" not in components(small, 10)
    assert components(PROVED, 10)["size"] == pytest.approx(0.5)


def test_components():
    assert components(LOST) == {"error": 1.0}
    found = components(HALF)
    assert found["cases"] == 0.5
    assert (found["parses"], found["elaborates"], found["passes"]) == (1.0, 1.0, 0.0)
    assert components(SYNTAX)["parses"] == 0.0
    assert components(INTERFACE)["parses"] == 1.0
    assert components(INTERFACE)["interface"] == 0.0
    assert components(REFUTED)["simulated"] == 1.0
    assert components(REFUTED)["passes"] == 0.0
    proved = {name: value for name, value in components(PROVED).items() if name != "error"}
    assert set(proved.values()) == {1.0}


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"no reward scheme 'best': one of shaped, binary"):
        reward(PROVED, "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"0 to 0\.2, not 0\.5"):
        reward(PROVED, ppa=0.5)

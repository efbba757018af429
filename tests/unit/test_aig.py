"""And-inverter machines as text: what was written is read again, and nothing else is."""

from __future__ import annotations

import pytest

from hwgen.verify.formal.aig import Aig, Machine, load

# q' = q xor a; y = not q; the free value decides z
TOGGLE = Machine(
    inputs=[("a", 1), ("b", 2)],
    outputs=[("y", 1), ("z", 1)],
    free=1,
    inits=[1, None],
    nexts=[2 * 9, 2 * 2],
    outs=[2 * 5 + 1, 2 * 4],
    gates=[(2 * 1, 2 * 5 + 1), (2 * 1 + 1, 2 * 5), (2 * 7 + 1, 2 * 8 + 1)],
)


def test_round_trip() -> None:
    assert load(TOGGLE.dump()) == TOGGLE
    assert TOGGLE.dump().startswith("aag 9 4 2 2 3\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("aag 9", "aig 9"),
        ("aag 9 4 2 2 3", "aag 9 4 2 2"),
        ("14 2 11", "14 2 19"),  # a gate that reads what comes later
        ("18 15 17", "18 15 -17"),
        ("10 18 1", "10 22 1"),  # a next value that is not there
        ("i1 b[0]", "i1 b[1]"),
        ("o1 z[0]\n", ""),
    ],
)
def test_other_texts_are_refused(old: str, new: str) -> None:
    assert old in TOGGLE.dump()
    with pytest.raises(ValueError, match=r"AIGER|order|not there|missing|int"):
        load(TOGGLE.dump().replace(old, new, 1))


def test_gates_of_the_same_meaning_are_one() -> None:
    aig = Aig()
    a, b = aig.input(), aig.input()
    assert aig.land(a, b) == aig.land(b, a)
    assert aig.land(a, a ^ 1) == 0
    assert aig.lor(a, b) == aig.land(a ^ 1, b ^ 1) ^ 1
    assert aig.xor(a ^ 1, b) == aig.xor(a, b) ^ 1
    assert aig.mux(a, b, b) == b
    assert aig.mux(a, 0, 1) == a


def test_three_values() -> None:
    aig = Aig()
    known, unknown = (1, 0), (0, 0)
    leaves = [known, *[unknown] * 2, unknown, known, unknown]
    outs, nexts = aig.embed_rails(TOGGLE, leaves)
    assert outs == [(0, 1), unknown]
    assert nexts == [(1, 0), unknown]

"""Hostile RTL earns nothing and touches nothing: the whole suite through the public judge."""

from pathlib import Path

import pytest
from attacks import ATTACKS, RACES, UNSEEN
from attacks.attack import paid
from attacks.canaries import Canaries, descendants

from hwgen.errors import ToolMissing
from hwgen.tasks.library import get_task
from hwgen.verify.formal.synth import synthesise
from hwgen.verify.jail.cells import find_jail
from hwgen.verify.judge import Judge, Options
from hwgen.verify.lanes.simulate import simulate
from hwgen.verify.stimulus import stimulus_of

SEED = 20
COCOTB_EACH = 12  # of the attacks that reach a simulator, one in so many goes through it as well
_SIMULATED = [
    a for a in ATTACKS
    if {"mismatch", "x"} & set(a.causes) and not a.slow and a.name not in {*RACES, *UNSEEN}
]  # fmt: skip
_DOORS = [a for a in ATTACKS if a.touches]


@pytest.fixture(scope="module")
def canaries():
    try:
        find_jail()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    with Canaries() as watched:
        yield watched
        assert watched.touched() == []


@pytest.fixture(scope="module")
def judges(canaries):
    """A judge for each stage that attacks go to, and one with the other lane."""
    before = descendants()
    opened = {u: Judge(Options(seed=SEED, until=u)) for u in ("simulate", "synthesise", "prove")}
    opened["cocotb"] = Judge(Options(seed=SEED, until="simulate", lane="cocotb"))
    yield opened
    for judge in opened.values():
        judge.close()
    assert descendants() <= before


def _marked(attack):
    return pytest.param(attack, id=attack.name, marks=[pytest.mark.slow] if attack.slow else [])


def _assert_unpaid(attack, verdict, canaries):
    assert not paid(verdict), verdict
    fails = verdict.outcome == "FAIL" and verdict.cause in attack.causes
    assert fails or (verdict.passed and attack.name in UNSEEN), verdict
    assert canaries.secret not in repr(verdict)
    assert canaries.touched() == []


def test_the_suite_is_as_large_as_it_must_be():
    names = [a.name for a in ATTACKS]
    assert len(names) == len(set(names)) >= 80
    assert set(names) >= UNSEEN
    assert {a.touches for a in ATTACKS} == {"", "read", "write", "exec", "socket", "kill"}


@pytest.mark.parametrize("attack", map(_marked, ATTACKS))
def test_an_attack_earns_nothing(judges, canaries, attack):
    task = get_task(attack.task)
    verdict = judges[attack.until].judge(task, attack.files(canaries.places))
    _assert_unpaid(attack, verdict, canaries)


@pytest.mark.parametrize("attack", map(_marked, _SIMULATED[::COCOTB_EACH]))
def test_the_other_lane_says_the_same(judges, canaries, attack):
    task, files = get_task(attack.task), attack.files(canaries.places)
    verdict = judges["cocotb"].judge(task, files)
    assert not verdict.passed or attack.until != "simulate", verdict
    assert verdict.same_as(judges["simulate"].judge(task, files))
    assert canaries.touched() == []


@pytest.mark.parametrize("attack", [pytest.param(a, id=a.name) for a in _DOORS])
def test_the_jail_holds_without_the_screen(judges, canaries, attack):
    """What the screen would let through by mistake finds nothing behind it."""
    task = get_task(attack.task)
    files = attack.files(canaries.places)
    texts = {f"{n}.v": text for n, text in enumerate(files.values()) if isinstance(text, str)}
    judge = judges["prove"]
    ran = simulate(
        judge.cell("sim"), task.spec, texts, stimulus_of(task, 1), lane="vector", sim="icarus",
        overrides={}, tag="t1",
    )  # fmt: skip
    made = synthesise(judge.cell("synth"), task.spec, "\n".join(texts.values()), {})
    assert canaries.secret not in repr((ran, made))
    assert canaries.touched() == []
    assert ran.status not in ("tool", "wall")


def test_the_canaries_can_be_touched(canaries):
    """The watch sees what it is there for."""
    with Canaries() as watched:
        assert watched.touched() == []
        Path(watched.places["WRITE"]).write_text("x")
        watched.sibling.kill()
        watched.sibling.wait()
        assert watched.touched() == ["files", "sibling"]
    assert not any(folder.exists() for folder in watched.folders)

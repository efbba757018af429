"""Judging beside training: order, counts, overlap, secrets, breakdowns."""

from __future__ import annotations

import threading
import time
from typing import ClassVar

import pytest

from hwgen.errors import HwgenError, ToolMissing, UsageError
from hwgen.tasks.library import get_task
from hwgen.training import judged
from hwgen.training.judged import Counts, Judging, check_errors, secret_of
from hwgen.verify.verdict import Verdict

TASK = "counter:width=4"


class FakePool:
    """Stands in for the judge's pool: answers in reverse order, a moment after it is asked."""

    opened: ClassVar[list[FakePool]] = []

    def __init__(self, options, jobs, store, unsafe) -> None:
        self.options, self.store, self.held, self.asked = options, store, [], []
        self.threads = {threading.get_ident()}
        FakePool.opened.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.threads.add(threading.get_ident())

    @property
    def busy(self):
        return bool(self.held)

    def submit(self, number, task, files):
        self.threads.add(threading.get_ident())
        (text,) = files.values()
        self.asked.append(text)
        key = f"{task.digest} {text}"
        kept = self.store.get(key)
        self.held.append((number, kept or self.judge(text), key))

    def judge(self, text):
        if text == "break":
            raise RuntimeError("the pool broke")
        if text == "lost":
            return Verdict.stopped("screen", "lost").with_(seconds=1.0)
        return Verdict("FAIL", "simulate", "mismatch", what=text, seconds=2.0)

    def finished(self, timeout):
        time.sleep(0.01)
        if not self.held:
            return []
        number, verdict, key = self.held.pop()
        self.store.put(key, verdict)
        return [(number, verdict)]


@pytest.fixture
def faked(monkeypatch):
    monkeypatch.setattr(judged, "Pool", FakePool)
    monkeypatch.setattr(judged, "find_jail", lambda unsafe: None)
    FakePool.opened.clear()


def test_verdicts_come_in_order_and_are_counted(faked):
    with Judging(1) as judging:
        texts = ["a", "b", "a", "c", "lost", "b"]
        found = judging.verdicts([(TASK, text) for text in texts])
        assert [v.what if v.cause == "mismatch" else v.cause for v in found] == texts
        first = judging.counts()
        assert (first.candidates, first.judged, first.duplicates, first.hits) == (6, 4, 2, 0)
        assert (first.errors, first.judge_s) == (1, 7.0)
        judging.verdicts([(TASK, "a"), (TASK + "@1", "a"), (TASK, "d"), (TASK, "lost")])
        more = judging.counts() - first
        # another phrasing is the same task; an error is not kept
        assert (more.candidates, more.judged, more.duplicates, more.hits) == (4, 2, 1, 1)
        assert more.judge_s == 3.0
        assert 0.0 < more.waited_s < 10.0
        assert set(more.as_dict()) == set(Counts().as_dict())
    (pool,) = FakePool.opened
    assert len(pool.threads) == 1
    assert threading.get_ident() not in pool.threads


def test_judging_goes_on_while_the_caller_works(faked):
    with Judging(1) as judging:
        one = judging.start([(TASK, "a"), (TASK, "b")])
        two = judging.start([(TASK, "c")])
        assert not one.ready
        deadline = time.monotonic() + 10
        while not (one.ready and two.ready) and time.monotonic() < deadline:
            time.sleep(0.01)
        waited = judging.counts().waited_s
        assert [v.what for v in two.verdicts()] == ["c"]
        assert [v.what for v in one.verdicts()] == ["a", "b"]
        assert judging.counts().waited_s - waited < 0.5
        assert judging.verdicts([]) == []


def test_the_secret_follows_from_the_seed_and_does_not_show_it(faked):
    assert secret_of(1) == secret_of(1)
    assert len({secret_of(n) for n in range(100)}) == 100
    assert all(2**32 < secret_of(n) < 2**64 for n in range(10))
    with Judging(7, until="simulate") as judging:
        judging.verdicts([(TASK, "a")])
        options = FakePool.opened[0].options
        assert (options.seed, options.until) == (secret_of(7), "simulate")


def test_a_breakdown_reaches_the_caller(faked):
    with Judging(1) as judging:
        pending = judging.start([(TASK, "break")])
        with pytest.raises(HwgenError, match="judging broke down: the pool broke"):
            pending.verdicts()
        with pytest.raises(HwgenError, match="judging broke down"):
            judging.start([(TASK, "a")])


def test_misuse_is_a_sentence(faked):
    with pytest.raises(HwgenError, match="the judge is closed"):
        Judging(1).start([(TASK, "a")])
    with Judging(1) as judging, pytest.raises(UsageError, match="no task or family 'counterr'"):
        judging.start([("counterr", "a")])


def test_without_a_jail_nothing_begins(monkeypatch):
    def missing(unsafe):
        raise ToolMissing("no jail")

    monkeypatch.setattr(judged, "find_jail", missing)
    with pytest.raises(ToolMissing), Judging(1):
        pass


def test_too_many_errors_stop_a_run():
    good, lost = Verdict("FAIL", "screen", "syntax"), Verdict.stopped("screen", "lost")
    check_errors([lost, lost, lost])  # few
    check_errors([lost] * 10 + [good] * 90)
    with pytest.raises(HwgenError, match=r"the judge failed on 11 of 100 candidates \(lost 11\)"):
        check_errors([lost] * 11 + [good] * 89)


def test_with_the_judge_itself(tmp_path):
    right = get_task(TASK).reference
    wrong = right.replace("+", "-")
    store = tmp_path / "verdicts.sqlite"
    with Judging(1, jobs=2, store=store) as judging:
        good, bad, broken = judging.verdicts([(TASK, right), (TASK, wrong), (TASK, "module")])
        assert (good.outcome, good.worthy) == ("PASS", True)
        assert (bad.cause, broken.cause) == ("mismatch", "syntax")
        assert judging.reference_cells([TASK, TASK]) == {TASK: good.cells}
    with Judging(1, jobs=1, store=store) as judging:
        assert judging.verdicts([(TASK, wrong)])[0].same_as(bad)
        assert (judging.counts().hits, judging.counts().judged) == (1, 0)

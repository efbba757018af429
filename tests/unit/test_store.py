"""Verdicts that are kept: what they are kept by, and which are not."""

import sqlite3

import pytest

from hwgen.errors import HwgenError
from hwgen.tasks.library import get_task
from hwgen.verify.options import Options
from hwgen.verify.store import RECENT, Store, key_of
from hwgen.verify.verdict import Mismatch, Verdict

GOOD = Verdict("PASS", "prove", assurance="bounded", bound=9, cases=(8, 8), tools={"icarus": "1"})
BAD = Verdict(
    "FAIL", "simulate", "mismatch", mismatch=Mismatch(1, 40, "q", "4'h1", "4'h2"), checks=(9, 300)
)


def test_a_verdict_survives_its_file(tmp_path):
    store = Store(tmp_path / "v.sqlite")
    store.put("a", GOOD)
    store.put("b", BAD)
    store.close()
    again = Store(tmp_path / "v.sqlite")
    assert (again.get("a"), again.get("b"), again.get("c")) == (GOOD, BAD, None)
    assert GOOD.as_dict()["assurance"] == "bounded(9)"
    again.close()


def test_errors_and_matters_of_resources_are_not_kept():
    store = Store()
    for cause in ("wall-clock", "cpu-limit", "memory-limit", "tool", "lost"):
        store.put(cause, Verdict.stopped("simulate", cause))
        assert store.get(cause) is None


def test_a_full_disk_is_said_and_what_memory_holds_is_kept(tmp_path):
    store = Store(tmp_path / "v.sqlite")
    store._db.execute("PRAGMA max_page_count = 1")
    store.put("a", GOOD)
    store.put("b", GOOD.with_(what="x" * 100_000))
    with pytest.raises(HwgenError, match=r"verdicts cannot be kept: .* full"):
        store.flush()
    assert store.get("a") == GOOD


def test_memory_holds_the_recent_ones_alone(tmp_path):
    store = Store(tmp_path / "v.sqlite")
    for n in range(RECENT + 50):
        store.put(str(n), GOOD)
    assert len(store._recent) == RECENT
    assert store.get("0") == GOOD
    store.flush()
    (count,) = (
        sqlite3.connect(tmp_path / "v.sqlite").execute("SELECT count(*) FROM verdicts").fetchone()
    )
    assert count == RECENT + 50


def test_a_key_depends_on_everything_that_a_verdict_depends_on():
    task, other = get_task("counter"), get_task("counter:width=4")
    files = {"c.v": "module counter; endmodule"}
    keys = {
        key_of(task, files, Options()),
        key_of(other, files, Options()),
        key_of(task, {"c.v": files["c.v"] + " "}, Options()),
        key_of(task, {"d.v": files["c.v"]}, Options()),
        key_of(task, files, Options(seed=1)),
        key_of(task, files, Options(lane="cocotb")),
        key_of(task, files, Options(until="simulate")),
    }
    assert len(keys) == 7
    assert key_of(task, {"c.v": files["c.v"].encode()}, Options()) == key_of(task, files, Options())

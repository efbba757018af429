"""doctor on machines that lack things, with pretended tools."""

import os
import subprocess
import sys

import pytest

from hwgen.verify import doctor
from hwgen.verify.doctor import CHECKS, Check, Finding, examine, mend


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An empty PATH, and a way to put pretended tools on it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def tool(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return tool


def check(name):
    return next(c for c in CHECKS if c.name == name)


@pytest.mark.parametrize("name", ["icarus", "g++", "make", "perl", "ccache", "bubblewrap"])
def test_a_missing_tool_is_named(bare, name):
    finding = examine(check(name))
    assert finding.trouble.endswith(" is not on PATH")
    assert finding.as_dict()["fix"].startswith("apt-get install -y ")


def test_a_tool_that_fails_is_quoted(bare):
    bare("g++", "echo broken >&2; exit 1")
    assert examine(check("g++")).trouble == "g++: broken"


def test_a_tool_that_lies_is_caught(bare):
    bare("perl", "echo sum 41")
    assert examine(check("perl")).trouble == "perl: it gave a wrong result"
    bare("perl", "echo sum 42")
    assert examine(check("perl")).ok


def test_verilator_without_a_compiler(bare):
    from hwgen.verify.native import find_verilator

    find_verilator.cache_clear()
    assert "Verilator needs" in examine(check("verilator")).trouble
    find_verilator.cache_clear()


def test_a_tool_that_hangs_is_given_up(bare, monkeypatch):
    monkeypatch.setattr(doctor, "TIMEOUT_S", 0.2)
    bare("perl", "while :; do :; done")
    assert examine(check("perl")).trouble == "no answer within 0.2 s"


def test_lines():
    good = Finding(Check("make", "builds simulators", lambda work: "", "apt-get x"), "")
    assert good.line() == "ok       make         builds simulators"
    bad = Finding(good.check, "make is not on PATH")
    assert bad.line() == "missing  make         make is not on PATH\n         fix: apt-get x"


def test_mending_runs_every_fix_once(bare, tmp_path, monkeypatch):
    bare("apt-get", f'echo "$@" >> {tmp_path}/log')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "environ", {**os.environ, "PATH": f"{tmp_path}:/bin:/usr/bin"})
    broken = [Finding(check(name), "x") for name in ("make", "g++", "make")]
    assert mend(broken) == ["apt-get install -y make", "apt-get install -y g++"]
    assert (tmp_path / "log").read_text() == "install -y make\ninstall -y g++\n"


def test_exit_code_3_when_something_needed_is_missing(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "hwgen", "doctor"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 3
    assert "missing  icarus       iverilog is not on PATH" in run.stdout
    assert "optional bubblewrap   bwrap is not on PATH" in run.stdout

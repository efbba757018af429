"""The command line: data on stdout, talk on stderr, exit codes, every problem at once."""

import json
import os
import subprocess
import sys

import pytest

from hwgen.cli.app import COMMANDS


def hwgen(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hwgen", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **env},
    )  # fmt: skip


def test_list():
    run = hwgen("list", "--json")
    assert run.returncode == 0
    (arch,) = json.loads(run.stdout)["archs"]
    assert arch["name"] == "n3h"
    assert arch["presets"] == ["tiny", "z7020", "z7045"]
    assert set(arch) == {"name", "summary", "presets"}
    assert hwgen("list", "presets").stdout == "n3h tiny\nn3h z7020\nn3h z7045\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command):
    run = hwgen(command, "--help", COLUMNS="200")
    assert run.returncode == 0
    assert "Example: hwgen" in run.stdout
    assert "--json" in run.stdout or command == "report"


def test_help_and_version():
    run = hwgen("--help")
    assert run.returncode == 0
    for command in COMMANDS:
        assert f"  {command} " in run.stdout
    assert hwgen("--version").stdout == "hwgen 0.1.0\n"


def test_every_problem_of_every_source_at_once(tmp_path):
    (tmp_path / "c.yaml").write_text("lut_core: {dk: 100}\ncolour: red\n")
    run = hwgen(
        "build", "--arch", "n3h", "--preset", "huge", "--config", str(tmp_path / "c.yaml"),
        "--set", "axi", "--set", "axi.burst=17", "-o", str(tmp_path / "out"), "--json",
    )  # fmt: skip
    assert run.returncode == 2
    answer = json.loads(run.stdout)
    assert answer["exit_code"] == 2
    assert [p["what"] for p in answer["problems"]] == [
        "n3h: there is no preset 'huge'",
        "--set axi is not usable",
        "n3h: lut_core.dk = 100 is not usable",
        "n3h: colour is unknown",
    ]
    assert run.stderr.count("error: ") == 4
    assert not (tmp_path / "out").exists()


def test_architecture_names_take_both_dashes():
    run = hwgen("build", "--arch", "sparse_cnn", "-o", "x")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "error: there is no architecture 'sparse_cnn'\n  known: n3h\n  fix: see: hwgen list\n"
    )


def test_over_budget_warns_and_strict_refuses(tmp_path):
    big = ["build", "--arch", "n3h", "--preset", "z7020", "--set", "lut_core.dm=16",
           "-o", str(tmp_path / "out")]  # fmt: skip
    run = hwgen(*big, "--strict")
    assert run.returncode == 2
    assert "error: n3h: an estimated" in run.stderr
    assert "exceed the 53,200 of xc7z020" in run.stderr
    assert not (tmp_path / "out").exists()
    run = hwgen(*big)
    assert run.returncode == 0
    assert "warning: n3h: an estimated" in run.stderr
    assert (tmp_path / "out" / "manifest.json").exists()


def test_a_dirty_folder_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    run = hwgen("build", "--arch", "n3h", "-o", str(tmp_path))
    assert run.returncode == 2
    assert "holds files that hwgen did not put there: mine.txt" in run.stderr
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_our_own_failure_is_a_sentence(monkeypatch):
    code = (
        "import sys, hwgen.cli.app as app, hwgen.arch as arch\n"
        "def broken(): raise RuntimeError('boom')\n"
        "import hwgen.cli.list as l; l.all_archs = broken\n"
        "app.main(['list'])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 4
    assert run.stderr.startswith("error: hwgen itself failed: RuntimeError: boom\n")
    assert "Traceback" not in run.stderr


def test_an_interruption_has_its_own_exit_code():
    code = (
        "import hwgen.cli.app as app, hwgen.cli.list as l\n"
        "def stop(): raise KeyboardInterrupt\n"
        "l.all_archs = stop\n"
        "app.main(['list'])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize("arguments", [["nonsense"], ["list", "--nonsense"], ["build"]])
def test_usage_errors(arguments):
    run = hwgen(*arguments)
    assert run.returncode == 2
    assert "Error: " in run.stderr
    assert "Traceback" not in run.stderr

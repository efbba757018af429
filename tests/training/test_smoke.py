"""The smoke recipe from nothing to RL 2, stopped once on the way: the loop closes, reward rises."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

COMMAND = [sys.executable, "-m", "hwgen", "train", "smoke", "--json"]
PATIENCE = 900  # seconds, on a machine that is busy with other things

LEAST_RISE = 0.10
"""Of the pass rate on held-out specs of P and C, from SFT to RL 2; measured: 0.25."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("smoke") / "run"


@pytest.fixture(scope="module")
def results(folder: Path) -> dict[str, Any]:
    """The run's results; it was interrupted in the middle of the first RL stage."""
    command = [*COMMAND, "-o", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        # whoever starts the tests in the background has them ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        guard = threading.Timer(PATIENCE, process.kill)
        guard.start()
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "rl step 2/" in line or "rl 2/" in line:
                os.kill(process.pid, signal.SIGINT)
        code = process.wait()
        guard.cancel()
    assert code == 130, "".join(said[-20:])
    assert any("go on with: hwgen train smoke" in line for line in said)
    resumed = subprocess.run(
        [*command, "--resume"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert "sft-1: done before" in resumed.stderr
    found: dict[str, Any] = json.loads(resumed.stdout)
    return found


def stage(results: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (s for s in results["stages"] if s["name"] == name)
    return found


def test_every_stage_ran(results: dict[str, Any]) -> None:
    assert [s["name"] for s in results["stages"]] == [
        "data", "start", "sft-1", "evaluate-sft-1", "tbr-1", "reward-model-1", "rl-1",
        "rejection-1", "sft-2", "rl-2", "evaluate-rl-2",
    ]  # fmt: skip
    assert stage(results, "rejection-1")["rows"] > 0
    assert stage(results, "rl-1")["steps"] == 12


def test_reward_rises(results: dict[str, Any]) -> None:
    first, last = stage(results, "rl-1"), stage(results, "rl-2")
    assert last["reward_last"] > first["reward_first"] + 0.05


def test_held_out_tasks_are_solved_more_often(results: dict[str, Any]) -> None:
    before, after = stage(results, "evaluate-sft-1"), stage(results, "evaluate-rl-2")
    splits = ("sampled/P-test", "sampled/C-test")
    rise = sum(after[s] - before[s] for s in splits) / len(splits)
    assert rise >= LEAST_RISE


def test_the_folder_holds_what_people_need(results: dict[str, Any], folder: Path) -> None:
    from hwgen.report.page import read_page
    from hwgen.training.policy import load_policy

    assert json.loads((folder / "results.json").read_text()) == results
    assert load_policy(folder / "policy").parameters == stage(results, "start")["parameters"]
    pictures = sorted(p.name for p in (folder / "curves").iterdir())
    assert pictures == ["held-out.svg", "loss.svg", "reward.svg"]
    for name in pictures:
        assert ElementTree.parse(folder / "curves" / name).getroot().tag.endswith("svg")
    assert "rl-1: reward last" in read_page(folder / "results.json")


def test_another_recipe_is_refused_there(results: dict[str, Any], folder: Path) -> None:
    other = subprocess.run(
        [*COMMAND, "--set", "seed=1", "--resume", "-o", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert other.returncode == 2
    assert f"there: smoke {results['digest']}" in other.stderr
    assert json.loads(other.stdout)["exit_code"] == 2

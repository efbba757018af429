"""A run that is killed anywhere and resumed is the run that was not; two processes are one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

import rl_toy

from hwgen.training import checkpoint
from hwgen.training.rl import Answer
from hwgen.training.rl import trainer as trainers

TWO: dict[str, Any] = {"micro": 4, "batch": 8}  # iterations; two passes of answers a step
ONE: dict[str, Any] = {"num_iterations": 1, "kl_weight": 0.0, "minibatches": 2, "micro": 8}
ROUGH: dict[str, Any] = {**TWO, "save_every": 2}  # saved at the edges of steps alone
ADAPTED: dict[str, Any] = {"lora": True, "steps": 2}
THEIRS: dict[str, Any] = {"sampler": "trl", "steps": 2}  # TRL's own sampler


def killer(times: int) -> Callable[[], None]:
    """Something that kills this process with SIGKILL when called for the `times`-th time."""
    left = [times]

    def hit() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return hit


class Deadly(rl_toy.Letters):
    """The reward, until its `times`-th call."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.hit = killer(times)

    def start(self, answers: Sequence[Answer]) -> Any:
        self.hit()
        return super().start(answers)


def before(place: Any, name: str, times: int) -> None:
    """Kill this process before the `times`-th call of `place.name`."""
    kept, hit = getattr(place, name), killer(times)

    def deadly(*given: Any, **named: Any) -> Any:
        hit()
        return kept(*given, **named)

    setattr(place, name, deadly)


PLACES: dict[str, Callable[[], Any]] = {
    "drawing": lambda: Deadly(4),  # second batch of answers of the second step
    "update": lambda: before(trainers.ReinforceTrainer, "_compute_loss", 7),
    "window": lambda: before(trainers.ReinforceTrainer, "_compute_loss", 4),  # between updates
    "save": lambda: before(torch, "save", 9),  # some files of a checkpoint are there
    "rename": lambda: before(checkpoint, "_seal", 3),  # all of them, without a manifest
    "end": lambda: before(checkpoint, "_flush", 10_000) or before(checkpoint, "_tidy", 4),
}


def killed(folder: Path, place: str, changes: dict[str, Any]) -> None:
    """A run in a process of its own that dies by SIGKILL at `place`."""
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            rl_toy.run(folder, PLACES[place](), **changes)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the run was to be killed and was not"
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], Any]:
    """(log, weights, answers) of a run that nothing stopped, each made once."""
    known: dict[str, Any] = {}

    def made(changes: dict[str, Any]) -> Any:
        key = repr(sorted(changes.items()))
        if key not in known:
            scoring, folder = rl_toy.Letters(), tmp_path_factory.mktemp("whole")
            weights = rl_toy.digest(rl_toy.run(folder, scoring, **changes))
            known[key] = rl_toy.log_of(folder), weights, scoring.seen
        return known[key]

    return made


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        (TWO, "drawing"), (TWO, "update"), (TWO, "save"), (TWO, "rename"), (TWO, "end"),
        (ONE, "window"), (ONE, "save"), (ROUGH, "drawing"), (ADAPTED, "rename"),
        (THEIRS, "rename"),
    ],
)  # fmt: skip
def test_killed_and_resumed_is_the_same_run(
    tmp_path: Path, whole: Any, changes: dict[str, Any], place: str
):
    killed(tmp_path, place, changes)
    saved = checkpoint.steps(tmp_path / "checkpoints")
    scoring = rl_toy.Letters()
    weights = rl_toy.digest(rl_toy.run(tmp_path, scoring, resume=True, **changes))
    log, expected, seen = whole(changes)
    assert rl_toy.log_of(tmp_path) == log
    assert weights == expected
    assert scoring.seen == seen[len(seen) - len(scoring.seen) :]
    assert saved, "nothing was saved before: the test shows nothing"
    assert len(scoring.seen) < len(seen)


def test_resumed_when_all_is_done_changes_nothing(tmp_path: Path, whole: Any):
    first = rl_toy.digest(rl_toy.run(tmp_path, **ONE))
    scoring = rl_toy.Letters()
    again = rl_toy.run(tmp_path, scoring, resume=True, **ONE)
    assert rl_toy.digest(again) == first == whole(ONE)[1]
    assert scoring.seen == []
    assert rl_toy.log_of(tmp_path) == whole(ONE)[0]


def test_order_of_verdicts_and_other_draws_reach_nothing(tmp_path: Path, whole: Any):
    class Restless(rl_toy.Letters):
        def start(self, answers: Sequence[Answer]) -> Any:
            torch.rand(3)
            return super().start(answers)

    weights = rl_toy.digest(rl_toy.run(tmp_path, Restless(), **TWO))
    assert weights == whole(TWO)[1]


def test_two_processes_are_one(tmp_path: Path):
    """Means are over what both drew: the same rewards, weights and updates up to rounding."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, __file__, str(tmp_path / "two")]
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    shared |= {"WORLD_SIZE": "2", "ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1"}
    path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    shared["PYTHONPATH"] = os.pathsep.join(p for p in path if p)
    runs = [
        subprocess.Popen(command, env={**shared, "RANK": str(n), "LOCAL_RANK": str(n)})
        for n in range(2)
    ]
    try:
        one = rl_toy.run(tmp_path / "one", **PAIR)
        assert [run.wait(120) for run in runs] == [0, 0]
    finally:
        for run in runs:
            run.kill()
    two = torch.load(tmp_path / "two" / "weights.pt", weights_only=True)
    for name, weight in one.model.state_dict().items():
        assert torch.allclose(weight, two[name], atol=2e-3), name
    mine, theirs = rl_toy.log_of(tmp_path / "one"), rl_toy.log_of(tmp_path / "two")
    for a, b in zip(mine, theirs, strict=True):
        assert a.keys() == b.keys()
        for key in set(a) - {"clipped"}:
            assert a[key] == pytest.approx(b[key], rel=1e-4, abs=1e-5), key


PAIR: dict[str, Any] = {"steps": 2, "micro": 8, "trl": {"optim": "sgd"}, "learning_rate": 0.1}


if __name__ == "__main__":
    policy = rl_toy.run(Path(sys.argv[1]), **PAIR)
    if os.environ["RANK"] == "0":
        torch.save(policy.model.state_dict(), Path(sys.argv[1]) / "weights.pt")

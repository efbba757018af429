"""The driver with stages that only write files: order, resume, refusals, interruption."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace as Plain

import pytest

from hwgen.errors import HwgenError, UsageError
from hwgen.training.driver import plan as planning
from hwgen.training.driver import processes
from hwgen.training.driver.run import Run, train
from hwgen.training.driver.state import Outcome, State

KINDS = ("data", "start", *planning.KINDS, "evaluate")


def recipe(seed: int = 0, digest: str = "") -> Plain:
    """What the driver needs of a recipe."""
    first = Plain(sft=1, tbr=1, reward_model=1, rl=1, rejection=1)
    second = Plain(sft=1, tbr=1, reward_model=None, rl=1, rejection=None)
    return Plain(
        name="fake", seed=seed, data=None, model=None, rounds=(first, second),
        evaluate=Plain(after=("sft-1", "rl-2")), digest=lambda: digest or f"digest of {seed}",
    )  # fmt: skip


NAMES = [
    "data", "start", "sft-1", "evaluate-sft-1", "tbr-1", "reward-model-1", "rl-1", "rejection-1",
    "sft-2", "tbr-2", "rl-2", "evaluate-rl-2",
]  # fmt: skip


class Recorder:
    """Stages that note what they were called with, and may fail at one of them."""

    def __init__(self, fail_at: str = "", error: BaseException | None = None) -> None:
        self.fail_at, self.error = fail_at, error
        self.calls: list[tuple[str, bool]] = []
        self.seeds: dict[str, int] = {}
        self.stages = dict.fromkeys(KINDS, self)

    def __call__(self, run: Run, step: planning.Step, folder: Path, resume: bool) -> Outcome:
        self.calls.append((step.name, resume))
        self.seeds[step.name] = step.seed(run.recipe.seed)
        (folder / "half").write_text("x")
        if step.name == self.fail_at and self.error:
            raise self.error
        (folder / "policy").mkdir(exist_ok=True)
        outputs = {"policy": "policy"} if step.kind in planning.POLICIES else {}
        return Outcome({"calls": len(self.calls)}, outputs)


def go(folder: Path, recorder: Recorder, **options) -> State:
    options = {"say": lambda text: None, **options}
    return train(options.pop("recipe", recipe()), folder, recorder.stages, **options)


def test_stages_run_once_in_their_order(tmp_path: Path) -> None:
    recorder = Recorder()
    state = go(tmp_path / "run", recorder)
    assert [name for name, _ in recorder.calls] == NAMES
    assert [record.name for record in state.records] == NAMES
    assert state.newest("policy") == tmp_path / "run" / "rl-2" / "policy"
    assert [p.parent.name for p in state.every("policy")] == ["sft-1", "rl-1", "sft-2", "rl-2"]
    assert state.newest("pairs") is None


def test_no_two_stages_share_a_seed_and_the_run_decides_them(tmp_path: Path) -> None:
    first, again, other = Recorder(), Recorder(), Recorder()
    go(tmp_path / "a", first)
    go(tmp_path / "b", again)
    go(tmp_path / "c", other, recipe=recipe(seed=1))
    assert len(set(first.seeds.values())) == len(NAMES)
    assert first.seeds == again.seeds
    assert not set(first.seeds.values()) & set(other.seeds.values())
    assert all(0 <= seed < 2**31 for seed in first.seeds.values())


@pytest.mark.parametrize("stop", ["data", "evaluate-sft-1", "rejection-1", "evaluate-rl-2"])
def test_it_goes_on_where_it_was_stopped(tmp_path: Path, stop: str) -> None:
    first = Recorder(stop, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, first)
    stopped = json.loads((tmp_path / "state.json").read_text())
    assert [s["name"] for s in stopped["stages"]] == NAMES[: NAMES.index(stop)]
    assert list(stopped["spent"]) == [stop]
    second = Recorder()
    state = go(tmp_path, second, resume=True)
    assert second.calls == [(name, True) for name in NAMES[NAMES.index(stop) :]]
    assert [record.name for record in state.records] == NAMES
    assert state.spent == {}


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    go(tmp_path, Recorder())
    again = Recorder()
    before = (tmp_path / "state.json").read_text()
    state = go(tmp_path, again, resume=True)
    assert again.calls == []
    assert len(state.records) == len(NAMES)
    assert (tmp_path / "state.json").read_text() == before


def test_without_resume_nothing_is_started_over(tmp_path: Path) -> None:
    go(tmp_path, Recorder())
    with pytest.raises(UsageError, match=r"12 stages done[\s\S]*--resume"):
        go(tmp_path, Recorder())


def test_resuming_where_nothing_is_starts(tmp_path: Path) -> None:
    assert len(go(tmp_path / "new", Recorder(), resume=True).records) == len(NAMES)


def test_another_recipe_is_refused_with_both_digests(tmp_path: Path) -> None:
    go(tmp_path, Recorder(), recipe=recipe(digest="aaaa"))
    with pytest.raises(UsageError, match=r"there: fake aaaa, here: fake bbbb"):
        go(tmp_path, Recorder(), recipe=recipe(digest="bbbb"), resume=True)


def test_other_data_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "set"
    data.mkdir()
    (data / "rows").write_text("one")
    go(tmp_path / "run", Recorder(), data=data)
    go(tmp_path / "run", Recorder(), data=data, resume=True)
    (data / "rows").write_text("two")
    with pytest.raises(UsageError, match="a run with other data"):
        go(tmp_path / "run", Recorder(), data=data, resume=True)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match=r"files of something else: thesis\.tex"):
        go(tmp_path, Recorder())


def test_a_lost_output_is_named(tmp_path: Path) -> None:
    go(tmp_path, Recorder())
    (tmp_path / "sft-1" / "policy").rmdir()
    with pytest.raises(UsageError, match=r"stage sft-1 .* is finished, but sft-1/policy is gone"):
        go(tmp_path, Recorder(), resume=True)


def test_a_damaged_state_is_a_sentence(tmp_path: Path) -> None:
    go(tmp_path, Recorder())
    (tmp_path / "state.json").write_text('{"schema": 1, "stages": [{"nam')
    with pytest.raises(UsageError, match=r"state\.json cannot be used"):
        go(tmp_path, Recorder(), resume=True)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    class Second(Recorder):
        def __call__(self, *arguments) -> Outcome:
            with pytest.raises(UsageError, match="another run is at work"):
                go(tmp_path, Recorder(), resume=True)
            return super().__call__(*arguments)

    assert len(go(tmp_path, Second()).records) == len(NAMES)


def test_a_full_disk_stops_the_run_and_keeps_what_is_finished(tmp_path: Path) -> None:
    full = HwgenError("the disk is full")
    with pytest.raises(HwgenError, match="the disk is full"):
        go(tmp_path, Recorder("rl-1", full))
    done = json.loads((tmp_path / "state.json").read_text())["stages"]
    assert [s["name"] for s in done] == NAMES[: NAMES.index("rl-1")]


def test_the_reason_to_stop_outlives_a_disk_that_takes_no_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: State, name: str, seconds: float) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(State, "stopped", full)
    with pytest.raises(HwgenError, match="the reason"):
        go(tmp_path, Recorder("rl-1", HwgenError("the reason")))


def test_other_threads_are_said(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, Recorder("rl-1", KeyboardInterrupt()), threads=2)
    said: list[str] = []
    go(tmp_path, Recorder(), resume=True, threads=1, say=said.append)
    assert "begun with 2 threads, now there are 1" in said[0]


def test_resources_are_made_once_and_closed(tmp_path: Path) -> None:
    events: list[str] = []

    class Judge:
        def __enter__(self) -> Judge:
            events.append("open")
            return self

        def __exit__(self, *_: object) -> None:
            events.append("close")

    class Asking(Recorder):
        def __call__(self, run: Run, *rest) -> Outcome:
            assert run.shared("judge", Judge) is run.shared("judge", Judge)
            return super().__call__(run, *rest)

    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, Asking("rl-1", KeyboardInterrupt()))
    assert events == ["open", "close"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    script = f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_driver import Recorder, go
        class Slow(Recorder):
            def __call__(self, run, step, folder, resume):
                if step.name == "rl-1":
                    print("now", flush=True)
                    time.sleep(60)
                return super().__call__(run, step, folder, resume)
        try:
            go(Path(sys.argv[1]), Slow())
        except KeyboardInterrupt:
            sys.exit(130)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "run")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        os.kill(process.pid, how)
        code = process.wait()
    assert code == (-9 if how is signal.SIGKILL else 130)
    rest = Recorder()
    go(tmp_path / "run", rest, resume=True)
    assert [name for name, _ in rest.calls] == NAMES[NAMES.index("rl-1") :]


@pytest.fixture
def second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(processes, "_TICK", 0.001)


def test_a_further_process_runs_only_what_is_shared(
    tmp_path: Path, second_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_process(folder: Path, name: str) -> None:
        """What the first process would have done by the time the wait ends."""
        state = State(folder, who)
        state.records = list(records[: [r.name for r in records].index(name) + 1])
        state.write()

    with monkeypatch.context() as only:
        only.setenv("RANK", "0")
        whole = go(tmp_path / "first", Recorder())
    records, who = whole.records, whole.who
    other = tmp_path / "first"
    begin = State(other, who)
    begin.launch = processes.launch()
    begin.write()
    monkeypatch.setattr(processes, "await_stage", first_process)
    recorder = Recorder()
    state = go(other, recorder)
    assert [name for name, _ in recorder.calls] == ["sft-1", "rl-1", "sft-2", "rl-2"]
    assert len(state.records) == len(NAMES)

"""Checkpoints: complete or absent, refused when of another recipe."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hwgen.errors import HwgenError, UsageError
from hwgen.training import checkpoint


def _writer(text: str):
    def write(folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "weights.bin").write_text(text)

    return write


def test_the_newest_complete_one_is_found(tmp_path: Path) -> None:
    assert checkpoint.latest(tmp_path / "none") is None
    for step in (9, 100, 20):
        checkpoint.save(tmp_path, step, _writer(str(step)), {"recipe": "a"})
    found = checkpoint.latest(tmp_path, {"recipe": "a"})
    assert found is not None
    assert checkpoint.step_of(found) == 100
    assert checkpoint.meta_of(found) == {"recipe": "a"}
    assert (found / "inner" / "weights.bin").read_text() == "100"


@pytest.mark.parametrize("how", ["no manifest", "cut file", "cut manifest", "missing file"])
def test_a_damaged_one_is_skipped_and_named(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = checkpoint.save(tmp_path, 1, _writer("good"), {})
    bad = checkpoint.save(tmp_path, 2, _writer("newer"), {})
    if how == "no manifest":
        (bad / "manifest.json").unlink()
    elif how == "cut manifest":
        text = (bad / "manifest.json").read_text()
        (bad / "manifest.json").write_text(text[: len(text) // 2])
    elif how == "cut file":
        (bad / "inner" / "weights.bin").write_text("new")
    else:
        (bad / "inner" / "weights.bin").unlink()
    assert checkpoint.latest(tmp_path) == good
    assert str(bad) in capsys.readouterr().err


def test_another_recipe_is_refused_with_both_values(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 1, _writer("x"), {"recipe": "aaa", "seed": 1})
    with pytest.raises(UsageError) as caught:
        checkpoint.latest(tmp_path, {"recipe": "bbb", "seed": 2})
    assert len(caught.value.problems) == 2
    assert "'aaa' there, 'bbb' here" in str(caught.value)


def test_tuples_equal_the_lists_they_were_saved_as(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 1, _writer("x"), {"betas": (0.9, 0.95)})
    assert checkpoint.latest(tmp_path, {"betas": (0.9, 0.95)}) is not None


def test_saving_the_same_step_again_replaces_it(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 3, _writer("old"), {})
    path = checkpoint.save(tmp_path, 3, _writer("new"), {})
    assert (path / "inner" / "weights.bin").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000003"]


def test_only_the_newest_are_kept_on_request(tmp_path: Path) -> None:
    for step in range(4):
        checkpoint.save(tmp_path, step, _writer("x"), {}, keep=2)
    assert [p.name for p in checkpoint.steps(tmp_path)] == ["step-00000002", "step-00000003"]


def test_a_writer_that_fails_leaves_the_older_one(tmp_path: Path) -> None:
    good = checkpoint.save(tmp_path, 1, _writer("good"), {})

    def fails(folder: Path) -> None:
        (folder / "part").write_text("x")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        checkpoint.save(tmp_path, 2, fails, {})
    assert list(tmp_path.iterdir()) == [good]


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))

    with pytest.raises(HwgenError, match="the disk is full") as caught:
        checkpoint.save(tmp_path, 2, fails, {})
    assert caught.value.exit_code == 4
    assert list(tmp_path.iterdir()) == []


def test_a_replacement_that_never_arrived_gives_the_old_one_back(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, 5, _writer("old"), {})
    path.rename(tmp_path / ".old-step-00000005")  # what a power cut between the renames leaves
    assert checkpoint.latest(tmp_path) == path


def test_a_killed_save_leaves_the_older_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = checkpoint.save(tmp_path, 1, _writer("good"), {})
    script = """
        import sys, time
        from pathlib import Path
        from hwgen.training import checkpoint
        def write(folder):
            (folder / "weights.bin").write_text("half")
            print("now", flush=True)
            time.sleep(60)
        checkpoint.save(Path(sys.argv[1]), 2, write, {})
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        os.kill(process.pid, signal.SIGKILL)
    assert checkpoint.latest(tmp_path) == good
    assert ".new-step-00000002" in capsys.readouterr().err
    again = checkpoint.save(tmp_path, 2, _writer("whole"), {})
    assert checkpoint.latest(tmp_path) == again


def test_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.json"
    checkpoint.write_text(path, "one")
    checkpoint.write_text(path, "two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["state.json"]

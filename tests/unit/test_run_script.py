"""./run on a machine that lacks things: the exact command, and exit code 3."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "iverilog g++ make perl ccache liblz4-dev zlib1g-dev python3-venv bubblewrap"  # Debian's names
)


@pytest.fixture
def checkout(tmp_path):
    """A bare checkout and a PATH that holds POSIX tools only."""
    for name in ("run", "pyproject.toml", "hwgen/__init__.py"):
        (tmp_path / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "repo" / name)
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "dirname", "cat", "cksum", "id", "env"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def tool(checkout, name, text):
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def run(checkout, *words):
    return subprocess.run(
        [str(checkout / "repo" / "run"), *words],
        env={"PATH": str(checkout / "bin"), "HOME": str(checkout)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_words_it_explains(checkout):
    result = run(checkout)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ./run setup|demo|test")


def test_no_debian(checkout):
    result = run(checkout, "setup")
    assert result.returncode == 3
    assert f"missing: {PACKAGES}\n" in result.stderr


def test_neither_root_nor_sudo_prints_the_command(checkout):
    tool(checkout, "apt-get", "exit 1")
    (checkout / "bin" / "id").unlink()
    tool(checkout, "id", "echo 1000")
    result = run(checkout, "demo")
    assert result.returncode == 3
    assert (
        "run as root: apt-get update && apt-get install -y --no-install-recommends " + PACKAGES
        in result.stderr
    )


def test_root_installs_and_says_if_that_fails(checkout):
    tool(checkout, "apt-get", f'echo "$@" >> {checkout}/log; exit 1')
    (checkout / "bin" / "id").unlink()
    tool(checkout, "id", "echo 0")
    result = run(checkout, "test")
    assert result.returncode == 3
    log = (checkout / "log").read_text().splitlines()
    assert log == ["update -q", f"install -y --no-install-recommends {PACKAGES}"]


def test_a_second_call_does_nothing(checkout):
    venv = checkout / "repo" / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").symlink_to(shutil.which("true"))
    whole = b"".join(
        (checkout / "repo" / n).read_bytes() for n in ("pyproject.toml", "hwgen/__init__.py", "run")
    )
    stamp = subprocess.run(["cksum"], input=whole, capture_output=True, check=True).stdout
    (venv.parent / ".hwgen-setup").write_bytes(stamp)
    result = run(checkout, "setup")
    assert (result.returncode, result.stderr) == (0, "ready: . .venv/bin/activate\n")


def test_it_is_executable():
    assert os.access(ROOT / "run", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)

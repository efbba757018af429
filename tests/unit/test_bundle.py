"""Writing bundles: what is refused, what survives an interruption, what the manifest says."""

import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hwgen.emit import bundle as bundles
from hwgen.emit.bundle import Bundle, DataFile, Module, read_manifest
from hwgen.errors import HwgenError, UsageError

SMALL = Bundle(
    arch="demo",
    spec_digest="0" * 64,
    top="m",
    modules=(Module("m", "module m;\nendmodule\n", "templates/m.v.j2"),),
    files=(DataFile("sw/m.py", b"X = 1\n", "spec"), DataFile("Makefile", b"all:\n", "spec")),
    facts={"interface": {"module": "m"}},
)


def listing(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_manifest_lists_every_other_file_with_its_digest(tmp_path):
    SMALL.write(tmp_path / "out")
    found = listing(tmp_path / "out")
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["files"] == {n: hashlib.sha256(d).hexdigest() for n, d in found.items()}
    assert manifest["modules"] == [
        {"module": "m", "file": "rtl/m.v", "source": "templates/m.v.j2"}
    ]  # fmt: skip
    assert manifest["interface"] == {"module": "m"}


def test_a_rebuild_replaces_everything_and_takes_scratch_along(tmp_path):
    out = tmp_path / "out"
    SMALL.write(out)
    (out / "sim_build" / "deep").mkdir(parents=True)
    (out / "sim_build" / "deep" / "x.o").write_text("x")
    (out / "sw" / "__pycache__").mkdir()
    (out / "sw" / "__pycache__" / "m.cpython-311.pyc").write_bytes(b"cache")
    smaller = replace(SMALL, files=SMALL.files[:1])
    smaller.write(out)
    assert sorted(listing(out)) == ["manifest.json", "rtl/m.v", "sw/m.py"]
    assert os.listdir(tmp_path) == ["out"]


def test_an_empty_folder_and_missing_parents_are_fine(tmp_path):
    (tmp_path / "empty").mkdir()
    SMALL.write(tmp_path / "empty")
    SMALL.write(tmp_path / "a" / "b" / "c")
    assert listing(tmp_path / "empty") == listing(tmp_path / "a" / "b" / "c")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda out: (out / "notes.txt").write_text("mine"), "notes.txt"),
        (lambda out: (out / "rtl" / "mine.v").write_text("mine"), "rtl/mine.v"),
        (lambda out: (out / "rtl" / "m.v").write_text("edited"), "rtl/m.v"),
        (lambda out: (out / "link").symlink_to("/etc"), "link"),
        (lambda out: (out / "sim_build").symlink_to("/etc"), "sim_build"),
        (lambda out: (out / "manifest.json").write_text("{}"), "Makefile, manifest.json, rtl/m.v"),
        (lambda out: (out / "manifest.json").unlink(), "Makefile, rtl, sw"),
        (
            lambda out: ((out / "__pycache__").mkdir(), (out / "__pycache__/x.pyc").write_text("")),
            "__pycache__/x.pyc",
        ),
    ],
)
def test_a_folder_with_foreign_files_is_refused_and_left_alone(tmp_path, spoil, named):
    out = tmp_path / "out"
    SMALL.write(out)
    spoil(out)
    before = listing(out)
    with pytest.raises(UsageError) as caught:
        SMALL.write(out)
    what = caught.value.problems[0].what
    assert what.startswith(f"{out} holds files that hwgen did not put there: {named}")
    assert caught.value.exit_code == 2
    assert listing(out) == before
    assert os.listdir(tmp_path) == ["out"]


def test_a_file_and_the_current_folder_are_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        SMALL.write(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="is the folder you stand in"):
        SMALL.write(Path("."))
    with pytest.raises(UsageError, match="cannot be written: Not a directory"):
        SMALL.write(tmp_path / "file" / "out")


def test_a_full_disk_leaves_the_old_folder(tmp_path, monkeypatch):
    out = tmp_path / "new" / "out"
    SMALL.write(tmp_path / "old")
    before = listing(tmp_path / "old")
    real = Path.write_bytes

    def full(path, data):
        if path.name == "m.py":
            real(path, data[:1])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    for target in (tmp_path / "old", out):
        with pytest.raises(HwgenError) as caught:
            SMALL.write(target)
        assert caught.value.exit_code == 4
        assert caught.value.problems[0].what == f"the disk is full: {target} was not written"
    assert listing(tmp_path / "old") == before
    assert os.listdir(tmp_path) == ["old"]


@pytest.mark.parametrize("at", ["write", "swap"])
def test_an_interruption_leaves_the_old_folder(tmp_path, monkeypatch, at):
    out = tmp_path / "out"
    SMALL.write(out)
    before = listing(out)
    if at == "write":

        def stop(path, data):
            raise KeyboardInterrupt

        monkeypatch.setattr(Path, "write_bytes", stop)
    else:
        rename = os.rename

        def stop_second(source, target):
            if Path(source).name == "new":
                monkeypatch.setattr(bundles.os, "rename", rename)
                raise KeyboardInterrupt
            rename(source, target)

        monkeypatch.setattr(bundles.os, "rename", stop_second)
    with pytest.raises(KeyboardInterrupt):
        replace(SMALL, files=()).write(out)
    assert listing(out) == before
    assert os.listdir(tmp_path) == ["out"]


def test_equal_values_equal_digest():
    again = replace(SMALL, files=SMALL.files[::-1])
    assert again.digest() == SMALL.digest()
    assert replace(SMALL, files=SMALL.files[1:]).digest() != SMALL.digest()


@pytest.mark.parametrize("path", ["../x", "/x", "sim_build/x", "manifest.json", "rtl/m.v"])
def test_paths_that_cannot_be_emitted(path):
    with pytest.raises(ValueError, match="path"):
        replace(SMALL, files=(DataFile(path, b"", ""),)).contents()


def test_reading_a_manifest_that_is_none(tmp_path):
    (tmp_path / "manifest.json").write_text("[1]")
    with pytest.raises(UsageError, match="is no folder that hwgen built"):
        read_manifest(tmp_path)

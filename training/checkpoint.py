"""Checkpoints that are either complete or not there.

A checkpoint is a folder `step-00000120` holding what the caller wrote and `manifest.json` with the
sha256 of every file and the facts (`meta`) that must be equal for it to be of use. It is written
under another name, flushed to the disk and renamed: a power cut or `kill -9` at any moment leaves
the previous checkpoint, never half of the new one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hwgen.errors import HwgenError, Problem, UsageError

MANIFEST = "manifest.json"
SCHEMA = 1
_NAME = re.compile(r"step-(\d{8,})")
_PARTIAL = re.compile(r"\.(new|old)-step-\d{8,}")


def save(
    folder: Path,
    step: int,
    write: Callable[[Path], None],
    meta: Mapping[str, Any],
    *,
    keep: int | None = None,
) -> Path:
    """Write the checkpoint of `step` (>= 0) into `folder` and return its path.

    `write(path)` fills a new empty folder (`manifest.json` is ours). `meta` must be JSON values.
    An existing checkpoint of this step is replaced. With `keep`, only the newest `keep` (>= 1)
    checkpoints stay. Errors: a full disk is an `HwgenError` (exit 4) and the older ones stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"step-{step:08d}"
    target, new, old = folder / name, folder / f".new-{name}", folder / f".old-{name}"
    _tidy(folder)
    new.mkdir()
    try:
        write(new)
        _seal(new, step, meta)
        if target.exists():
            target.rename(old)
        new.rename(target)
        _flush(folder)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise full_disk(error, folder) from error
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if keep is not None:
        for path in steps(folder)[: -max(keep, 1)]:
            shutil.rmtree(path, ignore_errors=True)
    return target


def latest(folder: Path, meta: Mapping[str, Any] | None = None) -> Path | None:
    """The newest complete checkpoint of `folder`, or None.

    Incomplete or damaged ones are skipped and named on stderr. With `meta`, every key of it must
    have been saved with the same value: otherwise UsageError, which names the differences.
    """
    if not folder.is_dir():
        return None
    _recover(folder)
    for path in sorted(folder.iterdir()):
        if _PARTIAL.fullmatch(path.name):
            _say(f"{path} was left half written: skipped")
    for path in reversed(steps(folder)):
        fault = damage(path)
        if fault:
            _say(f"{path} is not complete ({fault}): skipped")
            continue
        if meta is not None:
            _same(path, meta)
        return path
    return None


def steps(folder: Path) -> list[Path]:
    """The checkpoints of `folder`, oldest step first, complete or not."""
    if not folder.is_dir():
        return []
    found = [(int(m[1]), p) for p in folder.iterdir() if (m := _NAME.fullmatch(p.name))]
    return [path for _, path in sorted(found)]


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint was saved at."""
    return int(_manifest(checkpoint)["step"])


def meta_of(checkpoint: Path) -> dict[str, Any]:
    """The facts that a checkpoint was saved with."""
    meta: dict[str, Any] = _manifest(checkpoint)["meta"]
    return meta


def damage(checkpoint: Path) -> str:
    """What is wrong with a checkpoint, in a few words; empty if it is complete."""
    try:
        manifest = _manifest(checkpoint)
        files = dict(manifest["files"])
        if not isinstance(manifest["meta"], dict) or int(manifest["step"]) < 0:
            return f"{MANIFEST} is damaged"
    except FileNotFoundError:
        return f"no {MANIFEST}"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{MANIFEST} is damaged"
    for name, digest in files.items():
        path = checkpoint / name
        if not path.is_file():
            return f"{name} is missing"
        if sha256_of(path) != digest:
            return f"{name} has other bytes than were saved"
    return ""


def write_text(path: Path, text: str) -> None:
    """Replace the file `path` by `text` in one step: readers see the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _flush(path.parent)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise full_disk(error, path) from error


def full_disk(error: OSError, place: Path) -> Exception:
    """`error` as the sentence of a full disk (exit 4) if it is one, else unchanged."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return error
    return HwgenError(
        Problem(
            f"the disk is full while writing {place}",
            rule="what was saved before is complete",
            fix="free some space and run this again with --resume",
        )
    )


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(checkpoint: Path) -> dict[str, Any]:
    manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise ValueError(f"{checkpoint / MANIFEST}: not a manifest of schema {SCHEMA}")
    return manifest


def _seal(folder: Path, step: int, meta: Mapping[str, Any]) -> None:
    """Flush every file of `folder` to the disk, then write and flush the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        _flush(path)
    for path in sorted(path for path in folder.rglob("*") if path.is_dir()):
        _flush(path)
    record = {
        "schema": SCHEMA,
        "step": step,
        "meta": dict(meta),
        "files": {path.relative_to(folder).as_posix(): sha256_of(path) for path in files},
    }
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _flush(manifest)
    _flush(folder)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _recover(folder: Path) -> None:
    """Bring back a checkpoint that was moved aside when its replacement never arrived."""
    for old in folder.glob(".old-step-*"):
        target = folder / old.name.removeprefix(".old-")
        if _PARTIAL.fullmatch(old.name) and not target.exists():
            old.rename(target)


def _tidy(folder: Path) -> None:
    _recover(folder)
    for path in folder.iterdir():
        if _PARTIAL.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _same(checkpoint: Path, meta: Mapping[str, Any]) -> None:
    saved = meta_of(checkpoint)
    # through JSON, so that a tuple equals the list that it was saved as
    wanted = json.loads(json.dumps(dict(meta)))
    other = [key for key in wanted if saved.get(key) != wanted[key]]
    if other:
        raise UsageError(
            *(
                Problem(
                    f"{checkpoint} is of another run: {key} is {saved.get(key)!r} there, "
                    f"{wanted[key]!r} here",
                    rule="a run goes on only from a checkpoint of the same recipe",
                    fix="take another folder with -o, or the recipe that wrote this one",
                )
                for key in other
            )
        )


def _say(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr, flush=True)

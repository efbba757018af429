"""Emitted files as values, then written: equal specification, equal bytes.

A `Bundle` is built beside its destination and renamed into place, so that an interruption, a
full disk or an error leaves either the old folder or the new one. A destination that holds
anything but the files of its own manifest is refused and left alone.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hwgen import __version__
from hwgen.errors import HwgenError, Problem, UsageError

MANIFEST = "manifest.json"
MANIFEST_VERSION = 2
SCRATCH = "sim_build"
"""The one folder below an emitted one that its users may fill; the next build deletes it."""


@dataclass(frozen=True)
class Module:
    """One Verilog module in its own file. `source` is the rtl file or template it came from."""

    name: str
    text: str
    source: str

    @property
    def path(self) -> str:
        return f"rtl/{self.name}.v"


@dataclass(frozen=True)
class DataFile:
    """Any other emitted file. `path` is relative, with forward slashes."""

    path: str
    data: bytes
    source: str


@dataclass(frozen=True)
class Bundle:
    """Everything emitted for one specification. `facts` go into the manifest as they are."""

    arch: str
    spec_digest: str
    top: str
    modules: tuple[Module, ...]
    files: tuple[DataFile, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def contents(self) -> dict[str, bytes]:
        """Bytes by path, sorted by path, without the manifest. Raises ValueError on a clash."""
        pairs = [(m.path, m.text.encode()) for m in self.modules]
        pairs += [(f.path, f.data) for f in self.files]
        found = dict(sorted(pairs))
        if len(found) != len(pairs) or MANIFEST in found:
            raise ValueError("two emitted files have the same path")
        for path in found:
            parts = PurePosixPath(path).parts
            if path.startswith("/") or ".." in parts or parts[0] == SCRATCH:
                raise ValueError(f"{path} is no path of an emitted file")
        return found

    def manifest(self) -> bytes:
        """manifest.json: who made what from what, with the sha256 of every other file."""
        record = {
            "manifest_version": MANIFEST_VERSION,
            "generator": {"name": "hwgen", "version": __version__},
            "arch": self.arch,
            "spec_digest": self.spec_digest,
            "top": self.top,
            **self.facts,
            "modules": [
                {"module": m.name, "file": m.path, "source": m.source} for m in self.modules
            ],
            "files": {path: _sha256(data) for path, data in self.contents().items()},
        }
        return (json.dumps(record, indent=2) + "\n").encode()

    def digest(self) -> str:
        """sha256 over the manifest, hence over every byte."""
        return _sha256(self.manifest())

    def write(self, target: Path) -> None:
        """Replace folder `target` by this bundle.

        Raises UsageError if `target` is a file, holds foreign or edited files, or cannot be
        replaced; HwgenError if the disk is full. Nothing is left half-written.
        """
        replace_folder(target, {**self.contents(), MANIFEST: self.manifest()}, check_target)


def replace_folder(target: Path, files: Mapping[str, bytes], check: Callable[[Path], None]) -> None:
    """Replace folder `target` by one that holds `files` (bytes by relative path), or do nothing.

    check: raises UsageError if what is there must not be replaced. Raises UsageError if `target`
    cannot be replaced, HwgenError if the disk is full. Nothing is left half-written.
    """
    target = target.resolve()
    made: list[Path] = []
    work = target
    try:
        check(target)
        made = _make_parents(target.parent)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        for path, data in files.items():
            (work / "new" / path).parent.mkdir(parents=True, exist_ok=True)
            (work / "new" / path).write_bytes(data)
        _swap(work / "new", target, work / "old")
        made = []
    except OSError as error:
        raise _cannot_write(error, target) from error
    finally:
        if work != target:
            shutil.rmtree(work, ignore_errors=True)
        for folder in made:
            folder.rmdir()


def check_target(target: Path) -> None:
    """Raise UsageError unless `target` is absent, empty, or exactly an emitted folder."""
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(Problem(f"{target} is a file", "the output is a folder", "choose another"))
    if target == Path.cwd():
        raise UsageError(
            Problem(
                f"{target} is the folder you stand in",
                "the output folder is replaced as a whole",
                "build into a folder of its own, as in: -o design",
            )
        )
    foreign = list(_foreign(target))
    if foreign:
        named = ", ".join(foreign[:3])
        named += f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise UsageError(
            Problem(
                f"{target} holds files that hwgen did not put there: {named}",
                "a folder is replaced only if its manifest lists every file in it, unchanged",
                "choose another folder, or move these files away",
            )
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an emitted folder. Raises UsageError if it is missing or foreign."""
    path = folder / MANIFEST
    wrong = Problem(
        f"{folder} is no folder that hwgen built",
        f"it holds no {MANIFEST} of version {MANIFEST_VERSION}",
        "build one: hwgen build --arch n3h -o DIR",
    )
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(wrong) from error
    known = isinstance(record, dict) and record.get("manifest_version") == MANIFEST_VERSION
    if not known or not isinstance(record.get("files"), dict):
        raise UsageError(wrong)
    found: dict[str, Any] = record
    return found


def _foreign(folder: Path) -> Iterator[str]:
    """Paths in `folder` that its manifest does not list with these bytes."""
    if not (folder / MANIFEST).is_file():
        yield from sorted(path.name for path in folder.iterdir())
        return
    try:
        known = read_manifest(folder)["files"]
    except UsageError:
        known = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] == SCRATCH and not (folder / SCRATCH).is_symlink():
            continue
        if (path.is_dir() and not path.is_symlink()) or (name == MANIFEST and known):
            continue
        if path.parent.name == "__pycache__" and _source_of(name) in known:
            continue  # Python's own by-product of a file that is listed
        real = name in known and path.is_file() and not path.is_symlink()
        if not real or known[name] != _sha256(path.read_bytes()):
            yield name


def _source_of(pyc: str) -> str:
    path = PurePosixPath(pyc)
    return str(path.parent.parent / f"{path.name.split('.')[0]}.py")


def _swap(new: Path, target: Path, old: Path) -> None:
    """Rename `new` to `target`; what was there goes to `old`, and comes back on failure."""
    if not target.exists():
        os.rename(new, target)
        return
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        raise


def _make_parents(parent: Path) -> list[Path]:
    """Create missing parents; those created, deepest first."""
    made: list[Path] = []
    for folder in (*reversed(parent.parents), parent):
        if not folder.exists():
            folder.mkdir()
            made.insert(0, folder)
    return made


def _cannot_write(error: OSError, target: Path) -> HwgenError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return HwgenError(
            Problem(
                f"the disk is full: {target} was not written",
                "nothing was changed",
                f"free some space on the file system of {target.parent}",
            )
        )
    reason = error.strerror or str(error)
    return UsageError(
        Problem(f"{target} cannot be written: {reason}", fix="choose a folder that you may write")
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""The user's cache: compiled simulators and designs under verification, shared by processes."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hwgen.errors import Problem, UsageError


def cache_folder(kind: str) -> Path:
    """A folder of the user's cache, created. HWGEN_CACHE moves it. Raises UsageError."""
    base = os.environ.get("HWGEN_CACHE")
    root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "hwgen"
    path = root.expanduser() / kind
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            Problem(
                f"the cache folder {path} cannot be made: {error.strerror}",
                "compiled simulators and designs under verification are kept there",
                "set HWGEN_CACHE to a folder that you may write",
            )
        ) from error
    return path


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold the lock file beside `place`; a second process waits here for the first."""
    with place.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prune(places: Iterable[Path], keep: int) -> None:
    """Remove all but the `keep` folders used last; those that another process holds stay."""
    for old in sorted(places, key=lambda p: p.stat().st_mtime)[:-keep]:
        with old.with_suffix(".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(old, ignore_errors=True)

"""Verdicts that are kept: by everything they depend on, in one SQLite file. One process writes."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import OrderedDict
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hwgen.cache import cache_folder
from hwgen.errors import HwgenError, Problem
from hwgen.resources import folder
from hwgen.tasks.task import Task
from hwgen.verify.tools import tool_versions
from hwgen.verify.verdict import Verdict

if TYPE_CHECKING:
    from hwgen.verify.options import Files, Options

RECENT = 4096  # verdicts kept in memory as well
BATCH = 64  # verdicts written at once
FLEETING = frozenset({"wall-clock", "cpu-limit", "memory-limit", "output-limit"})
"""Causes that another day may not repeat: never kept, and errors neither."""


def key_of(task: Task, files: Files, options: Options) -> str:
    """Digest of the candidate as it came, the task, how it is judged, the judge, and its tools."""
    source = hashlib.sha256()
    for name in sorted(files):
        text = files[name]
        data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        called = name.encode(errors="surrogatepass")  # may hold anything, a NUL too
        source.update(f"{len(called)} {len(data)} ".encode() + called + data)
    parts = [source.hexdigest(), task.digest, str(astuple(options)), judge_digest()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def judge_digest() -> str:
    """Digest of the judge's own code and of its tools' versions."""
    here = Path(__file__).parent
    sources = [*here.rglob("*.py"), *here.parent.joinpath("tasks").glob("*.py")]
    sources += [*(folder("templates") / "judge").glob("*"), *(folder("tb") / "judge").glob("*.py")]
    sources.append(here.parent / "emit" / "env.py")
    digest = hashlib.sha256(json.dumps(tool_versions(), sort_keys=True).encode())
    for path in sorted(sources):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


class Store:
    """Verdicts by key, recent ones in memory. Without a path nothing outlives the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._recent: OrderedDict[str, Verdict] = OrderedDict()
        self._pending: list[tuple[str, str]] = []
        self._db = sqlite3.connect(path) if path else None
        if self._db:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, said TEXT)"
            )

    def get(self, key: str) -> Verdict | None:
        """The verdict kept under `key`."""
        verdict = self._recent.get(key)
        if verdict is None and self._db:
            row = self._db.execute("SELECT said FROM verdicts WHERE key = ?", (key,)).fetchone()
            verdict = Verdict.from_dict(json.loads(row[0])) if row else None
        if verdict is not None:
            self._remember(key, verdict)
        return verdict

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict, unless it is an error or a matter of resources."""
        if verdict.outcome in ("ERROR", "SKIP") or verdict.cause in FLEETING:
            return
        self._remember(key, verdict)
        if self._db:
            self._pending.append((key, json.dumps(verdict.as_dict())))
            if len(self._pending) >= BATCH:
                self.flush()

    def flush(self) -> None:
        """Write what is not yet on disk. Raises HwgenError when the disk is full."""
        if self._db and self._pending:
            try:
                with self._db:
                    self._db.executemany(
                        "INSERT OR REPLACE INTO verdicts VALUES (?, ?)", self._pending
                    )
            except sqlite3.Error as error:
                raise HwgenError(
                    Problem(
                        f"verdicts cannot be kept: {error}",
                        "those that were printed are good",
                        "free some space, or set HWGEN_CACHE to a folder elsewhere",
                    )
                ) from error
            finally:
                self._pending.clear()

    def close(self) -> None:
        """Write, and let go of the file."""
        self.flush()
        if self._db:
            self._db.close()

    def _remember(self, key: str, verdict: Verdict) -> None:
        self._recent[key] = verdict
        self._recent.move_to_end(key)
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)


def default_store() -> Store:
    """The user's own store. Raises UsageError where the cache folder cannot be made."""
    return Store(cache_folder("verdicts") / "verdicts.sqlite")

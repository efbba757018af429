"""Recordings on disk: made once for a problem, kept in the user's cache.

A key covers the problem's texts, this package, its templates and the simulator's version, so an
entry never goes stale; only the parent writes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from hwgen.benchsuites.bed import Bed, Unjudged
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.recorded import Stage
from hwgen.benchsuites.scopes import Pin
from hwgen.benchsuites.staged import Staged
from hwgen.benchsuites.waves import Recording
from hwgen.cache import cache_folder
from hwgen.resources import folder
from hwgen.verify.tools import icarus_version

LARGEST = 32 << 20  # bytes of an entry that is kept
_TEXTS = {"rows", "shown", "expected"}
Prepared = Stage | Staged | Unjudged


def load(problem: Problem) -> Prepared | None:
    """What was prepared for a problem; None if that is not known."""
    try:
        data = json.loads(gzip.decompress(_path(problem).read_bytes()))
        return Unjudged(**data) if "why" in data else _stage(data)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def weight(problem: Problem) -> int:
    """Bytes of a problem's entry, 0 without: long recordings make long runs."""
    try:
        return _path(problem).stat().st_size
    except OSError:
        return 0


def save(problem: Problem, prepared: Prepared) -> None:
    """Keep what was prepared, replacing the file in one step."""
    packed = gzip.compress(json.dumps(_data(prepared)).encode(), 1)
    if len(packed) > LARGEST:
        return
    path = _path(problem)
    part = path.with_suffix(f".{secrets.token_hex(4)}")
    part.write_bytes(packed)
    os.replace(part, path)


def _data(prepared: Prepared) -> dict[str, Any]:
    """JSON values; long lists of texts as one text, which loads ten times as fast."""
    if isinstance(prepared, Unjudged):
        return asdict(prepared)
    wave = dict(vars(prepared.recording))
    data = {**vars(prepared), "bed": asdict(prepared.bed)}
    for place in (data, wave):
        for key in _TEXTS & place.keys():
            place[key] = "\n".join(place[key])
    return {**data, "recording": wave}


def _stage(data: dict[str, Any]) -> Stage | Staged:
    bed, wave = data["bed"], data["recording"]
    pins = tuple(Pin(**pin) for pin in bed["pins"])
    bed = Bed(**{**bed, "pins": pins, "roots": tuple(bed["roots"])})
    recording = Recording(
        _texts(wave["rows"]), tuple(wave["times"]), tuple(wave["marks"]), _texts(wave["shown"]),
        wave["limited"],
    )  # fmt: skip
    if "fills" in data:
        return Staged(bed, recording, data["fills"], data["note"])
    return Stage(bed, recording, _texts(data["expected"]), data["note"], data["sound"])


def _texts(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("\n"))


def _path(problem: Problem) -> Path:
    parts = [_code(), problem.id, problem.module, problem.bench, problem.reference]
    parts += [f"{name}\1{text}" for name, text in sorted(problem.data.items())]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return cache_folder("benchsuites") / f"{digest}.json.gz"


@cache
def _code() -> str:
    """Digest of everything that makes a recording."""
    files = [*Path(__file__).parent.glob("*.py"), *(folder("templates") / "benchsuites").iterdir()]
    texts = [path.read_bytes() for path in sorted(files) if path.is_file()]
    return hashlib.sha256(b"\0".join([icarus_version().encode(), *texts])).hexdigest()

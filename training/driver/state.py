"""What a run has done so far: one small file, replaced as a whole after every stage.

A stage that has a record is finished and its outputs are on the disk; everything else is done
again or resumed by the stage itself. So a run may be stopped at any instant, by any means.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import sha256_of, write_text

FILE = "state.json"
SCHEMA = 1


@dataclass(frozen=True)
class Outcome:
    """What a stage hands back: key numbers for people, and outputs by name, as paths in its folder
    ("" is the folder itself).
    """

    numbers: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A finished stage. `seconds` include those of earlier, interrupted attempts; outputs are paths
    in the run's folder.
    """

    name: str
    seconds: float
    numbers: dict[str, Any]
    outputs: dict[str, str]


@dataclass(frozen=True)
class Identity:
    """What makes two runs the same run: recipe (name for people, digest) and given data set."""

    recipe: str
    digest: str
    data: str = ""


class State:
    """The finished stages of the run in `folder`, in order. Every change is on the disk at once."""

    def __init__(self, folder: Path, who: Identity) -> None:
        self.folder, self.who = folder, who
        self.records: list[Record] = []
        self.spent: dict[str, float] = {}  # seconds of attempts that were stopped
        self.threads = 0
        self.launch = ""  # of the processes that are at work (`processes`)

    def record_of(self, name: str) -> Record | None:
        """The record of a stage, None if it is not finished."""
        return next((r for r in self.records if r.name == name), None)

    def newest(self, output: str) -> Path | None:
        """Path of the output of this name that was made last, None if no stage made one."""
        for record in reversed(self.records):
            if output in record.outputs:
                return self.folder / record.outputs[output]
        return None

    def every(self, output: str) -> list[Path]:
        """Paths of all outputs of this name, oldest first."""
        found = (r.outputs.get(output) for r in self.records)
        return [self.folder / path for path in found if path is not None]

    def finish(self, name: str, seconds: float, outcome: Outcome) -> Record:
        """Note a finished stage, whose folder is `name`."""
        outputs = {
            key: f"{name}/{path}".rstrip("/") for key, path in sorted(outcome.outputs.items())
        }
        total = round(seconds + self.spent.pop(name, 0.0), 3)
        record = Record(name, total, dict(outcome.numbers), outputs)
        self.records.append(record)
        self.write()
        return record

    def stopped(self, name: str, seconds: float) -> None:
        """Note how long a stage ran that did not finish."""
        self.spent[name] = round(self.spent.get(name, 0.0) + seconds, 3)
        self.write()

    def write(self) -> None:
        """Replace the file."""
        data = {
            "schema": SCHEMA,
            **asdict(self.who),
            "threads": self.threads,
            "launch": self.launch,
            "spent": self.spent,
            "stages": [asdict(record) for record in self.records],
        }
        write_text(self.folder / FILE, json.dumps(data, indent=2) + "\n")


def open_state(folder: Path, who: Identity, resume: bool) -> State:
    """The state of the run in `folder`, a new one if there is none. Raises UsageError: the folder
    holds another run, this run without `resume`, other files, or a run whose outputs are gone.
    """
    path = folder / FILE
    state = State(folder, who)
    if not path.exists():
        _refuse_foreign(folder)
        return state
    data = _read(path)
    there = Identity(data["recipe"], data["digest"], data["data"])
    _refuse_other(folder, there, who)
    if not resume:
        raise UsageError(
            Problem(
                f"{folder} holds a run of this recipe, {len(data['stages'])} stages done",
                "a run is not started over by accident",
                "add --resume to go on with it, or name another folder with -o",
            )
        )
    state.records = [Record(**record) for record in data["stages"]]
    state.spent, state.threads = dict(data["spent"]), int(data["threads"])
    _refuse_incomplete(state)
    return state


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second run out of `folder`. Raises UsageError if one is at work there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                Problem(
                    f"another run is at work in {folder}",
                    "one run at a time may write a folder",
                    "wait for it, or name another folder with -o",
                )
            ) from None
        yield


def digest_of_data(folder: Path | None) -> str:
    """What a given data set is known by: the sha256 of its files' names and bytes."""
    if folder is None:
        return ""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()} {sha256_of(path)}\n".encode())
    return total.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']}, this hwgen writes {SCHEMA}")
        for record in data["stages"]:
            Record(**record)
        _ = data["recipe"], data["digest"], data["data"], data["threads"], dict(data["spent"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            Problem(
                f"{path} cannot be used: {error}",
                "it says which stages of the run are finished",
                "name another folder with -o",
            )
        ) from error
    return dict(data)


def _refuse_other(folder: Path, there: Identity, here: Identity) -> None:
    problems = []
    if there.digest != here.digest:
        problems.append(
            Problem(
                f"{folder} holds a run of another recipe",
                f"there: {there.recipe} {there.digest}, here: {here.recipe} {here.digest}",
                "name another folder with -o, or give the recipe and settings of that run",
            )
        )
    if there.data != here.data:
        problems.append(
            Problem(
                f"{folder} holds a run with other data",
                f"there: {there.data or 'built by the recipe'}, "
                f"here: {here.data or 'built by the recipe'}",
                "name another folder with -o, or give the --data of that run",
            )
        )
    if problems:
        raise UsageError(*problems)


def _refuse_foreign(folder: Path) -> None:
    strange = sorted(p.name for p in folder.iterdir() if p.name not in (".lock", f".{FILE}.new"))
    if strange:
        raise UsageError(
            Problem(
                f"{folder} holds files of something else: {', '.join(strange[:3])}",
                "a run writes into a folder of its own",
                "name another folder with -o",
            )
        )


def _refuse_incomplete(state: State) -> None:
    gone = [
        Problem(
            f"stage {record.name} of {state.folder} is finished, but {path} is gone",
            "later stages read it",
            "put it back, or start again in another folder with -o",
        )
        for record in state.records
        for path in record.outputs.values()
        if not (state.folder / path).exists()
    ]
    if gone:
        raise UsageError(*gone)

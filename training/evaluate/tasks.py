"""A policy on tasks: answers, verdicts, report. Judging goes on while the next answers are made."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hwgen.errors import Problem, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.checkpoint import write_text
from hwgen.training.evaluate.answers import Answer, answers_of
from hwgen.training.evaluate.figures import Report
from hwgen.training.evaluate.journal import ANSWERS, VERDICTS, begin
from hwgen.training.evaluate.row import row_of
from hwgen.training.evaluate.writer import Asking, Writer, identity_of, name_of
from hwgen.training.records import append, read_lines
from hwgen.training.text import code_in, prompt_of
from hwgen.verify.store import judge_digest
from hwgen.verify.verdict import Verdict

if TYPE_CHECKING:
    from hwgen.training.policy import Policy

RESULT = "result.json"
PAGE = "report.html"
PIECE = 16  # samples that are judged between two writes of verdicts
AHEAD = 8  # pieces that are judged while more answers are generated
SILENCE = 3.0  # seconds between two lines of progress

Key = tuple[str, int]
"""A sample: the task's id, and its number among that task's samples."""


class _Pending(Protocol):
    def verdicts(self) -> list[Verdict]: ...


class Judging(Protocol):
    """Who judges: `hwgen.training.judged.Judging`."""

    def start(self, candidates: Sequence[tuple[str, str]]) -> _Pending: ...


def evaluate_tasks(
    policy: Policy | Writer,
    ids_by_split: Mapping[str, Sequence[str]],
    *,
    samples: int,
    temperature: float,
    seed: int,
    judging: Judging,
    folder: Path,
    resume: bool,
    say: Callable[[str], None],
    top_p: float = 1.0,
    max_new_tokens: int = 768,
    batch: int = 64,
) -> Report:
    """Ask `policy` for `samples` answers to every task, judge them, and report.

    `folder` gets `answers.jsonl`, `verdicts.jsonl`, `result.json` and `report.html`. A run that
    was stopped goes on with `resume`: what is there is neither asked nor judged again, but for
    verdicts that were our failure or another version's. Raises UsageError: nothing to evaluate, a
    task in two splits, an evaluation that is there already, or one of other settings.
    """
    asking = Asking(samples, temperature, top_p, seed, max_new_tokens, batch)
    splits = _split_by_id(ids_by_split)
    settings = _settings(policy, ids_by_split, asking)
    begin(folder, settings, resume)
    prompts = {name: prompt_of(get_task(name)) for name in splits}
    verdicts = _kept(folder / VERDICTS)
    total = samples * len(splits)
    say(f"{total} samples for {len(splits)} tasks, {len(verdicts)} of them are there already")
    found: dict[str, Answer] = {}
    told = time.monotonic()
    for _ in _judged(policy, prompts, asking, judging, folder, found, verdicts):
        if time.monotonic() - told > SILENCE:
            passed = sum(v.passed for v in verdicts.values())
            say(f"{samples * len(found)} answered, {len(verdicts)} judged, {passed} passed")
            told = time.monotonic()
    rows = (
        row_of(
            split, found[name], [verdicts[name, n] for n in range(len(found[name].texts))], samples
        )
        for name, split in splits.items()
    )
    report = Report(settings, tuple(rows), name_of(policy))
    write_result(folder, report.as_dict())
    return report


def write_result(folder: Path, result: Mapping[str, Any]) -> None:
    """Write `result.json` and its page, each in one step."""
    from hwgen.report.evaluation import evaluation_page

    write_text(folder / RESULT, json.dumps(result, indent=2) + "\n")
    write_text(folder / PAGE, evaluation_page(result))


def _split_by_id(ids_by_split: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The split of every id, in order. Raises UsageError."""
    splits: dict[str, str] = {}
    problems = []
    for split, names in ids_by_split.items():
        for name in names:
            if name in splits:
                what = f"task {name} is given twice, for {splits[name]} and {split}"
                problems.append(Problem(what, "each task counts once"))
            splits[name] = split
    if not splits:
        problems.append(Problem("there is no task to evaluate on"))
    if problems:
        raise UsageError(*problems)
    return splits


def _settings(
    policy: Policy | Writer, ids_by_split: Mapping[str, Sequence[str]], asking: Asking
) -> dict[str, Any]:
    """What answers depend on, for people and for whoever goes on with the evaluation."""
    said = json.dumps([[split, list(names)] for split, names in ids_by_split.items()])
    return {
        "suite": "tasks",
        "model": identity_of(policy),
        "tasks": {split: len(names) for split, names in ids_by_split.items()},
        "tasks_digest": hashlib.sha256(said.encode()).hexdigest()[:16],
        **asking.as_dict(),
    }


def _kept(path: Path) -> dict[Key, Verdict]:
    """Verdicts of this version of the judge; our failures are no verdicts and are tried again."""
    found = {}
    for record in read_lines(path):
        if record["judge"] == judge_digest()[:16] and record["verdict"]["outcome"] != "ERROR":
            found[record["id"], record["n"]] = Verdict.from_dict(record["verdict"])
    return found


def _judged(
    policy: Policy | Writer,
    prompts: Mapping[str, str],
    asking: Asking,
    judging: Judging,
    folder: Path,
    found: dict[str, Answer],
    verdicts: dict[Key, Verdict],
) -> Iterator[None]:
    """Fill `found` and `verdicts`, piece by piece; judging goes on while answers are generated."""
    ahead: deque[tuple[Sequence[Key], _Pending]] = deque()
    for chunk in answers_of(policy, prompts, asking, folder / ANSWERS):
        found.update((answer.name, answer) for answer in chunk)
        texts = {(a.name, n): text for a in chunk for n, text in enumerate(a.texts)}
        keys = [key for key in texts if key not in verdicts]
        for start in range(0, len(keys), PIECE):
            piece = keys[start : start + PIECE]
            ahead.append((piece, judging.start([(k[0], code_in(texts[k])) for k in piece])))
        while len(ahead) > AHEAD:
            yield _fetched(*ahead.popleft(), folder, verdicts)
        yield
    while ahead:
        yield _fetched(*ahead.popleft(), folder, verdicts)


def _fetched(
    keys: Sequence[Key], pending: _Pending, folder: Path, verdicts: dict[Key, Verdict]
) -> None:
    """Wait for the verdicts of a piece and keep them, on the disk first."""
    new = dict(zip(keys, pending.verdicts(), strict=True))
    append(folder / VERDICTS, [_record(key, verdict) for key, verdict in new.items()])
    verdicts.update(new)


def _record(key: Key, verdict: Verdict) -> dict[str, Any]:
    said = {**verdict.as_dict(), "tools": {}, "seconds": 0.0}  # these say nothing of the candidate
    return {"id": key[0], "n": key[1], "judge": judge_digest()[:16], "verdict": said}

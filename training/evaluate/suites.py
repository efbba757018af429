"""A policy on a public benchmark: prompts, solutions on disk, and verdicts that outlive a stop.

The policy's answers are written as solutions like anybody's, and judged as they are, under both
rules of `hwgen.benchsuites`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwgen import benchsuites
from hwgen.benchsuites.bed import Unjudged
from hwgen.benchsuites.evaluate import Progress, evaluate
from hwgen.benchsuites.health import Health, Judged
from hwgen.benchsuites.passk import table
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.report import report
from hwgen.benchsuites.solutions import read
from hwgen.benchsuites.upstream import Suite
from hwgen.training.evaluate.answers import Answer, answers_of
from hwgen.training.evaluate.figures import nothing_passed
from hwgen.training.evaluate.journal import ANSWERS, VERDICTS, begin
from hwgen.training.evaluate.tasks import write_result
from hwgen.training.evaluate.writer import Asking, Writer, identity_of, name_of
from hwgen.training.records import append, read_lines
from hwgen.training.text import ANSWER, code_in
from hwgen.verify.jail.cells import Jail
from hwgen.verify.store import judge_digest

if TYPE_CHECKING:
    from hwgen.training.policy import Policy

SOLUTIONS = "solutions"
GROUP = 32  # problems judged between two writes of verdicts
UNASKED = "the prompt does not fit the policy's context"
_SCREENED = re.compile(r"screen: (\S+)")


def suite_prompt(problem: Problem) -> str:
    """What a policy sees of a suite's problem: its words, the module's head where the suite fixes
    one that the words do not show, and the line behind which every prompt of ours is answered.
    """
    text = problem.prompt.strip()
    head = " ".join(problem.opening.split())
    if head and head not in " ".join(text.split()):
        text += f"\nThe module begins:\n{problem.opening.strip()}"
    return f"{text}\nWrite the complete Verilog module.\n{ANSWER}"


@dataclass(frozen=True)
class Place:
    """A suite, the jail and number of workers that judge it, and the folder of results."""

    suite: Suite
    problems: Sequence[Problem]
    jail: Jail
    jobs: int
    folder: Path


def evaluate_policy(
    policy: Policy | Writer,
    asking: Asking,
    place: Place,
    *,
    resume: bool,
    say: Callable[[str], None],
    progress: Progress,
) -> dict[str, Any]:
    """Have `policy` write solutions into the folder, judge them as anybody's, and report.

    The result is that of `hwgen.benchsuites.report` with what `add_policy` adds; it is written as
    result.json and report.html. What answers.jsonl and verdicts.jsonl hold is neither asked nor
    judged again. A problem whose prompt does not fit the policy's context has no solution and is
    failed. Raises UsageError as `evaluate_tasks`.
    """
    settings = {**_settings(place), "model": identity_of(policy), **asking.as_dict()}
    begin(place.folder, settings, resume)
    prompts = {problem.id: suite_prompt(problem) for problem in place.problems}
    done = 0
    for chunk in answers_of(policy, prompts, asking, place.folder / ANSWERS):
        for answer in chunk:
            _write(place.folder / SOLUTIONS / answer.name, answer)
        done += len(chunk)
        say(f"{done} of {len(prompts)} problems answered")
    written = (place.folder / SOLUTIONS).is_dir()
    given = read(place.folder / SOLUTIONS, place.problems) if written else {}
    healths, verdicts = judge_solutions(place, given, progress)
    result = report(place.suite, healths, verdicts)
    result = {"name": name_of(policy), **add_policy(result, settings, healths, verdicts)}
    write_result(place.folder, result)
    return result


def evaluate_solutions(
    solutions: str, place: Place, *, resume: bool, progress: Progress
) -> dict[str, Any]:
    """Judge the solutions in a folder, or the suite's own for "references", and keep the verdicts
    and the result in `place.folder`. Raises UsageError.
    """
    given = None if solutions == "references" else read(Path(solutions), place.problems)
    settings = {**_settings(place), "solutions": "references" if given is None else "a folder"}
    begin(place.folder, settings, resume)
    if given is None:
        found = evaluate(place.suite, place.problems, None, place.jail, place.jobs, progress)
    else:
        found = judge_solutions(place, given, progress)
    result = {**report(place.suite, *found), "settings": settings, "sentences": []}
    write_result(place.folder, result)
    return result


def _settings(place: Place) -> dict[str, Any]:
    texts = "".join(f"{p.id}\0{suite_prompt(p)}\0" for p in place.problems)
    return {
        "suite": place.suite,
        "problems": len(place.problems),
        "problems_digest": hashlib.sha256(texts.encode()).hexdigest()[:16],
    }


def _write(folder: Path, answer: Answer) -> None:
    for number, text in enumerate(answer.texts):
        folder.mkdir(parents=True, exist_ok=True)
        path, code = folder / f"{number:03}.sv", code_in(text).encode(errors="replace")
        if not path.exists() or path.read_bytes() != code:
            path.write_bytes(code)


def judge_solutions(
    place: Place, solutions: Mapping[str, Mapping[str, str]], progress: Progress
) -> tuple[list[Health], list[Judged]]:
    """As `hwgen.benchsuites.evaluate.evaluate`, but verdicts are kept in verdicts.jsonl and none
    is made twice for the same text, problem and version of hwgen.
    """
    path = place.folder / VERDICTS
    kept = {record["key"]: Judged(**record["verdict"]) for record in read_lines(path)}
    problems = {p.id: hashlib.sha256(repr(p).encode()).hexdigest() for p in place.problems}
    keys = {
        (name, sample): _key(place.suite, problems[name], sample, text)
        for name, texts in solutions.items()
        for sample, text in texts.items()
    }
    left = {key: k for key, k in keys.items() if k not in kept}
    total, done = len(place.problems) + len(left), 0

    def told(_done: int, _total: int, what: str) -> None:
        nonlocal done
        done += 1
        progress(done, total, what)

    healths: list[Health] = []
    for start in range(0, len(place.problems), GROUP):
        group = place.problems[start : start + GROUP]
        texts = {
            p.id: {s: text for s, text in solutions.get(p.id, {}).items() if (p.id, s) in left}
            for p in group
        }
        found, verdicts = evaluate(place.suite, group, texts, place.jail, place.jobs, told)
        healths += found
        new = {keys[v.problem, v.solution]: v for v in verdicts}
        append(path, [{"key": k, "verdict": asdict(v)} for k, v in new.items() if not v.lost])
        kept.update(new)
    return healths, [kept[key] for key in keys.values()]


def _key(suite: Suite, problem: str, sample: str, text: str) -> str:
    parts = [suite, problem, sample, text, judge_digest(), _rules_digest()]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]


@cache
def _rules_digest() -> str:
    """Digest of the code that applies a suite's rules: a change of it makes old verdicts void."""
    files = sorted(Path(benchsuites.__path__[0]).glob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def add_policy(
    result: Mapping[str, Any],
    settings: Mapping[str, Any],
    healths: Iterable[Health],
    verdicts: Sequence[Judged],
) -> dict[str, Any]:
    """The suite's result with what a policy's evaluation says besides: settings, syntax apart from
    function (`syntax_at_k`, and `compiled` of each problem), causes, sentences.
    """
    broken = {h.problem.id for h in healths if isinstance(h.stage, Unjudged)}
    why = [(v, cause_of(v, v.problem in broken)) for v in verdicts]
    compiled = Counter(v.problem for v, cause in why if compiles(v, cause))
    rows = [{**row, "compiled": compiled[row["id"]]} for row in result["problems"]]
    unasked = len(result["unattempted"])
    causes = Counter(cause for _, cause in why if cause)
    if unasked:
        causes[UNASKED] = unasked * int(settings["samples"])
    said = []
    if not result["passed"]:
        said.append(nothing_passed(result["total"], result["suite"], compiled.total()))
    if unasked:
        said.append(f"{unasked} prompts do not fit the policy's context: failed")
    if result["lost"]:
        said.append(f"{len(result['lost'])} samples could not be judged, by our failure: failed")
    return {
        **result,
        "settings": dict(settings),
        "sentences": said,
        "syntax_at_k": table([(row["samples"], row["compiled"]) for row in rows]),
        "causes": dict(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        "problems": rows,
    }


def cause_of(verdict: Judged, broken: bool = False) -> str:
    """Why the corrected rule fails a sample, in a word or few without numbers; "" for a pass.
    `broken`: the suite's own problem cannot be judged.
    """
    if not verdict.corrected:
        return ""
    if verdict.lost:
        return "lost"
    if broken:
        return "the suite's problem cannot be judged"
    screened = _SCREENED.match(verdict.corrected)
    if screened:
        return screened[1]
    return re.sub(r"\d+", "N", verdict.corrected.partition(" at ")[0])


def compiles(verdict: Judged, cause: str) -> bool:
    """Whether a sample got as far as being simulated."""
    failed = verdict.corrected.startswith("screen:") or cause in ("compile", "lost")
    return not failed and cause != "the suite's problem cannot be judged"

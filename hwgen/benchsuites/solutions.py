"""Solutions on disk: one file per problem, or a folder of samples per problem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hwgen.benchsuites.problem import Problem, read_source
from hwgen.errors import Problem as Trouble
from hwgen.errors import UsageError

_SOURCES = (".sv", ".v")
_MODULE = re.compile(r"\bmodule\b")


def read(folder: Path, problems: Sequence[Problem]) -> dict[str, dict[str, str]]:
    """{problem: {sample's name: text}} of `<id>.sv`, `<id>.v`, `<id>/*.sv` and `<id>/*.v`.

    A problem without any is not in the result. Raises UsageError for a folder that has none at
    all, or a file or folder that names no problem of the suite.
    """
    if not folder.is_dir():
        raise UsageError(
            Trouble(
                f"there is no folder {folder}",
                "solutions are files <id>.sv or folders <id> with samples",
                'give a folder, or the word "references" to judge the suite\'s own designs',
            )
        )
    known = {problem.id: problem for problem in problems}
    found: dict[str, dict[str, str]] = {}
    strangers = []
    for path in sorted(folder.iterdir()):
        name = path.stem if path.suffix in _SOURCES and path.is_file() else path.name
        files = [path] if path.suffix in _SOURCES and path.is_file() else _samples(path)
        if not files:
            continue
        if name not in known:
            strangers.append(name)
            continue
        texts = found.setdefault(name, {})
        texts.update(
            {str(f.relative_to(folder)): _whole(read_source(f), known[name]) for f in files}
        )
    if strangers:
        what = f"{folder} holds solutions of unknown problems: {', '.join(strangers[:5])}"
        raise UsageError(Trouble(what, f"the suite's problems are {_some(known)}"))
    if not found:
        raise UsageError(
            Trouble(f"{folder} holds no solutions", fix=f"name them {next(iter(known))}.sv")
        )
    return found


def _samples(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [p for p in sorted(folder.iterdir()) if p.suffix in _SOURCES and p.is_file()]


def _whole(text: str, problem: Problem) -> str:
    """A solution that is only the body of its module gets the head that the problem gives."""
    if problem.opening and not _MODULE.search(text):
        return f"{problem.opening}\n{text}"
    return text


def _some(known: dict[str, Problem]) -> str:
    names = list(known)
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")

"""RTLLM v1.1 and v2: their folder layouts, and upstream's way to read a log.

A design is a folder with `design_description.txt` and `testbench.v`, beside them a verified
design: `verified_*.v`, `designer_RTL.v` or a folder `designer_RTL`. Version 2 puts the folders
into categories, one or two deep. Other files are data that the bench may read.
"""

from __future__ import annotations

import re
from pathlib import Path

from hwgen.benchsuites.problem import LARGEST, Problem, read_prompt, read_source
from hwgen.errors import Problem as Trouble
from hwgen.errors import UsageError

DESCRIPTION = "design_description.txt"
BENCH = "testbench.v"
FLAGS = ("-g2012",)
RUN_S = 8.0
_SOURCES = (".v", ".sv")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_RESERVED = {"makefile", "output.txt", DESCRIPTION}


def read(folder: Path) -> list[Problem]:
    """The designs at any depth, by name. Raises UsageError if there are none, or a name twice."""
    problems: dict[str, Problem] = {}
    for description in sorted(folder.rglob(DESCRIPTION)):
        problem = _problem(description.parent)
        if problem.id in problems:
            raise UsageError(Trouble(f"{folder} holds two designs called {problem.id}"))
        problems[problem.id] = problem
    if not problems:
        raise UsageError(
            Trouble(
                f"{folder} holds no RTLLM designs",
                f"each is a folder with {DESCRIPTION}, {BENCH} and a verified design",
                "give the top folder of an RTLLM checkout",
            )
        )
    return [problems[name] for name in sorted(problems)]


def _problem(folder: Path) -> Problem:
    bench = folder / BENCH
    files = [p for p in sorted(folder.iterdir()) if p.is_file()]
    data = {
        p.name: read_source(p)
        for p in files
        if p.suffix not in _SOURCES
        and p.name.lower() not in _RESERVED
        and _NAME.fullmatch(p.name)
        and p.stat().st_size <= LARGEST
    }
    return Problem(
        folder.name,
        read_prompt(folder / DESCRIPTION),
        read_source(bench) if bench.is_file() else "",
        "\n".join(read_source(p) for p in _verified(folder, files)),
        data=data,
    )


def _verified(folder: Path, files: list[Path]) -> list[Path]:
    """The sources of the verified design."""
    inside = folder / "designer_RTL"
    if inside.is_dir():
        return [p for p in sorted(inside.iterdir()) if p.suffix in _SOURCES]
    named = [p for p in files if p.suffix in _SOURCES and p.stem.startswith("verified_")]
    return named or [p for p in files if p.suffix in _SOURCES and p.stem == "designer_RTL"]


def judged(log: str) -> str:
    """Upstream's verdict on what the simulation said: "" for a pass, else why not."""
    return "" if "pass" in log or "Pass" in log else "the bench does not say that it passed"

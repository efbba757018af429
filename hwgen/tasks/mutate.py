"""Wrong twins of a right block: one small change in its text each, as a tired person makes them.

What is changed is found in the syntax tree, so that `<=` in an assignment is no comparison and a
comment is nothing. Most twins behave differently, some do not, and a few do not compile; who uses
them finds out. The same text gives the same mutants, in the order of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.errors import Problem, ToolMissing, UsageError
from hwgen.tasks.operators import Edit, edits_of
from hwgen.tasks.syntax import Node


@dataclass(frozen=True)
class Mutant:
    """A changed text. `line` counts from 1; `what` says the change, `kind` its sort in a word."""

    text: str
    line: int
    kind: str
    what: str


def mutants_of(text: str) -> tuple[Mutant, ...]:
    """Every mutant of a Verilog text, each text once, in the order of the lines.

    `text` is trusted or screened: it goes to a parser. Raises UsageError where it does not parse,
    ToolMissing without pyslang.
    """
    found = sorted(edits_of(parsed(text), text.encode()), key=lambda e: (e.start, e.end))
    return distinct(text, found)


def parsed(text: str) -> Node:
    """The root of a text's syntax tree. Raises as `mutants_of`."""
    try:
        from pyslang import syntax
    except ImportError as error:
        what = "mutants need pyslang, which is not installed"
        raise ToolMissing(Problem(what, fix="pip install pyslang")) from error
    tree = syntax.SyntaxTree.fromText(text)
    wrong = [d for d in tree.diagnostics if d.isError()]
    if wrong:
        line = text.encode()[: wrong[0].location.offset].count(b"\n") + 1
        raise UsageError(Problem(f"line {line} is no Verilog; a text without mutants"))
    root: Node = tree.root
    return root


def distinct(text: str, edits: Sequence[Edit]) -> tuple[Mutant, ...]:
    """The edits as mutants, without those that change nothing or repeat another's text."""
    data = text.encode()
    seen, found = {_squeezed(text)}, []
    for edit in edits:
        changed = (data[: edit.start] + edit.new.encode() + data[edit.end :]).decode()
        key = _squeezed(changed)
        if key not in seen:
            seen.add(key)
            line = data[: edit.start].count(b"\n") + 1
            found.append(Mutant(changed, line, edit.kind, edit.what))
    return tuple(found)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)

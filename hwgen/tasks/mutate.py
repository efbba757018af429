"""Wrong twins of a right block: one small change in its text each, as a tired person makes them.

What is changed is found in the syntax tree, so that `<=` in an assignment is no comparison and a
comment is nothing. Most twins behave differently, some do not, and a few do not compile; who uses
them finds out. The same text gives the same mutants, in the order of the text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.errors import Problem, ToolMissing, UsageError
from hwgen.tasks.operators import Edit, edits_of
from hwgen.tasks.syntax import Node, declared, node_text, span, walk


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
    found = sorted(edits_of(_parsed(text), text.encode()), key=lambda e: (e.start, e.end))
    return _distinct(text, found)


def single_mutants(
    text: str, inputs: Sequence[str], reset: str, count: int, most: int = 6, seed: int = 0
) -> tuple[Mutant, ...]:
    """Up to `count` mutants that are wrong in one state or at one input value only.

    Each inverts the lowest bit of one assignment while one register, or one of `inputs`, of at
    most `most` bits has one value. Assignments (none that `reset` makes), names and values are
    drawn by `seed`.
    """
    root, data = _parsed(text), text.encode()
    widths = {n: w for n, w in declared(root).items() if n in inputs or _is_register(root, n)}
    names = [name for name, width in widths.items() if width <= most]
    places = [node for node in walk(root) if node.kind.name in _ASSIGNMENTS and _whole(node)
              and not _in_reset(node, data, reset)]  # fmt: skip
    choices = [(at, name, v) for at in range(len(places)) for name in names
               for v in range(1 << widths[name])]  # fmt: skip
    drawn = random.Random(f"{seed} {text}").sample(choices, min(count, len(choices)))
    return _distinct(text, [_single(places[at], data, name, widths[name], value)
                            for at, name, value in sorted(drawn)])  # fmt: skip


_ASSIGNMENTS = ("AssignmentExpression", "NonblockingAssignmentExpression")


def _parsed(text: str) -> Node:
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


def _distinct(text: str, edits: Sequence[Edit]) -> tuple[Mutant, ...]:
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


def _is_register(root: Node, name: str) -> bool:
    """Whether a nonblocking assignment of all its bits makes `name` a state."""
    return any(
        node.kind.name == "NonblockingAssignmentExpression"
        and node.left.kind.name == "IdentifierName"
        and node.left.identifier.valueText == name
        for node in walk(root)
    )


def _whole(node: Node) -> bool:
    """Whether an assignment has a wire or register as its target: no counter of a loop."""
    above: Any = node.parent
    return above is not None and above.kind.name in ("ContinuousAssign", "ExpressionStatement")


def _in_reset(node: Node, data: bytes, reset: str) -> bool:
    """Whether an assignment happens while the reset is active alone."""
    while reset and node.parent is not None:
        below, node = node, node.parent
        if node.kind.name != "ConditionalStatement" or span(node.statement) != span(below):
            continue
        if node_text(node.predicate, data).strip("!~ ") == reset:
            return True
    return False


def _single(node: Node, data: bytes, name: str, width: int, value: int) -> Edit:
    start, end = span(node.right)
    right = node_text(node.right, data)
    # a signed addend leaves the signs of a signed sum alone
    new = f"({right}) ^ $signed({{1'b0, {name} == {width}'d{value}}})"
    target = node_text(node.left, data)
    return Edit(start, end, new, "single", f"{target} is wrong while {name} is {value}")

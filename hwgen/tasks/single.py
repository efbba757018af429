"""Mutants that are wrong in one state or at one input value only: what a rare corner looks like."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from hwgen.tasks.mutate import Mutant, distinct, parsed
from hwgen.tasks.operators import Edit
from hwgen.tasks.syntax import Node, declared, node_text, span, walk

_ASSIGNMENTS = ("AssignmentExpression", "NonblockingAssignmentExpression")


def single_mutants(
    text: str, inputs: Sequence[str], reset: str, count: int, most: int = 6, seed: int = 0
) -> tuple[Mutant, ...]:
    """Up to `count` mutants that are wrong in one state or at one input value only.

    Each inverts the lowest bit of one assignment while one name that it or its conditions read, a
    register or one of `inputs` of at most `most` bits, has one value. Assignments (none that
    `reset` makes), names and values are drawn by `seed`. Raises as `mutants_of`.
    """
    root, data = parsed(text), text.encode()
    widths = {n: w for n, w in declared(root).items() if n in inputs or _is_register(root, n)}
    names = [name for name, width in widths.items() if width <= most]
    places = [node for node in walk(root) if node.kind.name in _ASSIGNMENTS and _whole(node)
              and not _in_reset(node, data, reset)]  # fmt: skip
    choices = [(at, name, v) for at, place in enumerate(places) for name in names
               if name in set(_read(place)) for v in range(1 << widths[name])]  # fmt: skip
    drawn = random.Random(f"{seed} {text}").sample(choices, min(count, len(choices)))
    return distinct(text, [_single(places[at], data, name, widths[name], value)
                            for at, name, value in sorted(drawn)])  # fmt: skip


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


def _read(node: Node) -> Iterator[str]:
    """Names on an assignment's right side and in the conditions above it."""
    yield from _names(node.right)
    while node.parent is not None:
        node = node.parent
        if node.kind.name == "ConditionalStatement":
            yield from _names(node.predicate)
        elif node.kind.name == "CaseStatement":
            yield from _names(node.expr)


def _names(node: Node) -> Iterator[str]:
    for below in walk(node):
        if below.kind.name.startswith("Identifier"):
            yield below.identifier.valueText


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

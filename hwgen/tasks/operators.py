"""The changes that make mutants: for each kind of node, what a mistake would put in its place."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hwgen.tasks.syntax import Node, children, declared, is_token, node_text, span, walk


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of a text become `new`."""

    start: int
    end: int
    new: str
    kind: str
    what: str


SWAPS = {
    "==": ("!=", ">=", "<="), "!=": ("==", ">", "<"),
    "<": ("<=", ">=", ">"), "<=": ("<", ">", ">="), ">": (">=", "<=", "<"), ">=": (">", "<", "<="),
    "+": ("-", "|"), "-": ("+", "^"), "*": ("+",), "/": ("%",), "%": ("/",),
    "&": ("|", "^"), "|": ("&", "^"), "^": ("|", "&", "~^"), "~^": ("^",), "^~": ("^",),
    "&&": ("||",), "||": ("&&",),
    "<<": (">>",), ">>": ("<<",), ">>>": (">>",), "<<<": (">>>",),
    "===": ("!==",), "!==": ("===",),
}  # fmt: skip
"""Binary operators, each with what it is mistaken for."""

PREFIXES = {
    "!": ("",), "~": ("",), "-": ("",), "&": ("|", "~&"), "|": ("&", "~|"), "^": ("|", "~^"),
    "~&": ("&",), "~|": ("|",), "~^": ("^",), "^~": ("^",),
}  # fmt: skip
"""Prefixes, likewise; the empty one is left out."""

_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}
_BITS = 3  # bits of a literal that are inverted at most


def edits_of(root: Node, data: bytes) -> Iterator[Edit]:
    """Every change of a text, where it lies in the file itself."""
    twins = _twins(root)
    for node in walk(root):
        kind = node.kind.name
        if kind == "IdentifierName":
            yield from _names(node, twins)
        elif kind in _HANDLERS:
            yield from _HANDLERS[kind](node, data)
        elif kind in ("NonblockingAssignmentExpression", "AssignmentExpression"):
            yield from _assignment(node, data)
        elif hasattr(node, "operatorToken") and hasattr(node, "left"):
            yield from _binary(node, data)
        elif hasattr(node, "operatorToken") and hasattr(node, "operand"):
            yield from _prefix(node, data)


def _swapped(token: Node, others: Iterable[str], kind: str) -> Iterator[Edit]:
    start, end = span(token)
    for other in others:
        what = f"{token.rawText} became {other}" if other else f"{token.rawText} left out"
        yield Edit(start, end, other, kind, what)


def _put(node: Node, data: bytes, new: str, kind: str, what: str) -> Edit:
    """A node replaced; in `new` and `what`, @ is its text."""
    text = node_text(node, data)
    return Edit(*span(node), new.replace("@", text), kind, what.replace("@", _short(text)))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."


def _binary(node: Node, data: bytes) -> Iterator[Edit]:
    word = node.operatorToken.rawText
    yield from _swapped(node.operatorToken, SWAPS.get(word, ()), "operator")
    if word in ("&&", "||", "+", "-", "&", "|", "^"):
        for kept, lost in ((node.left, node.right), (node.right, node.left)):
            new, gone = node_text(kept, data), _short(node_text(lost, data))
            yield Edit(*span(node), new, "operand", f"{word} {gone} left out")


def _prefix(node: Node, data: bytes) -> Iterator[Edit]:
    yield from _swapped(node.operatorToken, PREFIXES.get(node.operatorToken.rawText, ()), "prefix")


def _assignment(node: Node, data: bytes) -> Iterator[Edit]:
    """A wrong lowest bit, and an assignment that blocks or does not."""
    if node.operatorToken.rawText not in ("=", "<="):
        return
    target = _short(node_text(node.left, data))
    if node.parent.kind.name in ("ExpressionStatement", "ContinuousAssign"):
        yield _put(node.right, data, "(@) | 1'b1", "stuck", f"{target}: lowest bit stuck at 1")
        yield _put(node.right, data, "(@) & ~1'b1", "stuck", f"{target}: lowest bit stuck at 0")
        yield _put(node.right, data, "~(@)", "inverted", f"{target} inverted")
    if node.kind.name == "NonblockingAssignmentExpression":
        yield from _swapped(node.operatorToken, ("=",), "blocking")


def _statement(node: Node, data: bytes) -> Iterator[Edit]:
    yield _put(node, data, ";", "dropped", "@ left out")


def _condition(node: Node, data: bytes) -> Iterator[Edit]:
    """Of an if or of a choice between two values; negated is the same as the branches swapped."""
    yield _put(node, data, "(!(@))", "negated", "branches of @ swapped")
    yield _put(node, data, "(1'b1)", "condition", "@ taken for true")
    yield _put(node, data, "(1'b0)", "condition", "@ taken for false")


def _else(node: Node, data: bytes) -> Iterator[Edit]:
    yield _put(node, data, "", "dropped", "else left out")


def _case(node: Node, data: bytes) -> Iterator[Edit]:
    """An arm left out, and neighbouring arms swapped."""
    arms = [arm for arm in node.items if arm.kind.name == "StandardCaseItem"]
    for arm in arms:
        yield _put(arm, data, "", "dropped", "case @ left out")
    for one, two in itertools.pairwise(arms):
        what = f"case {_short(node_text(one, data))} swapped with the next"
        yield _exchanged(one.clause, two.clause, data, what)


def _event(node: Node, data: bytes) -> Iterator[Edit]:
    other = {"posedge": "negedge", "negedge": "posedge"}.get(node.edge.rawText)
    if other:
        yield from _swapped(node.edge, (other,), "sensitivity")


def _events(node: Node, data: bytes) -> Iterator[Edit]:
    """An asynchronous reset made a synchronous one."""
    what = f"{_short(node_text(node.right, data))} left out"
    yield Edit(*span(node), node_text(node.left, data), "sensitivity", what)


def _clocked(node: Node, data: bytes) -> Iterator[Edit]:
    """A synchronous reset made an asynchronous one."""
    block, timing = node.statement, node.timingControl
    while block.kind.name == "SequentialBlockStatement" and len(list(children(block.items))) == 1:
        block = next(iter(children(block.items)))
    event = next((n for n in walk(timing) if n.kind.name.endswith("EventExpression")), None)
    if event is None or block.kind.name != "ConditionalStatement":
        return
    inner = next((n for n in walk(event) if n.kind.name == "SignalEventExpression"), None)
    told = node_text(block.predicate, data)
    name = told.lstrip("!~ ")
    if inner is None or not inner.edge.rawText or f"edge {name}" in node_text(event, data):
        return
    if name.isidentifier() and "Binary" not in event.kind.name:
        edge = "posedge" if name == told else "negedge"
        yield _put(inner, data, f"@ or {edge} {name}", "sensitivity", f"{name} without the clock")


def _concatenation(node: Node, data: bytes) -> Iterator[Edit]:
    parts = [part for part in node.expressions if not is_token(part)]
    for one, two in itertools.pairwise(parts):
        what = f"{_short(node_text(one, data))} and {_short(node_text(two, data))} swapped"
        yield _exchanged(one, two, data, what)


def _exchanged(one: Node, two: Node, data: bytes, what: str) -> Edit:
    """Two nodes of one text, each in the other's place."""
    (start, middle), (after, end) = span(one), span(two)
    between = data[middle:after].decode()
    return Edit(start, end, f"{node_text(two, data)}{between}{node_text(one, data)}", "swapped",
                what)  # fmt: skip


def _call(node: Node, data: bytes) -> Iterator[Edit]:
    """A sign that is not meant, or a sign that is missing."""
    other = {"$signed": "$unsigned", "$unsigned": "$signed"}.get(node_text(node.left, data))
    if other:
        yield _put(node.left, data, other, "sign", f"@ became {other}")


def _integer(node: Node, data: bytes) -> Iterator[Edit]:
    """A literal without a size: one more, one less."""
    digits = node.literal.rawText.replace("_", "")
    if digits.isdigit():
        for value in (int(digits) + 1, int(digits) - 1):
            if value >= 0:
                yield _put(node, data, str(value), "constant", f"@ became {value}")


def _vector(node: Node, data: bytes) -> Iterator[Edit]:
    """A literal with a size: one more, one less, single bits inverted."""
    size, base = node.size.rawText, node.base.rawText.lstrip("'").lower()
    digits = node.value.rawText.replace("_", "").lower()
    radix = _BASES[base[-1]]
    if not size.isdigit() or any(d not in "0123456789abcdef"[:radix] for d in digits):
        return
    width, value = int(size), int(digits, radix)
    places = [0, width - 1, width // 2, *range(1, width)]
    flips = [value ^ 1 << place for place in list(dict.fromkeys(places))[:_BITS]]
    sign = "s" if base[0] == "s" else ""
    for other in dict.fromkeys([(value + 1) % (1 << width), (value - 1) % (1 << width), *flips]):
        new = f"{width}'{sign}h{other:x}"
        yield _put(node, data, new, "constant", f"@ became {new}")


def _twins(root: Node) -> dict[str, str]:
    """For each name the next one of the same width, round in a circle."""
    alike: dict[int, list[str]] = {}
    for name, width in declared(root).items():
        alike.setdefault(width, []).append(name)
    return {a: b for names in alike.values() if len(names) > 1
            for a, b in zip(names, [*names[1:], names[0]], strict=True)}  # fmt: skip


def _names(node: Node, twins: dict[str, str]) -> Iterator[Edit]:
    """A name read where its neighbour is meant; targets and events are other mistakes."""
    above, name = node.parent, node.identifier.valueText
    if name not in twins or above is None or above.kind.name == "SignalEventExpression":
        return
    if "AssignmentExpression" in above.kind.name and span(above.left) == span(node):
        return
    yield Edit(*span(node), twins[name], "name", f"{name} became {twins[name]}")


_HANDLERS = {
    "ExpressionStatement": _statement,
    "ConditionalPredicate": _condition,
    "ElseClause": _else,
    "CaseStatement": _case,
    "SignalEventExpression": _event,
    "BinaryEventExpression": _events,
    "TimingControlStatement": _clocked,
    "ConcatenationExpression": _concatenation,
    "InvocationExpression": _call,
    "IntegerLiteralExpression": _integer,
    "IntegerVectorExpression": _vector,
}

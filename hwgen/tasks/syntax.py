"""What mutants need of a syntax tree: nodes, places in the text, declared widths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Node = Any
"""A node of pyslang's syntax tree; a token where there is no node below."""


def is_token(node: Node) -> bool:
    """Whether this is a token: its kind is of the lexer's, it has a text of its own."""
    return hasattr(node, "rawText")


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, without tokens and holes."""
    for child in node:
        if child is not None and not is_token(child):
            yield child


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the text. Tokens of macros are left out."""
    yield node
    for child in children(node):
        yield from walk(child)


def span(node: Node) -> tuple[int, int]:
    """First byte of a node or token and the byte after its last."""
    if is_token(node):
        start = node.location.offset
        return start, start + len(node.rawText.encode())
    extent = node.sourceRange
    return extent.start.offset, extent.end.offset


def node_text(node: Node, data: bytes) -> str:
    """A node as it stands in the text."""
    start, end = span(node)
    return data[start:end].decode()


def number(node: Node) -> int | None:
    """The value of a plain decimal literal."""
    if node.kind.name != "IntegerLiteralExpression":
        return None
    digits = node.literal.rawText.replace("_", "")
    return int(digits) if digits.isdigit() else None


def declared(root: Node) -> dict[str, int]:
    """Widths of the nets and registers whose ranges are literals `[n:0]`; no memories."""
    widths: dict[str, int] = {}
    port: Node = None
    for node in walk(root):
        if node.kind.name == "ImplicitAnsiPort":
            port = node.header if _says(node.header) or port is None else port
            kind, declarators = _type_of(port), [node.declarator]
        elif node.kind.name in ("DataDeclaration", "NetDeclaration", "PortDeclaration"):
            kind = _type_of(node.header) if node.kind.name[0] == "P" else node.type
            declarators = [d for d in node.declarators if not is_token(d)]
        else:
            continue
        width = _width(kind)
        for found in declarators:
            if width and not len(list(found.dimensions)):
                widths[found.name.valueText] = width
    return widths


def _says(header: Node) -> bool:
    """Whether a port's header is more than that of the port before it."""
    start, end = span(header)
    return end > start


def _type_of(header: Node) -> Node:
    return getattr(header, "dataType", None)


def _width(kind: Node) -> int | None:
    """Bits of a type with at most one literal range; None for what has no bits of its own."""
    dimensions = None if kind is None else getattr(kind, "dimensions", None)
    if dimensions is None:
        return None
    ranges = [node for node in dimensions if not is_token(node)]
    if not ranges:
        return 1
    select = getattr(getattr(ranges[0], "specifier", None), "selector", None)
    if len(ranges) > 1 or select is None or select.kind.name != "SimpleRangeSelect":
        return None
    high, low = number(select.left), number(select.right)
    return high + 1 if high is not None and low == 0 else None

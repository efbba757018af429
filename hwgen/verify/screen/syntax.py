"""The syntax tree of re-printed text: plain dictionaries, with parents and places.

pyslang parses; nothing is elaborated, for that is where its time and memory cannot be bounded. A
node is a dictionary with its `kind` first and its children by name; a token is its text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyslang

from hwgen.verify.screen.lexer import Refusal

Node = dict[str, Any]

_DEPTH = 20_000  # frames: the parser gives up before this, at about 1,000 nested constructs


@dataclass
class Tree:
    """A parsed text.

    `texts` are its tokens in order; `kinds` the nodes of each kind, in order; `above` and `place`
    give by id(node) its parent and the number of tokens before it.
    """

    root: Node
    text: str
    texts: list[str] = field(default_factory=list)
    kinds: dict[str, list[Node]] = field(default_factory=dict)
    above: dict[int, Node] = field(default_factory=dict)
    place: dict[int, int] = field(default_factory=dict)

    def every(self, *kinds: str) -> Iterator[Node]:
        """All nodes of these kinds."""
        for kind in kinds:
            yield from self.kinds.get(kind, ())

    def parents(self, node: Node) -> Iterator[Node]:
        """The nodes around `node`, innermost first."""
        while (up := self.above.get(id(node))) is not None:
            yield up
            node = up

    def line(self, node: Node) -> int:
        """Line of the first token of `node`."""
        before = sum(map(len, self.texts[: self.place[id(node)]]))
        for number, row in enumerate(self.text.split("\n"), 1):
            size = len(row) - row.count(" ")
            if before < size:
                return number
            before -= size
        return 0

    def first(self, node: Node) -> str:
        """Text of the first token of `node`."""
        place = self.place[id(node)]
        return self.texts[place] if place < len(self.texts) else ""

    def refuse(self, cause: str, node: Node, what: str) -> Refusal:
        """A refusal that points at `node`."""
        return Refusal(cause, self.line(node), what)


def parse(text: str) -> Tree:
    """The tree of a text without directives and comments.

    Raises Refusal: syntax with the parser's first message, expansion where it is nested too deeply.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH))
    syntax = pyslang.syntax
    try:
        parsed = syntax.SyntaxTree.fromText(text, pyslang.SourceManager())
        for found in parsed.diagnostics:
            if found.isError():
                manager = parsed.sourceManager
                engine = pyslang.DiagnosticEngine(manager)
                line = manager.getLineNumber(found.location)
                raise Refusal("syntax", line, engine.formatMessage(found))
        root = json.loads(parsed.root.to_json(syntax.CSTJsonMode.SimpleTokens))
    except (RuntimeError, MemoryError):
        raise Refusal("expansion", 0, "constructs are nested too deeply") from None
    if root["kind"] != "CompilationUnit":
        root = {"kind": "CompilationUnit", "members": [root]}
    tree = Tree(root, text)
    _index(tree, root)
    if "".join(tree.texts).replace(" ", "") != text.replace(" ", "").replace("\n", ""):
        raise Refusal("syntax", 0, "the parser does not see the tokens that are written")
    return tree


def _index(tree: Tree, node: Node) -> None:
    """Enters `node` and all below it."""
    texts, kinds, above, place = tree.texts, tree.kinds, tree.above, tree.place

    def enter(node: Node) -> None:
        place[id(node)] = len(texts)
        children = iter(node.items())
        _, kind = next(children)
        found = kinds.get(kind)
        if found is None:
            kinds[kind] = [node]
        else:
            found.append(node)
        for _, child in children:
            if child.__class__ is str:
                texts.append(child)
            elif child.__class__ is dict:
                above[id(child)] = node
                enter(child)
            else:
                for item in child:
                    if item.__class__ is str:
                        texts.append(item)
                    else:
                        above[id(item)] = node
                        enter(item)

    enter(node)


def items(nodes: list[Any] | None) -> list[Node]:
    """The nodes of a separated list, without its commas."""
    return [node for node in nodes or () if node.__class__ is dict]


def within(node: Node) -> Iterator[Node]:
    """`node` and all nodes below it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        for child in node.values():
            if child.__class__ is dict:
                waiting.append(child)
            elif child.__class__ is list:
                waiting.extend(item for item in child if item.__class__ is dict)


def head(node: Node) -> str:
    """The first name of a name or of a selection, "" where it has none."""
    while node["kind"] == "ScopedName":
        node = node["left"]
    return str(node.get("identifier", ""))

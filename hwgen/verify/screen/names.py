"""Names that lead somewhere: into structures and generate blocks, to functions, out of modules."""

from __future__ import annotations

from collections.abc import Iterator

from hwgen.verify.screen.syntax import Node, Tree, head

Problems = Iterator[tuple[Node, str]]
"""Nodes that a rule refuses, each with a sentence."""

SUBROUTINES = ("FunctionDeclaration", "TaskDeclaration")
_CONTAINERS = ("ModuleDeclaration", "PackageDeclaration", "CompilationUnit")
_STRUCTURED = ("NamedType", "StructType", "UnionType")
_CLEAR = frozenset(
    (
        *("AnsiPortList", "ModuleHeader", "FunctionPortList", "FunctionPrototype"),
        *("LoopGenerate", "IfGenerate", "CaseGenerate", "ElseClause", "GenerateRegion"),
        *("StandardCaseItem", "DefaultCaseItem"),
    )
)  # nodes that are no scope of their own


def container(tree: Tree, node: Node) -> Node:
    """The module, package or compilation unit around `node`."""
    return next((up for up in tree.parents(node) if up["kind"] in _CONTAINERS), tree.root)


def subroutines(tree: Tree) -> Iterator[tuple[Node, str]]:
    """Functions and tasks of the text with their names."""
    for node in tree.every(*SUBROUTINES):
        yield node, head(node["prototype"]["name"])


def calls(tree: Tree) -> Iterator[tuple[Node, str]]:
    """Each call of a function or task with the name called; "" for what is no plain name."""
    for node in tree.every("InvocationExpression"):
        left = node["left"]
        if left["kind"] == "ScopedName" and left["separator"] == "::":
            left = left["right"]
        if left["kind"] != "SystemName":
            yield node, left.get("identifier", "") if left["kind"] == "IdentifierName" else ""
    for node in tree.every("ExpressionStatement"):
        expr = node["expr"]
        if expr["kind"] in ("IdentifierName", "IdentifierSelectName", "ScopedName"):
            yield node, expr.get("identifier", "")


def dotted(tree: Tree) -> Problems:
    """A dotted name leads into a structure or a generate block of a scope around it.

    Anything else may lead out of the module: the tools look for its first name there, too.
    """
    if not tree.kinds.get("ScopedName"):
        return
    packages = {node["header"]["name"] for node in tree.every("PackageDeclaration")}
    others = _others(tree)
    structures, blocks, members = _structures(tree), _blocks(tree), _members(tree)
    for node in tree.every("ScopedName"):
        if tree.above[id(node)]["kind"] in ("ScopedName", "DefParamAssignment"):
            continue
        path = _path(node)
        if path is None:
            if node["separator"] != "::" or head(node) not in packages:
                yield node, f"{head(node) or tree.first(node)}:: is no package of this text"
            continue
        around = {id(up) for up in tree.parents(node)}
        place = tree.place[id(node)]
        into = {scope for at, scope in structures.get(path[0], ()) if at < place}
        if path[-1] in members.get(path[-2], ()) and all(name in blocks for name in path[:-1]):
            into |= blocks[path[0]]
        if path[0] in others or not into & around:
            yield node, f"{path[0] or tree.first(node)}. leads out of the module's own signals"


def _path(node: Node) -> list[str] | None:
    """Names between the dots, or None for a name with "::"."""
    path: list[str] = []
    while node["kind"] == "ScopedName":
        if node["separator"] == "::":
            return None
        path.insert(0, node["right"].get("identifier", ""))
        node = node["left"]
    return [node.get("identifier", ""), *path]


def _others(tree: Tree) -> set[str]:
    """Names of instances, statement blocks, modules and subroutines: nothing to read from."""
    names = {node["name"] for node in tree.every("InstanceName", "NamedLabel")}
    for node in tree.every("NamedBlockClause"):
        if tree.above[id(node)]["kind"] == "SequentialBlockStatement":
            names.add(node["name"])
    names |= {node["header"]["name"] for node in tree.every("ModuleDeclaration")}
    return names | {name for _, name in subroutines(tree)}


def _scope(tree: Tree, node: Node) -> int:
    """The scope (id of a node) that a declaration or block belongs to."""
    return next((id(up) for up in tree.parents(node) if up["kind"] not in _CLEAR), 0)


def _structures(tree: Tree) -> dict[str, list[tuple[int, int]]]:
    """Variables of structure type by name: where each is declared, and in which scope."""
    found: dict[str, list[tuple[int, int]]] = {}
    for node in tree.every("Declarator"):
        owner = tree.above[id(node)]
        kind: Node = owner.get("type") or owner.get("dataType") or owner.get("header") or {}
        kind = kind.get("dataType", kind)
        if kind.get("kind") in _STRUCTURED:
            found.setdefault(node["name"], []).append((tree.place[id(node)], _scope(tree, owner)))
    return found


def _blocks(tree: Tree) -> dict[str, set[int]]:
    """Names of generate blocks with the scopes that they are declared in."""
    found: dict[str, set[int]] = {}
    for node in tree.every("GenerateBlock"):
        if "beginName" in node:
            found.setdefault(node["beginName"]["name"], set()).add(_scope(tree, node))
    return found


def _members(tree: Tree) -> dict[str, set[str]]:
    """Signals and parameters that generate blocks declare, by the name of the block."""
    found: dict[str, set[str]] = {}
    for node in tree.every("Declarator"):
        for up in tree.parents(node):
            if up["kind"] == "GenerateBlock":
                if "beginName" in up:
                    found.setdefault(up["beginName"]["name"], set()).add(node["name"])
                break
    return found

"""What a candidate may be made of: an allow-list of syntax, and rules for some of it.

A construct that is not named here is refused. The rules say where a construct is allowed: event
controls only at the head of always, dotted names only into local structures, calls only of
functions that the candidate defines, initial blocks only with constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hwgen.verify.screen.names import SUBROUTINES, Problems, calls, container, dotted, subroutines
from hwgen.verify.screen.syntax import Node, Tree, head, items, within
from hwgen.verify.screen.words import (
    ALLOWED,
    ASSIGNMENTS,
    GATES,
    NETS,
    PORT_NETS,
    STEPS,
    TOP,
    TRUSTED,
)

_EVENTS = frozenset(("EventControl", "EventControlWithExpression", "ImplicitEventControl"))


def check(tree: Tree, *, trusted: bool = False, initial: bool = False) -> None:
    """Refuses (forbidden) what is not allowed; `initial` lets initial blocks read signals.

    `trusted` also takes what our own simulation cells hold: delays, waits, times.
    """
    allowed = TRUSTED if trusted else ALLOWED
    for kind in tree.kinds.keys() - allowed:
        node = tree.kinds[kind][0]
        words = "".join(" " + c.lower() if c.isupper() else c for c in kind)
        raise tree.refuse("forbidden", node, f"`{tree.first(node)}`:{words} is not allowed")
    for rule in _RULES:
        for node, what in rule(tree):
            raise tree.refuse("forbidden", node, what)
    if not trusted:
        for node, what in _events(tree):
            raise tree.refuse("forbidden", node, what)
        if not initial:
            for node, what in _initial(tree):
                raise tree.refuse("forbidden", node, what)


def _places(tree: Tree) -> Problems:
    """Modules and packages stand alone; a package holds constants, types and functions."""
    for node in items(tree.root.get("members")):
        if node["kind"] not in TOP:
            yield node, "only modules, packages, types, constants and functions stand at the top"
    for node in tree.every("ModuleDeclaration"):
        if tree.above[id(node)] is not tree.root:
            yield node, "a module inside a module is not allowed"
    for package in tree.every("PackageDeclaration"):
        for node in items(package.get("members")):
            if node["kind"] not in TOP - {"ModuleDeclaration", "PackageDeclaration"}:
                yield node, "a package may hold types, constants and functions only"


def _words(tree: Tree) -> Problems:
    """Net types, gates, directions and dimensions."""
    for node in tree.every("NetDeclaration", "NetPortHeader"):
        if node["netType"] not in (NETS if node["kind"] == "NetDeclaration" else PORT_NETS):
            yield node, f"nets of type {node['netType']} are not allowed here"
    for node in tree.every("PrimitiveInstantiation"):
        if node["type"] not in GATES:
            yield node, f"{node['type']} is not an allowed gate"
    for node in tree.every("VariablePortHeader", "FunctionPort"):
        if "ref" in str(node.get("direction")):
            yield node, "ref arguments are not allowed"
    for node in tree.every("VariableDimension"):
        if "specifier" not in node:
            yield node, "arrays without a size are not allowed"
    for node in tree.every("PortReference"):
        if "select" in node:
            yield node, "a port of a part of a signal is not allowed"


def _driven(tree: Tree) -> Problems:
    """A port is no net that drives itself: it would drive what is outside."""
    inside = {
        (id(container(tree, node)), item["name"])
        for node in tree.every("PortDeclaration")
        for item in items(node.get("declarators"))
    }
    for node in tree.every("NetDeclaration"):
        home = id(container(tree, node))
        for item in items(node.get("declarators")) if node["netType"] not in PORT_NETS else ():
            if (home, item["name"]) in inside:
                yield node, f"a port of type {node['netType']} is not allowed"


def _imports(tree: Tree) -> Problems:
    """Only packages of the text are imported."""
    packages = {node["header"]["name"] for node in tree.every("PackageDeclaration")}
    for node in tree.every("PackageImportItem"):
        if node["package"] not in packages:
            yield node, f"{node['package']}:: is no package of this text"


def _events(tree: Tree) -> Problems:
    """Each always waits for events, once, at its head."""
    heads = set()
    for node in tree.every("AlwaysBlock", "AlwaysFFBlock"):
        statement = node["statement"]
        if statement["kind"] != "TimingControlStatement":
            yield node, f"{node['keyword']} without @ at its head never ends"
        elif statement["timingControl"]["kind"] in _EVENTS:
            heads.add(id(statement))
    for node in tree.every("TimingControlStatement"):
        if id(node) not in heads:
            yield node, "waiting is allowed at the head of always only"


def _calls(tree: Tree) -> Problems:
    """Only subroutines of the text are called: an unknown one is sought in the module above."""
    known = {(id(container(tree, node)), name) for node, name in subroutines(tree)}
    modules = {id(node) for node in tree.every("ModuleDeclaration")}
    shared = {name for home, name in known if home not in modules}
    for node, name in calls(tree):
        home = id(container(tree, node))
        if name not in shared and (home, name) not in known:
            yield node, f"`{tree.first(node)}`: no function or task of this text has this name"
    for node in tree.every("ExpressionStatement"):
        kind = node["expr"]["kind"]
        if kind not in ASSIGNMENTS | STEPS and kind not in (
            "InvocationExpression", "IdentifierName", "IdentifierSelectName", "ScopedName",
        ):  # fmt: skip
            yield node, "this expression does nothing as a statement"


def _disable(tree: Tree) -> Problems:
    """A block disables itself or a block around it."""
    for node in tree.every("DisableStatement"):
        name = node["name"].get("identifier")
        around = list(tree.parents(node))
        names = {up["blockName"]["name"] for up in around if "blockName" in up}
        names |= {head(up["prototype"]["name"]) for up in around if up["kind"] in SUBROUTINES}
        if node["name"]["kind"] != "IdentifierName" or name not in names:
            yield node, "disable may end only a block around it"


def _defparam(tree: Tree) -> Problems:
    """defparam names a parameter of an instance in the same module, beside it."""
    own = {
        (id(tree.above[id(node)]), instance["decl"]["name"])
        for node in tree.every("HierarchyInstantiation")
        for instance in items(node.get("instances"))
        if "decl" in instance
    }
    for node in tree.every("DefParam"):
        module = tree.above[id(node)]
        for change in items(node.get("assignments")):
            name = change["name"]
            fine = name["kind"] == "ScopedName" and name["left"]["kind"] == "IdentifierName"
            if (
                module["kind"] != "ModuleDeclaration"
                or not fine
                or (id(module), head(name)) not in own
            ):
                yield node, "defparam may set a parameter of an instance beside it only"


def _initial(tree: Tree) -> Problems:
    """An initial block gives constants: it reads no signal that it did not set itself."""
    signals: dict[int, set[str]] = {}
    for node in tree.every("Declarator") if tree.kinds.get("InitialBlock") else ():
        if tree.above[id(node)]["kind"] not in ("ParameterDeclaration", "EnumType"):
            signals.setdefault(id(container(tree, node)), set()).add(node["name"])
    for node in tree.every("InitialBlock"):
        module = signals.get(id(container(tree, node)), set())
        written: set[str] = set()
        read: list[Node] = []
        targets: set[int] = set()
        for part in within(node):
            if part["kind"] in ASSIGNMENTS:
                written |= {head(name) for name in _targets(part["left"])}
                targets |= {id(name) for name in _targets(part["left"])}
            elif part["kind"] == "Declarator":
                written.add(part["name"])
            elif part["kind"] in ("IdentifierName", "IdentifierSelectName"):
                read.append(part)
        for part in read:
            name = head(part)
            if id(part) not in targets and name in module and name not in written:
                yield part, f"an initial block that reads {name} is not allowed"


def _targets(left: Node) -> Iterator[Node]:
    if left["kind"] == "ConcatenationExpression":
        for part in items(left.get("expressions")):
            yield from _targets(part)
    elif left["kind"] in ("IdentifierName", "IdentifierSelectName", "ScopedName"):
        yield left


_RULES: tuple[Callable[[Tree], Problems], ...] = (
    _places, _words, _driven, _imports, dotted, _calls, _disable, _defparam,
)  # fmt: skip

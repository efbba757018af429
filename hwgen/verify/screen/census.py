"""How much a candidate would elaborate to: counted by multiplication, never by building it.

A module is counted once for each set of parameter values; a generate loop counts its first and
its last pass and multiplies. What is not constant here counts once and is left to the limits of
the tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hwgen.verify.screen.constants import MAX_BITS, STEPS, Budget, Value, evaluate, number
from hwgen.verify.screen.count import Count, larger, scaled, total
from hwgen.verify.screen.loops import Trips, generate_trips, procedural_trips
from hwgen.verify.screen.syntax import Node, Tree, head, items
from hwgen.verify.screen.widths import Scope, declarations, least_width, take, times, typed, width

MAX_INSTANCES = 20_000  # modules, gates and generate blocks
MAX_TOTAL = 1 << 22  # bits of all variables and nets, memories apart
MAX_TRIPS = 1_000_000  # passes of nested loops with constant bounds

Overrides = tuple[tuple[str, Value | None], ...]
"""Parameters that an instance sets: by name, or by place as "0", "1", ..."""


class Census:
    """Counts what a tree elaborates to.

    `memory` bounds the bits of memories; `scale` multiplies the other bounds. `shared` holds the
    constants and types of packages and of the top.
    """

    def __init__(self, tree: Tree, memory: int, scale: int = 1) -> None:
        self._tree, self._memory, self._scale = tree, memory, scale
        self.budget = Budget(STEPS * scale)
        self._known: dict[tuple[str, Overrides], Count] = {}
        self._set: dict[int, dict[str, list[tuple[str, Node]]]] = {}
        self.modules = {n["header"]["name"]: n for n in tree.every("ModuleDeclaration")}
        self._arrays: set[str] = set()  # types that are arrays
        self._marked: set[int] = set()
        for node in tree.every(*_RULES):
            self._mark(node)
        self.shared: Scope = {}
        for node in items(tree.root.get("members")):
            if node["kind"] == "PackageDeclaration":
                own = dict(self.shared)
                self._all(items(node.get("members")), own)
                for name in own.keys() - self.shared.keys():
                    self.shared[f"{node['header']['name']}::{name}"] = own[name]
            elif node["kind"] != "ModuleDeclaration":
                self._all((node,), self.shared)

    def _mark(self, node: Node) -> None:
        self._marked.add(id(node))
        for up in self._tree.parents(node):
            if id(up) in self._marked:
                break
            self._marked.add(id(up))

    def bound(self, name: str, overrides: Overrides) -> None:
        """Refuses what module `name` elaborates to where it is too much: expansion, memory."""
        node = self.modules[name]
        self._check(self._module(name, overrides, node), node)

    def _check(self, count: Count, node: Node) -> Count:
        refuse = self._tree.refuse
        if count.instances > MAX_INSTANCES * self._scale:
            raise refuse("expansion", node, f"more than {MAX_INSTANCES * self._scale} instances")
        if count.memory > self._memory:
            what = f"memories of {count.memory} bits, the task allows {self._memory}"
            raise refuse("memory", node, what)
        if count.bits > MAX_TOTAL * self._scale:
            raise refuse("memory", node, f"signals of {count.bits} bits in all")
        if count.trips > MAX_TRIPS * self._scale:
            raise refuse("expansion", node, f"loops of more than {MAX_TRIPS * self._scale} passes")
        return count

    def _module(self, name: str, overrides: Overrides, where: Node) -> Count:
        key = (name, overrides)
        if key not in self._known:
            self.budget.spend(100)
            node = self.modules[name]
            scope = self.parameters(node, dict(overrides))
            ports = [node["header"]["ports"]] if "ports" in node["header"] else []
            inside = self._all([*ports, *items(node.get("members"))], scope)
            self._known[key] = Count(1 + inside.instances, inside.memory, inside.bits)
        return self._known[key]

    def parameters(self, node: Node, overrides: dict[str, Value | None]) -> Scope:
        """Constants of a module: its parameters under these overrides, its local parameters."""
        scope = dict(self.shared)
        for imported in items(node["header"].get("imports")):
            take(imported, self.shared, scope, self.budget)
        place = 0
        for declaration, local in declarations(node):
            kind = declaration.get("type")
            for item in items(declaration.get("declarators")):
                names = () if local else (item["name"], str(place))
                place += not local
                given = next((name for name in names if name in overrides), None)
                if kind is None or "dimensions" in item:
                    value = None  # a type, or an array
                elif given is not None:
                    value = overrides[given]
                else:
                    own = item.get("initializer")
                    value = evaluate(own["expr"], scope, self.budget) if own else None
                scope[item["name"]] = kind and typed(value, kind, scope, self.budget)
        return scope

    def _all(self, nodes: Iterable[Node], scope: Scope) -> Count:
        whole = Count()
        for node in nodes:
            if id(node) in self._marked:
                self.budget.spend()
                rule = _RULES.get(node["kind"], Census._below)
                whole = total(whole, rule(self, node, scope))
        return whole

    def _below(self, node: Node, scope: Scope) -> Count:
        whole = Count()
        for child in node.values():
            if child.__class__ is dict:
                whole = total(whole, self._all((child,), scope))
            elif child.__class__ is list:
                whole = total(whole, self._all(items(child), scope))
        return whole

    def _import(self, node: Node, scope: Scope) -> Count:
        take(node, self.shared, scope, self.budget)
        return Count()

    def _parameter(self, node: Node, scope: Scope) -> Count:
        declaration = node["parameter"]
        for item in items(declaration.get("declarators")):
            if item["name"] not in scope and "type" in declaration and "dimensions" not in item:
                own = item.get("initializer")
                value = evaluate(own["expr"], scope, self.budget) if own else None
                scope[item["name"]] = typed(value, declaration["type"], scope, self.budget)
        return self._below(node, scope)

    def _typedef(self, node: Node, scope: Scope) -> Count:
        bits = times(
            width(node["type"], scope, self.budget), node.get("dimensions"), scope, self.budget
        )
        if "dimensions" in node:
            self._arrays.add(node["name"])
        else:
            self._wide(node, bits)
        scope[node["name"] + "'"] = None if bits is None else Value(bits)
        return self._below(node, scope)

    def _enum(self, node: Node, scope: Scope) -> Count:
        bits = width(node, scope, self.budget)
        value = None if bits is None else Value(-1, bits + 1, True)
        for item in items(node.get("members")):
            if "initializer" in item:
                value = evaluate(item["initializer"]["expr"], scope, self.budget)
            elif value is not None:
                value = Value(value.number + 1, value.width, value.signed)
            scope[item["name"]] = None if "dimensions" in item else value
        return self._below(node, scope)

    def _declared(self, node: Node, scope: Scope) -> Count:
        """Bits of a declaration: memories are what has dimensions after its name."""
        kind: Node = node.get("type") or node.get("header") or {"kind": ""}
        below = self._below(node, scope)
        kind = kind.get("dataType", kind)
        bits = width(kind, scope, self.budget)
        array = kind["kind"] == "NamedType" and self._tree.first(kind["name"]) in self._arrays
        if not array:
            self._wide(node, bits)
        whole = below
        for item in items(node.get("declarators")) or [node["declarator"]]:
            size = times(bits, item.get("dimensions"), scope, self.budget) or 0
            whole = total(
                whole, Count(0, size) if array or "dimensions" in item else Count(0, 0, size)
            )
        return self._check(whole, node)

    def _wide(self, node: Node, bits: int | None) -> None:
        if bits is not None and bits > MAX_BITS * self._scale:
            what = f"a vector of {bits} bits is wider than {MAX_BITS * self._scale}"
            raise self._tree.refuse("expansion", node, what)

    def _instances(self, node: Node, scope: Scope) -> Count:
        overrides: list[tuple[str, Value | None]] = []
        for place, given in enumerate(items(node.get("parameters", {}).get("parameters"))):
            expr = given.get("expr")
            value = evaluate(expr, scope, self.budget) if expr else None
            overrides.append((given.get("name", str(place)), value))
        whole = self._below(node, scope)
        for item in items(node.get("instances")):
            changed = self._changed(node, item.get("decl", {}).get("name", ""), scope)
            one = self._module(node["type"], (*overrides, *changed), node)
            whole = total(whole, scaled(one, self._arrayed(item, scope)))
        return self._check(whole, node)

    def _changed(self, node: Node, name: str, scope: Scope) -> Iterator[tuple[str, Value | None]]:
        """What defparam sets on the instance called `name` beside `node`."""
        module = self._tree.above[id(node)]
        if id(module) not in self._set:
            found = self._set.setdefault(id(module), {})
            for part in items(module.get("members")):
                for one in items(part.get("assignments")) if part["kind"] == "DefParam" else ():
                    change = (one["name"]["right"]["identifier"], one["setter"]["expr"])
                    found.setdefault(head(one["name"]), []).append(change)
        for parameter, expr in self._set[id(module)].get(name, ()):
            yield parameter, evaluate(expr, scope, self.budget)

    def _gates(self, node: Node, scope: Scope) -> Count:
        whole = self._below(node, scope)
        for item in items(node.get("instances")):
            whole = total(whole, Count(self._arrayed(item, scope)))
        return self._check(whole, node)

    def _arrayed(self, item: Node, scope: Scope) -> int:
        dimensions = item.get("decl", {}).get("dimensions")
        return max(times(1, dimensions, scope, self.budget) or 1, 1)

    def _generate(self, node: Node, scope: Scope) -> Count:
        trips = generate_trips(node, scope, self.budget)
        passes = (None,) if trips is None else {trips.first, trips.last}
        most = Count()
        for value in passes:
            self.budget.spend(1 + len(scope) // 16)
            inner: Scope = {**scope, node["identifier"]: None if value is None else Value(value)}
            most = larger(most, self._all((node["block"],), inner))
        count = 1 if trips is None else trips.count
        return self._check(scaled(Count(1 + most.instances, *most[1:]), count), node)

    def _if(self, node: Node, scope: Scope) -> Count:
        test = number(node["condition"], scope, self.budget)
        clause = node.get("elseClause", {}).get("clause")
        branches = [node["block"]] if test != 0 else []
        if clause is not None and not test:
            branches.append(clause)
        return self._largest(branches, scope)

    def _case(self, node: Node, scope: Scope) -> Count:
        return self._largest([item["clause"] for item in items(node.get("items"))], scope)

    def _largest(self, branches: Iterable[Node], scope: Scope) -> Count:
        most = Count()
        for branch in branches:
            self.budget.spend(1 + len(scope) // 16)
            most = larger(most, self._all((branch,), dict(scope)))
        return most

    def _loop(self, node: Node, scope: Scope) -> Count:
        trips: Trips | None = procedural_trips(node, scope, self.budget)
        inside = self._below(node, scope)
        count = 1 if trips is None else trips.count
        return self._check(inside._replace(trips=count * max(inside.trips, 1)), node)

    def _repeated(self, node: Node, scope: Scope) -> Count:
        self._wide(node, least_width(node, scope, self.budget))
        return self._below(node, scope)

    def _cast(self, node: Node, scope: Scope) -> Count:
        if node["left"]["kind"] != "NamedType":
            self._wide(node, number(node["left"], scope, self.budget))
        return self._below(node, scope)


_RULES: dict[str, Callable[[Census, Node, Scope], Count]] = {
    "ParameterDeclarationStatement": Census._parameter,
    "TypedefDeclaration": Census._typedef,
    "EnumType": Census._enum,
    "DataDeclaration": Census._declared,
    "NetDeclaration": Census._declared,
    "PortDeclaration": Census._declared,
    "ImplicitAnsiPort": Census._declared,
    "PackageImportDeclaration": Census._import,
    "HierarchyInstantiation": Census._instances,
    "PrimitiveInstantiation": Census._gates,
    "LoopGenerate": Census._generate,
    "IfGenerate": Census._if,
    "CaseGenerate": Census._case,
    "ForLoopStatement": Census._loop,
    "LoopStatement": Census._loop,
    "MultipleConcatenationExpression": Census._repeated,
    "CastExpression": Census._cast,
}

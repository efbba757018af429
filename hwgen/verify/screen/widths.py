"""Parameters and widths of declared types; None where a width is not known without elaborating."""

from __future__ import annotations

from collections.abc import Iterator

from hwgen.verify.screen.constants import Budget, Env, Value, fit, number
from hwgen.verify.screen.syntax import Node, items

Scope = dict[str, Value | None]
"""Constants by name; the width of a named type stands under its name and an apostrophe."""

_SIMPLE = {
    "LogicType": (1, False), "RegType": (1, False), "BitType": (1, False), "ByteType": (8, True),
    "ShortIntType": (16, True), "IntType": (32, True), "LongIntType": (64, True),
    "IntegerType": (32, True), "TimeType": (64, False), "ImplicitType": (1, False),
}  # fmt: skip


def width(kind: Node, scope: Env, budget: Budget) -> int | None:
    """Bits of a type with its packed dimensions."""
    name = kind["kind"]
    if name in ("StructType", "UnionType"):
        bits = _members(kind, scope, budget)
    elif name == "EnumType":
        bits = width(kind["baseType"], scope, budget) if "baseType" in kind else 32
    elif name == "NamedType":
        bits = _named(kind["name"], scope, budget)
    else:
        bits = _SIMPLE[name][0] if name in _SIMPLE else None
    return times(bits, kind.get("dimensions"), scope, budget)


def _members(kind: Node, scope: Env, budget: Budget) -> int | None:
    parts: list[int] = []
    for member in items(kind.get("members")):
        bits = width(member["type"], scope, budget)
        for item in items(member.get("declarators")):
            part = times(bits, item.get("dimensions"), scope, budget)
            if part is None:
                return None
            parts.append(part)
    return sum(parts) if kind["kind"] == "StructType" else max(parts, default=0)


def _named(name: Node, scope: Env, budget: Budget) -> int | None:
    if name["kind"] == "ScopedName":
        found = scope.get(f"{name['left'].get('identifier')}::{name['right'].get('identifier')}'")
        return None if found is None else found.number
    found = scope.get(name.get("identifier", "") + "'")
    bits = None if found is None else found.number
    for part in items(name.get("selectors")):
        size = _elements(part.get("selector"), scope, budget)
        bits = None if bits is None or size is None else bits * size
    return bits


def times(
    bits: int | None, dimensions: list[Node] | None, scope: Env, budget: Budget
) -> int | None:
    """`bits` for each element of all dimensions."""
    for dimension in items(dimensions):
        size = _elements(dimension.get("specifier", {}).get("selector"), scope, budget)
        bits = None if bits is None or size is None else bits * size
    return bits


def _elements(selector: Node | None, scope: Env, budget: Budget) -> int | None:
    """Elements of one dimension, [7:0] or [8]."""
    if selector is None:
        return None
    if selector["kind"] == "BitSelect":
        return number(selector["expr"], scope, budget)
    left = number(selector["left"], scope, budget)
    right = number(selector["right"], scope, budget)
    return None if left is None or right is None else abs(left - right) + 1


def typed(value: Value | None, kind: Node, scope: Env, budget: Budget) -> Value | None:
    """A parameter's value as its declared type holds it; None where the type would change it."""
    if value is None or kind["kind"] == "ImplicitType":
        if value is None or len(kind) == 1:
            return value
        if "dimensions" not in kind:
            return fit(value.number, value.width, kind.get("signing") == "signed")
    bits = width(kind, scope, budget)
    signed = _SIMPLE.get(kind["kind"], (0, False))[1]
    if "signing" in kind:
        signed = kind["signing"] == "signed"
    return None if bits is None else fit(value.number, bits, signed)


def declarations(module: Node) -> Iterator[tuple[Node, bool]]:
    """Parameter declarations of a module, each with whether it is local."""
    header = module["header"].get("parameters")
    word = "parameter"
    for node in items(header.get("declarations")) if header else ():
        word = node.get("keyword", word)
        yield node, word == "localparam"
    for member in items(module.get("members")):
        if member["kind"] == "ParameterDeclarationStatement":
            node = member["parameter"]
            yield node, header is not None or node["keyword"] == "localparam"


def least_width(node: Node, scope: Env, budget: Budget) -> int:
    """The least width, in bits, that an expression can have."""
    budget.spend()
    if node["kind"] == "IntegerVectorExpression":
        return int(node.get("size", "1").replace("_", ""))
    if node["kind"] == "ConcatenationExpression":
        return sum(least_width(part, scope, budget) for part in items(node.get("expressions")))
    if node["kind"] == "MultipleConcatenationExpression":
        count = number(node["expression"], scope, budget)
        return (1 if count is None else count) * least_width(node["concatenation"], scope, budget)
    return 1


def take(node: Node, shared: Scope, scope: Scope, budget: Budget) -> None:
    """Enters into `scope` what an import takes from a package: all of it, or one name."""
    for item in items(node.get("items")):
        package, wanted = item["package"] + "::", item["item"]
        budget.spend(1 + len(shared) // 16)
        for name, value in list(shared.items()):
            own = name.removeprefix(package)
            if own != name and (wanted == "*" or own.rstrip("'") == wanted):
                scope[own] = value

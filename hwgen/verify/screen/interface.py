"""The ports of a candidate's top against those that the task asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hwgen.verify.screen.constants import Budget
from hwgen.verify.screen.syntax import Node, Tree, items
from hwgen.verify.screen.widths import Scope, declarations, width

_WORDS = {"in": "an input", "out": "an output", "input": "an input", "output": "an output"}


@dataclass(frozen=True)
class Found:
    """A port of a module: direction as written, width in bits (None: not known without tools)."""

    name: str
    direction: str
    width: int | None
    array: bool = False


def overridden(module: Node, parameters: dict[str, Any]) -> tuple[str, ...]:
    """Those of `parameters` that the module declares and an instance may set."""
    own = {
        item["name"]
        for declaration, local in declarations(module)
        if not local and "type" in declaration
        for item in items(declaration.get("declarators"))
    }
    return tuple(name for name in parameters if name in own)


def ports(module: Node, scope: Scope, budget: Budget) -> Iterator[Found]:
    """Ports of a module in order."""
    listed = module["header"].get("ports", {"kind": ""})
    if listed["kind"] == "AnsiPortList":
        yield from _ansi(items(listed.get("ports")), scope, budget)
    elif listed["kind"] == "NonAnsiPortList":
        yield from _classic(module, items(listed.get("ports")), scope, budget)


def _ansi(nodes: list[Node], scope: Scope, budget: Budget) -> Iterator[Found]:
    direction, bits = "inout", None
    for node in nodes:
        header, item = node["header"], node["declarator"]
        kind = header.get("dataType", {"kind": "ImplicitType"})
        own = len(kind) > 1 or kind["kind"] != "ImplicitType" or "netType" in header
        if "direction" in header or own:
            direction = header.get("direction", direction)
            bits = width(kind, scope, budget)
        yield Found(item["name"], direction, bits, "dimensions" in item)


def _classic(module: Node, nodes: list[Node], scope: Scope, budget: Budget) -> Iterator[Found]:
    declared = {}
    for member in items(module.get("members")):
        if member["kind"] == "PortDeclaration":
            header = member["header"]
            bits = width(header.get("dataType", {"kind": "ImplicitType"}), scope, budget)
            for item in items(member.get("declarators")):
                found = Found(item["name"], header["direction"], bits, "dimensions" in item)
                declared[item["name"]] = found
    for node in nodes:
        name = node["expr"]["name"]
        yield declared.get(name, Found(name, "", None))


def differences(found: list[Found], wanted: list[dict[str, Any]]) -> list[str]:
    """A sentence for each difference between the ports found and those of the task."""
    says = []
    by_name = {port.name: port for port in found}
    for port in wanted:
        name = port["name"]
        own = by_name.pop(name, None)
        if own is None:
            says.append(f"port {name} is missing")
            continue
        if own.direction not in (port["dir"] + "put", ""):
            word = _WORDS.get(own.direction, own.direction)
            says.append(f"port {name} is {word}, the task has {_WORDS[port['dir']]}")
        if own.array:
            says.append(f"port {name} is an array")
        elif own.width not in (None, port["width"]):
            says.append(f"port {name} has {own.width} bits, the task has {port['width']}")
        if own.direction == "":
            says.append(f"port {name} has no direction")
    says.extend(f"the task has no port {name}" for name in by_name)
    names = [port.name for port in found]
    says.extend(
        f"port {name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})
    )
    return says


def compare(
    tree: Tree, module: Node, scope: Scope, budget: Budget, wanted: list[dict[str, Any]]
) -> None:
    """Refuses (interface) a module whose ports differ, with a sentence for each difference."""
    says = differences(list(ports(module, scope, budget)), wanted)
    if says:
        raise tree.refuse("interface", module, "; ".join(says[:20]))

"""The modules of a design as they are elaborated: which instance, at which parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hwgen.errors import HwgenError, Problem, ToolMissing


@dataclass(frozen=True)
class Instance:
    """An instance: its path from the top, and the modules of the instances directly below it."""

    path: str
    module: str
    parameters: Mapping[str, int]
    below: tuple[str, ...]


def instances(texts: Mapping[str, str], top: str) -> tuple[Instance, ...]:
    """All instances of a design, the top first, in the order of the text.

    `texts` are trusted sources by module name. Parameters are whole numbers. Raises ToolMissing
    without pyslang, HwgenError if `top` is not a top of the design.
    """
    try:
        from pyslang import ast, syntax
    except ImportError as error:
        raise ToolMissing(
            Problem(
                "the hierarchy needs pyslang, which is not installed", fix="pip install pyslang"
            )
        ) from error
    compilation = ast.Compilation()
    for name, text in texts.items():
        compilation.addSyntaxTree(syntax.SyntaxTree.fromText(text, name))
    for found in compilation.getRoot().topInstances:
        if found.name == top:
            return tuple(_walk(found))
    raise HwgenError(Problem(f"{top} is not a top of the design"))


def _walk(instance: Any) -> Iterator[Instance]:
    children = list(_children(instance.body))
    yield Instance(
        path=instance.hierarchicalPath,
        module=instance.body.definition.name,
        parameters={
            p.name: int(p.value.value) for p in instance.body.parameters if not p.isLocalParam
        },
        below=tuple(dict.fromkeys(child.body.definition.name for child in children)),
    )
    for child in children:
        yield from _walk(child)


def _children(scope: Any) -> Iterator[Any]:
    """Instances of a scope, those of its generate blocks included."""
    for member in scope:
        kind = member.kind.name
        if kind == "Instance":
            yield member
        elif kind == "GenerateBlockArray" or (
            kind == "GenerateBlock" and not member.isUninstantiated
        ):
            yield from _children(member)

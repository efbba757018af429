"""How complex a module is: Basic, Intermediate, Advanced or Expert.

The words are PyraNet's (Nadimi et al., 2024), whose labels come from a language model; here they
follow from the text by points, and every figure that goes in is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hwgen.tasks.mutate import parsed
from hwgen.tasks.syntax import Node, children, walk
from hwgen.training.data.dataflow import Flow, dataflow_of
from hwgen.training.data.syntax import syntax_hash

Complexity = Literal["Basic", "Intermediate", "Advanced", "Expert"]
LABELS: tuple[Complexity, ...] = ("Basic", "Intermediate", "Advanced", "Expert")

THRESHOLDS = (20, 40, 70)
"""Points from which a module is Intermediate, Advanced and Expert."""

_BRANCHES = {"ConditionalStatement", "ConditionalExpression", "StandardCaseItem"}
_PARTS = {
    "LoopGenerate",
    "ForLoopStatement",
    "FunctionDeclaration",
    "TaskDeclaration",
    "HierarchicalInstance",
}


@dataclass(frozen=True)
class Features:
    """What is counted: operators, branches (if, ?:, items of a case), registers (targets of
    nonblocking assignments), parts (loops, functions, instances), and the dataflow's depth.
    Without a dataflow, `depth` is how deep operators and branches stand in one another.
    """

    operators: int
    branches: int
    registers: int
    parts: int
    depth: int
    flow: Flow | None

    @property
    def points(self) -> int:
        """operators + 2 branches + 3 registers + 5 parts + 2 depth."""
        counted = self.operators + 2 * self.branches + 3 * self.registers + 5 * self.parts
        return counted + 2 * self.depth


class Labeller:
    """Labels texts; those that differ in names and numbers alone are analysed once."""

    def __init__(self) -> None:
        self._known: dict[str, Features] = {}

    def learn(self, features: Mapping[str, Features]) -> None:
        """Take features by shape that were found elsewhere."""
        self._known.update(features)

    def __call__(self, code: str, module: str) -> Complexity:
        """The label of a module's text, which is trusted or screened: it goes to parsers."""
        shape = syntax_hash(code, numbers=False)
        if shape not in self._known:
            self._known[shape] = features_of(code, module)
        return label(self._known[shape].points)

    @property
    def analysed(self) -> tuple[int, int]:
        """Shapes that were analysed, and those of them that have a dataflow."""
        return len(self._known), sum(f.flow is not None for f in self._known.values())


def label(points: int) -> Complexity:
    """The label of a sum of points."""
    return LABELS[sum(points >= threshold for threshold in THRESHOLDS)]


def features_of(code: str, module: str) -> Features:
    """The features of a module's text. Raises UsageError where it does not parse."""
    operators = branches = parts = 0
    registers = set()
    root = parsed(code)
    for node in walk(root):
        kind = node.kind.name
        if kind == "NonblockingAssignmentExpression":
            registers.add(_target(node.left))
        elif hasattr(node, "operatorToken") and not kind.endswith("AssignmentExpression"):
            operators += 1
        branches += kind in _BRANCHES
        parts += kind in _PARTS
    flow = dataflow_of(code, module)
    return Features(
        operators, branches, len(registers), parts, flow.depth if flow else _nesting(root), flow
    )


def _target(node: Node) -> str:
    """Name of the register that is assigned, whole or in part."""
    for below in walk(node):
        if below.kind.name.startswith("Identifier"):
            return str(below.identifier.valueText)
    return ""


def _nesting(node: Node) -> int:
    """How deep operators and branches stand in one another."""
    own = hasattr(node, "operatorToken") or node.kind.name in _BRANCHES
    return own + max((_nesting(child) for child in children(node)), default=0)

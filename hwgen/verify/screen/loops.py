"""How often a loop with constant bounds runs, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwgen.verify.screen.constants import Budget, Env, Value, evaluate, number
from hwgen.verify.screen.syntax import Node, items

FOREVER = 1 << 64  # passes of a loop whose variable never reaches its bound
_FEW = 4096  # passes of a loop that is stepped through

_MIRRORED = {
    "LessThanExpression": "GreaterThanExpression",
    "LessThanEqualExpression": "GreaterThanEqualExpression",
    "GreaterThanExpression": "LessThanExpression",
    "GreaterThanEqualExpression": "LessThanEqualExpression",
    "InequalityExpression": "InequalityExpression",
}
_ADD = {"AddAssignmentExpression": 1, "SubtractAssignmentExpression": -1}
_ONE = {
    "PostincrementExpression": 1,
    "UnaryPreincrementExpression": 1,
    "PostdecrementExpression": -1,
    "UnaryPredecrementExpression": -1,
}


@dataclass(frozen=True)
class Trips:
    """Passes of a loop, its variable, and the variable's value in the first and last pass."""

    count: int
    name: str
    first: int
    last: int


def generate_trips(node: Node, env: Env, budget: Budget) -> Trips | None:
    """Passes of a generate loop; None where they are not known here.

    A loop of a form that must be stepped through and does not end soon counts as endless.
    """
    name = node["identifier"]
    first = number(node["initialExpr"], env, budget)
    stop, step = node["stopExpr"], node["iterationExpr"]
    if first is None:
        return None
    return _counted(name, first, stop, step, env, budget) or _walked(
        name, first, stop, step, env, budget, endless=FOREVER
    )


def procedural_trips(node: Node, env: Env, budget: Budget) -> Trips | None:
    """Passes of a for or repeat statement; None where they are not known here."""
    if node["kind"] == "LoopStatement":
        count = number(node["expr"], env, budget) if node["repeatOrWhile"] == "repeat" else None
        return None if count is None else Trips(max(count, 0), "", 0, 0)
    starts, steps = items(node.get("initializers")), items(node.get("steps"))
    if len(starts) != 1 or len(steps) != 1 or "stopExpr" not in node:
        return None
    start: dict[str, Any] = starts[0]
    if start["kind"] == "ForVariableDeclaration":
        name = start["declarator"]["name"]
        value = start["declarator"].get("initializer", {}).get("expr")
    elif start["kind"] == "AssignmentExpression" and start["left"]["kind"] == "IdentifierName":
        name, value = start["left"]["identifier"], start["right"]
    else:
        return None
    first = None if value is None else number(value, env, budget)
    if first is None:
        return None
    stop, step = node["stopExpr"], steps[0]
    return _counted(name, first, stop, step, env, budget) or _walked(
        name, first, stop, step, env, budget
    )


def _counted(
    name: str, first: int, stop: Node, step: Node, env: Env, budget: Budget
) -> Trips | None:
    """Passes of a loop that adds a constant until a comparison with a constant fails."""
    env = {**env, name: None}
    bound = _bound(name, stop, env, budget)
    change = _change(name, step, env, budget)
    if bound is None or change is None:
        return None
    count = _count(first, *bound, change)
    return Trips(count, name, first, first + (count - 1) * change if count < FOREVER else first)


def _is(node: Node, name: str) -> bool:
    return node["kind"] == "IdentifierName" and bool(node["identifier"] == name)


def _bound(name: str, stop: Node, env: Env, budget: Budget) -> tuple[str, int] | None:
    """The comparison that keeps the loop running, and with what."""
    while stop["kind"] == "ParenthesizedExpression":
        stop = stop["expression"]
    kind = stop["kind"]
    if kind not in _MIRRORED:
        return None
    left, right = stop["left"], stop["right"]
    if _is(right, name):
        left, right, kind = right, left, _MIRRORED[kind]
    value = number(right, env, budget) if _is(left, name) else None
    return None if value is None else (kind, value)


def _change(name: str, step: Node, env: Env, budget: Budget) -> int | None:
    """What a pass adds to the loop's variable."""
    kind = step["kind"]
    if kind in _ONE:
        return _ONE[kind] if _is(step["operand"], name) else None
    if kind in _ADD and _is(step["left"], name):
        value = number(step["right"], env, budget)
        return None if value is None else _ADD[kind] * value
    if kind != "AssignmentExpression" or not _is(step["left"], name):
        return None
    right = step["right"]
    sign = {"AddExpression": 1, "SubtractExpression": -1}.get(right["kind"])
    if sign is None:
        return None
    if _is(right["left"], name):
        value = number(right["right"], env, budget)
    elif _is(right["right"], name) and sign == 1:
        value = number(right["left"], env, budget)
    else:
        value = None
    return None if value is None else sign * value


def _count(first: int, kind: str, bound: int, change: int) -> int:
    if kind == "InequalityExpression":
        distance = bound - first
        if distance == 0:
            return 0
        fits = change != 0 and distance % change == 0 and distance // change > 0
        return distance // change if fits else FOREVER
    if "Greater" in kind:
        first, bound, change = -first, -bound, -change
    if "Equal" in kind:
        bound += 1
    if first >= bound:
        return 0
    return -((first - bound) // change) if change > 0 else FOREVER


def _walked(
    name: str,
    first: int,
    stop: Node,
    step: Node,
    env: Env,
    budget: Budget,
    endless: int | None = None,
) -> Trips | None:
    """The same by stepping through a loop of another form; `endless` passes after 4,096."""
    right = step.get("right")
    if step["kind"] != "AssignmentExpression" or right is None:
        return None
    value: Value | None = Value(first)
    last = first
    for count in range(_FEW):
        if value is None:
            return None
        scope = {**env, name: value}
        budget.spend(len(env) // 16)
        runs = number(stop, scope, budget)
        if not runs:
            return None if runs is None else Trips(count, name, first, last)
        last = value.number
        value = evaluate(right, scope, budget)
    return None if endless is None else Trips(endless, name, first, last)

"""Bounded evaluation of constant expressions on the syntax tree.

Integers as written, without widths: a value is given only where every width that Verilog could
choose gives the same one. Anything else is None, "not known here", and is left to the tools and
their limits. Division and shifts stay cheap because values stay below 2**4096; a whole screening
may take a fixed number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import add, and_, eq, floordiv, ge, gt, le, lt, mod, mul, ne, or_, sub, xor

from hwgen.verify.screen.lexer import Refusal
from hwgen.verify.screen.syntax import Node, items

MAX_BITS = 4096  # of a constant, a vector or a replication
STEPS = 60_000  # nodes evaluated in one screening


@dataclass(frozen=True)
class Value:
    """A constant: the integer, its own width in bits, and whether it is signed."""

    number: int
    width: int = 32
    signed: bool = True


Env = Mapping[str, Value | None]
"""Constants by name; `package::name` for those of a package."""


class Budget:
    """Steps left; more than there are is refused (expansion)."""

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps

    def spend(self, steps: int = 1) -> None:
        """Takes steps; raises Refusal when they are used up."""
        self.steps -= steps
        if self.steps < 0:
            raise Refusal("expansion", 0, "parameters and generate loops take too long to evaluate")


def number(node: Node, env: Env, budget: Budget) -> int | None:
    """The integer of a constant expression, or None where it is not known here."""
    value = evaluate(node, env, budget)
    return None if value is None else value.number


def evaluate(node: Node, env: Env, budget: Budget) -> Value | None:
    """The value of a constant expression, or None where it is not known here."""
    budget.spend()
    kind = node["kind"]
    rule = _RULES.get(kind)
    if rule is not None:
        return rule(node, env, budget)
    if kind in _BINARY:
        left = evaluate(node["left"], env, budget)
        right = evaluate(node["right"], env, budget)
        return None if left is None or right is None else _binary(kind, left, right)
    return None


def fit(number: int, width: int, signed: bool) -> Value | None:
    """The value if it needs no more than its own width: then no context changes it."""
    low, high = (-(1 << (width - 1)), 1 << (width - 1)) if signed else (0, 1 << width)
    return Value(number, width, signed) if width <= MAX_BITS and low <= number < high else None


def _literal(node: Node, env: Env, budget: Budget) -> Value | None:
    digits = node["literal"].replace("_", "")
    return fit(int(digits), 32, True) if digits.isdigit() and len(digits) < 20 else None


def _vector(node: Node, env: Env, budget: Budget) -> Value | None:
    base = node["base"].lower()
    digits = node["value"].replace("_", "").lower()
    if set(digits) & set("xz?") or not digits:
        return None
    width = int(node["size"].replace("_", "")) if "size" in node else 32
    signed = "s" in base
    number = int(digits, {"b": 2, "o": 8, "d": 10, "h": 16}[base[-1]])
    if width < 1 or width > MAX_BITS or number >> width:
        return None
    return Value(number - (signed and number >> (width - 1)) * (1 << width), width, signed)


def _unsized(node: Node, env: Env, budget: Budget) -> Value | None:
    return Value(0, 1, False) if node["literal"] == "'0" else None  # '1 is as wide as its context


def _name(node: Node, env: Env, budget: Budget) -> Value | None:
    return env.get(node["identifier"])


def _scoped(node: Node, env: Env, budget: Budget) -> Value | None:
    left, right = node["left"], node["right"]
    return env.get(f"{left.get('identifier')}::{right.get('identifier')}")


def _inner(node: Node, env: Env, budget: Budget) -> Value | None:
    return evaluate(node["expr"] if "expr" in node else node["expression"], env, budget)


def _minus(node: Node, env: Env, budget: Budget) -> Value | None:
    value = evaluate(node["operand"], env, budget)
    if value is None or (value.number and not value.signed):
        return None
    return fit(-value.number, value.width, value.signed)


def _plus(node: Node, env: Env, budget: Budget) -> Value | None:
    return evaluate(node["operand"], env, budget)


def _not(node: Node, env: Env, budget: Budget) -> Value | None:
    value = evaluate(node["operand"], env, budget)
    return None if value is None else Value(int(value.number == 0), 1, False)


def _choice(node: Node, env: Env, budget: Budget) -> Value | None:
    conditions = items(node["predicate"].get("conditions"))
    test = evaluate(conditions[0]["expr"], env, budget) if len(conditions) == 1 else None
    if test is None:
        return None
    return evaluate(node["left"] if test.number else node["right"], env, budget)


def _power(left: Value, right: Value) -> Value | None:
    if right.number < 0 or left.number.bit_length() * right.number > 2 * MAX_BITS:
        return None
    return fit(left.number**right.number, left.width, left.signed and right.signed)


def _shift(kind: str, left: Value, right: Value) -> Value | None:
    if right.number < 0 or right.number > MAX_BITS:
        return None
    if "Left" in kind:
        return fit(left.number << right.number, left.width, left.signed)
    if left.number < 0 and (kind.startswith("Logical") or not left.signed):
        return None
    return fit(left.number >> right.number, left.width, left.signed)


def _binary(kind: str, left: Value, right: Value) -> Value | None:
    if "Shift" in kind:
        return _shift(kind, left, right)
    if kind == "LogicalAndExpression":
        return Value(int(bool(left.number) and bool(right.number)), 1, False)
    if kind == "LogicalOrExpression":
        return Value(int(bool(left.number) or bool(right.number)), 1, False)
    if kind == "PowerExpression":
        return _power(left, right)
    signed = left.signed and right.signed
    if not signed and (left.number < 0 or right.number < 0):
        return None  # read as unsigned in a width that is not known here
    if kind in _COMPARE:
        return Value(int(_COMPARE[kind](left.number, right.number)), 1, False)
    width = max(left.width, right.width)
    if kind in ("DivideExpression", "ModExpression"):
        if right.number == 0:
            return None
        number = _DIVIDE[kind](abs(left.number), abs(right.number))
        negative = left.number < 0 if kind == "ModExpression" else left.number * right.number < 0
        return fit(-number if negative else number, width, signed)
    return fit(_ARITHMETIC[kind](left.number, right.number), width, signed)


def _call(node: Node, env: Env, budget: Budget) -> Value | None:
    arguments = items(node.get("arguments", {}).get("parameters"))
    if node["left"]["kind"] != "SystemName" or len(arguments) != 1 or "expr" not in arguments[0]:
        return None
    name = node["left"]["systemIdentifier"]
    value = evaluate(arguments[0]["expr"], env, budget)
    if value is None or value.number < 0:
        return None
    if name == "$clog2":
        return Value(max(value.number - 1, 0).bit_length())
    if name in ("$signed", "$unsigned"):
        return fit(value.number, value.width, name == "$signed")
    return None


def _concatenation(node: Node, env: Env, budget: Budget) -> Value | None:
    number = width = 0
    for part in items(node.get("expressions")):
        value = evaluate(part, env, budget)
        if value is None or value.number < 0 or part["kind"] != "IntegerVectorExpression":
            return None  # a name's own width is not known here
        number, width = number << value.width | value.number, width + value.width
        if width > MAX_BITS:
            return None
    return Value(number, width, False)


_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "EqualityExpression": eq,
    "InequalityExpression": ne,
    "CaseEqualityExpression": eq,
    "CaseInequalityExpression": ne,
    "LessThanExpression": lt,
    "LessThanEqualExpression": le,
    "GreaterThanExpression": gt,
    "GreaterThanEqualExpression": ge,
}
_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "AddExpression": add,
    "SubtractExpression": sub,
    "MultiplyExpression": mul,
    "BinaryAndExpression": and_,
    "BinaryOrExpression": or_,
    "BinaryXorExpression": xor,
}
_DIVIDE: dict[str, Callable[[int, int], int]] = {"DivideExpression": floordiv, "ModExpression": mod}
_SHIFTS = {
    f"{way}Shift{side}Expression" for way in ("Logical", "Arithmetic") for side in ("Left", "Right")
}
_BINARY = {*_SHIFTS, "LogicalAndExpression", "LogicalOrExpression", "PowerExpression"}
_BINARY |= {*_COMPARE, *_ARITHMETIC, *_DIVIDE}
_RULES: dict[str, Callable[[Node, Env, Budget], Value | None]] = {
    "IntegerLiteralExpression": _literal,
    "IntegerVectorExpression": _vector,
    "UnbasedUnsizedLiteralExpression": _unsized,
    "IdentifierName": _name,
    "ScopedName": _scoped,
    "ParenthesizedExpression": _inner,
    "SimplePropertyExpr": _inner,
    "SimpleSequenceExpr": _inner,
    "UnaryMinusExpression": _minus,
    "UnaryPlusExpression": _plus,
    "UnaryLogicalNotExpression": _not,
    "ConditionalExpression": _choice,
    "InvocationExpression": _call,
    "ConcatenationExpression": _concatenation,
}

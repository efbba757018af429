"""Arithmetic and logic units with small sets of operations."""

from __future__ import annotations

import random
from collections.abc import Callable

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, crossed, extremes, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

SETS = {
    "arith": ("add", "sub", "and", "or"),
    "logic": ("and", "or", "xor", "nor"),
    "mips": ("and", "or", "add", "sub", "slt", "nor", "xor", "sltu"),
    "compare": ("sub", "slt", "sltu", "eq"),
    "eight": ("add", "sub", "and", "or", "xor", "not", "inc", "dec"),
    "shifts": ("add", "sub", "sll", "srl", "sra", "and", "or", "xor"),
    "riscv": ("add", "sub", "sll", "slt", "sltu", "xor", "srl", "sra", "or", "and"),
    "minmax": ("min", "max", "minu", "maxu"),
}
SAID = {
    "add": "a + b", "sub": "a - b", "and": "a AND b", "or": "a OR b", "xor": "a XOR b",
    "nor": "NOT (a OR b)", "not": "NOT a", "inc": "a + 1", "dec": "a - 1",
    "slt": "1 if a < b as signed numbers, else 0", "sltu": "1 if a < b as unsigned numbers, else 0",
    "eq": "1 if a equals b, else 0", "sll": "a shifted left by AMT", "srl": "a shifted right by AMT"
    " (zeros enter)", "sra": "a shifted right by AMT (copies of its top bit enter)",
    "min": "the smaller of a and b as signed numbers",
    "max": "the larger of a and b as signed numbers",
    "minu": "the smaller of a and b as unsigned numbers",
    "maxu": "the larger of a and b as unsigned numbers",
}  # fmt: skip
FORMULAS = {
    "add": "a + b", "sub": "a - b", "and": "a & b", "or": "a | b", "xor": "a ^ b",
    "nor": "~(a | b)", "not": "~a", "inc": "a + ONE", "dec": "a - ONE",
    "slt": "{ZEROS, $signed(a) < $signed(b)}", "sltu": "{ZEROS, a < b}", "eq": "{ZEROS, a == b}",
    "sll": "a << amt", "srl": "a >> amt", "sra": "$signed(a) >>> amt",
    "min": "$signed(a) < $signed(b) ? a : b", "max": "$signed(a) < $signed(b) ? b : a",
    "minu": "a < b ? a : b", "maxu": "a < b ? b : a",
}  # fmt: skip


def compute(op: str, a: int, b: int, width: int, by: int) -> int:
    """The exact result of an operation, before it is cut to the width."""
    s, t = signed(a, width), signed(b, width)
    table: dict[str, Callable[[], int]] = {
        "add": lambda: a + b, "sub": lambda: a - b, "inc": lambda: a + 1, "dec": lambda: a - 1,
        "and": lambda: a & b, "or": lambda: a | b, "xor": lambda: a ^ b,
        "nor": lambda: -1 - (a | b), "not": lambda: -1 - a,
        "slt": lambda: int(s < t), "sltu": lambda: int(a < b), "eq": lambda: int(a == b),
        "sll": lambda: a * 2**by, "srl": lambda: a // 2**by, "sra": lambda: s // 2**by,
        "min": lambda: min(s, t), "max": lambda: max(s, t),
        "minu": lambda: min(a, b), "maxu": lambda: max(a, b),
    }  # fmt: skip
    return table[op]()


def make(choice: Choice) -> Blueprint:
    width, ops, flags = choice["width"], SETS[choice["ops"]], choice["flags"]
    codes, amount = (len(ops) - 1).bit_length(), (width - 1).bit_length()
    names = {"none": (), "zero": ("zero",), "all": ("zero", "negative", "carry", "overflow")}[flags]
    ports = [Port(name=n, dir="in", width=width) for n in "ab"]
    ports += [Port(name="op", dir="in", width=codes), Port(name="y", dir="out", width=width)]
    ports += [Port(name=n, dir="out") for n in names]

    def golden(inputs: Row) -> dict[str, int]:
        a, b, code = inputs["a"], inputs["b"], inputs["op"]
        op = ops[code] if code < len(ops) else ""
        y = compute(op, a, b, width, b % 2**amount) % 2**width if op else 0
        both = {"add": (1, 1), "sub": (1, -1)}.get(op)
        exact = signed(a, width) + (both[1] * signed(b, width) if both else 0)
        shown = {
            "zero": int(y == 0),
            "negative": int(y >= 2 ** (width - 1)),
            "carry": int(both is not None and not 0 <= a + both[1] * b < 2**width),
            "overflow": int(both is not None and exact != signed(y, width)),
        }
        return {"y": y} | {n: shown[n] for n in names}

    amt = f"b[{amount - 1}:0]" if amount > 1 else "b[0]"
    table = "; ".join(f"{i}: {SAID[op].replace('AMT', amt)}" for i, op in enumerate(ops))
    unused = f" For op above {len(ops) - 1} y is 0." if len(ops) < 1 << codes else ""
    said = " zero is 1 when y is 0, else 0." if names else ""
    if flags == "all":
        said += (
            " negative is the top bit of y. For a + b carry is the carry out and for a - b it is"
            " the borrow (1 when a < b unsigned); overflow is 1 when the signed result of a + b or"
            f" a - b does not fit {width} bits. For all other operations carry and overflow are 0."
        )

    def stimulus(rng: random.Random) -> list[list[Row]]:
        pairs = rng.sample(crossed([("a", extremes(width)), ("b", extremes(width))]), 9)
        same = rng.getrandbits(width)
        pairs += [{"a": same, "b": same}, {"a": rng.getrandbits(width), "b": rng.randrange(width)}]
        rows = [pair | {"op": code} for code in range(1 << codes) for pair in pairs]
        keeps = [n for n, op in enumerate(ops) if compute(op, 1, 0, width, 0) == 1]
        for n in range(width if keeps else 0):  # results of a single bit
            rows.append({"a": 1 << n, "b": 0, "op": rng.choice(keeps)})
        return [[*rows, *rows_for(ports, rng)]]

    has = f", flags {', '.join(names)}" if names else ""
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational ALU with {width}-bit operands a and b, result y and {bits(codes)}"
            f" operation code op{has}. y depends on op as follows. {table}. Results are modulo"
            f" {2**width}.{unused}{said}",
            f"{sentence(bits(width))} arithmetic and logic unit without a clock. Inputs: a, b, op"
            f" ({codes} bits). Output: y{has}. By the value of op, y is: {table}. Everything wraps"
            f" at {width} bits.{unused}{said}",
            f"Select with op ({codes} bits) what the output y shows of the {width}-bit inputs a and"
            f" b, without registers{has}. {table}. Only the low {width} bits of a result are"
            f" kept.{unused}{said}",
        ),
        view={
            "regs": ["y"], "width": width, "codes": codes, "flags": flags, "amount": amount,
            "rows": [(i, FORMULAS[op]) for i, op in enumerate(ops)], "top": width - 1,
            "shifts": any(op in ("sll", "srl", "sra") for op in ops), "amt": amt,
            "zeros": any(op in ("slt", "sltu", "eq") for op in ops), "fewer": width - 1,
            "one": "inc" in ops, "add": ops.index("add") if "add" in ops else None,
            "sub": ops.index("sub") if "sub" in ops else None,
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="alu",
    kind="comb",
    summary="arithmetic and logic units",
    parameters={"width": (8, 2, 3, 4, 5, 6, 7, *range(9, 33), 48, 64)},
    options={"ops": tuple(SETS), "flags": ("none", "zero", "all")},
    make=make,
    template="alu.v.j2",
    legal=lambda choice: choice["flags"] != "all" or "sub" in SETS[choice["ops"]],
)

"""Barrel shifters and rotators by a variable amount."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, bit, crossed, rows_for, signed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

OPS = {
    "sll": "shifted left by amt, zeros entering at the right",
    "srl": "shifted right by amt, zeros entering at the left",
    "sra": "shifted right arithmetically by amt, copies of the top bit entering at the left",
    "rol": "rotated left by amt",
    "ror": "rotated right by amt",
}
PAIRS = {"shift_both": ("srl", "sll"), "rotate_both": ("ror", "rol"), "right_both": ("srl", "sra")}
PIN = {"shift_both": "left", "rotate_both": "left", "right_both": "arith"}


def shift(op: str, word: int, amount: int, width: int) -> int:
    """The result as arithmetic on numbers: products and quotients by powers of two."""
    scale, modulus = 1 << amount, 1 << width
    if op == "sll":
        return word * scale % modulus
    if op == "srl":
        return word // scale
    if op == "sra":
        return signed(word, width) // scale % modulus
    text = f"{word:0{width}b}"
    turn = amount % width if op == "rol" else -amount % width
    return int(text[turn:] + text[:turn], 2)


def _stages(op: str, width: int, amount: int) -> list[tuple[str, str, str, str]]:
    """For each bit of the amount: the net it makes, its bit, the moved and the unmoved word."""
    stages, net = [], "d"
    for k in range(amount):
        by, made = (1 << k) % width if op in ("rol", "ror") else 1 << k, f"{op}_{k}"
        keep = by if op == "ror" else width - by
        filler = f"d[{width - 1}]" if op == "sra" else "1'b0"
        fill = f"{{{min(by, width)}{{{filler}}}}}"
        if by == 0:
            moved = net
        elif op in ("rol", "ror"):
            moved = f"{{{net}[{keep - 1}:0], {net}[{width - 1}:{keep}]}}"
        elif by >= width:
            moved = fill
        elif op == "sll":
            moved = f"{{{net}[{keep - 1}:0], {fill}}}"
        else:
            moved = f"{{{fill}, {net}[{width - 1}:{by}]}}"
        stages.append((made, bit("amt", k, amount), moved, net))
        net = made
    return stages


def make(choice: Choice) -> Blueprint:
    width, op = choice["width"], choice["op"]
    amount = (width - 1).bit_length() + (choice["range"] == "wide")
    pin = PIN.get(op, "")
    ops = PAIRS[op] if pin else (op, op)
    ports = [
        Port(name="d", dir="in", width=width),
        Port(name="amt", dir="in", width=amount),
        *([Port(name=pin, dir="in")] if pin else []),
        Port(name="y", dir="out", width=width),
    ]

    def golden(inputs: Row) -> dict[str, int]:
        chosen = ops[inputs[pin]] if pin else op
        return {"y": shift(chosen, inputs["d"], inputs["amt"], width)}

    rule = f"{OPS[ops[0]]} when {pin} is 0, and {OPS[ops[1]]} when {pin} is 1" if pin else OPS[op]
    past = ""
    if 1 << amount > width:
        turns = f" Amounts of {width} or more turn the word by amt modulo {width}."
        gone = f" Amounts of {width} or more leave nothing of d but the bits that entered."
        past = turns if ops[-1].startswith("ro") else gone
    noun = "rotator" if ops[-1].startswith("ro") else "shifter"

    def stimulus(rng: random.Random) -> list[list[Row]]:
        top, some = 1 << (width - 1), rng.getrandbits(width) | 1
        words = (some, top, top - 1) if amount < 6 else (some,)
        axes = [("amt", range(1 << amount)), ("d", words), *([(pin, (0, 1))] if pin else [])]
        return [[*crossed(axes), *rows_for(ports, rng)]]

    pins = f" and select {pin}" if pin else ""
    return Blueprint(
        ports=ports,
        golden=lambda: Function(golden),
        phrasings=(
            f"Combinational barrel {noun}: y is the {width}-bit word d {rule}. amt is"
            f" {bits(amount)} unsigned number.{past}",
            f"Move the bits of d ({width} bits) by a variable distance, amt ({amount} bits,"
            f" unsigned){pins}. The result y is d {rule}.{past} No clock.",
            f"{sentence(bits(width))} {noun} without registers, inputs d, amt of {amount}"
            f" bits{pins}, output y. {sentence('y is d ' + rule)}.{past}",
        ),
        view={
            "regs": [],
            "chains": [_stages(one, width, amount) for one in dict.fromkeys(ops)],
            "width": width,
            "result": f"{pin} ? {ops[1]}_{amount - 1} : {ops[0]}_{amount - 1}"
            if pin
            else f"{op}_{amount - 1}",
        },
        stimulus=stimulus,
    )


FAMILY = Family(
    name="shifter",
    kind="comb",
    summary="barrel shifters and rotators",
    parameters={"width": (8, *range(2, 8), *range(9, 33), 40, 48, 64)},
    options={"op": (*OPS, *PAIRS), "range": ("exact", "wide")},
    make=make,
    template="shifter.v.j2",
)

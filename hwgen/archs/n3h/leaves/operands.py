"""n3h_dsp_operands: codes and weights to signed operands of nine bits, one register."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row, signed
from hwgen.tasks.task import WIDEST


class Operands:
    """Numbers first, then nine bits of each."""

    def __init__(self, pin: int, count: int) -> None:
        self.pin, self.count = pin, count

    def reset(self) -> None:
        return None

    def step(self, i: Row) -> dict[str, int]:
        codes = list(i["codes"].to_bytes(self.pin, "little"))
        weights = list(i["w_data"].to_bytes(self.count, "little"))
        width = 8
        if not i["w8"]:
            nibbles = [n for byte in weights for n in (byte % 16, byte // 16)]
            weights = nibbles[self.count :] if i["high"] else nibbles[: self.count]
            width = 4
        return {
            "x": packed(codes, 8, i["a_signed"]),
            "w": packed(weights, width, i["w_signed"]),
        }


def packed(values: list[int], width: int, is_signed: int) -> int:
    numbers = [signed(v, width) if is_signed else v for v in values]
    return sum(number % 512 << 9 * n for n, number in enumerate(numbers))


TEXTS = (
    "Operand unpacker with one register (rising edge of clk, no reset, no enable). x gets {pin}"
    " operands of 9 bits, operand i the byte i of codes, sign-extended if a_signed is 1, else"
    " zero-extended. w gets {count} operands of 9 bits from the word w_data: with w8 = 1 operand"
    " i is its byte i; with w8 = 0 it is a nibble, nibble i for high = 0 and nibble {count} + i"
    " for high = 1. Weights are sign-extended if w_signed is 1, else zero-extended. Element,"
    " byte and nibble 0 are in the low bits everywhere. x and w show after an edge what the"
    " inputs were at it.",
    "After each rising edge of clk: x[9i+8:9i] = 9-bit extension of codes[8i+7:8i] for i = 0 to"
    " {top}, with copies of bit 7 if a_signed, zeros if not; and for i = 0 to {last}, w[9i+8:9i]"
    " = 9-bit extension of v, where v is w_data[8i+7:8i] if w8 = 1, w_data[4i+3:4i] if w8 = 0"
    " and high = 0, and w_data[4({count}+i)+3:4({count}+i)] if w8 = 0 and high = 1; extension"
    " copies the top bit of v if w_signed, and fills with zeros if not. high is ignored with w8"
    " = 1. Outputs are registers without reset that load in every cycle.",
    "Sign or zero extension of two packed vectors to 9 bits per element, registered once on clk"
    " (rising edge), without reset. codes: {pin} bytes, signed when a_signed = 1, unsigned"
    " otherwise, to x. w_data: either {count} bytes (w8 = 1), or two halves of {count} nibbles"
    " each (w8 = 0), of which high = 1 takes the upper and high = 0 the lower half; signed when"
    " w_signed = 1, unsigned otherwise; to w. Order is kept, the first element lies lowest in"
    " inputs and outputs.",
)


def make(choice: Choice) -> Blueprint:
    pin, count = choice["PIN"], choice["COUNT"]
    values = {"pin": pin, "count": count, "top": pin - 1, "last": count - 1}
    one, two, three = (text.format(**values) for text in TEXTS)
    return Blueprint(
        ports=ports(
            f"clk< codes<{8 * pin} w_data<{8 * count} a_signed< w_signed< w8< high<",
            f"x>{9 * pin} w>{9 * count}",
        ),
        clock="clk",
        golden=lambda: Operands(pin, count),
        phrasings=(one, two, three),
        view={"regs": ["x", "w"]},
        stimulus=lambda rng: [directed(rng, pin, count)],
    )


def directed(rng: random.Random, pin: int, count: int) -> list[Row]:
    """Every mode over words with marked elements: all ones, top bits only, distinct bytes."""
    top = int.from_bytes(b"\x80" * count, "little")
    nibbles = int.from_bytes(b"\x88" * count, "little")
    ramp = int.from_bytes(bytes(n * 37 % 256 for n in range(count)), "little")
    rows = []
    for mode in range(16):
        flags = {"a_signed": mode & 1, "w_signed": mode >> 1 & 1, "w8": mode >> 2 & 1}
        for word in (top, nibbles, ramp, (1 << 8 * count) - 1, rng.getrandbits(8 * count)):
            codes = rng.choice((word % (1 << 8 * pin), rng.getrandbits(8 * pin)))
            rows.append({**flags, "high": mode >> 3, "codes": codes, "w_data": word})
    return rows


FAMILY = Family(
    name="n3h_dsp_operands",
    kind="cycle",
    summary="bytes or nibbles to signed operands of nine bits",
    parameters={
        "PIN": (8, *range(1, 8), *range(9, 33)),
        "COUNT": (32, *range(1, 32), 48, 64, 96, 128, 192, 256, 512),
    },
    options={},
    make=make,
    template="n3h/operands.v.j2",
    legal=lambda choice: 9 * max(choice["PIN"], choice["COUNT"]) <= WIDEST,
)

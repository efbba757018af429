"""Cyclic redundancy checks over bits, nibbles and bytes."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Port
from hwgen.tasks.words import sentence

# Width and polynomial without its highest power: CRC-5/USB, CRC-8/SMBUS, CRC-8/MAXIM, CRC-16/IBM,
# CRC-16/CCITT, CRC-24/OPENPGP, CRC-32 (catalogue of parametrised CRC algorithms, G. Cook).
POLYNOMIALS = {
    "crc8": (8, 0x07), "crc4": (4, 0x3), "crc5": (5, 0x05), "crc8_maxim": (8, 0x31),
    "crc16_ibm": (16, 0x8005), "crc16_ccitt": (16, 0x1021), "crc24": (24, 0x864CFB),
    "crc32": (32, 0x04C11DB7),
}  # fmt: skip


def remainder(dividend: int, divisor: int) -> int:
    """Of polynomials over GF(2), written as numbers."""
    while dividend.bit_length() >= divisor.bit_length():
        dividend ^= divisor << dividend.bit_length() - divisor.bit_length()
    return dividend


@dataclass
class Crc:
    """The remainder of what came in so far, as a polynomial."""

    width: int
    polynomial: int
    data: int
    lsb_first: bool
    start: int
    final: int
    reg: int = 0

    def _show(self) -> dict[str, int]:
        return {"value": self.reg ^ self.final}

    def reset(self) -> dict[str, int]:
        self.reg = self.start
        return self._show()

    def step(self, inputs: Row) -> dict[str, int]:
        if inputs.get("clear", 0):
            self.reg = self.start
        elif inputs["en"]:
            text = f"{inputs['d']:0{self.data}b}"
            message = int(text[::-1] if self.lsb_first else text, 2)
            ahead = self.reg * 2**self.data ^ message * 2**self.width
            self.reg = remainder(ahead, 2**self.width + self.polynomial)
        return self._show()


def make(choice: Choice) -> Blueprint:
    width, polynomial = POLYNOMIALS[choice["polynomial"]]
    data, clear, lsb_first = choice["data"], choice["clear"] == 1, choice["order"] == "lsb"
    ones, reset = (1 << width) - 1, reset_words(choice["reset"])
    start, final = ones * (choice["start"] == "ones"), ones * (choice["final"] == "inverted")
    shift = (
        f"shift the register left by one with 0 entering, and if its old top bit (bit {width - 1})"
    )
    shift += f" differs from the data bit, XOR it with 0x{polynomial:X}"
    each = (
        f"for the data bit d, {shift}"
        if data == 1
        else f"for each of the {data} bits of d in turn, {'least' if lsb_first else 'most'}"
        f" significant bit first, {shift}"
    )
    shown = "the bitwise inverse of the register" if final else "the register"
    back = (
        f" When clear is 1 the next edge sets the register to 0x{start:X} instead, whatever en is."
    )
    back = back if clear else ""
    unit = "bit" if data == 1 else f"{data} bits"

    def stimulus(rng: random.Random) -> list[list[Row]]:
        top = (1 << data) - 1
        words = [0] * 6 + [top] * 6 + [1] + [0] * (2 * width // data) + [1 << data - 1, 0, 0]
        words += [int(c) & top for c in b"123456789"] + [rng.getrandbits(data) for _ in range(40)]
        rows: list[Row] = [{"d": word, "en": 1} for word in words]
        rows += [{"d": top}, {"d": 1, "en": 1}, {"d": 0}]
        more = [{"d": top, "en": 1, "clear": 1}, *rows[:4], {"clear": 1}, *rows[-9:]]
        return [rows + more if clear else rows]

    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *([Port(name="clear", dir="in")] if clear else []),
            Port(name="en", dir="in"),
            Port(name="d", dir="in", width=data),
            Port(name="value", dir="out", width=width),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Crc(width, polynomial, data, lsb_first, start, final),
        phrasings=(
            f"CRC-{width} unit that takes {unit} per clock cycle, polynomial 0x{polynomial:X} (top"
            f" power left out), with {reset}. The {width}-bit register starts at 0x{start:X} after"
            f" reset. At each rising edge with en = 1: {each}. value shows {shown}.{back}",
            f"Compute a {width}-bit cyclic redundancy check of the data d ({data} bits per cycle,"
            f" taken at rising edges of clk with en = 1): {each}. Output value is {shown}."
            f" {sentence(reset)} sets the register to 0x{start:X}.{back}",
            f"Checksum register of {width} bits, generator 0x{polynomial:X} without its highest"
            f" power, reset value 0x{start:X} by {reset}. While en is 1, per clock edge {each};"
            f" while en is 0 keep it. The output value is {shown}.{back}",
        ),
        view={
            **reset_view(choice["reset"]), "regs": [], "width": width, "clears": clear,
            "start": start, "polynomial": polynomial, "final": bool(final), "data": data,
            "loop": (f"k = 0; k < {data}; k = k + 1" if lsb_first
                     else f"k = {data} - 1; k >= 0; k = k - 1"),
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="crc",
    kind="cycle",
    summary="cyclic redundancy checks",
    parameters={"data": (1, 2, 4, 8, 16)},
    options={
        "polynomial": tuple(POLYNOMIALS),
        "order": ("msb", "lsb"),
        "start": ("zeros", "ones"),
        "final": ("plain", "inverted"),
        "clear": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="crc.v.j2",
    legal=lambda choice: choice["data"] > 1 or choice["order"] == "msb",
)

"""Banks of configuration registers: fields in registers, one write port, every field an output.

What the banks of the architectures and the family config_bank share: model, words, stimulus.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.tasks.family import Blueprint
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row, sliced
from hwgen.tasks.task import Reset


@dataclass(frozen=True)
class Place:
    """A field: output port, the register it lies in, its lowest bit there, its width."""

    port: str
    register: int
    low: int
    bits: int
    signed: bool

    @property
    def high(self) -> int:
        return self.low + self.bits - 1


class Bank:
    """Registers by number, as wide as the write port; `passed` are row and data of a table."""

    def __init__(self, held: Sequence[Place], passed: Sequence[Place]) -> None:
        self.held, self.passed = held, passed
        self.registers: dict[int, int] = {}

    def reset(self) -> dict[str, int | None]:
        self.registers = {}
        table: dict[str, int | None] = {p.port: None for p in self.passed}
        return self.fields() | table | ({"table_we": None} if table else {})

    def step(self, i: Row) -> dict[str, int | None]:
        if i["cfg_we"]:
            self.registers[i["cfg_reg"]] = i["cfg_data"]
        shown = self.fields()
        for place in self.passed:  # no register: what is on the port now
            hit = i["cfg_we"] and i["cfg_reg"] == place.register
            shown["table_we"] = int(hit)
            shown[place.port] = cut(i["cfg_data"], place) if hit else None
        return shown

    def fields(self) -> dict[str, int | None]:
        return {p.port: cut(self.registers.get(p.register, 0), p) for p in self.held}


def cut(word: int, place: Place) -> int:
    """The field that lies at `place` of a register's word."""
    return word >> place.low & (1 << place.bits) - 1


TEXTS = (
    "Configuration registers, clock clk (rising edge). An edge with cfg_we = 1 writes register"
    " cfg_reg with cfg_data; writes to other numbers than {numbers} change nothing. Every output"
    " is a field of a register and shows it from the next cycle on until that register is"
    " written again: {fields}. rst, synchronous and active high, sets all registers to 0 and"
    " wins over a write.{table}",
    "At each rising edge of clk: if rst = 1 all registers are cleared, else if cfg_we = 1 and"
    " cfg_reg is n, one of {numbers}, register n takes cfg_data ({data} bits). The outputs are"
    " these slices of the registers: {fields}. Nothing else is kept; a cfg_reg without a register"
    " is ignored.{table}",
    "A write-only register bank with address cfg_reg (8 bits), data cfg_data ({data} bits) and"
    " strobe cfg_we, with registers at {numbers} (other addresses: no effect) that hold their"
    " value between writes and are zeroed by the synchronous active-high reset rst, which has"
    " priority. Rising edges of clk. Outputs are wires from the registers, bit ranges as in the"
    " data written: {fields}.{table}",
)
TABLE = (
    " Register {register} is not kept but passes through, without a clock: table_we is 1 while"
    " cfg_we is 1 and cfg_reg is {register}, table_addr is cfg_data[{row}:0], table_data is"
    " cfg_data[{high}:{low}]; these two do not matter while table_we is 0, and none of the three"
    " while rst is 1."
)


def bank(held: Sequence[Place], passed: Sequence[Place], data: int) -> Blueprint:
    """The bank with these fields (and, where `passed` is not empty, row and data of a table's
    write port), its write port `data` bits wide.
    """
    numbers = sorted({p.register for p in held})
    used = max(p.high for p in (*held, *passed)) + 1
    tables = ""
    if passed:
        row, rest = passed
        tables = TABLE.format(register=row.register, row=row.high, high=rest.high, low=rest.low)
    said = ", ".join(f"{p.port} = register {p.register} bits {p.high}:{p.low}" for p in held)
    shown = " and ".join(map(str, numbers))
    one, two, three = (t.format(numbers=shown, fields=said, table=tables, data=data) for t in TEXTS)
    outputs = [f"{p.port}>{'s' if p.signed else ''}{p.bits}" for p in (*passed, *held)]
    if passed:
        outputs.insert(0, "table_we>")
    return Blueprint(
        ports=ports(f"clk< rst< cfg_we< cfg_reg<8 cfg_data<{data}", *outputs),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Bank(held, passed),
        phrasings=(one, two, three),
        view={
            "regs": [p.port for p in held],
            "numbers": numbers,
            "held": held,
            "passed": passed,
            "unused": sliced("", data - 1, used)[1:-1] if used < data else "",
        },
        stimulus=lambda rng: [directed(rng, [*numbers, *(p.register for p in passed[:1])], data)],
    )


def directed(rng: random.Random, numbers: Sequence[int], bits: int) -> list[Row]:
    """Each register with single ones, all ones and noise; near addresses; strobes that rest."""
    rows = []
    for n in range(120):
        near = rng.choice((*numbers, *numbers, max(numbers) + 1, 128, 255))
        data = rng.choice((1 << rng.randrange(bits), (1 << bits) - 1))
        data = rng.getrandbits(bits) if n % 2 else data
        rows.append({"cfg_we": int(rng.random() < 0.8), "cfg_reg": near, "cfg_data": data})
    return rows

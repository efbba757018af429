"""n3h_bank_<engine>: configuration registers, one write port, every field an output."""

from __future__ import annotations

from collections.abc import Callable

from hwgen.archs.n3h import isa
from hwgen.tasks.banks import Place, bank
from hwgen.tasks.family import Blueprint, Choice, Family

DATA_BITS = 96
TABLES = {isa.Engine.STORE: 2}
"""Registers that pass through to a table: their first field is the row."""


def places(engine: isa.Engine) -> list[Place]:
    """The held fields of a bank in the order of their ports."""
    found = []
    for register, fields in sorted(isa.BANKS[engine].items()):
        low = 0
        for field in fields if register != TABLES.get(engine) else ():
            found.append(Place(f"c_{field.name}", register, low, field.bits, field.signed))
            low += field.bits
    return found


def table(engine: isa.Engine) -> list[Place]:
    """Row and data of the table's write port, if the bank has one."""
    if engine not in TABLES:
        return []
    register, (row, *data) = TABLES[engine], isa.BANKS[engine][TABLES[engine]]
    bits = sum(field.bits for field in data)
    return [
        Place("table_addr", register, 0, row.bits, False),
        Place("table_data", register, row.bits, bits, False),
    ]


def maker(engine: isa.Engine) -> Callable[[Choice], Blueprint]:
    """The `make` of an engine's bank; there is nothing to choose."""

    def make(_: Choice) -> Blueprint:
        return bank(places(engine), table(engine), DATA_BITS)

    return make


FAMILIES = tuple(
    Family(
        name=f"n3h_bank_{engine.name.lower()}",
        kind="cycle",
        summary=f"configuration registers of {engine.name}",
        parameters={},
        options={},
        make=maker(engine),
        template="n3h/bank.v.j2",
    )
    for engine in isa.ENGINES
    if isa.BANKS[engine]
)

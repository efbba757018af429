"""RTL of decoders and configuration banks, one module per engine, from the instruction set."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.archs.n3h import isa
from hwgen.emit.bundle import Module
from hwgen.emit.env import render

TABLES: dict[isa.Engine, int] = {isa.Engine.STORE: 2}
"""Bank registers that are rows of a table inside the engine: first field = row, rest = data."""


@dataclass(frozen=True)
class FieldView:
    """One output port; `index` is the bank register it lies in. `comma` ends all but the last."""

    name: str
    bits: int
    lsb: int
    msb: int
    sign: str
    comma: str
    doc: str
    index: int = 0


@dataclass(frozen=True)
class RegisterView:
    index: int
    width: int
    msb: int


@dataclass(frozen=True)
class TableView:
    reg: int
    addr_msb: int
    first: int
    last: int
    data_msb: int


@dataclass(frozen=True)
class DecoderView:
    """What n3h_dec.v.j2 and n3h_bank.v.j2 read."""

    arch: str
    digest16: str
    module: str
    engine: str
    fields: tuple[FieldView, ...]
    used_bits: int
    unused_bits: int
    registers: tuple[RegisterView, ...] = ()
    table: TableView | None = None


def decoders(arch: str, digest16: str) -> list[Module]:
    """n3h_dec_<engine> for every engine."""
    modules = []
    for engine in isa.ENGINES:
        fields = field_views({0: isa.PAYLOADS[engine]})
        used = sum(f.bits for f in fields)
        view = DecoderView(
            arch, digest16, dec_name(engine), engine.name, fields, used, isa.PAYLOAD_BITS - used
        )
        modules.append(_module(view, "n3h/n3h_dec.v.j2"))
    return modules


def banks(arch: str, digest16: str) -> list[Module]:
    """n3h_bank_<engine> for every engine that has configuration registers."""
    modules = []
    for engine in isa.ENGINES:
        bank = held(engine)
        if not bank:
            continue
        widths = {reg: sum(f.bits for f in fields) for reg, fields in bank.items()}
        table = _table(engine)
        used = max(*widths.values(), table.last + 1 if table else 0)
        view = DecoderView(
            arch,
            digest16,
            bank_name(engine),
            engine.name,
            field_views(bank),
            used,
            96 - used,
            tuple(RegisterView(reg, width, width - 1) for reg, width in widths.items()),
            table,
        )
        modules.append(_module(view, "n3h/n3h_bank.v.j2"))
    return modules


def dec_name(engine: isa.Engine) -> str:
    return f"n3h_dec_{engine.name.lower()}"


def bank_name(engine: isa.Engine) -> str:
    return f"n3h_bank_{engine.name.lower()}"


def held(engine: isa.Engine) -> dict[int, tuple[isa.Field, ...]]:
    """Bank registers of an engine that hold fields: all but rows of a table."""
    return {r: f for r, f in sorted(isa.BANKS[engine].items()) if TABLES.get(engine) != r}


def field_views(bank: dict[int, tuple[isa.Field, ...]]) -> tuple[FieldView, ...]:
    """Output ports of a decoder (one register) or of a bank, in order."""
    views = []
    some_signed = any(f.signed for fields in bank.values() for f in fields)
    for reg, fields in bank.items():
        lsb = 0
        for f in fields:
            sign = ("signed " if f.signed else " " * 7) if some_signed else ""
            last = f is fields[-1] and reg == max(bank)
            msb = lsb + f.bits - 1
            comma = "" if last else ","
            views.append(FieldView(f.name, f.bits, lsb, msb, sign, comma, f.doc, reg))
            lsb += f.bits
    return tuple(views)


def _table(engine: isa.Engine) -> TableView | None:
    if engine not in TABLES:
        return None
    row, *data = isa.BANKS[engine][TABLES[engine]]
    width = sum(f.bits for f in data)
    return TableView(TABLES[engine], row.bits - 1, row.bits, row.bits + width - 1, width - 1)


def _module(view: DecoderView, template: str) -> Module:
    return Module(view.module, render(template, view), f"templates/{template}")

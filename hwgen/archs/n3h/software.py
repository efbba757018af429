"""C header and Python driver of a design, from the register map and the instruction set."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.regs import COUNTER_NAMES, ID, Register, registers
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.emit.env import render


@dataclass(frozen=True)
class BitsView:
    name: str
    lsb: int
    width: int
    lsb_macro: str
    mask_macro: str
    mask_c: str
    doc: str


@dataclass(frozen=True)
class RegisterView:
    name: str
    macro: str
    offset_c: str
    offset_py: str
    doc: str
    fields: tuple[BitsView, ...]
    parts: tuple[BitsView, ...]  # none where one field is the whole register


@dataclass(frozen=True)
class PlacedField:
    """A field at bit `lsb` of the word; `value` is the C expression that fills it."""

    name: str
    lsb: int
    bits: int
    value: str
    doc: str


@dataclass(frozen=True)
class Call:
    """One encoding function of the C header."""

    name: str
    doc: str
    parameters: str
    head: str
    fields: tuple[PlacedField, ...]


@dataclass(frozen=True)
class SoftwareView:
    """What both templates read."""

    arch: str
    digest16: str
    registers: tuple[RegisterView, ...]
    id_c: str
    id_py: str
    digest_c: str
    digest_py: str
    ops: tuple[tuple[str, int], ...]
    engines: tuple[tuple[str, int], ...]
    queues: tuple[str, ...]
    edges: tuple[tuple[str, int], ...]
    head: tuple[PlacedField, ...]
    calls: tuple[Call, ...]
    counters: tuple[str, ...]
    errors: tuple[tuple[str, str], ...]


def c_header(spec: N3hSpec) -> str:
    """n3h.h: registers, and one inline function per instruction."""
    return render("n3h/n3h.h.j2", view(spec))


def python_driver(spec: N3hSpec) -> str:
    """n3h_driver.py: a class over four callbacks, without imports outside the standard library."""
    return render("n3h/n3h_driver.py.j2", view(spec))


def view(spec: N3hSpec) -> SoftwareView:
    digest = int(spec.digest()[:8], 16)
    regs = registers(spec)
    errors = next(reg for reg in regs if reg.name == "ERROR")
    return SoftwareView(
        arch=spec.arch,
        digest16=spec.digest()[:16],
        registers=tuple(_register(reg) for reg in regs),
        id_c=f"0x{ID:08X}u",
        id_py=f"0x{ID:08X}",
        digest_c=f"0x{digest:08X}u",
        digest_py=f"0x{digest:08X}",
        ops=tuple((op.name, int(op)) for op in isa.Op),
        engines=tuple((engine.name, int(engine)) for engine in isa.ENGINES),
        queues=tuple(engine.name for engine in isa.ENGINES),
        edges=_edges(),
        head=_head(),
        calls=_calls(),
        counters=COUNTER_NAMES,
        errors=tuple((bits.name, bits.doc) for bits in errors.fields),
    )


def _register(reg: Register) -> RegisterView:
    macro = f"N3H_{reg.name}"
    fields = tuple(
        BitsView(
            name=bits.name,
            lsb=bits.lsb,
            width=bits.width,
            lsb_macro=f"{macro}_{bits.name.upper()}_LSB",
            mask_macro=f"{macro}_{bits.name.upper()}_MASK",
            mask_c=f"0x{bits.mask:08X}u",
            doc=bits.doc,
        )
        for bits in reg.fields
    )
    offset = f"0x{reg.offset:03X}"
    parts = fields if reg.fields[0].width < 32 else ()
    return RegisterView(reg.name, macro, f"{offset}u", offset, reg.doc, fields, parts)


def _edges() -> tuple[tuple[str, int], ...]:
    """Mask of every token edge, by macro name."""
    tables = (("WAIT", isa.WAITS), ("POST", isa.POSTS))
    return tuple(
        (f"N3H_{kind}_{engine.name}_{other.name}", 1 << bit)
        for kind, table in tables
        for engine in isa.ENGINES
        for bit, other in enumerate(table[engine])
    )


def _head() -> tuple[PlacedField, ...]:
    values = {"unit": "engine >> 3", "eng": "engine & 7u"}
    return tuple(
        PlacedField(f.name, isa.PAYLOAD_BITS + lsb, f.bits, values.get(f.name, f.name), f.doc)
        for f, lsb in _places(isa.HEADER)
    )


def _calls() -> tuple[Call, ...]:
    work = [
        _call(f"n3h_{e.name.lower()}", f"One {isa.LEGAL_OPS[e].name} of {e.name}.",
              f"n3h_head(N3H_OP_{isa.LEGAL_OPS[e].name}, N3H_{e.name}, wait, post, irq)",
              ["unsigned wait", "unsigned post", "unsigned irq"], isa.PAYLOADS[e])
        for e in isa.ENGINES
    ]  # fmt: skip
    config = [
        _call(f"n3h_cfg_{e.name.lower()}_{reg}", f"Configuration register {reg} of {e.name}.",
              f"n3h_put(n3h_head(N3H_OP_CFG, N3H_{e.name}, 0, 0, 0), {_REG_LSB}, 8, {reg})",
              [], fields)
        for e in isa.ENGINES
        for reg, fields in sorted(isa.BANKS[e].items())
    ]  # fmt: skip
    tag = _call(
        "n3h_cfg_tag", "Trace tag of any engine.",
        f"n3h_put(n3h_head(N3H_OP_CFG, engine, 0, 0, 0), {_REG_LSB}, 8, {isa.TAG_REGISTER})",
        ["unsigned engine"], isa.TAG,
    )  # fmt: skip
    return (*work, *config, tag)


_REG_LSB = next(sum(f.bits for f in isa.CFG[:i]) for i, f in enumerate(isa.CFG) if f.name == "reg")


def _call(name: str, doc: str, head: str, first: list[str], fields: tuple[isa.Field, ...]) -> Call:
    placed = tuple(PlacedField(f.name, lsb, f.bits, f.name, f.doc) for f, lsb in _places(fields))
    typed = [f"{'int32_t' if f.signed else 'uint32_t'} {f.name}" for f in fields]
    glued = ", ".join(p.replace(" ", "~") for p in first + typed)  # never break within one
    lines = "\n    ".join(wrap(glued, 92, break_long_words=False)).replace("~", " ")
    return Call(name, doc, lines, head, placed)


def _places(fields: tuple[isa.Field, ...]) -> list[tuple[isa.Field, int]]:
    """Each field with the bit it starts at."""
    lsb, placed = 0, []
    for f in fields:
        placed.append((f, lsb))
        lsb += f.bits
    return placed

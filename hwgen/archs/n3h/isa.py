"""Words of the N3H instruction set from values, and back.

Every instruction is one 128-bit word: a 16-bit header (the same for all) over a 112-bit payload
whose fields depend on the operation and the engine. The tables are in `isadata`, re-exported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hwgen.archs.n3h.isadata import (
    BANKS,
    CFG,
    ENGINES,
    HEADER,
    LEGAL_OPS,
    PAYLOAD_BITS,
    PAYLOADS,
    POSTS,
    TAG,
    TAG_REGISTER,
    TOKEN_MAX,
    WAITS,
    WORD_BITS,
    Engine,
    Field,
    Op,
)

__all__ = [
    "BANKS",
    "CFG",
    "ENGINES",
    "HEADER",
    "LEGAL_OPS",
    "PAYLOADS",
    "PAYLOAD_BITS",
    "POSTS",
    "TAG",
    "TAG_REGISTER",
    "TOKEN_MAX",
    "WAITS",
    "WORD_BITS",
    "Engine",
    "Field",
    "Instruction",
    "Op",
    "decode",
    "pack_fields",
    "unpack_fields",
]


def pack_fields(fields: tuple[Field, ...], values: Mapping[str, int]) -> int:
    """Pack named values into one integer, first field in the low bits.

    Raises ValueError naming every missing, unknown or out-of-range field at once.
    """
    names = {f.name for f in fields}
    problems = [f"unknown field {n!r}" for n in sorted(set(values) - names)]
    word, at = 0, 0
    for f in fields:
        if f.name not in values:
            problems.append(f"missing field {f.name!r}")
        elif not f.lo <= values[f.name] <= f.hi:
            problems.append(f"{f.name} = {values[f.name]} is outside {f.lo}..{f.hi}")
        else:
            word |= (values[f.name] & ((1 << f.bits) - 1)) << at
        at += f.bits
    if problems:
        raise ValueError("; ".join(problems))
    return word


def unpack_fields(fields: tuple[Field, ...], word: int) -> dict[str, int]:
    """Inverse of `pack_fields`; signed fields come back negative where they are."""
    values, at = {}, 0
    for f in fields:
        raw = (word >> at) & ((1 << f.bits) - 1)
        values[f.name] = raw - (1 << f.bits) if f.signed and raw > f.hi else raw
        at += f.bits
    return values


@dataclass(frozen=True)
class Instruction:
    """One word. `fields` are the payload's; for CFG they are those of register `reg`.

    `wait` and `post` name the engines at the other end of the edge.
    """

    op: Op
    engine: Engine
    fields: Mapping[str, int]
    wait: tuple[Engine, ...] = ()
    post: tuple[Engine, ...] = ()
    irq: bool = False
    reg: int = 0

    def encode(self) -> int:
        """The 128-bit word. Raises ValueError for a field or edge that does not exist."""
        for engines, known, what in (
            (self.wait, WAITS[self.engine], "waits for"),
            (self.post, POSTS[self.engine], "posts to"),
        ):
            for other in engines:
                if other not in known:
                    raise ValueError(f"{self.engine.name} never {what} {other.name}")
        header = pack_fields(
            HEADER,
            {
                "op": self.op,
                "eng": self.engine & 7,
                "unit": self.engine >> 3,
                "irq": int(self.irq),
                "wait": sum(1 << WAITS[self.engine].index(e) for e in self.wait),
                "post": sum(1 << POSTS[self.engine].index(e) for e in self.post),
            },
        )
        return (header << PAYLOAD_BITS) | self._payload()

    def _payload(self) -> int:
        if self.op in (Op.SYNC, Op.HALT):
            return pack_fields((), self.fields)
        if self.op is Op.CFG:
            if self.reg == TAG_REGISTER:
                data = pack_fields(TAG, self.fields)
            else:
                data = pack_fields(BANKS[self.engine][self.reg], self.fields)
            return pack_fields(CFG, {"reg": self.reg, "data": data})
        if LEGAL_OPS[self.engine] is not self.op:
            raise ValueError(f"{self.engine.name} does not execute {self.op.name}")
        return pack_fields(PAYLOADS[self.engine], self.fields)


def decode(word: int) -> Instruction:
    """The instruction of a 128-bit word. Raises ValueError, with the word, if it is illegal."""
    head = unpack_fields(HEADER, word >> PAYLOAD_BITS)
    payload = word & ((1 << PAYLOAD_BITS) - 1)
    op = Op(head["op"])
    try:
        engine = Engine(head["eng"] | head["unit"] << 3)
    except ValueError:
        raise ValueError(f"{word:032x}: unit 1 exists for POST only") from None
    for mask, edges in ((head["wait"], WAITS[engine]), (head["post"], POSTS[engine])):
        if mask >> len(edges):
            raise ValueError(f"{word:032x}: {engine.name} has no token edge {mask:#x}")
    reg, fields = 0, {}
    if op is Op.CFG:
        cfg = unpack_fields(CFG, payload)
        reg = cfg["reg"]
        bank = {**BANKS[engine], TAG_REGISTER: TAG}
        if reg not in bank:
            raise ValueError(f"{word:032x}: {engine.name} has no register {reg}")
        fields = unpack_fields(bank[reg], cfg["data"])
    elif op not in (Op.SYNC, Op.HALT):
        if LEGAL_OPS[engine] is not op:
            raise ValueError(f"{word:032x}: {engine.name} does not execute {op.name}")
        fields = unpack_fields(PAYLOADS[engine], payload)
    return Instruction(
        op,
        engine,
        fields,
        wait=tuple(e for k, e in enumerate(WAITS[engine]) if head["wait"] >> k & 1),
        post=tuple(e for k, e in enumerate(POSTS[engine]) if head["post"] >> k & 1),
        irq=bool(head["irq"]),
        reg=reg,
    )

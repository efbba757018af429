"""The instruction set as text: assembler, disassembler, and the reference page.

One instruction per line, `#` starts a comment; values are decimal or 0x hexadecimal:

    LOAD LOAD_W wait=GEMM_L,POST_L post=GEMM_L dram=0x4000 x_beats=64 dst=0 sram=0
    CFG POST_D reg=0 lo=-8 hi=7 zout=0 res_en=0 res_signed=0 res_z=0 res_mul=0
    HALT LOAD_X irq

`python -m hwgen.archs.n3h.assembler` prints docs/n3h-isa.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.isa import Engine, Field, Instruction, Op
from hwgen.errors import Problem, UsageError


def disassemble(words: Iterable[int]) -> str:
    """One line per 128-bit word. Raises ValueError naming the first illegal word."""
    return "".join(f"{line(isa.decode(word))}\n" for word in words)


def line(instruction: Instruction) -> str:
    """The instruction as `assemble` reads it."""
    parts = [instruction.op.name, instruction.engine.name]
    for name, engines in (("wait", instruction.wait), ("post", instruction.post)):
        if engines:
            parts.append(f"{name}={','.join(e.name for e in engines)}")
    if instruction.irq:
        parts.append("irq")
    if instruction.op is Op.CFG:
        parts.append(f"reg={instruction.reg}")
    return " ".join([*parts, *(f"{name}={value}" for name, value in instruction.fields.items())])


def assemble(text: str) -> list[int]:
    """Words of a program text. Raises UsageError with every line that is wrong."""
    words, problems = [], []
    for number, raw in enumerate(text.splitlines(), 1):
        code = raw.split("#", 1)[0].strip()
        if not code:
            continue
        try:
            words.append(_instruction(code).encode())
        except (KeyError, ValueError) as error:
            reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            problems.append(Problem(f"line {number}: {reason}", f"it reads: {code}"))
    if problems:
        raise UsageError(*problems)
    return words


def _instruction(code: str) -> Instruction:
    op, engine, *rest = code.split()
    irq = "irq" in rest
    pairs = dict(word.split("=", 1) for word in rest if word != "irq")
    edges = {
        name: tuple(Engine[e] for e in pairs.pop(name, "").split(",") if e)
        for name in ("wait", "post")
    }
    reg = int(pairs.pop("reg", "0"), 0)
    fields = {name: int(value, 0) for name, value in pairs.items()}
    return Instruction(Op[op], Engine[engine], fields, edges["wait"], edges["post"], irq, reg)


def reference() -> str:
    """docs/n3h-isa.md: every field of every instruction, from the tables of `isa`."""
    return "\n".join(_pages()) + "\n"


def _pages() -> Iterator[str]:
    yield "# The instruction set of `n3h`\n"
    yield "Made by `python -m hwgen.archs.n3h.assembler`; do not edit. Bit 0 is the lowest."
    yield "`hwgen.archs.n3h.assembler` has `assemble` and `disassemble` for programs as text.\n"
    yield "## Header\n"
    yield from _table(isa.HEADER, isa.PAYLOAD_BITS)
    yield "| code | operation |\n|---|---|"
    yield from (f"| {op.value} | {op.name} |" for op in Op)
    yield "\nMasks are given from bit 0 up.\n"
    yield "| engine | `eng` | `unit` | queue | operation | wait mask | post mask |"
    yield "|---|---|---|---|---|---|---|"
    for queue, e in enumerate(isa.ENGINES):
        waits, posts = (", ".join(x.name for x in m[e]) or "none" for m in (isa.WAITS, isa.POSTS))
        yield (
            f"| {e.name} | {e & 7} | {e >> 3} | {queue} | {isa.LEGAL_OPS[e].name} "
            f"| {waits} | {posts} |"
        )
    yield f"\nA token counter holds 0..{isa.TOKEN_MAX}."
    for e in isa.ENGINES:
        if e is Engine.POST_D:
            continue  # the fields of POST_L
        both = " and POST_D" if e is Engine.POST_L else ""
        yield f"\n## {isa.LEGAL_OPS[e].name} on {e.name}{both}\n"
        yield from _table(isa.PAYLOADS[e], 0)
        for reg, bank in isa.BANKS[e].items():
            yield f"CFG register {reg}:\n"
            yield from _table(bank, 0)
    yield "\n## CFG\n"
    yield from _table(isa.CFG, 0)
    yield f"Register {isa.TAG_REGISTER} of every engine is its trace tag:\n"
    yield from _table(isa.TAG, 0)


def _table(fields: tuple[Field, ...], at: int) -> Iterator[str]:
    yield "| bits | field | range | meaning |\n|---|---|---|---|"
    for f in fields:
        span = f"{at + f.bits - 1}:{at}" if f.bits > 1 else f"{at}"
        yield f"| {span} | `{f.name}` | {f.lo}..{f.hi} | {f.doc} |"
        at += f.bits
    yield ""


if __name__ == "__main__":
    print(reference(), end="")

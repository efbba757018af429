"""The instruction set as text: there and back, errors by line, and the page in docs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.assembler import assemble, disassemble, reference
from hwgen.archs.n3h.isa import Engine, Instruction, Op
from hwgen.errors import UsageError


@st.composite
def instructions(draw):
    engine = draw(st.sampled_from(isa.ENGINES))
    op = draw(st.sampled_from([Op.SYNC, Op.CFG, isa.LEGAL_OPS[engine]]))
    reg, table = 0, ()
    if op is Op.CFG:
        reg = draw(st.sampled_from([*isa.BANKS[engine], isa.TAG_REGISTER]))
        table = isa.TAG if reg == isa.TAG_REGISTER else isa.BANKS[engine][reg]
    elif op is not Op.SYNC:
        table = isa.PAYLOADS[engine]
    fields = {f.name: draw(st.integers(f.lo, f.hi)) for f in table}
    some = [
        tuple(e for e in edges[engine] if draw(st.booleans())) for edges in (isa.WAITS, isa.POSTS)
    ]
    return Instruction(op, engine, fields, *some, draw(st.booleans()), reg)


@given(st.lists(instructions(), max_size=6))
def test_text_round_trip(program):
    words = [i.encode() for i in program]
    assert assemble(disassemble(words)) == words


def test_line_and_comment():
    text = "# nothing\n\nLOAD LOAD_W wait=GEMM_L dram=0x40 x_beats=2 dst=1 sram=3  # weights\n"
    (word,) = assemble(text)
    found = isa.decode(word)
    assert (found.op, found.engine, found.wait) == (Op.LOAD, Engine.LOAD_W, (Engine.GEMM_L,))
    assert dict(found.fields) == {"dram": 64, "x_beats": 2, "dst": 1, "sram": 3}


def test_every_wrong_line_is_named():
    with pytest.raises(UsageError) as error:
        assemble(
            "HALT LOAD_X irq\nSYNC NOBODY\nSYNC FILL wait=STORE\nCFG LOAD_X reg=0 row_words=-1"
        )
    whats = [p.what for p in error.value.problems]
    assert whats == [
        "line 2: there is no 'NOBODY'",
        "line 3: FILL never waits for STORE",
        "line 4: row_words = -1 is outside 0..16383",
    ]


def test_the_page_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "n3h-isa.md"
    assert page.read_text() == reference()

"""The instruction set: encode and decode are inverse; every illegal word is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.archs.n3h.isa import (
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
    WAITS,
    WORD_BITS,
    Engine,
    Instruction,
    Op,
    decode,
    pack_fields,
)


@st.composite
def instructions(draw):
    engine = draw(st.sampled_from(ENGINES))
    op = draw(st.sampled_from([Op.SYNC, Op.HALT, Op.CFG, LEGAL_OPS[engine]]))
    reg, fields = 0, ()
    if op is Op.CFG:
        reg = draw(st.sampled_from([*BANKS[engine], TAG_REGISTER]))
        fields = TAG if reg == TAG_REGISTER else BANKS[engine][reg]
    elif op is LEGAL_OPS[engine]:
        fields = PAYLOADS[engine]
    subset = lambda edges: tuple(e for e in edges if draw(st.booleans()))  # noqa: E731
    return Instruction(
        op,
        engine,
        {f.name: draw(st.integers(f.lo, f.hi)) for f in fields},
        wait=subset(WAITS[engine]),
        post=subset(POSTS[engine]),
        irq=draw(st.booleans()),
        reg=reg,
    )


@given(instructions())
def test_decode_inverts_encode(instruction):
    word = instruction.encode()
    assert 0 <= word < 1 << WORD_BITS
    assert decode(word) == instruction


@given(st.integers(0, (1 << WORD_BITS) - 1))
def test_any_word_is_an_instruction_or_refused(word):
    try:
        instruction = decode(word)
    except ValueError as error:
        assert f"{word:032x}" in str(error)
    else:
        assert decode(instruction.encode()) == instruction


def test_widths():
    assert sum(f.bits for f in HEADER) == WORD_BITS - PAYLOAD_BITS == 16
    for engine in ENGINES:
        assert sum(f.bits for f in PAYLOADS[engine]) <= PAYLOAD_BITS
        for fields in BANKS[engine].values():
            assert sum(f.bits for f in fields) <= next(f.bits for f in CFG if f.name == "data")


def test_edges_are_symmetric_and_fit_the_masks():
    for engine in ENGINES:
        assert len(WAITS[engine]) <= 4
        assert len(POSTS[engine]) <= 4
        for other in WAITS[engine]:
            assert engine in POSTS[other]


def test_messages():
    with pytest.raises(ValueError) as e:  # noqa: PT011
        pack_fields(PAYLOADS[Engine.LOAD_W], {"dram": 0, "dst": 4, "sram": 0, "x": 0})
    assert str(e.value) == "unknown field 'x'; missing field 'x_beats'; dst = 4 is outside 0..3"
    with pytest.raises(ValueError, match="FILL never waits for STORE"):
        Instruction(Op.SYNC, Engine.FILL, {}, wait=(Engine.STORE,)).encode()
    with pytest.raises(ValueError, match="FILL does not execute STORE"):
        Instruction(Op.STORE, Engine.FILL, {}).encode()

"""Specifications: every message is pinned here; change the wording and this file together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.archs.n3h.resources import bram36, estimate
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import UsageError
from hwgen.spec import overlay

MESSAGES = {
    "a value outside its list": (
        {"lut_core": {"dk": 100}},
        "error: n3h: lut_core.dk = 100 is not usable\n"
        "  the bit-serial core's dk must be one of 64, 128, 256, 512\n"
        "  fix: set lut_core.dk = 64 or 128",
    ),
    "an odd number": (
        {"lut_core": {"dn": 5}},
        "error: n3h: lut_core.dn = 5 is not usable\n"
        "  the bit-serial core's dn must be an even number from 2 to 32\n"
        "  fix: set lut_core.dn = 4 or 6",
    ),
    "too large": (
        {"axi": {"outstanding": 99}},
        "error: n3h: axi.outstanding = 99 is not usable\n"
        "  the AXI master's outstanding must be a whole number from 4 to 16\n"
        "  fix: set axi.outstanding = 16",
    ),
    "a truth value": (
        {"post": {"lanes": True}},
        "error: n3h: post.lanes = True is not usable\n"
        "  the POST stage's lanes must be one of 1, 2, 4, 8, 16\n"
        "  fix: set post.lanes = 1",
    ),
    "a fraction": (
        {"buffers": {"ring": 1024.0}},
        "error: n3h: buffers.ring = 1024.0 is not usable\n"
        "  the on-chip memory's ring must be one of 512, 1024, 2048, 4096, 8192\n"
        "  fix: set buffers.ring = 512 or 2048",
    ),
    "a name with a typo": (
        {"part": "xc7z02"},
        "error: n3h: part = xc7z02 is not usable\n"
        "  the design's part must be one of none, xc7z020, xc7z045\n"
        "  fix: set part = xc7z020",
    ),
    "an unknown key": (
        {"lut_core": {"dkk": 64}},
        "error: n3h: lut_core.dkk is unknown\n"
        "  lut_core has dm, dk, dn\n"
        "  fix: did you mean lut_core.dk?",
    ),
    "an unknown group": (
        {"clock": 100},
        "error: n3h: clock is unknown\n"
        "  n3h has arch, schema_version, part, lut_core, dsp_core, post, buffers, axi\n"
        "  fix: remove it",
    ),
    "a number in place of a group": (
        {"lut_core": 5},
        "error: n3h: lut_core = 5 is not usable\n"
        "  lut_core is a group of dm, dk, dn\n"
        "  fix: set lut_core.dm",
    ),
    "packing": (
        {"dsp_core": {"pack": 2}},
        "error: n3h: dsp_core.pack = 2 is not usable\n"
        "  packing 2 or 4 products into one DSP does not exist yet\n"
        "  fix: set dsp_core.pack = 1",
    ),
    "lanes that do not divide": (
        {"post": {"lanes": 4}, "lut_core": {"dn": 6}},
        "error: n3h: post.lanes = 4, lut_core.dn = 6 do not fit together\n"
        "  lanes must divide dn, so that whole groups of channels leave the bit-serial core\n"
        "  fix: set post.lanes = 1 or 2",
    ),
    "a weight word that is no whole number of beats": (
        {"dsp_core": {"pout": 6}, "axi": {"data_w": 256}},
        "error: n3h: dsp_core.pin = 8, dsp_core.pout = 6, axi.data_w = 256 do not fit together\n"
        "  a word of DSP weights (pin x pout x 8 bits) must be a whole number of bus beats\n"
        "  fix: set axi.data_w = 128",
    ),
    "another architecture": (
        {"arch": "sparse-cnn"},
        "error: n3h: arch = sparse-cnn is not usable\n"
        "  the design's arch must be n3h\n"
        "  fix: set arch = n3h",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_message(case):
    data, message = MESSAGES[case]
    with pytest.raises(UsageError) as caught:
        N3hSpec.from_data(data)
    assert str(caught.value) == message


def test_all_problems_at_once_and_rules_only_over_legal_values():
    with pytest.raises(UsageError) as caught:
        N3hSpec.from_data(
            {"lut_core": {"dk": 1, "dn": 3}, "post": {"lanes": 8}, "dsp_core": {"p": 1}}
        )
    assert [p.what for p in caught.value.problems] == [
        "n3h: lut_core.dk = 1 is not usable",
        "n3h: lut_core.dn = 3 is not usable",
        "n3h: dsp_core.p is unknown",
        "n3h: post.lanes = 8, dsp_core.pout = 4 do not fit together",
    ]


def test_presets_are_legal_and_the_defaults_are_tiny():
    assert N3hSpec.preset("tiny") == N3hSpec()
    for name in N3hSpec.PRESETS:
        spec = N3hSpec.preset(name)
        assert spec.over_budget() == []
        assert N3hSpec.from_data(spec.model_dump()) == spec


def test_unknown_preset():
    with pytest.raises(UsageError, match="there is no preset 'huge'\n  known: tiny, z7020, z7045"):
        N3hSpec.preset("huge")


def test_digest_depends_on_values_only():
    a = N3hSpec.from_data({"axi": {"burst": 16}, "lut_core": {"dk": 64}})
    assert a.digest() == N3hSpec().digest() != N3hSpec.preset("z7020").digest()
    assert len(a.digest()) == 64


def test_over_budget_names_the_numbers():
    data = overlay(N3hSpec.preset_data("z7020"), {"dsp_core": {"pin": 32, "pout": 16}})
    (problem, *_) = [p for p in N3hSpec.from_data(data).over_budget() if "dsps" in p.what]
    assert problem.what == "n3h: an estimated 545 dsps exceed the 220 of xc7z020"
    assert problem.rule == "most are in dsp_core: 512"


def test_block_ram_counts():
    """Against UG473's aspect ratios, by hand."""
    assert bram36(64, 512) == 1
    assert bram36(65, 512) == 2
    assert bram36(32, 1024) == 1
    assert bram36(64, 4096) == 8
    assert bram36(1, 8192) == 1
    assert bram36(128, 1024, two_ports=True) == 4
    assert bram36(32, 512, two_ports=True) == 1
    assert estimate(N3hSpec.preset("z7020")).totals()["bram36"] == 117


@given(
    st.dictionaries(
        st.sampled_from(["lut_core", "dsp_core", "axi", "buffers", "part", "x"]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
            st.dictionaries(st.sampled_from(["dm", "pin", "ring", "y", "data_w"]), st.integers()),
        ),
    )
)  # fmt: skip
def test_any_data_is_accepted_or_refused_with_sentences(data):
    try:
        N3hSpec.from_data(data)
    except UsageError as error:
        assert error.problems
        assert all(p.what and p.rule and p.fix for p in error.problems)

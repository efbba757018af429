"""Traces by hand against golden models: every kind of failure, and what is not one."""

import pytest
from judged import Accumulator, accumulator, doubler, rows, trace

from hwgen.verify.compare import GoldenError, TraceError, compare

RST = 0x10  # inputs of the accumulator: rst, then d


def test_a_right_trace_passes():
    stimulus = rows(RST, 0x03, 0x05, RST | 2, 0x01, starts=(0, 3))
    found = compare(
        accumulator(), stimulus, trace("10 0000", "03 0011", "05 1000", "12 0000", "01 0001")
    )
    assert (found.cause, found.done, found.passed, found.total) == ("", 5, 2, 2)


def test_nothing_is_compared_before_the_first_reset():
    found = compare(accumulator(), rows(0x03, RST, 0x01), trace("03 xxxx", "10 0000", "01 0001"))
    assert found.cause == ""


def test_the_first_mismatch_is_told_and_fails_its_case_alone():
    stimulus = rows(RST, 0x03, RST, 0x01, RST, 0x02, starts=(0, 2, 4))
    said = trace("10 0000", "03 0011", "10 0000", "01 0011", "10 0000", "02 0010")
    found = compare(accumulator(), stimulus, said)
    assert (found.cause, found.passed, found.total) == ("mismatch", 2, 3)
    assert found.mismatch.case == 1
    assert found.mismatch.cycle == 3
    assert (found.mismatch.port, found.mismatch.expected) == ("q", "4'h1")
    assert found.mismatch.actual == "4'h3"


def test_an_undefined_bit_is_x_and_shown():
    found = compare(accumulator(), rows(RST, 0x03), trace("10 0000", "03 0x11"))
    assert found.cause == "x"
    assert found.mismatch.actual == "4'b0x11"


def test_a_short_trace_ended_early_and_fails_what_it_does_not_reach():
    stimulus = rows(RST, 0x03, RST, 0x01, starts=(0, 2))
    found = compare(accumulator(), stimulus, trace("10 0000", "03 0011", "10 0000"))
    assert (found.cause, found.done, found.passed) == ("early-end", 3, 1)


def test_an_asynchronous_reset_between_edges_counts():
    stimulus = rows(RST, 0x03, 0x01, flips=(0, 0, RST))
    right = trace("10 0000", "03 0011", "01 0001")
    assert compare(accumulator("async"), stimulus, right).cause == ""
    assert compare(accumulator("sync"), stimulus, right).cause == "mismatch"


class Careless(Accumulator):
    """Cares for the low bit alone, and for nothing where d is 0."""

    def step(self, inputs):
        value = super().step(inputs)["q"]
        return {"q": (value, 1) if inputs["d"] else None}


def test_bits_that_nobody_cares_for_may_be_anything():
    stimulus = rows(RST, 0x03, 0x00, 0x01)
    said = trace("10 0000", "03 xx11", "00 zzzz", "01 1110")
    assert compare(accumulator(golden=Careless), stimulus, said).cause == ""
    wrong = trace("10 0000", "03 xx1x", "00 zzzz", "01 1110")
    assert compare(accumulator(golden=Careless), stimulus, wrong).cause == "x"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("10 0000\nend 1", "no header"),
        ("ports -\n10 0000\n04 0011\nend 2", "other inputs"),
        ("ports -\n10 0000\n03 011\nend 2", "malformed"),
        ("ports -\n10 0000\n03 0021\nend 2", "no bit"),
        ("ports -\n10 0000\n03 0011\nend 9", "length"),
        ("ports -\n10 0000\nPASS 0011\nend 2", "malformed"),
    ],
)
def test_a_trace_of_another_stimulus_is_no_verdict(said, sentence):
    with pytest.raises(TraceError, match=sentence):
        compare(accumulator(), rows(RST, 0x03), said)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({}, "no value for output q"),
        ({"q": 16}, "does not fit the 4 bits"),
        ({"q": -9}, "does not fit"),
        (None, "not a mapping"),
        ({"q": (1, 16)}, "does not fit"),
    ],
)
def test_a_golden_model_that_answers_nonsense_is_our_failure(answer, sentence):
    class Wrong(Accumulator):
        def step(self, inputs):
            return answer

    with pytest.raises(GoldenError, match=sentence):
        compare(accumulator(golden=Wrong), rows(RST, 0x03), trace("10 0000", "03 0011"))


def test_a_golden_model_that_raises_is_our_failure():
    class Raises(Accumulator):
        def step(self, inputs):
            return {"q": 1 // 0}

    with pytest.raises(GoldenError, match="ZeroDivisionError"):
        compare(accumulator(golden=Raises), rows(RST, 0x03), trace("10 0000", "03 0011"))


# the doubler's inputs: rst, s_data (4), s_valid, m_ready; its outputs: s_ready, m_data, m_valid


def stream_row(rst=0, valid=0, ready=0):
    return rst << 6 | valid << 1 | ready


def stream_line(shown, *, rst=0, data=0, valid=0, ready=0):
    return f"{rst << 6 | data << 2 | valid << 1 | ready:02x} {shown}"


PLAN = rows(
    stream_row(rst=1), stream_row(valid=1), stream_row(ready=1), stream_row(ready=1),
    stream_row(ready=1), stream_row(ready=1), stream_row(ready=1), beats={"s": (3,)},
)  # fmt: skip
HEAD = [
    stream_line("00000x", rst=1, data=12),
    stream_line("100000", data=3, valid=1),
]
TAKEN = stream_line("101101", ready=1)
IDLE = stream_line("100000", ready=1)


def stream_result(*lines):
    return compare(doubler(), PLAN, trace(*lines))


def test_a_beat_that_leaves_in_order_passes():
    assert stream_result(*HEAD, TAKEN, IDLE, IDLE, IDLE, IDLE).cause == ""


def test_a_stream_may_answer_late_but_not_later_than_its_latency():
    assert stream_result(*HEAD, IDLE, IDLE, TAKEN, IDLE, IDLE).cause == ""
    assert stream_result(*HEAD, IDLE, IDLE, IDLE, IDLE, IDLE).cause == "stall"


def test_a_wrong_a_second_and_an_unowed_beat_fail():
    wrong = stream_line("101111", ready=1)
    assert stream_result(*HEAD, wrong, IDLE, IDLE, IDLE, IDLE).cause == "mismatch"
    assert stream_result(*HEAD, TAKEN, TAKEN, IDLE, IDLE, IDLE).cause == "mismatch"


def test_undefined_control_and_undefined_payload_under_valid_are_x():
    undefined = stream_line("10000x", ready=1)
    assert stream_result(*HEAD, undefined, IDLE, IDLE, IDLE, IDLE).cause == "x"
    payload = stream_line("1011x1", ready=1)
    assert stream_result(*HEAD, payload, IDLE, IDLE, IDLE, IDLE).cause == "x"
    unasked = stream_line("1xxxx0", ready=1)
    assert stream_result(*HEAD, TAKEN, unasked, IDLE, IDLE, IDLE).cause == ""


def test_valid_must_stay_and_payload_be_stable_until_taken():
    plan = rows(stream_row(rst=1), *[stream_row(valid=1)] * 3, beats={"s": (3,)})
    waits = stream_line("001101")
    dropped = stream_line("001100")
    moved = stream_line("001111")
    for last, cause in ((waits, ""), (dropped, "protocol"), (moved, "protocol")):
        found = compare(doubler(), plan, trace(*HEAD, waits, last))
        assert found.cause == cause


def test_a_refused_beat_is_offered_until_it_is_taken():
    plan = rows(stream_row(rst=1), stream_row(valid=1), 0, 0, beats={"s": (3, 5)})
    refused = stream_line("000000", data=3, valid=1)
    taken = stream_line("100000", data=3, valid=1)
    after = stream_line("101101", data=10)
    found = compare(doubler(), plan, trace(HEAD[0], refused, taken, after))
    assert found.cause == ""
    with pytest.raises(TraceError, match="other inputs"):
        compare(doubler(), plan, trace(HEAD[0], refused, stream_line("100000", data=12), after))


def test_runs_that_part_after_an_undefined_handshake_are_x_and_no_error():
    unknown = stream_line("x00000", data=3, valid=1)
    parted = stream_line("100000", data=12)
    found = compare(doubler(), PLAN, trace(HEAD[0], unknown, parted, IDLE, IDLE, IDLE, IDLE))
    assert (found.cause, found.passed) == ("x", 0)

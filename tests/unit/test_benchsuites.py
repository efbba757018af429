"""Suites as data: layouts, upstream's reading of logs, recordings, solutions, pass@k."""

from itertools import combinations

import pytest
import small_suites

from hwgen.benchsuites import rtllm, solutions, texts, verilog_eval
from hwgen.benchsuites.bed import Unjudged
from hwgen.benchsuites.health import Health, Judged
from hwgen.benchsuites.passk import interval, pass_at_k, table
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.report import report, text
from hwgen.benchsuites.scopes import Pin, parse
from hwgen.benchsuites.waves import binary, first_difference
from hwgen.benchsuites.waves import parse as recording
from hwgen.errors import UsageError


@pytest.mark.parametrize(("n", "c", "k"), [(5, 2, 1), (5, 2, 3), (6, 0, 2), (6, 6, 6), (7, 3, 4)])
def test_pass_at_k_is_the_share_of_draws_with_a_pass(n, c, k):
    draws = list(combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_pass_at_k_refuses_what_it_cannot_estimate():
    assert pass_at_k(0, 0, 5) == 0.0
    for n, c, k in ((4, 5, 1), (4, 1, 5), (4, 1, 0), (4, -1, 1)):
        with pytest.raises(ValueError, match="pass@"):
            pass_at_k(n, c, k)


def test_intervals_hold_the_mean_and_shrink_with_problems():
    few, many = [0.0, 1.0] * 8, [0.0, 1.0] * 200
    low, high = interval(few)
    assert low < 0.5 < high
    tight = interval(many)
    assert tight[1] - tight[0] < high - low
    assert interval(many) == tight, "the same figures give the same interval"
    assert interval([1.0, 1.0, 1.0]) == (1.0, 1.0)


def test_a_problem_without_samples_counts_as_failed():
    assert table([(2, 2), (0, 0)])["1"]["value"] == 0.5
    assert list(table([(5, 1), (7, 2)])) == ["1", "5"]
    assert list(table([(1, 1), (10, 2)])) == ["1"]
    assert table([(0, 0)])["1"]["value"] == 0.0


@pytest.mark.parametrize("completion", [False, True])
def test_verilog_eval_layouts(tmp_path, completion):
    problems = verilog_eval.read(small_suites.verilog_eval(tmp_path / "s", completion=completion))
    assert [p.id for p in problems] == [
        "Prob001_and", "Prob002_count", "Prob003_wires", "Prob004_long",
    ]  # fmt: skip
    first = problems[0]
    assert first.prompt == "Make Prob001_and.\n"
    assert "module tb" in first.bench
    assert "module RefModule" in first.reference
    assert bool(first.opening) is completion


@pytest.mark.parametrize("nested", [False, True])
def test_rtllm_layouts(tmp_path, nested):
    problems = {p.id: p for p in rtllm.read(small_suites.rtllm(tmp_path, nested=nested))}
    assert list(problems) == ["empty", "rom", "slow_adder"]
    assert problems["rom"].data == {"reference.dat": "11 22\n33 44\n"}
    assert "verified_slow_adder" in problems["slow_adder"].reference
    assert problems["empty"].reference == ""
    assert problems["slow_adder"].data == {}, "the makefile is no data"


def test_rtllm_takes_a_designers_file(tmp_path):
    small_suites.rtllm(tmp_path)
    (tmp_path / "empty" / "designer_RTL").mkdir()
    (tmp_path / "empty" / "designer_RTL" / "rom.v").write_text(small_suites.TABLE)
    found = {p.id: p.reference for p in rtllm.read(tmp_path)}
    assert found["empty"] == small_suites.TABLE


def test_folders_without_problems_are_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no VerilogEval problems"):
        verilog_eval.read(tmp_path)
    with pytest.raises(UsageError, match="holds no RTLLM designs"):
        rtllm.read(tmp_path)
    small_suites.rtllm(tmp_path / "a")
    small_suites.rtllm(tmp_path / "b")
    with pytest.raises(UsageError, match="two designs called empty"):
        rtllm.read(tmp_path)


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("Mismatches: 0 in 20 samples\n", ""),
        ("Mismatches: 3 in 20 samples\n", "3 mismatches"),
        ("Mismatches: 0 in 20 samples\nTIMEOUT\n", "TIMEOUT"),
        ("x.sv:3: syntax error\nMismatches: 0 in 20 samples\n", "syntax error"),
        ("x.sv:3: error: no\nMismatches: 0 in 20 samples\n", "it does not compile"),
        ("note Mismatches: 0 in 20 samples\n", "no verdict"),
        ("", "no verdict"),
        (
            "warning: always_comb process has no sensitivities\nMismatches: 0 in 2 samples\n",
            "a process that never runs",
        ),
    ],
)
def test_upstreams_reading_of_a_verilog_eval_log(log, why):
    assert verilog_eval.judged(log) == why


def test_upstreams_reading_of_an_rtllm_log():
    assert rtllm.judged("===========Your Design Passed===========\n") == ""
    assert rtllm.judged("===========Error===========\n")


def test_solutions_of_one_and_of_several_samples(tmp_path):
    problems = [Problem("one", "", "", ""), Problem("two", "", "", "", opening="module m;")]
    (tmp_path / "one.sv").write_text("module m; endmodule\n")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "s1.v").write_text("assign y = a;\nendmodule\n")
    (tmp_path / "two" / "s2.sv").write_text("module m; endmodule\n")
    (tmp_path / "notes.md").write_text("not a solution\n")
    found = solutions.read(tmp_path, problems)
    assert list(found) == ["one", "two"]
    assert found["two"] == {
        "two/s1.v": "module m;\nassign y = a;\nendmodule\n",
        "two/s2.sv": "module m; endmodule\n",
    }


def test_solutions_that_name_nothing_are_refused(tmp_path):
    problems = [Problem("one", "", "", "")]
    with pytest.raises(UsageError, match="holds no solutions"):
        solutions.read(tmp_path, problems)
    (tmp_path / "other.v").write_text("module m; endmodule\n")
    with pytest.raises(UsageError, match="unknown problems: other"):
        solutions.read(tmp_path, problems)
    with pytest.raises(UsageError, match="there is no folder"):
        solutions.read(tmp_path / "nowhere", problems)


EVENTS = """v0 x
v0 0
s5
v5 1
v5 3
o5 b1x
sa
va 2
oa 3
sf
vf 1
"""


def test_a_recording_keeps_the_order_within_an_instant():
    found = recording(EVENTS, sampled=True)
    assert found.rows == ("x", "0", "1", "3", "2", "1")
    assert found.times == (0, 0, 5, 5, 10, 15)
    # what a bench samples at an instant is what had settled before it
    assert found.marks == (1, 3, 4)
    assert found.shown == ("", "b1x", "3")
    assert found.file() == "0x\n10\n01\n13\n12\n01\n"
    assert not found.limited


def test_a_recording_without_samples_is_marked_at_the_end_of_each_instant():
    found = recording(EVENTS + "limit\n", sampled=False)
    assert found.marks == (1, 3, 4, 5)
    assert found.limited
    assert not found.drives(recording(EVENTS.replace("v5 3", "v5 2"), sampled=False))
    assert found.drives(recording(EVENTS.replace("o5 b1x", "o5 2"), sampled=False))


def test_undefined_bits_are_dont_care_in_the_reference_alone():
    assert binary("b1xz", 3) == "1xz"
    assert binary("5", 4) == "0101"
    assert binary("", 2) == "xx"
    assert first_difference(["b1x", "3"], ["2", "3"], 2) is None
    assert first_difference(["b1x", "3"], ["0", "3"], 2) == 0
    assert first_difference(["3", "3"], ["3", "b1x"], 2) == 1
    assert first_difference(["3", "3"], ["3"], 2) == 1


SCOPES = [
    'S_0x1 .scope package, "$unit" "$unit" 2 1;',
    'S_0x2 .scope module, "t" "t" 3 5;',
    'S_0x3 .scope module, "u" "m" 3 5, 3 1 0, S_0x2;',
    '.port_info 0 /INPUT 1 "clk";',
    '.port_info 1 /OUTPUT 8 "q";',
    '.port_info 2 /INOUT 1 "z";',
    'P_0x4 .param/l "W" 0 3 1, +C4<00000000000000000000000000000100>;',
    'P_0x5 .param/l "N" 0 3 1, +C4<11111111111111111111111111111111>;',
    'P_0x6 .param/l "L" 1 3 1, +C4<00000000000000000000000000001000>;',
    'S_0x7 .scope begin, "$unm_blk_1" "$unm_blk_1" 3 9, 3 9 0, S_0x3;',
]


def test_scopes_of_a_compiled_design():
    root, inner = parse(SCOPES)
    assert root.root
    assert (inner.path, inner.module, inner.root) == ("t.u", "m", False)
    assert inner.pins == [Pin("clk", "in", 1), Pin("q", "out", 8), Pin("z", "inout", 1)]
    assert inner.parameters == {"W": 4, "N": -1}


def test_texts_name_what_they_are_given():
    pins = [Pin("a", "in", 4), Pin("y", "out", 2)]
    assert "always @(tb.u.a)" in texts.recorder("r", "tb.u", pins, "tb.s", 9)
    assert "m #(.W(3)) r_dut (" in texts.replay("r", "m", pins, {"W": 3}, 9)
    assert "module m #(parameter W = 3) (" in texts.player("r", "m", pins, {"W": 3}, 9)
    alone = texts.replay("r", "m", [Pin("y", "out", 1)], {}, 1)
    assert "reg r_unused;" in alone


def test_a_report_counts_problems_and_lists_what_differs():
    problems = [Problem(name, "", "", "") for name in ("a", "b", "c")]
    healths = [
        Health(problems[0], Unjudged("no bench", ""), Judged("a", "reference", "no bench", "")),
        Health(problems[1], Unjudged("odd", ""), Judged("b", "reference", "odd", "odd")),
        Health(problems[2], Unjudged("odd", ""), Judged("c", "reference", "odd", "odd")),
    ]
    verdicts = [
        Judged("b", "b/1.v", "", ""),
        Judged("b", "b/2.v", "mismatch", ""),
        Judged("c", "c.v", "lost", "lost", "lost"),
    ]
    found = report("rtllm", healths, verdicts)
    assert (found["total"], found["passed"], found["upstream_passed"]) == (3, 1, 1)
    assert found["unattempted"] == ["a"]
    assert found["pass_at_k"]["1"]["value"] == pytest.approx(0.5 / 3)
    assert [d["solution"] for d in found["disagreements"]] == ["b/2.v"]
    assert [v["solution"] for v in found["lost"]] == ["c.v"]
    assert [i["rule"] for i in found["known_issues"]] == ["corrected", "both", "both"]
    assert "1 of 3 problems passed" in text(found)

"""Tokens, macros and the re-printed text: before any parser sees a candidate."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwgen.verify.screen.lexer import Refusal, decode, tokenise
from hwgen.verify.screen.macros import Preprocessor
from hwgen.verify.screen.reprint import reprint


def printed(source: str, **more: bool) -> str:
    return reprint(Preprocessor().run(tokenise(decode("a.v", source))), **more)


def words(source: str) -> str:
    """The printed text on one line, with single blanks."""
    return " ".join(printed(source).split())


def refused(source: str, **more: bool) -> tuple[str, int]:
    with pytest.raises(Refusal) as caught:
        printed(source, **more)
    assert caught.value.what
    return caught.value.cause, caught.value.line


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a<=b<<<2;", "a <= b <<< 2 ;"),
        ("x=8 'h F_f+'d5 - 'b1?a:b;", "x = 8'hF_f + 'd5 - 'b1? a : b ;"),
        ("i=='d5?a:b", "i == 'd5 ? a : b"),
        ("@(*) @ ( * ) @(* ) @( *) @* @(a)", "@ * @ * @ * @ * @ * @ ( a )"),
        ("(* full_case, x = \"y\" *) case (a) (*z*) 1", "case ( a ) 1"),
        ("unique case (a) priority if (b) unique0 casez", "case ( a ) if ( b ) casez"),
        ("timeunit 1ns / 1ps; timeprecision 1ps; wire a;", "wire a ;"),
        ("\\a+b \\c \\begin \\a+b ", "esc_a_b_0 c esc_begin_0 esc_a_b_0"),
        ("\\a+b  esc_a_b_0", "esc_a_b_1 esc_a_b_0"),
        ("8'(x) '0 '{1} a[3+:2] a::b .* 1'b0", "8 ' ( x ) '0 '{ 1 } a [ 3 +: 2 ] a :: b .* 1'b0"),
        ('s = "a // b /* c */ `d";', 's = "a // b /* c */ `d" ;'),
        ("a /* ` \" $finish */ b // `include \"x\"\nc", "a b c"),
        ("`define W 8\n`W'hff `W 'd3", "8'hff 8'd3"),
        ("`define B 'h\n8`B ff", "8'hff"),
        ("`define A(x,y=3) x+y\n`A(1) `A(2,4) `A((1,2),)", "1 + 3 2 + 4 ( 1 , 2 ) + 3"),
        ("`define A(x,y=3) x+y\n`A(`A(1))", "1 + 3 + 3"),
        ("`define A (1)\n`A", "( 1 )"),
        ("`define M a \\\n  b \\\n  c // d \n`M e", "a b c e"),
        ("`define A 1\n`define A 2\n`A", "2"),
        ("`define A `B\n`define B 5\n`A", "5"),
        ("`define A x\n`undef A\n`ifdef A\n1\n`else\n2\n`endif", "2"),
        ("`ifdef __ICARUS__ 1 `elsif VERILATOR 2 `elsif SV_COV_START 3 `else 5 `endif", "5"),
        ("`ifdef __slang__ 1 `elsif SYNTHESIS 2 `elsif YOSYS 3 `else 5 `endif", "5"),
        ("`ifndef A a `ifdef B b `else c `endif `else ``d `\" $e `endif", "a c"),
        ("`timescale 1ns/1ps `resetall `default_nettype none `celldefine a `endcelldefine", "a"),
    ],
)  # fmt: skip
def test_text(source, expected):
    assert words(source) == expected
    assert printed(printed(source)) == printed(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n`include \"b.v\"\n", ("forbidden", 2)),
        ("`line 3 \"x\" 1", ("forbidden", 1)),
        ("`pragma protect", ("forbidden", 1)),
        ("`begin_keywords \"1364-2001\"", ("forbidden", 1)),
        ("`unconnected_drive pull1", ("forbidden", 1)),
        ("`default_nettype wand", ("forbidden", 1)),
        ("`define A(x) a``x\n", ("forbidden", 1)),
        ("`define A(x) `\"x`\"\n", ("forbidden", 1)),
        ("`define A `include \"b.v\"\n", ("forbidden", 1)),
        ("`define include x\n", ("forbidden", 1)),
        ("a ``b", ("forbidden", 1)),
        ("\n`NO", ("syntax", 2)),
        ("x = `__FILE__;", ("forbidden", 1)),
        ("`define\nA 1", ("syntax", 1)),
        ("`define A(x) x\n`A;", ("syntax", 2)),
        ("`define A(x) x\n`A(1,2)", ("syntax", 2)),
        ("`define A(x,y) x\n`A(1)", ("syntax", 2)),
        ("`define A(x) x\n`A(1", ("syntax", 2)),
        ("`define A(x,x) x\n", ("syntax", 1)),
        ("`ifdef A\na\n", ("syntax", 2)),
        ("`endif", ("syntax", 1)),
        ("`ifdef A\n`else\n`else\n`endif", ("syntax", 3)),
        ("/* a", ("syntax", 1)),
        ("\n(* a", ("syntax", 2)),
        ("\"a\nb\"", ("syntax", 1)),
        ("\"a\\x41\"", ("forbidden", 1)),
        ("naïve", ("syntax", 1)),
        ("a\n$finish;", ("forbidden", 2)),
        ("$", ("forbidden", 1)),
        ("hwgen_bench u();", ("forbidden", 1)),
        ("\\hwgen_bench u();", ("forbidden", 1)),
        ("x = 1.5;", ("forbidden", 1)),
        ("w" * 1025, ("forbidden", 1)),
        ("x = 5000'd1;", ("expansion", 1)),
        ("x = 5000\n'd1;", ("expansion", 2)),
        ("x = 99999999999999999999'd1;", ("expansion", 1)),
        ("x = 'h" + "f" * 1026 + ";", ("expansion", 1)),
        ("x = " + "9" * 1300 + ";", ("expansion", 1)),
        ("`define A `A\n`A", ("expansion", 2)),
        ("`define A `B\n`define B `A\n`A", ("expansion", 3)),
        ("(" * 65 + ")" * 65, ("expansion", 1)),
        ("begin " * 65, ("expansion", 1)),
        ("a = " + "b + " * 500 + "c;", ("expansion", 1)),
        ("a = " + "~" * 1000 + "c;", ("expansion", 1)),
        ("if (a) b = c; else " * 501, ("expansion", 1)),
        ("`ifdef A\n" * 65, ("expansion", 65)),
    ],
)  # fmt: skip
def test_refusals(source, expected):
    assert refused(source) == expected


@pytest.mark.parametrize("source", ["a\0", "a\x07", "\x1b[2J", "a\ud800", "\x7f"])
def test_what_is_not_text_is_refused(source):
    assert refused("\n" + source) == ("encoding", 2)


def test_long_lists_and_many_blocks_are_no_long_statements():
    assert printed("x = {" + "a, " * 5000 + "b};")
    assert printed("always @(posedge clk) begin if (a) b <= c; end\n" * 500)
    assert printed("wire " + "a, " * 3000 + "b;")
    assert printed("if (a) b = c; else " * 500)


def test_macros_do_not_pass_from_file_to_file():
    macros = Preprocessor()
    macros.run(tokenise("`define A 1\n"))
    with pytest.raises(Refusal, match="not defined"):
        macros.run(tokenise("`A\n"))


def test_each_token_keeps_its_line():
    source = 'a\n\n  b // x\n/* \n\n */ c\n`define M d \\\n e\n`M\r\nf \\g \n"h"\n'
    lines = printed(source).split("\n")
    assert [lines.index(w) + 1 for w in ("a", "b", "c", "d e", "f g", '"h"')] == [
        1,
        3,
        6,
        9,
        10,
        11,
    ]


_PIECES = st.sampled_from(
    [
        *("a", "begin", "end", "(", ")", "[", "]", "{", "}", ";", ",", "+", "<=", "'", "'{", "@"),
        *("*", "(*", "*)", "8'hff", "'d3", "12", "\\q+ ", '"s"', "\n", " ", "// c\n", "/* d */"),
        *("`M", "`F(a, 1)", "`ifdef M\n", "`else\n", "`endif\n", "unique", "case", "else"),
        *(".", "=", "$signed"),
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=60))
def test_printing_twice_changes_nothing(pieces):
    source = "`define M m + 1\n`define F(x, y) x * y\n" + " ".join(pieces)
    try:
        once = printed(source)
    except Refusal:
        return
    assert printed(once) == once
    assert once.count("\n") <= source.count("\n") + 1


@given(st.text(max_size=300))
def test_any_text_is_printed_or_refused(text):
    try:
        assert printed(printed(text)) == printed(text)
    except Refusal as no:
        assert no.cause in ("encoding", "syntax", "forbidden", "expansion")


MACROS = """
`define W 8
`define DEEP(a, b) ((a) + `INNER(b, `W))
`define INNER(x, y = 2) {x, y, \\
   x}
`define NONE
`define TEXT "a, b"
wire [`W-1:0] v = `DEEP(f(1, 2), {3, 4}) `NONE; `ifdef NONE
 `define LATE(p) p``q
`endif
`undef NONE
`ifndef NONE
assign x = `INNER((a, b)) == `TEXT;
`elsif W
assign x = 1;
`endif
`define W 9
assign y = `DEEP(`W, `DEEP(1, 2));
"""


def test_macros_expand_as_in_icarus(tmp_path):
    """Token by token, another preprocessor gives the same."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is missing")
    source = (
        MACROS.replace("`define LATE(p) p``q\n", "")
        .replace("y = 2", "y")
        .replace("((a, b))", "((a, b), 2)")
    )  # what Icarus 11 lacks
    (tmp_path / "a.v").write_text(source)
    done = subprocess.run(
        ["iverilog", "-E", "-o", str(tmp_path / "out"), str(tmp_path / "a.v")], check=True
    )
    assert done.returncode == 0
    theirs = [t[1] for t in tokenise((tmp_path / "out").read_text())]
    assert [t[1] for t in Preprocessor().run(tokenise(source))] == theirs
    assert "`" not in "".join(theirs)


BOMB = "`define a " + "x " * 8 + "\n" + "".join(
    f"`define {chr(98 + i)} " + " ".join(["`" + chr(97 + i)] * 8) + "\n" for i in range(12)
)  # fmt: skip
CALLS = "`define a(x)\n" + "".join(
    f"`define {chr(98 + i)}(x) " + " ".join([f"`{chr(97 + i)}(x)"] * 8) + "\n" for i in range(12)
)


@pytest.mark.parametrize(
    "source",
    [
        BOMB + "`m",
        CALLS + "`m(1)",
        "`define A(x) " + "x " * 8 + "\n" + "`A(" * 20 + "1" + ")" * 20,
        "`define A " + "x+" * 200 + "\n" + "`A " * 10000,
        '"' * 60_000,
        '"' + '\\"' * 30_000,
        "/*" * 30_000,
        "`" * 60_000,
        "'" * 60_000,
        "$" * 60_000,
        "(" * 60_000,
        "1" * 60_000,
        "1_" * 30_000 + "'",
        "~" * 60_000,
        "`ifdef a\n" * 7_000,
        "\\" + "a" * 60_000,
    ],
)
def test_bombs_are_refused_quickly(source):
    started = time.process_time()
    with pytest.raises(Refusal):
        printed(source)
    assert time.process_time() - started < 0.5  # measured: 1 to 40 ms


def test_a_bomb_of_empty_macros_is_empty():
    source = "`define a\n" + BOMB.split("\n", 1)[1] + "`m x"
    assert words(source) == "x"


def test_trusted_text_may_use_simulation_tasks():
    assert printed('$readmemh("a.hex", m); x = 1.5; hwgen_x = 1;', trusted=True)
    assert refused('$fopen("a");', trusted=True) == ("forbidden", 1)

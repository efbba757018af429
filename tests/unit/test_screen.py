"""The screen as a whole: interface, modules, files, lines, and what it makes of a cell's answer."""

from __future__ import annotations

import json

import pyslang
import pytest
from screened import ADDER, body, cause, port, screened

from hwgen.verify.screen.screen import Refused, Screened, screen, warm
from hwgen.verify.screen.syntax import parse

ADD = "module top({}); assign y = a + b; endmodule\n"
PORTS = "input [7:0] a, b, output [7:0] y"


@pytest.mark.parametrize(
    ("ports", "what"),
    [
        ("input [7:0] a, output [7:0] y", "port b is missing"),
        ("input [7:0] a, output [7:0] b, y", "port b is an output, the task has an input"),
        ("input [7:0] a, inout [7:0] b, output [7:0] y", "port b is inout, the task has an input"),
        ("input [7:0] a, input [6:0] b, output [7:0] y", "port b has 7 bits, the task has 8"),
        ("input [7:0] a, input b, output [7:0] y", "port b has 1 bits, the task has 8"),
        (PORTS + ", input c", "the task has no port c"),
        ("input [7:0] a, input b [7:0], output [7:0] y", "port b is an array"),
        ("input [7:0] a, output y", "port b is missing; port y has 1 bits, the task has 8"),
        ("a, b, y); input [7:0] a; output [7:0] y; wire q = (1", "port b has no direction"),
        ("", "port a is missing; port b is missing; port y is missing"),
    ],
)
def test_interface(ports, what):
    found = screened("\n" + ADD.format(ports), ports=ADDER)
    assert (found["cause"], found["line"], found["what"]) == ("interface", 2, what)


@pytest.mark.parametrize(
    "ports",
    [
        PORTS,
        "output logic [0:7] y, input wire signed [8:1] b, input logic [1:0][3:0] a",
        "a, b, y); input [7:0] a; input [7:0] b; output [7:0] y; wire q = (1",
        "input [clog(3)-1:0] a, input [7:0] b, output [7:0] y); function clog(input integer x); "
        "clog = 8; endfunction wire q = (1",
    ],
)
def test_interface_matches(ports):
    found = screened(ADD.format(ports), ports=ADDER)
    assert "cause" not in found, found


def test_parameters_of_the_top_are_fixed_by_the_task():
    source = """module top #(parameter W = 4, parameter D = W * 2, localparam L = 3)
      (input [W-1:0] a, input [D-1:0] b, output [7:0] y); assign y = a + b; endmodule"""
    assert cause(source, ports=ADDER) == "interface"
    found = screened(source, ports=ADDER, parameters={"W": 8, "D": 8, "L": 5, "X": 1})
    assert found["overrides"] == ["W", "D"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ("empty", 0)),
        ("// nothing\n`timescale 1ns/1ps\n", ("empty", 0)),
        ("module top; wire a = ; endmodule", ("syntax", 1)),
        ("module top;\n\nwire a\nendmodule", ("syntax", 3)),
        ("module other; endmodule", ("no-module", 0)),
        ("module top; endmodule\nmodule top; endmodule", ("no-module", 2)),
        ("module top; endmodule\nmodule s; endmodule\nmodule s; endmodule", ("syntax", 3)),
        ("module top;\nRefModule r();\nendmodule", ("undefined-module", 2)),
        ("module top;\ntop u();\nendmodule", ("recursion", 2)),
        (
            "module top; endmodule module a; b u(); endmodule module b; a u(); endmodule",
            ("recursion", 1),
        ),
        (
            "module top #(parameter N = 3);\nif (N > 0) top #(N - 1) u(); endmodule",
            ("recursion", 2),
        ),
        ("module top; function f(input a); f = f(a); endfunction endmodule", ("recursion", 1)),
        (
            "module top; function f(input a); f = g(a); endfunction\n"
            "function g(input a); g = f(a); endfunction endmodule",
            ("recursion", 2),
        ),
        ("module top; task automatic t; t; endtask endmodule", ("recursion", 1)),
    ],
)
def test_causes(source, expected):
    found = screened(source)
    assert (found["cause"], found["line"]) == expected, found


def test_functions_of_the_same_name_in_two_modules_are_two():
    one = "function f(input a); f = g(a); endfunction function g(input a); g = a; endfunction"
    two = "function g(input a); g = f(a); endfunction function f(input a); f = a; endfunction"
    assert cause(body(one) + f"module s; {two} endmodule") == ""


def test_several_files():
    files = {
        "b.v": "`ifdef W\nbroken\n`endif\nmodule half(input a, output y); endmodule\n",
        "a.v": "`define W 1\n" + ADD.format(PORTS).replace("assign", "half u(a[0], y[1]); assign"),
    }
    found = screened(files, ports=ADDER)
    assert found["modules"] == ["top", "half"]
    files["b.v"] += "module x;\ninitial $finish;\nendmodule\n"
    found = screened(files, ports=ADDER)
    assert (found["cause"], found["line"]) == ("forbidden", 6)
    assert found["what"] == "b.v: $finish is not allowed"


def test_sizes_count_bytes():
    source = "module top; endmodule //" + "ä" * 100
    assert cause(source, source_bytes=len(source.encode())) == ""
    assert cause(source, source_bytes=len(source.encode()) - 1) == "too-large"
    assert cause(" " * 100_000_000) == "too-large"


def test_the_text_parses_to_the_tree_of_the_source():
    """The parser's own preprocessor, given the source, sees the tree that the re-print gives."""
    source = """`define W 8 // bits
`define ADD(x, y) ((x) + \\
  (y))
module top #(parameter P = `W) ( // comment
  input [P-1:0] a, b, /* and */ output reg [P-1:0] y);
`ifdef NEVER
  broken
`else
  always @* begin y = `ADD(a, b [ 3 ]) ^ 8 'h f0; end
`endif
endmodule
"""
    theirs = pyslang.syntax.SyntaxTree.fromText(source, pyslang.SourceManager())
    mode = pyslang.syntax.CSTJsonMode.SimpleTokens
    expected = json.loads(theirs.root.to_json(mode))
    found = screened(source, ports=ADDER)
    assert expected["kind"] == "ModuleDeclaration"
    assert parse(found["text"]).root["members"] == [expected]


def test_lines_of_refusals_are_those_of_the_source():
    source = "// a\n/* b\n c */\n`define X 1\nmodule top;\n\n  reg a;\n"
    source += "  always @* // x\n    #5 a = `X;\nendmodule\n"
    assert screened(source)["line"] == 9


class _Cell:
    """Answers as a cell does, with a reply made before."""

    def __init__(self, reply):
        self.reply, self.calls = reply, []

    def call(self, job, payload, caps):
        self.calls.append((job, payload["profile"], caps.cpu_s))
        return self.reply


def _spec():
    from hwgen.tasks.task import TaskSpec

    return TaskSpec(id="t", kind="comb", prompt="p", module="top", ports=ADDER)


def test_screen_reads_what_the_cell_answers():
    from hwgen.verify.jail.cells import Reply

    source = ADD.format(PORTS)
    cell = _Cell(Reply("ok", screened(source, ports=ADDER), 0.0))
    found = screen(cell, _spec(), {"a.v": source})
    assert isinstance(found, Screened)
    assert found.modules == ("top",)
    assert cell.calls == [("hwgen.verify.screen.screen:job", "untrusted", 1.0)]
    cell.reply = Reply("ok", {"cause": "forbidden", "line": 3, "what": "no"}, 0.0)
    assert screen(cell, _spec(), {"a.v": source}) == Refused("forbidden", 3, "no")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("crash", "crash"),
        ("cpu", "cpu-limit"),
        ("memory", "memory-limit"),
        ("output", "output-limit"),
        ("wall", "wall-clock"),
        ("lost", "lost"),
    ],
)
def test_screen_names_how_a_cell_ended(status, expected):
    from hwgen.verify.jail.cells import Reply
    from hwgen.verify.verdict import SENTENCES

    found = screen(_Cell(Reply(status, {}, 0.0)), _spec(), {"a.v": "x"})
    assert isinstance(found, Refused)
    assert found.cause == expected
    assert expected in SENTENCES


def test_large_sources_are_not_carried_into_the_jail():
    cell = _Cell(None)
    found = screen(cell, _spec(), {"a.v": "x" * 70_000})
    assert isinstance(found, Refused)
    assert found.cause == "too-large"
    assert cell.calls == []


def test_warming_up_changes_nothing():
    warm()
    assert cause(ADD.format(PORTS), ports=ADDER) == ""
    assert port("a", "in")["width"] == 1

"""Constructs that the screen refuses as forbidden, each beside one that it lets pass."""

from __future__ import annotations

import pytest
from screened import body, cause, screened

FORBIDDEN = {
    "early finish": "initial $finish;",
    "printing": 'always @* $display("PASS");',
    "files": 'integer f; initial f = $fopen("results.xml");',
    "memory files": 'reg [7:0] m [0:3]; initial $readmemh("/etc/passwd", m);',
    "time": "wire [63:0] t = $time;",
    "random": "wire [31:0] r = $random;",
    "plusargs": 'reg a; initial if ($test$plusargs("x")) a = 1;',
    "shell": 'initial $system("id");',
    "elaboration message": '$error("x");',
    "root": "wire a = $root.tb.golden;",
    "unit": "wire a = $unit::x;",
    "upward name": "wire a = tb.golden;",
    "downward name": "s u(); wire a = u.x;",
    "task above": "reg a; always @* tb.finish(a);",
    "unknown task": "reg a; always @* finish(a);",
    "unknown task without arguments": "reg a; always @* finish;",
    "unknown function": "wire a = reference(1);",
    "name of an instance hidden by a structure": (
        "if (1) begin : g typedef struct packed {logic x;} t; t u; end s u(); wire a = u.x;"
    ),
    "structure of another scope": (
        "typedef struct packed {logic x;} t; always @* begin : b t tb; end wire a = tb.x;"
    ),
    "structure declared later": "typedef struct packed {logic x;} t; wire a = tb.x; t tb;",
    "structure that is none": "wire tb; wire a = tb.x;",
    "block of another scope": "if (1) begin : g if (1) begin : tb wire x; end end wire a = tb.x;",
    "block without the signal": "if (1) begin : tb wire y; end wire a = tb.x;",
    "method": "logic [1:0] q [4]; wire a = q.sum();",
    "delay": "reg a; always @* #5 a = 1;",
    "delay in an assignment": "reg a, c; always @(posedge c) a <= #1 1;",
    "delay of a net": "wire #3 a = 1;",
    "delay of a gate": "wire a; and #2 g(a, a, a);",
    "clock of its own": "reg c = 0; always #5 c = ~c;",
    "wait": "reg a, c; always @* wait (a) c = 1;",
    "fork": "reg a; always @* fork a = 1; join",
    "force": "reg a; always @* force a = 1;",
    "release": "reg a; always @* release a;",
    "assign in a procedure": "reg a; always @* assign a = 1;",
    "deassign": "reg a; always @* deassign a;",
    "event": "event e;",
    "trigger": "wire e; reg a; always @* -> e;",
    "always without an event": "reg a; always a = 1;",
    "always_ff without an event": "reg a; always_ff a <= 1;",
    "second event": "reg a, c; always @(posedge c) begin a = 1; @(posedge c); a = 0; end",
    "event in an assignment": "reg a, c; always @(posedge c) a = @(negedge c) 1;",
    "event with a condition": "reg a, c; always @(posedge c iff a) a <= 1;",
    "forever": "reg a; always @* forever a = 1;",
    "final": "final begin end",
    "assume": "wire a; always @* assume (a);",
    "assert": "wire a, c; assert property (@(posedge c) a);",
    "cover": "wire a, c; cover property (@(posedge c) a);",
    "property": "property p; 1; endproperty",
    "bind": "bind tb s u();",
    "class": "class c; endclass",
    "covergroup": "covergroup g; endgroup",
    "nested module": "module inner; endmodule",
    "interface": "interface i; endinterface",
    "import of a function": 'import "DPI-C" function int system(input string s);',
    "export of a function": 'export "DPI-C" function f;',
    "specify": "specify endspecify",
    "specparam": "specparam x = 1;",
    "clocking": "wire c; clocking k @(posedge c); endclocking",
    "strength": "wire a; assign (strong0, pull1) a = 1;",
    "strength of a gate": "wire a; and (strong0, pull1) g(a, a, a);",
    "pull-up": "wire a; pullup (a);",
    "switch": "wire a, b; tran (a, b);",
    "transistor": "wire a, b, c; nmos (a, b, c);",
    "charge": "trireg a;",
    "alias": "wire a, b; alias a = b;",
    "let": "let f(x) = x;",
    "string": "string s;",
    "real": "real r;",
    "time variable": "time t;",
    "queue": "logic q [$];",
    "dynamic array": "logic q [];",
    "associative array": "logic q [*];",
    "reference argument": "function automatic f(ref logic a); return a; endfunction",
    "type of": "wire a; var type(a) b;",
    "randcase": "reg a; always @* randcase 1: a = 1; endcase",
    "defparam upward": "defparam tb.N = 1;",
    "defparam below": "s u(); defparam u.v.N = 1;",
    "defparam in a generate": "if (1) begin s u(); defparam u.N = 1; end",
    "disable elsewhere": "reg a; always @* begin : b a = 1; end always @* disable b;",
    "disable above": "reg a; always @* disable tb.b;",
    "initial that reads": "wire w; reg a; initial a = w;",
    "initial that reads in a test": "reg w, a; initial if (w) a = 1;",
    "import of a standard package": "import std::*;",
    "package elsewhere": "wire a = std::x;",
    "expression without effect": "reg a; always @* a == 1;",
    "reserved name": "wire hwgen_secret;",
    "this": "wire a = this.x;",
    "null": "wire a = null;",
    "net that drives": "input a; supply0 a;",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_constructs(name):
    sub = "module s #(parameter N = 1); wire x; endmodule\n"
    found = screened(sub + body(FORBIDDEN[name]))
    assert found.get("cause") == "forbidden", found
    assert found["line"] == 3
    assert found["what"].isascii()
    assert len(found["what"]) < 300


@pytest.mark.parametrize(
    "source",
    [
        "program p; endprogram",
        "interface i; endinterface",
        "primitive p(output y, input a); table 0 : 1; endtable endprimitive",
        "config c; design top; endconfig",
        "checker c; endchecker",
        "class c; endclass",
        "extern module m(input a);",
        "bind tb s u();",
        "wire global_net;",
        "package p; wire a; endpackage",
        'import "DPI-C" function int system(input string s);',
    ],
)
def test_forbidden_beside_the_module(source):
    assert cause(f"module top; endmodule\n{source}\n") == "forbidden"


ALLOWED = {
    "structure": (
        "typedef struct packed {logic x; logic [2:0] y;} t; t s; wire a = s.x; wire b = s.y[1];"
    ),
    "array of structures": "typedef struct packed {logic x;} t; t s [4]; wire a = s[2].x;",
    "structure of structures": (
        "typedef struct packed {logic x;} t; typedef struct packed {t u;} v; v s; wire a = s.u.x;"
    ),
    "generate block": "for (genvar i = 0; i < 2; i++) begin : g wire x; end wire a = g[1].x;",
    "nested blocks": (
        "if (1) begin : g for (genvar i = 0; i < 2; i++) begin : h wire x; end end "
        "wire a = g.h[0].x;"
    ),
    "own function": "function f(input a); f = ~a; endfunction wire a = f(1'b1);",
    "own task": "reg a; task t; a = 1; endtask always @* t;",
    "disable of a block around": "reg a; always @* begin : b a = 1; if (a) disable b; end",
    "gates": "wire a, b; and (a, b), g(a, b, b); not n(a, b); bufif1 t(a, b, b);",
    "initial constants": (
        "reg [7:0] m [0:3]; integer i; initial for (i = 0; i < 4; i = i + 1) m[i] = i;"
    ),
    "repeat": "reg [3:0] a; always @* begin a = 0; repeat (3) a = a + 1; end",
    "while": "reg [3:0] a; always @* begin a = 0; while (a < 3) a = a + 1; end",
    "return": "function automatic int f(input int x); if (x > 1) return 1; return 0; endfunction",
    "inside": "wire [3:0] a; wire b = a inside {1, [3:5]};",
    "tri-state": "wire a, e; assign a = e ? 1'b1 : 1'bz;",
    "string parameter": 'localparam MODE = "FAST"; if (MODE == "FAST") begin wire a; end',
    "comma and star": "reg a; wire b, c; always @(b, c) a = b; always @* begin end",
    "compound assignment": "int i; always_comb begin i = 0; i += 3; i++; i <<= 2; end",
    "time units": "timeunit 1ns; timeprecision 1ps;",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed_constructs(name):
    found = screened(body(ALLOWED[name]))
    assert "cause" not in found, found


def test_initial_blocks_may_read_where_the_task_lets_them():
    source = body("wire w; reg a; initial a = w;")
    assert cause(source) == "forbidden"
    assert cause(source, initial=True) == ""

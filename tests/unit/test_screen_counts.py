"""Counts and constants of the screen: what would be elaborated, without elaborating it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from screened import body, cause, screened

from hwgen.verify.screen.constants import Budget, evaluate
from hwgen.verify.screen.loops import FOREVER, Trips, generate_trips
from hwgen.verify.screen.syntax import parse

LEAF = "module s #(parameter N = 1); reg [7:0] m [0:N-1]; endmodule\n"
LEVELS = "".join(
    f"module m{k}; " + " ".join(f"m{k + 1} u{i}();" for i in range(10)) + " endmodule\n"
    for k in range(9)
)
SPLIT = "module m{} #(parameter P = 0); m{} #(2 * P) a(); m{} #(2 * P + 1) b(); endmodule\n"
SPLITS = "".join(SPLIT.format(k, k + 1, k + 1) for k in range(20))
SPLITS += "module m20 #(parameter P = 0); endmodule\n"

TOO_MUCH = {
    "a billion instances by depth": ("m0 u();", LEVELS + "module m9; endmodule\n", "expansion"),
    "a billion instances by loops": (
        "genvar i, j, k; for (i = 0; i < 1000; i = i + 1) for (j = 0; j < 1000; j = j + 1) "
        "for (k = 0; k < 1000; k = k + 1) s u();",
        LEAF,
        "expansion",
    ),
    "an array of instances": ("s u [0:999999999] ();", LEAF, "expansion"),
    "an array of gates": ("wire a; and g [30000:0] (a, a, a);", "", "expansion"),
    "a loop without instances": ("for (genvar i = 0; i < 30000; i++) wire a;", "", "expansion"),
    "a loop of odd form": (
        "for (genvar i = 1; i < 1 << 30; i = i * 1 + 1) wire a;",
        "",
        "expansion",
    ),
    "a loop that stands still": ("for (genvar i = 0; i < 9; i = i) wire a;", "", "expansion"),
    "a loop that runs away": ("for (genvar i = 0; i < 9; i = i - 1) wire a;", "", "expansion"),
    "parameters without end": ("m0 #(1) u();", SPLITS, "expansion"),
    "a count by defparam": ("s u(); defparam u.N = 1 << 20;", LEAF, "memory"),
    "a count by position": ("s #(1 << 20) u();", LEAF, "memory"),
    "a count by name": ("s #(.N(1 << 20)) u();", LEAF, "memory"),
    "a memory": ("reg [31:0] m [0:2048];", "", "memory"),
    "a memory of two dimensions": ("reg [31:0] m [0:63][64];", "", "memory"),
    "memories of instances": ("s #(100) u [0:99] ();", LEAF, "memory"),
    "a memory in a function": (
        "function f(input a); reg [7:0] m [0:9999]; f = a; endfunction",
        "",
        "memory",
    ),
    "a memory of a type": ("typedef logic [31:0] t [4096]; t m;", "", "memory"),
    "bits in all": ("t u [0:9999] ();", "module t; reg [4095:0] a; endmodule\n", "memory"),
    "a vector": ("reg [4096:0] a;", "", "expansion"),
    "a vector of a billion": ("wire [1000000000:0] a;", "", "expansion"),
    "a structure": ("struct packed {logic [4000:0] a; logic [99:0] b;} s;", "", "expansion"),
    "a power": ("wire [2**20:0] a;", "", "expansion"),
    "a replication": ("wire a = {4097{1'b1}};", "", "expansion"),
    "replications in replications": ("wire a = {100{{100{1'b1}}}};", "", "expansion"),
    "a replication by a parameter": (
        "localparam N = 1 << 20; wire a = {N{1'b0}};",
        "",
        "expansion",
    ),
    "a cast": ("wire a = 10000'(1);", "", "expansion"),
    "a loop": (
        "integer i; reg a; always @* for (i = 0; i < 2000000; i = i + 1) a = 1;",
        "",
        "expansion",
    ),
    "loops in loops": (
        "integer i, j; reg a; always @* for (i = 0; i < 9999; i = i + 1) "
        "for (j = 999; j > 0; j--) a = 1;",
        "",
        "expansion",
    ),
    "repeats": ("reg a; always @* repeat (2000) repeat (2000) a = 1;", "", "expansion"),
    "an initial loop": (
        "integer i; reg a; initial for (i = 0; i < 2000000; i++) a = 1;",
        "",
        "expansion",
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much(name):
    text, modules, expected = TOO_MUCH[name]
    source = body(text, modules)
    started = time.process_time()
    found = screened(source)
    assert found.get("cause") == expected, found
    assert time.process_time() - started < 0.3  # measured: 1 to 25 ms


ENOUGH = {
    "instances": ("s u [0:9999] ();", "module s; endmodule\n"),
    "a loop": ("for (genvar i = 0; i < 5000; i = i + 1) begin wire a; end", ""),
    "a branch not taken": ("if (0) begin for (genvar i = 0; i < 99999; i++) wire a; end", ""),
    "one of two branches": ("localparam N = 9; if (N > 3) wire a; else wire [9999:0] b;", ""),
    "a memory": ("reg [31:0] m [0:2047];", ""),
    "a memory by parameter": ("s #(.N(8192)) u();", LEAF),
    "a memory of a type": ("typedef logic [31:0] t [256]; t m;", ""),
    "a vector": ("reg [4095:0] a;", ""),
    "a loop of thousands": ("integer i; reg a; always @* for (i = 0; i < 99999; i++) a = 1;", ""),
    "a replication": ("wire [4095:0] a = {1024{4'hf}};", ""),
    "a division by nothing": ("localparam A = 1 / 0, B = 9 ** 9 ** 9 ** 9; wire [A:0] a;", ""),
    "wide constants": ("localparam A = 4096'hf << 4000, B = A * A * A / 3;", ""),
    "what is not known": (
        "function integer f(input integer x); f = x; endfunction wire [f(7):0] a; "
        "for (genvar i = 0; i < f(3); i++) wire b;",
        "",
    ),
}


@pytest.mark.parametrize("name", ENOUGH)
def test_not_too_much(name):
    text, modules = ENOUGH[name]
    found = screened(body(text, modules))
    assert "cause" not in found, found


def test_the_task_sets_the_memory():
    source = body("reg [7:0] m [0:3];")
    assert cause(source, memory_bits=32) == ""
    found = screened(source, memory_bits=31)
    assert (found["cause"], found["line"]) == ("memory", 2)
    assert found["what"] == "memories of 32 bits, the task allows 31"


def test_large_sources_are_answered_within_the_limits():
    for text in (";" * 60_000, "reg a;\n" * 8_000, "assign x=" + "a+" * 490 + "a;\n"):
        started = time.process_time()
        assert cause(body(text)) == ""
        assert time.process_time() - started < 1.0  # measured: below 0.2 s


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(8 - 1) / 2 % 2", 1),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("2 ** 10 - 1", 1023),
        ("1 << 31", None),  # needs more than its own 32 bits
        ("1 << 30", 1 << 30),
        ("64'd1 << 40", 1 << 40),
        ("-8 >>> 1", -4),
        ("-8 >> 1", None),
        ("~0", None),  # as wide as its context
        ("4'd15 + 4'd1", None),
        ("4'd7 - 4'd8", None),
        ("4'sd2 - 4'sd5", -3),
        ("4'hf > 3", 1),
        ("-1 < 4'd3", None),
        ("-1 < 3", 1),
        ("3 == 3 && 0 || !0", 1),
        ("P ? 5 : 6", 5),
        ("U ? 5 : 6", None),
        ("$clog2(P)", 4),
        ("$clog2(0) + $clog2(1) + $clog2(2)", 1),
        ("$signed(4'd3) - 5", -2),
        ("$bits(P)", None),
        ("f(3)", None),
        ("{4'd1, 4'd2}", 18),
        ("{P, 4'd2}", None),
        ("'0", 0),
        ("'1", None),
        ("8'bx", None),
        ("8'd300", None),
        ("1 / 0", None),
        ("4294967296", None),
        ("3 ^ 5 | 8 & 12", 14),
        ('"a"', None),
    ],
)
def test_constants(text, expected):
    """Values are those that every width of the context gives, else they are not known."""
    tree = parse(f"module top ; localparam P = 9 ; localparam X = {text} ; endmodule\n")
    first, second = tree.kinds["EqualsValueClause"]
    env = {"P": evaluate(first["expr"], {}, Budget())}
    value = evaluate(second["expr"], env, Budget())
    assert (None if value is None else value.number) == expected


def trips(start: str, stop: str, step: str) -> Trips | None:
    tree = parse(f"module top ; for ( genvar i = {start} ; {stop} ; {step} ) wire a ; endmodule\n")
    return generate_trips(tree.kinds["LoopGenerate"][0], {}, Budget())


@given(
    st.integers(-20, 20),
    st.sampled_from(["<", "<=", ">", ">=", "!="]),
    st.integers(-20, 20),
    st.integers(-5, 5),
    st.booleans(),
)
def test_trips_are_those_of_running_the_loop(first, sign, bound, change, mirrored):
    mirror = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}[sign]
    stop = f"( {bound} ) {mirror} i" if mirrored else f"i {sign} ( {bound} )"
    found = trips(str(first), stop, f"i = i + ( {change} )")
    assert found is not None
    runs = {
        "<": lambda v: v < bound,
        "<=": lambda v: v <= bound,
        ">": lambda v: v > bound,
        ">=": lambda v: v >= bound,
        "!=": lambda v: v != bound,
    }[sign]
    seen, value = [], first
    while runs(value) and len(seen) < 100:
        seen.append(value)
        value += change
    if len(seen) == 100:
        assert found.count == FOREVER
    else:
        assert found.count == len(seen)
        if seen:
            assert (found.first, found.last) == (seen[0], seen[-1])


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        (("0", "i < 8", "i ++"), (8, 0, 7)),
        (("7", "i >= 0", "-- i"), (8, 7, 0)),
        (("0", "i < 9", "i += 2"), (5, 0, 8)),
        (("9", "i > 0", "i -= 4"), (3, 9, 1)),
        (("0", "i < 9", "i = 3 + i"), (3, 0, 6)),
        (("1", "i < 100", "i = i * 2"), (7, 1, 64)),
        (("64", "i > 0", "i = i >> 1"), (7, 64, 1)),
        (("0", "i < 9 && i < 4", "i = i + 1"), (4, 0, 3)),
        (("0", "( i < 3 )", "i = i + 1"), (3, 0, 2)),
        (("0", "i < N", "i = i + 1"), None),
    ],
)
def test_trips_of_other_forms(loop, expected):
    found = trips(*loop)
    assert (found and (found.count, found.first, found.last)) == expected

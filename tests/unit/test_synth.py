"""What synthesis says of small blocks: counts, ports, netlists that mean the same, refusals."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from formal import compared, netlist, refused, spec_of

from hwgen.tasks.task import TaskSpec
from hwgen.verify.formal.aig import Aig, load
from hwgen.verify.formal.mitre import Problem
from hwgen.verify.formal.reduce import simulate

COMB = spec_of("in 8 a", "in 8 b", "in 3 s", "out 8 y", kind="comb")
CYCLE = spec_of("in 1 clk", "in 1 rst", "in 8 d", "in 1 en", "out 8 q")
HEAD = "module dut (input [7:0] a, b, input [2:0] s, output [7:0] y);"
CLOCKED = "module dut (input clk, rst, input [7:0] d, input en, output reg [7:0] q);"
COUNTER = CLOCKED + " always @(posedge clk) if (rst) q <= 0; else if (en) q <= q + d; endmodule"


def ran(spec: TaskSpec, text: str, rows: list[dict[str, int]]) -> list[dict[str, int]]:
    """The exchange form's outputs in each cycle, from a state of zeros."""
    machine = load(netlist(spec, text).exchange)
    problem = Problem(Aig())
    ins = [problem.input() for _ in range(machine.input_bits + machine.free)]
    state = [problem.latch(0) for _ in machine.inits]
    outs, nexts = problem.aig.embed(machine, ins + state)
    for latch, value in zip(state, nexts, strict=True):
        problem.drive(latch, value)
    frames = [
        [row.get(n, 0) >> i & 1 for n, w in machine.inputs for i in range(w)] + [0] * machine.free
        for row in rows
    ]
    _, watched = simulate(problem, frames, 1, outs)
    shown = []
    for values in watched:
        bits = iter(values[len(state) :])
        shown.append({n: sum(next(bits) << i for i in range(w)) for n, w in machine.outputs})
    return shown


def signed(value: int) -> int:
    return value - 256 if value > 127 else value


@pytest.mark.parametrize(
    ("expression", "golden"),
    [
        ("a + b", lambda a, b, s: a + b),
        ("a - b", lambda a, b, s: a - b),
        ("a * b", lambda a, b, s: a * b),
        ("a << s", lambda a, b, s: a << s),
        ("a >> s", lambda a, b, s: a >> s),
        ("$signed(a) >>> s", lambda a, b, s: signed(a) >> s),
        ("{8{a[s]}}", lambda a, b, s: 255 * (a >> s & 1)),
        ("a < b ? a : b", lambda a, b, s: min(a, b)),
        ("$signed(a) < $signed(b) ? a : b", lambda a, b, s: min(a, b, key=signed)),
        ("(b == 0) ? 8'd0 : a / b", lambda a, b, s: a // b if b else 0),
        ("(b == 0) ? 8'd0 : a % b", lambda a, b, s: a % b if b else 0),
        ("{7'd0, ^a}", lambda a, b, s: a.bit_count() & 1),
        ("-a", lambda a, b, s: -a),
    ],
)
def test_operators(expression: str, golden: Callable[[int, int, int], int]) -> None:
    rng = random.Random(expression)
    rows = [{"a": rng.randrange(256), "b": rng.choice([0, 1, 255, rng.randrange(256)]),
             "s": rng.randrange(8)} for _ in range(40)]  # fmt: skip
    text = f"{HEAD} assign y = {expression}; endmodule"
    shown = ran(COMB, text, rows)
    assert [row["y"] for row in shown] == [golden(**row) % 256 for row in rows]


def test_counts_and_ports() -> None:
    made = netlist(CYCLE, COUNTER)
    assert made.state_bits == 8
    assert 8 < made.cells < 80
    assert made.inputs == {"clk": 1, "rst": 1, "d": 8, "en": 1}
    assert made.outputs == {"q": 8}
    assert "(*" not in made.verilog
    assert "module dut(" in made.verilog


def test_cycles() -> None:
    rows = [{"d": 3, "en": 1}, {"d": 5, "en": 0}, {"d": 7, "en": 1}, {"rst": 1}, {"d": 0}]
    assert [row["q"] for row in ran(CYCLE, COUNTER, rows)] == [0, 3, 3, 10, 0]


def test_dead_registers_are_not_state() -> None:
    dead = COUNTER.replace("always", "reg [40:0] t; always @(posedge clk) t <= t + 1; always", 1)
    assert netlist(CYCLE, dead).state_bits == 8


def test_initial_values_stay() -> None:
    text = f"{CLOCKED} initial q = 8'ha5; always @(posedge clk) if (en) q <= d; endmodule"
    made = netlist(CYCLE, text)
    assert load(made.exchange).inits == [1, 0, 1, 0, 0, 1, 0, 1]
    again = load(netlist(CYCLE, made.verilog).exchange)
    assert sorted(again.inits) == [0, 0, 0, 0, 1, 1, 1, 1]


def test_overrides() -> None:
    text = HEAD.replace("dut", "dut #(parameter K = 1)") + " assign y = a + K; endmodule"
    row = [{"a": 10}]
    for value, expected in ((7, 17), (-3, 7)):
        made = netlist(COMB, text, K=value)
        plain = netlist(COMB, text.replace("K = 1", f"K = {value}"))
        assert made.exchange == plain.exchange
        assert ran(COMB, text.replace("K = 1", f"K = {value}"), row) == [{"y": expected}]


def memory(words: int) -> str:
    return (
        "module dut (input clk, input [15:0] at, input [7:0] d, input we, output [7:0] q);"
        f" reg [7:0] m [0:{words - 1}]; always @(posedge clk) if (we) m[at] <= d;"
        " assign q = m[at]; endmodule"
    )


def test_memories() -> None:
    spec = spec_of("in 1 clk", "in 16 at", "in 8 d", "in 1 we", "out 8 q")
    small = netlist(spec, memory(16))
    assert (small.state_bits, bool(small.exchange)) == (128, True)
    large = netlist(spec, memory(1024))
    assert (large.state_bits, large.exchange) == (8192, "")
    assert "[1023:0]" in large.verilog


@pytest.mark.parametrize(
    "text",
    [
        COUNTER,
        COUNTER.replace("posedge clk)", "posedge clk or posedge rst)"),
        f"{CLOCKED} reg [7:0] m [0:3]; always @(posedge clk) begin if (en) m[d[1:0]] <= d;"
        " q <= rst ? 0 : m[d[3:2]]; end endmodule",
    ],
)
def test_netlist_means_what_is_proved(text: str) -> None:
    made = netlist(CYCLE, text)
    assert compared(CYCLE, made.verilog, text).kind == "proved"


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ("latch", f"{HEAD} reg [7:0] q; always @* if (s[0]) q = a; assign y = q; endmodule"),
        ("latch", f"{HEAD} reg [7:0] q; always_latch if (s[0]) q = a; assign y = q; endmodule"),
        ("loop", f"{HEAD} assign y = s[0] ? a : y; endmodule"),
        ("loop", f"{HEAD} wire p, q; assign p = ~(a[0] & q); assign q = ~(b[0] & p);"
                 " assign y = {8{p}}; endmodule"),
        ("loop", f"{HEAD} wire p, q, r; assign p = ~r; assign q = ~p; assign r = ~q;"
                 " assign y = {8{p}}; endmodule"),
        ("undefined-module", f"{HEAD} thing u (.a(a), .y(y)); endmodule"),
        ("unsynthesisable", f"{HEAD} assign y = a; assign y = b; endmodule"),
        ("unsynthesisable", f"{HEAD} assign y = a +; endmodule"),
        ("unsynthesisable", f"{HEAD} reg [7:0] r; always @* begin r = a; assume (a == b); end"
                            " assign y = r; endmodule"),
        ("interface", HEAD.replace("[7:0] y", "[8:0] y") + " assign y = a; endmodule"),
        ("interface", HEAD.replace("output [7:0] y", "inout [7:0] y") + " assign y = a; endmodule"),
    ],
)  # fmt: skip
def test_refusals(cause: str, text: str) -> None:
    found = refused(COMB, text)
    assert (found.cause, bool(found.what)) == (cause, True)


@pytest.mark.parametrize(
    "body",
    [
        "wire [8:0] c; assign c = {c[7:0] & a, b[0]}; assign y = c[8:1];",  # a loop of words only
        "reg [7:0] r; integer i; always @* begin r = 0; for (i = 0; i < 8; i = i + 1)"
        " r[i] = a[7 - i]; end assign y = r;",
        "function [7:0] f(input [7:0] x); begin f = x ^ 8'h55; end endfunction assign y = f(a);",
        "reg [7:0] r; always @* case (s[1:0]) 0: r = a; 1: r = b; 2: r = ~a; 3: r = ~b; endcase"
        " assign y = r;",
    ],
)
def test_honest_blocks_are_not_refused(body: str) -> None:
    assert netlist(COMB, f"{HEAD} {body} endmodule").state_bits == 0


def test_submodules() -> None:
    text = HEAD.replace("dut", "half #(parameter N = 2)").replace("[2:0] s", "[2:0] unused")
    text += " assign y = a + N * b; endmodule " + HEAD
    text += " wire [7:0] t; half #(.N(3)) u (a, b, s, t); half v (.a(t), .b(b), .y(y)); endmodule"
    assert [row["y"] for row in ran(COMB, text, [{"a": 1, "b": 2}, {"b": 40}])] == [11, 200]


def test_systemverilog_that_only_the_second_reader_takes() -> None:
    text = (
        "module dut (input logic [7:0] a, b, input logic [2:0] s, output logic [7:0] y);"
        " typedef struct packed {logic [3:0] hi; logic [3:0] lo;} two_t; two_t t;"
        " always_comb begin t = two_t'(a); y = {t.lo, t.hi} << (s inside {3'd1, 3'd2}); end"
        " endmodule"
    )
    rows = [{"a": 0x12, "s": 0}, {"a": 0x12, "s": 2}]
    assert [row["y"] for row in ran(COMB, text, rows)] == [0x21, 0x42]


def test_what_the_exchange_form_cannot_say() -> None:
    changes = [
        ("posedge clk)", "negedge clk)"),
        ("posedge clk) if (rst) q <= 0; else if (en)",
         "posedge clk or posedge en) if (en) q <= 0; else"),
        ("q + d", "q + {7'd0, clk}"),
    ]  # fmt: skip
    for old, new in changes:
        assert old in COUNTER
        made = netlist(CYCLE, COUNTER.replace(old, new))
        assert (made.state_bits, made.exchange) == (8, "")

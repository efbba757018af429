"""Proofs: honest variants are proved, hostile ones refuted by a run that shows it."""

from __future__ import annotations

import pytest
from formal import CELL, compared, netlist, spec_of

from hwgen.tasks.task import TaskSpec
from hwgen.verify.formal.prove import Proof, prove

COMB = spec_of("in 8 a", "in 8 b", "out 8 y", kind="comb")
PAIR = "module dut (input [7:0] a, b, output reg [7:0] y);"
ADD = f"{PAIR} always @* y = a + b; endmodule"

CYCLE = spec_of("in 1 clk", "in 1 rst", "in 1 en", "out 4 q")
HEAD = "module dut (input clk, rst, en, output reg [3:0] q);"
COUNT = f"{HEAD} always @(posedge clk) if (rst) q <= 0; else if (en) q <= q + 1; endmodule"
BOMB = """reg [40:0] t; wire boom = t[20];
always @(posedge clk) t <= rst ? 0 : t + 1;
always @(posedge clk) if (rst) q <= 0; else if (en) q <= q + 1 + boom; endmodule"""

FSM = spec_of("in 1 clk", "in 1 rst", "in 2 d", "out 1 hit", "out 1 busy")
BINARY = """module dut (input clk, rst, input [1:0] d, output hit, busy);
reg [1:0] s; assign hit = s == 3; assign busy = s != 0;
always @(posedge clk) if (rst) s <= 0; else case (s)
0: s <= d == 1 ? 1 : 0; 1: s <= d == 2 ? 2 : d == 1 ? 1 : 0;
2: s <= d == 3 ? 3 : 0; 3: s <= 0; endcase endmodule"""
ONE_HOT = """module dut (input clk, rst, input [1:0] d, output hit, busy);
reg [3:0] s; assign hit = s[3]; assign busy = ~s[0];
always @(posedge clk) if (rst) s <= 1; else begin
s[0] <= s[3] | s[0] & d != 1 | s[1] & d != 2 & d != 1 | s[2] & d != 3;
s[1] <= (s[0] | s[1]) & d == 1; s[2] <= s[1] & d == 2; s[3] <= s[2] & d == 3; end endmodule"""


def replayed(proof: Proof, spec: TaskSpec) -> list[dict[str, int]]:
    """The rows of a refutation, by port."""
    found = []
    for row in proof.rows:
        values = {}
        for port in reversed(spec.inputs):
            values[port.name] = row & (1 << port.width) - 1
            row >>= port.width
        found.append(values)
    return found


@pytest.mark.parametrize(
    "body",
    [
        "y = b + a;",
        "y = a - ~b - 1;",
        "y = (a ^ b) + ((a & b) << 1);",
        "begin y = b; repeat (1) y = y + a; end",
        "case (a) 8'd0: y = b; 8'd255: y = b - 1; default: y = a + b; endcase",
    ],
)
def test_combinational_variants(body: str) -> None:
    assert compared(COMB, f"{PAIR} always @* {body} endmodule", ADD).kind == "proved"


@pytest.mark.parametrize("corner", ["a == 8'hde && b == 8'had", "a == 0 && b == 255"])
def test_rare_corner(corner: str) -> None:
    bad = f"{PAIR} always @* y = {corner} ? 8'h55 : a + b; endmodule"
    proof = compared(COMB, bad, ADD)
    assert proof.kind == "refuted"
    assert len(proof.rows) == 1
    (row,) = replayed(proof, COMB)
    assert (row["a"], row["b"]) in ((0xDE, 0xAD), (0, 255))


def test_registers_in_a_combinational_task_are_not_proved() -> None:
    held = PAIR + " reg [7:0] h; always @(posedge a[0]) h <= b; always @* y = a + b + h; endmodule"
    assert compared(COMB, held, ADD).kind == "unknown"


@pytest.mark.parametrize(
    ("spec", "candidate", "reference"),
    [
        (CYCLE, COUNT.replace("posedge clk)", "posedge clk or posedge rst)"), COUNT),
        (CYCLE, f"{HEAD} reg [3:0] n; always @* q = ~n; always @(posedge clk)"
                " if (rst) n <= 15; else if (en) n <= n - 1; endmodule", COUNT),
        (CYCLE, f"{HEAD} reg [3:0] g, b; integer i; always @* begin b[3] = g[3];"
                " for (i = 2; i >= 0; i = i - 1) b[i] = b[i + 1] ^ g[i]; q = b; end"
                " wire [3:0] n = b + 4'd1; always @(posedge clk)"
                " if (rst) g <= 0; else if (en) g <= n ^ (n >> 1); endmodule", COUNT),
        (CYCLE, f"{HEAD} reg seen; always @(posedge clk) begin seen <= en; if (rst) q <= 0;"
                " else if (en) q <= q + 1 + (seen & ~seen); end endmodule", COUNT),
        (FSM, ONE_HOT, BINARY),
        (FSM, BINARY, ONE_HOT),
        (FSM, BINARY.replace("3: s <= 0;", "default: s <= 2'bxx;").replace(
            "2: s <= d", "3: s <= 0; 2: s <= d"), BINARY),
    ],
)  # fmt: skip
def test_sequential_variants(spec: TaskSpec, candidate: str, reference: str) -> None:
    assert compared(spec, candidate, reference).kind == "proved"


def test_more_state_that_stays_out_of_the_way() -> None:
    twice = COUNT.replace("always", "reg [3:0] p; always @(posedge clk) if (rst) p <= 3;"
                          " else if (en) p <= p + 1; always").replace(
                              "q <= q + 1", "q <= q + 1 + (p != q + 4'd3)")  # fmt: skip
    assert netlist(CYCLE, twice).state_bits == 8
    assert compared(CYCLE, twice, COUNT).kind == "proved"


def test_sequence_trojan() -> None:
    trojan = """module dut (input clk, rst, input [1:0] d, output hit, busy);
    reg [1:0] s; reg [2:0] n; assign hit = s == 3; assign busy = s != 0 | n == 5;
    always @(posedge clk) if (rst) begin s <= 0; n <= 0; end else begin
    if (n != 5) n <= hit ? n + 1 : n;
    case (s) 0: s <= d == 1 ? 1 : 0; 1: s <= d == 2 ? 2 : d == 1 ? 1 : 0;
    2: s <= d == 3 ? 3 : 0; 3: s <= 0; endcase end endmodule"""
    proof = compared(FSM, trojan, BINARY)
    assert proof.kind == "refuted"
    rows = replayed(proof, FSM)
    assert rows[0]["rst"] == 1
    hits, state = 0, 0
    for row in rows[1:]:
        hits += state == 3
        d = row["d"]
        state = (int(d == 1), {2: 2, 1: 1}.get(d, 0), 3 * (d == 3), 0)[state]
        if row["rst"]:
            hits, state = 0, 0
    assert hits == 5


def test_time_bomb_is_only_bounded() -> None:
    proof = compared(CYCLE, f"{HEAD} {BOMB}", COUNT, cpu_s=1)
    assert proof.kind in ("bounded", "unknown")
    assert netlist(CYCLE, f"{HEAD} {BOMB}").state_bits == 25  # what is beyond t[20] is dead


@pytest.mark.parametrize("init", ["= 0", ""])
def test_time_bomb_that_trusts_its_power_up_state(init: str) -> None:
    bomb = BOMB.replace("reg [40:0] t;", f"reg [40:0] t {init};").replace("rst ? 0 : ", "")
    assert compared(CYCLE, f"{HEAD} {bomb}", COUNT).kind == "refuted"


def test_missing_reset_is_refuted_after_the_reset_cycle() -> None:
    bad = f"{HEAD} always @(posedge clk) if (en) q <= q + 1; endmodule"
    proof = compared(CYCLE, bad, COUNT)
    assert proof.kind == "refuted"
    assert replayed(proof, CYCLE)[0]["rst"] == 1


def test_low_active_reset() -> None:
    spec = spec_of("in 1 clk", "in 1 en", "in 1 n", "out 4 q",
                   reset={"port": "n", "style": "async", "active": "low"})  # fmt: skip
    head = "module dut (input clk, en, n, output reg [3:0] q);"
    good = f"{head} always @(posedge clk or negedge n) if (!n) q <= 9; else q <= q + en; endmodule"
    assert compared(spec, good.replace("q + en", "q - {4{en}}"), good).kind == "proved"
    proof = compared(spec, good.replace("q <= 9", "q <= 8"), good)
    assert (proof.kind, replayed(proof, spec)[0]["n"]) == ("refuted", 0)


def test_undefined_values_of_the_candidate_must_not_matter() -> None:
    wrong = f"{PAIR} always @* if (a == 8'd7) y = 8'bx; else y = a + b; endmodule"
    assert compared(COMB, wrong, ADD).kind == "refuted"
    hidden = f"{PAIR} reg [7:0] x; always @* begin x = 8'bx; y = (x & 0) | (a + b); end endmodule"
    assert compared(COMB, hidden, ADD).kind == "proved"


def test_undefined_values_of_the_reference_ask_nothing() -> None:
    free = f"{PAIR} always @* if (a == 8'd7) y = 8'bx; else y = a + b; endmodule"
    assert compared(COMB, ADD, free).kind == "proved"
    assert compared(COMB, ADD.replace("a + b", "a - b"), free).kind == "refuted"


def test_data_without_reset() -> None:
    spec = spec_of("in 1 clk", "in 1 rst", "in 1 en", "in 8 d", "out 8 q", "out 1 v")
    head = "module dut (input clk, rst, en, input [7:0] d, output reg [7:0] q, output reg v);"
    loose = f"{head} always @(posedge clk) begin if (en) q <= d; v <= en & !rst; end endmodule"
    tight = f"{head} always @(posedge clk) if (rst) begin q <= 0; v <= 0; end else begin"
    tight += " if (en) q <= d; v <= en; end endmodule"
    assert compared(spec, loose, loose).kind == "proved"
    assert compared(spec, tight, loose).kind == "refuted"  # en in the reset cycle loads q
    assert compared(spec, loose.replace("q <= d", "q <= v ? d : d ^ 1"), loose).kind == "refuted"


def test_without_a_reset_only_what_inputs_have_set_is_compared() -> None:
    spec = spec_of("in 1 clk", "in 1 en", "in 4 d", "out 4 q")
    head = "module dut (input clk, en, input [3:0] d, output [3:0] q); reg [3:0] r, h;"
    good = f"{head} assign q = r; always @(posedge clk) if (en) r <= d; endmodule"
    inverse = f"{head} assign q = ~r; always @(posedge clk) if (en) r <= ~d; endmodule"
    split = f"{head} reg s; assign q = s ? r : h; always @(posedge clk) if (en) begin s <= ~s;"
    split += " if (s) h <= d; else r <= d; end endmodule"
    assert compared(spec, inverse, good).kind == "proved"
    assert compared(spec, split, good).kind == "proved"
    assert compared(spec, inverse.replace("(en)", "(en & d != 9)"), good).kind == "refuted"


def test_initial_values_count_where_the_task_allows() -> None:
    ports = ("in 1 clk", "in 1 en", "out 4 q")
    head = "module dut (input clk, en, output reg [3:0] q);"
    good = f"{head} initial q = 3; always @(posedge clk) if (en) q <= q + 1; endmodule"
    allowed = spec_of(*ports, limits={"initial": True})
    assert compared(allowed, good.replace("q + 1", "q - 15"), good).kind == "proved"
    assert compared(allowed, good.replace("q = 3", "q = 2"), good).kind == "refuted"


def test_outputs_that_follow_inputs() -> None:
    spec = spec_of("in 1 clk", "in 1 rst", "in 2 a", "out 1 y")
    head = "module dut (input clk, rst, input [1:0] a, output y); reg [1:0] s;"
    good = f"{head} assign y = s[0] & a[0];"
    good += " always @(posedge clk) if (rst) s <= 0; else s <= s + a; endmodule"
    assert compared(spec, good.replace("s[0] & a[0]", "~(~s[0] | ~a[0])"), good).kind == "proved"
    proof = compared(spec, good.replace("s[0] & a[0]", "s == 3 ? 0 : s[0] & a[0]"), good)
    assert proof.kind == "refuted"
    state = 0
    for row in replayed(proof, spec):
        state = 0 if row["rst"] else (state + row["a"]) % 4
    assert (state, replayed(proof, spec)[-1]["a"] & 1) == (3, 1)


def test_wide_multipliers_give_no_answer_within_the_limit() -> None:
    spec = spec_of("in 12 a", "in 12 b", "out 24 y", kind="comb")
    head = "module dut (input [11:0] a, b, output reg [23:0] y);"
    good = f"{head} always @* y = a * b; endmodule"
    assert compared(spec, good, good).kind == "proved"
    other = f"{head} integer i; always @* begin y = 0; for (i = 11; i >= 0; i = i - 1)"
    other += " y = (y << 1) + (b[i] ? a : 0); end endmodule"
    proof = compared(spec, other, good, cpu_s=1)
    assert proof.kind == "unknown"


def test_no_exchange_form_no_proof() -> None:
    made = netlist(CYCLE, COUNT.replace("posedge clk", "negedge clk"))
    assert made.exchange == ""
    assert prove(CELL, CYCLE, made, netlist(CYCLE, COUNT)).kind == "unknown"

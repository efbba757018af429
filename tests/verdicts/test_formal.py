"""Synthesis and proof in the jail: hostile blocks earn no proof, our limits are not theirs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from formal import spec_of

from hwgen.verify.formal.prove import prove
from hwgen.verify.formal.synth import Netlist, Refusal, synthesise
from hwgen.verify.jail.cells import Cell, find_jail

SPEC = spec_of("in 1 clk", "in 1 rst", "in 8 d", "out 8 q")
HEAD = "module dut (input clk, rst, input [7:0] d, output reg [7:0] q);"
GOOD = f"{HEAD} always @(posedge clk) if (rst) q <= 0; else q <= q + d; endmodule"


@pytest.fixture(scope="module")
def cell() -> Iterator[Cell]:
    with Cell("synth", find_jail()) as opened:
        yield opened


@pytest.fixture(scope="module")
def reference(cell: Cell) -> Netlist:
    made = synthesise(cell, SPEC, GOOD, {})
    assert isinstance(made, Netlist)
    return made


def judged(cell: Cell, reference: Netlist, text: str) -> str:
    """The proof's kind and whether more state is used, or the cause of a refusal."""
    made = synthesise(cell, SPEC, text, {}, cpu_s=3)
    if isinstance(made, Refusal):
        return made.cause
    more = " with more state" if made.state_bits > reference.state_bits else ""
    return prove(cell, SPEC, made, reference, cpu_s=1).kind + more


@pytest.mark.parametrize(
    "body",
    [
        "always @(posedge clk) q <= rst ? 0 : d + q;",
        "wire [7:0] n = q - (~d + 1); always @(posedge clk) if (rst) q <= 0; else q <= n;",
        "always @(posedge clk or posedge rst) if (rst) q <= 0; else q <= q + d;",
        "reg [7:0] n; always @* begin n = q + d; if (rst) n = 8'h00; end"
        " always @(posedge clk) q <= n;",
    ],
)
def test_honest_variants_are_proved(cell: Cell, reference: Netlist, body: str) -> None:
    assert judged(cell, reference, f"{HEAD} {body} endmodule") == "proved"


BOMB = "always @(posedge clk) if (rst) q <= 0; else q <= q + d + boom;"
HOSTILE = {
    "rare corner": (
        "always @(posedge clk) if (rst) q <= 0; else q <= d == 8'hde & q == 8'had ? 0 : q + d;",
        {"refuted"},
    ),
    "sequence trojan": (
        "reg [2:0] s; wire boom = s == 5; always @(posedge clk) if (rst) s <= 0; else"
        f" s <= boom ? 5 : d == {{s, 5'd9}} ? s + 1 : 0; {BOMB}",
        {"refuted with more state"},
    ),
    "time bomb": (
        "reg [40:0] t; wire boom = t[32]; always @(posedge clk) t <= rst ? 0 : t + 1; " + BOMB,
        {"bounded with more state", "unknown with more state"},
    ),
    "time bomb that trusts its initial value": (
        f"reg [40:0] t = 0; wire boom = t[32]; always @(posedge clk) t <= t + 1; {BOMB}",
        {"refuted with more state"},
    ),
    "no reset": ("initial q = 0; always @(posedge clk) q <= q + d;", {"refuted"}),
    "undefined in a corner": (
        "always @(posedge clk) if (rst) q <= 0; else q <= d == 8'h99 ? 8'bx : q + d;",
        {"refuted"},
    ),
    "another edge": (
        "always @(negedge clk) if (rst) q <= 0; else q <= q + d;",
        {"unknown"},
    ),
    "data as a clock": (
        "reg b; wire boom = b; always @(posedge d[7]) b <= ~b; " + BOMB,
        {"unknown with more state"},
    ),
    "data as an asynchronous reset": (
        "always @(posedge clk or posedge d[0]) if (d[0]) q <= 1; else q <= q + d;",
        {"unknown"},
    ),
    "latch": ("always @* if (d[0]) q = d;", {"latch"}),
    "loop": ("always @* q = d[0] ? d : ~q;", {"loop", "latch"}),
    "ring of inverters": (
        "wire a, b, c; assign a = ~c; assign b = ~a; assign c = ~b; always @* q = {8{a}};",
        {"loop"},
    ),
    "black box": ("thing u (.d(d), .q(q));", {"undefined-module", "unsynthesisable"}),
    "yosys' own cell": (
        "always @(posedge clk) q <= d; $anyseq u ();",
        {"unsynthesisable", "undefined-module"},
    ),
    "assume": (
        "always @(posedge clk) if (rst) q <= 0; else q <= q + d + 1; always @* assume (rst);",
        {"unsynthesisable"},
    ),
    "assert": (
        "always @(posedge clk) if (rst) q <= 0; else q <= q + d + 1; always @* assert (rst);",
        {"unsynthesisable"},
    ),
    "two drivers": (
        "always @(posedge clk) q <= d; always @(posedge clk) q <= 0;",
        {"unsynthesisable"},
    ),
    "delay for ever": (
        "integer i; always @* begin q = 0; for (i = 0; i < 1000000000; i = i + 1) q = q + d; end",
        {"unsynthesisable", "cpu-limit", "memory-limit"},
    ),
    "wide product": (
        "wire [2047:0] w = {256{d}}; wire [2047:0] p = w * ~w;"
        " always @(posedge clk) q <= p[2047:2040];",
        {"cpu-limit", "memory-limit", "crash"},
    ),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_blocks_are_not_proved(cell: Cell, reference: Netlist, attack: str) -> None:
    body, expected = HOSTILE[attack]
    assert judged(cell, reference, f"{HEAD} {body} endmodule") in expected


def test_an_empty_black_box_drives_nothing(cell: Cell, reference: Netlist) -> None:
    top = f"{HEAD.replace('reg ', '')} hole u (.d(d), .q(q)); endmodule"
    hole = "(* blackbox *) module hole (input [7:0] d, output [7:0] q); endmodule"
    for text in (hole, hole.replace("(* blackbox *) ", "")):
        assert judged(cell, reference, f"{top} {text}") in ("refuted", "undefined-module")


def test_the_cell_serves_on_after_each_attack(cell: Cell, reference: Netlist) -> None:
    assert judged(cell, reference, GOOD) == "proved"


def test_a_forged_exchange_form_is_no_proof(cell: Cell, reference: Netlist) -> None:
    for text in ("", "aag 1 1 0 1 0\n2\n2\n", reference.exchange[:100], "nonsense"):
        forged = Netlist("", text, 0, 0, {}, {})
        assert prove(cell, SPEC, forged, reference).kind == "unknown"

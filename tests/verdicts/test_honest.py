"""Honest RTL in many styles: none is refused, and what is passed on still compiles."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from screened import port, screened

ROOT = Path(__file__).parents[2]
REG8 = (port("clk", "in"), port("rst", "in"), port("d", "in", 8), port("q", "out", 8))

DESIGNS = {
    "carriage returns": "module top(input clk, rst, input [7:0] d,\r\n output reg [7:0] q);\r\n"
    "always @(posedge clk)\r\n  if (rst) q <= 8'd0; // reset\r\n  else q <= d;\r\nendmodule\r\n",
    "byte order mark": "\ufeffmodule top(input clk, rst, input [7:0] d, output reg [7:0] q);\n"
    "always @(posedge clk) q <= rst ? 8'd0 : d;\nendmodule\n",
    "comments that mention system tasks": """
// $finish; $display("PASS"); `include "tb.v"  – naïve
/* initial begin #5 $finish; force top.q = 1; end ``paste`` */
module top(input clk, rst, input [7:0] d, output reg [7:0] q);
  always @(posedge clk) /* $stop */ q <= rst ? 0 : d; // synopsys translate_off
endmodule // `endif
""",
    "macros": """
`timescale 1ns / 1ps
`default_nettype none
`ifndef WIDTH
  `define WIDTH 8
`endif
`define MAX(a, b) ((a) > (b) ? (a) : (b)) // larger
`define NEXT(x, by = 1) \\
    ((x) + \\
     (by))
`ifdef SIMULATION
  initial $dumpvars; ``"
`elsif OTHER
  nothing of this
`else
module top(input wire clk, rst, input wire [`WIDTH-1:0] d, output reg [`WIDTH - 1:0] q);
`endif
  always @(posedge clk) q <= rst ? `WIDTH'd0 : `MAX(d, `NEXT(q)) - `NEXT(q, 2);
endmodule
`undef WIDTH
`resetall
""",
    "parameters": """
module top #(parameter W = 8, parameter [3:0] STEP = 4'd1, localparam integer M = (1 << W) - 1)
 (input clk, input rst, input [W-1:0] d, output reg [W-1:0] q);
  localparam DEPTH = 16, A = $clog2(DEPTH);
  reg [A-1:0] n;
  always @(posedge clk) if (rst) begin q <= {W{1'b0}}; n <= 0; end
    else begin q <= (d + STEP) & M[W-1:0]; n <= n + 1'b1; end
endmodule
""",
    "functions and tasks": """
module top(input clk, input rst, input [7:0] d, output reg [7:0] q);
  function integer clog2; input integer v; integer i;
    begin clog2 = 0; for (i = v - 1; i > 0; i = i >> 1) clog2 = clog2 + 1; end
  endfunction
  function automatic [7:0] swap(input [7:0] x); swap = {x[3:0], x[7:4]}; endfunction
  localparam W = clog2(256);
  reg [W-1:0] t;
  task step(input [7:0] x, output [7:0] y); y = swap(x) ^ 8'h5A; endtask
  always @(posedge clk) begin step(d, t); q <= rst ? 8'b0 : t; end
endmodule
""",
    "generate": """
module cell1(input a, b, output y); assign y = a ^ b; endmodule
module top(input clk, input rst, input [7:0] d, output reg [7:0] q);
  wire [7:0] x; genvar i, j;
  generate
    for (i = 0; i < 8; i = i + 1) begin : g
      wire t;
      if (i == 0) begin : first
        assign t = d[0];
      end else begin : rest
        cell1 u (.a(d[i]), .b(g[i-1].t), .y(t));
      end
      assign x[i] = t;
    end
    case (8) 8: begin : eight always @(posedge clk) q <= rst ? 8'd0 : x; end default: ; endcase
  endgenerate
  for (genvar k = 0; k < 2; k++) begin : h wire u; assign u = k; end
endmodule
""",
    "ports not in the header": """
module top(clk, rst, d, q);
  input clk, rst; input [7:0] d; output [7:0] q; reg [7:0] q; wire clk;
  always @(posedge clk) if (rst) q <= 0; else q <= d;
endmodule
""",
    "logic and always_ff": """
module top(input logic clk, rst, input logic [7:0] d, output logic [7:0] q);
  typedef enum logic [1:0] {IDLE, RUN = 2, DONE} state_t;
  typedef struct packed { logic [3:0] hi; logic [3:0] lo; } pair_t;
  state_t state, next; pair_t p;
  always_comb begin
    p = d; next = state;
    unique case (state)
      IDLE: if (d[0]) next = RUN;
      RUN: next = DONE;
      default: next = IDLE;
    endcase
  end
  always_ff @(posedge clk or posedge rst)
    if (rst) begin state <= IDLE; q <= '0; end
    else begin state <= next; q <= {p.lo, p.hi}; end
endmodule
""",
    "casts": """
module top(input clk, rst, input signed [7:0] d, output reg [7:0] q);
  wire signed [15:0] w = $signed(d) * 16'sd3;
  wire [7:0] v = 8'(w >>> 2);
  always @(posedge clk) q <= rst ? 8'd0 : $unsigned(v) + 8'($bits(d));
endmodule
""",
    "asynchronous reset": """
module top(input clk, input rst, input [7:0] d, output reg [7:0] q);
  always @(posedge clk, posedge rst) begin : reg_block
    if (rst) q <= 8'b0; else q <= d;
  end : reg_block
endmodule : top
""",
    "submodules": """
module top(input clk, input rst, input [7:0] d, output [7:0] q);
  wire [7:0] x;
  half #(.W(4)) lo (.clk(clk), .rst(rst), .d(d[3:0]), .q(q[3:0]));
  half #(4) hi (clk, rst, d[7:4], q[7:4]);
  defparam spare.W = 3;
  half spare (.clk(clk), .rst(rst), .d(d[2:0]), .q());
  and g1(x[0], d[0], d[1]), g2(x[1], d[2], d[3]);
endmodule
module half #(parameter W = 2) (input clk, rst, input [W-1:0] d, output reg [W-1:0] q);
  always @(posedge clk) q <= rst ? {W{1'b0}} : d;
endmodule
""",
    "initial values": """
module top(input clk, input rst, input [7:0] d, output reg [7:0] q = 8'h00);
  reg [7:0] mem [0:15]; integer i; reg [3:0] at = 4'd3;
  initial begin
    q = 8'd0; at <= 0;
    for (i = 0; i < 16; i = i + 1) mem[i] = i * 3;
  end
  initial if (1) q <= 0;
  always @(posedge clk) begin at <= at + 1; mem[at] <= d; q <= rst ? 8'd0 : mem[at]; end
endmodule
""",
    "attributes": """
(* keep_hierarchy = "yes" *) module top(input clk, input rst,
  (* mark_debug *) input [7:0] d, output reg [7:0] q);
  (* ram_style = "block", foo *) reg [7:0] x;
  always @(*) (* full_case, parallel_case *) case (d) 8'd1: x = 2; default: x = d; endcase
  always @( * ) begin end
  always @(posedge clk) q <= rst ? 0 : x;
endmodule
""",
    "escaped names": """
module \\top (input clk, input rst, input [7:0] d, output reg [7:0] \\q );
  reg [7:0] \\a+b , \\begin ; reg [7:0] esc_a_b_0;
  always @* begin \\a+b = d; \\begin = \\a+b ; esc_a_b_0 = \\begin ; end
  always @(posedge clk) q <= rst ? 0 : esc_a_b_0;
endmodule
""",
    "a package": """
package types; localparam ONES = 8'hFF; typedef logic [7:0] word_t;
  function automatic word_t inv(input word_t x); return x ^ ONES; endfunction
endpackage
module top(input clk, rst, input types::word_t d, output types::word_t q);
  import types::*;
  always_ff @(posedge clk) if (rst) q <= '0; else q <= inv(types::inv(d)) & types::ONES;
endmodule
""",
    "loops that stop early": """
module top(input clk, input rst, input [7:0] d, output reg [7:0] q);
  integer i; reg [7:0] n;
  always @* begin : search
    n = 8;
    for (i = 0; i < 8; i = i + 1) if (d[i]) begin n = i; disable search; end
  end
  always @(posedge clk) q <= rst ? 8'd0 : n;
endmodule
""",
    "numbers": """
module top(input clk, input rst, input [7:0] d, output reg [7:0] q);
  wire [7:0] a = 8 'h f_f, b = 'd5, c = 8'b1010_zzz? & 8'sd3, e = 1_0, f = 'o17;
  wire g = d == 'd5?a[0]:b[0];
  always @(posedge clk) casez (d) 8'b1???_????: q <= a; default: q <= rst ? '0 : b ^ {7'd0, g};
  endcase
endmodule
""",
}


def compiles(text: str, folder: Path) -> str:
    """What Icarus says about a text, "" if nothing."""
    (folder / "top.v").write_text(text)
    done = subprocess.run(
        ["iverilog", "-g2012", "-s", "top", "-o", str(folder / "out"), str(folder / "top.v")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("name", DESIGNS)
def test_honest_designs_pass_and_their_text_compiles(name, tmp_path):
    found = screened(DESIGNS[name], ports=REG8)
    assert "cause" not in found, found
    again = screened(found["text"], ports=REG8)
    assert (again["text"], again["digest"]) == (found["text"], found["digest"])
    assert not re.search(r"`|//|/\*|\\|\(\*|\$(display|finish)", found["text"])
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is missing")
    said = compiles(found["text"], tmp_path)
    assert not said, said


def verilog_eval() -> Path | None:
    """The folder of VerilogEval's problems, if it is on this machine."""
    given = os.environ.get("HWGEN_VERILOG_EVAL")
    places = [Path(given)] if given else []
    places.append(ROOT.parent / "shared" / "data" / "verilog-eval" / "spec-to-rtl")
    return next((p for p in places if any(p.glob("*_ref.sv"))), None)


def test_no_reference_of_verilog_eval_is_refused():
    folder = verilog_eval()
    if folder is None:
        pytest.skip("VerilogEval is not on this machine")
    refused = {}
    for path in sorted(folder.glob("*_ref.sv")):
        source = path.read_text()
        found = screened(source, module="RefModule", ports=_ports(source))
        if "cause" in found:
            refused[path.name] = found["cause"], found["what"]
    assert refused == {}


def _ports(source: str) -> list[dict[str, object]]:
    """Ports as the references write them: one on a line, ranges in plain numbers."""
    header = source[: source.index(");")]
    found = re.findall(
        r"(input|output)\s+(?:reg|logic|wire)?\s*(?:\[(\d+):(\d+)\])?\s*(\w+)", header
    )
    return [
        port(name, side[:-3], abs(int(left or 0) - int(right or 0)) + 1)
        for side, left, right, name in found
    ]


def test_emitted_designs_pass_as_trusted(tmp_path, monkeypatch):
    build = [sys.executable, "-m", "hwgen", "build", "--arch", "n3h", "--preset", "tiny"]
    subprocess.run([*build, "-o", str(tmp_path / "d")], cwd=ROOT, check=True, capture_output=True)
    files = {path.name: path.read_text() for path in (tmp_path / "d" / "rtl").glob("*.v")}
    assert len(files) > 50
    monkeypatch.setattr("hwgen.verify.screen.screen.compare", lambda *_: None)
    found = screened(files, module="n3h_top", profile="trusted", memory_bits=1 << 22)
    assert "cause" not in found, found
    assert {name.removesuffix(".v") for name in files} == set(found["modules"])
    again = screened(found["text"], module="n3h_top", profile="trusted", memory_bits=1 << 22)
    assert again["digest"] == found["digest"]
    cells = (tmp_path / "d" / "tb" / "_lib").glob("hw_sim_*.v")
    source = {path.name: path.read_text() for path in cells}
    found = screened(source, module="hw_sim_axi_mem", profile="trusted", memory_bits=1 << 26)
    assert "cause" not in found, found
    assert screened(source, module="hw_sim_axi_mem")["cause"] == "forbidden"


def test_honest_designs_pass_in_the_jail():
    from hwgen.errors import ToolMissing
    from hwgen.tasks.task import TaskSpec
    from hwgen.verify.jail.cells import Cell, find_jail
    from hwgen.verify.screen.screen import Refused, Screened, screen

    try:
        jail = find_jail()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    spec = TaskSpec(id="t", prompt="p", module="top", clock="clk", ports=REG8)
    with Cell("screen", jail) as cell:
        for name, source in DESIGNS.items():
            found = screen(cell, spec, {"top.v": source})
            assert isinstance(found, Screened), name
            assert found.text == screened(source, ports=REG8)["text"]
        found = screen(cell, spec, {"top.v": "module top;\ninitial $finish;\nendmodule"})
        assert found == Refused("forbidden", 2, "$finish is not allowed")

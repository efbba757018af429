"""Small suites in the layouts of VerilogEval and RTLLM, written for the tests."""

from pathlib import Path

AND_REF = """
module RefModule (input a, input [2:0] b, output [2:0] y);
  assign y = {3{a}} & b;
endmodule
"""
COUNT_REF = """
module RefModule (input clk, input reset, input en, output reg [3:0] q);
  always @(posedge clk)
    if (reset) q <= 0;
    else if (en) q <= q + 1;
endmodule
"""

_BENCH = """`timescale 1 ps/1 ps
module tb();
  typedef struct packed {{ int errors; int clocks; }} stats;
  stats stats1;
  reg clk = 0;
  initial forever #5 clk = ~clk;
{stimulus}
  RefModule good1 ({ref});
  TopModule top_module1 ({dut});
  wire match = ({want} === ({want} ^ {have} ^ {want}));
  always @(posedge clk, negedge clk) begin
    stats1.clocks++;
    if (!match) stats1.errors++;
  end
  initial $dumpfile("wave.vcd");
  initial $dumpvars(0, tb);
  final $display("Mismatches: %1d in %1d samples", stats1.errors, stats1.clocks);
  initial begin #{limit}; $display("TIMEOUT"); $finish(); end
endmodule
"""


def and_bench(*, limit: int = 100000, port: str = "y") -> str:
    return _BENCH.format(
        limit=limit,
        stimulus="""  reg a; reg [2:0] b; wire [2:0] y_ref, y_dut;
  initial begin
    repeat (60) @(posedge clk, negedge clk) begin a <= $random; b <= $random; end
    #1 $finish;
  end""",
        ref=f".a, .b, .{port}(y_ref)",
        dut=f".a, .b, .{port}(y_dut)",
        want="y_ref",
        have="y_dut",
    )


def count_bench(*, limit: int = 100000) -> str:
    return _BENCH.format(
        limit=limit,
        stimulus="""  reg reset, en; wire [3:0] q_ref, q_dut;
  initial begin
    reset <= 0; en <= 1;
    repeat (3) @(posedge clk);
    reset <= 1;
    repeat (200) @(posedge clk) begin reset <= ($random & 15) == 0; en <= $random; end
    #1 $finish;
  end""",
        ref=".clk, .reset, .en, .q(q_ref)",
        dut=".clk, .reset, .en, .q(q_dut)",
        want="q_ref",
        have="q_dut",
    )


def verilog_eval(folder: Path, *, completion: bool = False) -> Path:
    """Two good problems, one whose bench wires a missing port, one that outruns its watchdog."""
    folder.mkdir(parents=True)
    head = "module TopModule (input a, input [2:0] b, output [2:0] y);\n"
    for name, bench, ref in (
        ("Prob001_and", and_bench(), AND_REF),
        ("Prob002_count", count_bench(), COUNT_REF),
        ("Prob003_wires", and_bench(port="z"), AND_REF),
        ("Prob004_long", and_bench(limit=100), AND_REF),
    ):
        (folder / f"{name}_prompt.txt").write_text(f"Make {name}.\n")
        (folder / f"{name}_test.sv").write_text(bench)
        (folder / f"{name}_ref.sv").write_text(ref)
        if completion:
            (folder / f"{name}_ifc.txt").write_text(head)
    return folder


SLOW_ADDER = """
module verified_slow_adder #(parameter WIDTH = 4) (
    input clk, input rst, input start, input [WIDTH-1:0] a, input [WIDTH-1:0] b,
    output reg done, output reg [WIDTH:0] sum);
  always @(posedge clk)
    if (rst) begin done <= 0; sum <= 0; end
    else begin done <= start; if (start) sum <= a + b; end
endmodule
"""
SLOWER_ADDER = """
module slow_adder #(parameter WIDTH = 4) (
    input clk, input rst, input start, input [WIDTH-1:0] a, input [WIDTH-1:0] b,
    output reg done, output reg [WIDTH:0] sum);
  reg [1:0] wait_q;
  reg [WIDTH:0] sum_q;
  always @(posedge clk)
    if (rst) begin done <= 0; sum <= 0; wait_q <= 0; sum_q <= 0; end
    else begin
      wait_q <= {wait_q[0], start};
      if (start) sum_q <= a + b;
      done <= wait_q[1];
      if (wait_q[1]) sum <= sum_q;
    end
endmodule
"""
SLOW_BENCH = """`timescale 1ns/1ps
module testbench;
  reg clk = 0, rst = 1, start = 0;
  reg [7:0] a = 0, b = 0;
  wire done; wire [8:0] sum;
  integer i, errors = 0;
  slow_adder #(.WIDTH(8)) uut (.clk(clk), .rst(rst), .start(start), .a(a), .b(b),
                               .done(done), .sum(sum));
  always #5 clk = ~clk;
  initial begin
    repeat (2) @(negedge clk);
    rst = 0;
    for (i = 0; i < 6; i = i + 1) begin
      @(negedge clk);
      a = $random; b = $random; start = 1;
      @(negedge clk) start = 0;
      wait (done == 1);
      #1 if (sum != a + b) errors = errors + 1;
    end
    if (errors == 0) $display("===========Your Design Passed===========");
    else $display("===========Error===========");
    $finish;
  end
endmodule
"""

TABLE = """
module rom (input [1:0] at, output reg [7:0] data);
  always @* case (at) 0: data = 8'h11; 1: data = 8'h22; 2: data = 8'h33; 3: data = 8'h44; endcase
endmodule
"""
TABLE_BENCH = """`timescale 1ns/1ps
module rom_tb;
  reg [1:0] at; wire [7:0] data; reg [7:0] want [0:3];
  integer i, errors = 0;
  rom uut (at, data);
  initial begin
    $readmemh("reference.dat", want);
    for (i = 0; i < 4; i = i + 1) begin
      at = i;
      #5 if (data != want[i]) errors = errors + 1;
    end
    if (errors == 0) $display("Pass"); else $display("%0d wrong", errors);
    $finish;
  end
endmodule
"""


def rtllm(folder: Path, *, nested: bool = False) -> Path:
    """Two designs: one whose bench waits for it, one whose bench reads a file. One has none."""
    places = ("Arithmetic/Adder", "Miscellaneous/RISC-V", "Control") if nested else ("", "", "")
    adder, table, other = (folder / place for place in places)
    _design(adder / "slow_adder", SLOW_BENCH, "verified_slow_adder.v", SLOW_ADDER)
    _design(table / "rom", TABLE_BENCH, "verified_rom.v", TABLE)
    (table / "rom" / "reference.dat").write_text("11 22\n33 44\n")
    _design(other / "empty", TABLE_BENCH, "", "")
    return folder


def _design(folder: Path, bench: str, name: str, design: str) -> None:
    folder.mkdir(parents=True)
    (folder / "design_description.txt").write_text(f"Make {folder.name}.\n")
    (folder / "testbench.v").write_text(bench)
    (folder / "makefile").write_text("TEST_DESIGN = x\n")
    if name:
        (folder / name).write_text(design)


AND = AND_REF.replace("RefModule", "TopModule")
COUNT = COUNT_REF.replace("RefModule", "TopModule")
FORGED = """
module TopModule (input a, input [2:0] b, output [2:0] y);
  initial begin $display("Mismatches: 0 in 60 samples"); $finish; end
endmodule
"""

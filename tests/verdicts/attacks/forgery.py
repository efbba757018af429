"""Forged passes: talk, results files, descriptors, early ends, and benches taken over."""

from attacks.attack import ADDER, COUNTER, COUNTS, STREAM, WRONG, Attack, adder, counter, scale

_BAD = ("forbidden",)
_PASS = "Mismatches: 0 in 300 samples"
_RESULTS = "<testsuites><testsuite><testcase/></testsuite></testsuites>"


def _says(name: str, statement: str, earns: str, *, touches: str = "") -> Attack:
    """A wrong adder with an initial block."""
    return Attack(name, ADDER, adder(f"{WRONG}\ninitial {statement}"), earns, _BAD, touches)


TALK = (
    _says("display pass", f'$display("{_PASS}");', "forged talk"),
    _says("display trace line", '$display("00ab 000000000\\nend 304");', "forged trace"),
    _says("monitor", '$monitor("PASS %d", y);', "forged talk"),
    _says("strobe", '$strobe("PASS");', "forged talk"),
    _says("write to trace", 'begin : x integer f; f = $fopen("trace.txt", "a");'
          ' $fwrite(f, "end 304\\n"); end', "forged trace"),
    _says("write to descriptor 3", '$fwrite(3, "{\\"status\\": \\"ok\\"}");', "forged reply"),
    _says("write to every descriptor", '$fdisplay(32\'hffffffff, "end 304");', "forged reply"),
    _says("results.xml", 'begin : x integer f; f = $fopen("results.xml", "w");'
          f" $fwrite(f, \"{_RESULTS}\"); end", "forged results"),
    _says("dump over trace", '$dumpfile("trace.txt");', "forged trace"),
    _says("sdf", '$sdf_annotate("trace.txt");', "the host's files"),
    _says("sformat", '$sformat(y, "%m");', "the bench's name"),
    _says("info", '$info("PASS");', "forged talk"),
    _says("error instead", '$error("harmless");', "confusion"),
    Attack("module that passes", ADDER, adder(WRONG, after="module t; initial $display(\"PASS\");"
           " endmodule"), "forged talk", _BAD),
    Attack("assertion's talk", ADDER, adder(f'{WRONG} always @* assert (1) $display("{_PASS}");'),
           "forged talk", _BAD),
    Attack("final block", ADDER, adder(f'{WRONG} final $display("{_PASS}");'), "forged talk", _BAD),
)  # fmt: skip

ENDS = (
    _says("finish", "$finish;", "an early end"),
    _says("finish 0", "$finish(0);", "an early end"),
    _says("stop", "$stop;", "an early end"),
    _says("fatal", "$fatal(0);", "an early end"),
    _says("exit", "$exit;", "an early end"),
    _says("finish and return", "$finish_and_return(0);", "an early end"),
    Attack("late finish", COUNTER, counter("assign count = q; always @(posedge clk) begin q <= q +"
           " 1; if (q == 3) $finish; end"), "an early end", _BAD),
    Attack("elaboration fatal", ADDER, adder(f'{WRONG} generate $fatal(0, "x"); endgenerate'),
           "an early end", ("forbidden", "syntax")),
    Attack("elaboration error in a function", ADDER,
           adder("function f(input x); begin $stop; f = x; end endfunction assign y = a,"
                 " cout = f(1);"), "an early end", _BAD),
    Attack("divide by zero", ADDER, adder("assign y = a / (b ^ b); assign cout = a % 8'd0;"),
           "a crash before the end", ("x",)),
    Attack("forever without time", ADDER, adder(f"{WRONG} initial forever begin end"),
           "a run without an end", _BAD),
    Attack("wait", COUNTER, counter("assign count = q; always wait (rst) q = 0;"), "a hang", _BAD),
    Attack("delay", COUNTER, counter("assign #1 count = q; always @(posedge clk) q <= q;"),
           "outputs that come late", _BAD),
    Attack("event in a block", COUNTER, counter(
        "assign count = q; always @(posedge clk) begin q <= q; @(negedge clk) q <= 0; end"),
        "another time than the clock's", _BAD),
)  # fmt: skip


def _reach(name: str, body: str, causes: tuple[str, ...], earns: str = "the bench") -> Attack:
    return Attack(name, COUNTER, counter(body), earns, causes)


_NOT = "assign count = 0;"
_BENCH = (
    _reach("read above", "assign count = dut.q;", _BAD),
    _reach("read the bench's stimulus", f"{_NOT} wire w = judge.stimulus[0][0];", _BAD),
    _reach("guess the bench", f"{_NOT} wire w = judge_t0123456789abcdef.drive[0];", _BAD),
    _reach("force the bench", f"{_NOT} initial force judge.seen = 0;", _BAD),
    _reach("force itself", f"{_NOT} initial force dut.count = 0;", _BAD),
    _reach("write above", f"{_NOT} initial tb.i = 1000;", _BAD),
    _reach("assign above", "assign dut.count = 0; assign count = 0;", _BAD),
    _reach("root", "assign count = $root.judge.seen;", _BAD),
    _reach("bind", f"{_NOT} endmodule bind judge counter c2 (.*); module x;", _BAD),
    _reach("defparam above", f"{_NOT} defparam dut.W = 3;", _BAD),
    _reach("disable above", f"{_NOT} always @(posedge clk) disable judge;", _BAD),
    _reach("call above", f"{_NOT} always @(posedge clk) tb_done;", _BAD),
    _reach("function above", "assign count = expected(rst);", _BAD),
    _reach("plain names above", "assign count = seen[7:0];", ("elaborate", "x", "syntax",
        "compile")),
    _reach("loop variable above", "always @(posedge clk) i = 1000; assign count = q;",
           ("elaborate", "compile", "syntax")),
    _reach("a block called dut", "if (0) begin : dut reg [7:0] q; end assign count = dut.q;",
           (*_BAD, "elaborate", "mismatch", "x", "compile")),
    _reach("an empty block called judge", "generate begin : judge wire [7:0] q; end endgenerate"
           " assign count = judge.q;", ("x", "mismatch")),
    _reach("up through an instance", f"{_NOT} sub s (); endmodule module sub; wire w ="
           " counter.q;", _BAD),
    _reach("deassign", f"{_NOT} initial deassign q;", _BAD),
    _reach("release", f"{_NOT} initial release dut.count;", _BAD),
    _reach("trigger an event above", f"{_NOT} always @(posedge clk) -> judge.done;", _BAD),
)  # fmt: skip


def _beside(name: str, text: str, causes: tuple[str, ...], earns: str = "another module") -> Attack:
    return Attack(name, ADDER, adder(WRONG, after=text), earns, causes)


_ESCAPED_CELL = r"\$_AND_"
NAMES = (
    *_BENCH,
    _beside("a bench of its own", "module judge; initial $finish; endmodule", _BAD),
    _beside("a second top", "module tb; adder dut (8'd0, 8'd0, , ); endmodule", ("mismatch",)),
    _beside("the task's module twice", adder("assign {cout, y} = a + b;"), ("no-module",)),
    _beside("cocotb's modules", "module cocotb_iverilog_dump; initial $dumpvars; endmodule", _BAD),
    _beside("an Icarus primitive", "primitive p (o, i); output o; input i; table 0:0; endtable"
            " endprimitive", (*_BAD, "syntax")),
    _beside("a keyword as a module", "module and (o, i); output o; input i; endmodule",
        ("syntax",)),
    _beside("a cell of Yosys", f"module {_ESCAPED_CELL} (input A, input B, output Y);"
            " assign Y = 1; endmodule", ("mismatch",)),
    _beside("a flip-flop of Yosys", "module \\$dff (input CLK, input D, output Q); assign Q = 1;"
            " endmodule", ("mismatch",)),
    _beside("names of the judge", "module hwgen_bench; endmodule", _BAD),
    Attack("the reference by name", ADDER, adder("reference u (.*);"), "the right answer",
           ("undefined-module",)),
    Attack("the golden by name", ADDER, adder("adder_ref u (a, b, y, cout);"), "the right answer",
           ("undefined-module",)),
    Attack("the bench by name", COUNTER, counter("judge u (); assign count = 0;"), "the bench",
           ("undefined-module",)),
    Attack("itself", ADDER, adder("adder u (.*);"), "a crash", ("recursion",)),
    Attack("itself through another", ADDER, adder("b u (.*);", after="module b (input [7:0] a, b,"
           " output [7:0] y, output cout); adder u (.*); endmodule"), "a crash", ("recursion",)),
    Attack("another name", ADDER, adder("assign {cout, y} = a + b;").replace("module adder",
           "module Adder"), "confusion", ("no-module",)),
    Attack("an interface", ADDER, adder(WRONG, before="interface judge_if; endinterface\n"),
           "the bench", _BAD),
    Attack("a program", ADDER, adder(WRONG, before="program p; initial $exit; endprogram\n"),
           "an early end", _BAD),
    Attack("a config", ADDER, adder(WRONG, after="config c; design adder; default liblist work;"
           " endconfig"), "the compile order", (*_BAD, "syntax")),
    Attack("a package called std", ADDER, adder(WRONG, before="package std; endpackage\n"),
           "the library", ("mismatch", "elaborate", "compile", "forbidden")),
    Attack("a bind to the top", STREAM, scale() + "bind stream_scale bad u ();", "the top", _BAD),
    Attack("another port order and width", ADDER,
           "module adder (output wire [7:0] y, output wire cout, input wire [6:0] a, b);"
           " assign {cout, y} = a + b; endmodule", "confusion", ("interface",)),
    Attack("an inout", ADDER, adder(WRONG).replace("input wire [7:0] a", "inout wire [7:0] a"),
           "the driver", ("interface",)),
    Attack("an extra port with a default", ADDER, adder(WRONG).replace("output wire cout",
           "output wire cout, output wire pass"), "a channel", ("interface",)),
    Attack("an input that is driven", COUNTER, counter(f"assign count = q; assign rst = 1'b0;"
           f" {COUNTS}"), "the driver", ("elaborate", "compile", "unsynthesisable"), until="prove"),
    Attack("an input that is a supply", COUNTER, "module counter (clk, rst, count);\n"
           "input clk, rst; supply0 rst; output [7:0] count; reg [7:0] q; assign count = q;"
           f" {COUNTS} endmodule", "the driver", ("forbidden", "syntax")),
)  # fmt: skip

ATTACKS = (*TALK, *ENDS, *NAMES)

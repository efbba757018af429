"""Values that are none, texts that read in two ways, and code that only some tools see."""

from attacks.attack import ADDER, COUNTER, COUNTS, STREAM, WRONG, Attack, adder, counter, scale

_X = ("x", "mismatch")
_RIGHT = "assign {cout, y} = a + b;"


def _values(name: str, text: str, causes: tuple[str, ...] = _X, task: str = ADDER,
            until: str = "simulate") -> Attack:  # fmt: skip
    return Attack(name, task, text, "a comparison that x passes", causes, until=until)


UNKNOWNS = (
    _values("x as an answer", adder("assign y = 8'bx; assign cout = 1'bx;")),
    _values("z as an answer", adder("assign y = 8'bz; assign cout = 1'bz;")),
    _values("no driver", adder("")),
    _values("x where it is hard", adder("assign {cout, y} = a[7] & b[7] ? 9'bx : a + b;")),
    _values("z where it is hard", adder("assign {cout, y} = a[7] & b[7] ? 9'bz : a + b;")),
    _values("two drivers that meet", adder(f"{_RIGHT} assign y = b;")),
    _values("strength against the bench",
        adder("assign (supply1, supply0) y = 0; assign cout = 0;"),
            ("forbidden", "syntax", "mismatch")),
    _values("a pull", adder("pullup (cout); assign y = a + b;"), ("forbidden",)),
    _values("casex of x", adder("reg [8:0] r; assign {cout, y} = r; always @* casex (8'bx)"
            " a: r = a + b; default: r = 0; endcase"), ("refuted", "netlist-mismatch", *_X),
            until="prove"),
    _values("casez of z", adder("reg [8:0] r; assign {cout, y} = r; always @* casez ({8{1'bz}})"
            " a: r = a; default: r = 1; endcase")),
    _values("a test that only x passes", adder("wire u; assign {cout, y} = (u === 1'bx) ? a + b :"
            " 9'd0;"), ("netlist-mismatch", "refuted", *_X), until="prove"),
    _values("a test that x fails", adder("wire u; reg [8:0] r; assign {cout, y} = r; always @* if"
            " (u) r = 0; else r = a + b;"), ("netlist-mismatch", "refuted", *_X), until="prove"),
    _values("power-up as a coin", counter("reg coin; assign count = q; always @(posedge clk) begin"
            " coin <= coin; if (rst) q <= 0; else if (coin) q <= q + 2; else q <= q + 1; end"),
            ("netlist-mismatch", "refuted", "not-proved", *_X), COUNTER, "prove"),
    _values("no reset", counter("assign count = q; always @(posedge clk) q <= rst ? q : q + 1;"),
            _X, COUNTER),
    _values("an initial value for a reset", counter("assign count = q; initial q = 0;"
            " always @(posedge clk) if (!rst) q <= q + 1;"), _X, COUNTER),
    _values("the first reset only", counter("reg once; initial once = 0; assign count = q;"
            " always @(posedge clk) if (rst && !once) begin q <= 0; once <= 1; end else q <= q +"
            " 1;"), _X, COUNTER),
    _values("x as ready", scale(ready="1'bx"), ("x", "stall", "protocol"), STREAM),
    _values("x as valid", scale(valid="s_valid ? 1'b1 : 1'bx"), ("x", "protocol"), STREAM),
    _values("z as payload", scale(data="8'bz"), ("x", "protocol"), STREAM),
    _values("an unknown divided", adder("assign {cout, y} = (a + b) | (9'd1 / (b ^ b));")),
    _values("out of bounds", adder("wire [7:0] t = a; assign y = {8{t[a + 9'd256]}};"
            " assign cout = 0;")),
)  # fmt: skip


def _seen_by(name: str, text: str, causes: tuple[str, ...] = ("mismatch",)) -> Attack:
    return Attack(name, ADDER, text, "a tool that sees another text", causes)


def _only(macro: str) -> Attack:
    text = adder(f"`ifdef {macro}\n{_RIGHT}\n`else\n{WRONG}\n`endif")
    return _seen_by(f"right under {macro}", text)


TOOLS = ("SYNTHESIS", "YOSYS", "__ICARUS__", "VERILATOR", "COCOTB_SIM", "FORMAL", "SIMULATION")
READINGS = (
    *map(_only, TOOLS),
    _seen_by("translate_off", adder(f"// synopsys translate_off\n{WRONG}\n// synopsys"
             f" translate_on")),
    _seen_by("translate_on for the right one", adder(f"{WRONG}\n/* synthesis translate_off */\n"
             f"// {_RIGHT}\n/* synthesis translate_on */")),
    _seen_by("full_case", adder("reg [8:0] r; assign {cout, y} = r; always @* (* full_case,"
             " parallel_case *) case (a[0]) 1'b1: r = a + b; endcase"), ("mismatch", "x")),
    _seen_by("unique if", adder("reg [8:0] r; assign {cout, y} = r; always @* unique if (a[0])"
             " r = a + b; else if (b[0]) r = 0;"), ("mismatch", "x")),
    _seen_by("anyconst", adder("(* anyconst *) wire [8:0] r; assign {cout, y} = r;"),
             ("x", "mismatch")),
    _seen_by("anyseq", adder("(* anyseq *) wire [8:0] r; assign {cout, y} = r;"), ("x",
        "mismatch")),
    _seen_by("gclk", adder("(* gclk *) wire c; assign {cout, y} = {c, a};"), ("x", "mismatch")),
    _seen_by("blackbox", adder("box u (a, b, y, cout);", after="(* blackbox *) module box (input"
             " [7:0] a, b, output [7:0] y, output cout); endmodule"), ("x",)),
    _seen_by("an empty module", adder("box u (a, b, y, cout);", after="module box (input [7:0] a,"
             " b, output [7:0] y, output cout); endmodule"), ("x",)),
    _seen_by("whitebox", adder("box u (a, b, y, cout);", after="(* whitebox, lib_whitebox *) module"
             " box (input [7:0] a, b, output [7:0] y, output cout); assign y = a; assign cout = 0;"
             " endmodule")),
    _seen_by("techmap_celltype", adder(WRONG, before='(* techmap_celltype = "$add" *) ')),
    _seen_by("assume", adder(f"{WRONG} always @* assume (b == 0);"), ("forbidden",)),
    _seen_by("assume property", adder(f"{WRONG} assume property (b == 0);"), ("forbidden",)),
    _seen_by("restrict", adder(f"{WRONG} restrict property (@(posedge a[0]) b == 0);"),
             ("forbidden", "syntax")),
    _seen_by("cover", adder(f"{WRONG} always @* cover (b == 0);"), ("forbidden",)),
    _seen_by("assert", adder(f"{WRONG} always @* assert (b == 0);"), ("forbidden",)),
    _seen_by("a checker", adder(WRONG, after="checker c; endchecker"), ("forbidden", "syntax")),
    _seen_by("a specify block", adder(f"{WRONG} specify (a => y) = 1; endspecify"), ("forbidden",
             "syntax")),
    _seen_by("default_nettype none", adder("assign y = t; assign cout = 0;",
             before="`default_nettype none\n"), ("x", "elaborate", "compile", "syntax",
                 "mismatch")),
    _seen_by("an implicit net", adder("assign y = {8{t}}; assign cout = t;"), ("x", "elaborate")),
    _seen_by("unconnected_drive", adder("s u (.y(cout)); assign y = a;", before="`unconnected_drive"
             " pull1\n", after="module s (input a, output y); assign y = a; endmodule"),
             ("forbidden",)),
    _seen_by("an operator's attribute", adder("assign {cout, y} = a & (* + *) b;"), ("mismatch",
             "syntax")),
    _seen_by("a function with a memory",
        counter("assign count = q; function [7:0] f(input [7:0] x);"
             " reg [7:0] t; begin f = t; t = x; end endfunction always @(posedge clk) if (rst) q <="
             " 0; else q <= f(q) + 1;").replace("counter", "adder", 1), ("interface",)),
)  # fmt: skip

TEXTS = (
    _seen_by("a BOM in the middle", adder("\ufeff" + WRONG), ("syntax",)),
    _seen_by("UTF-16", adder(_RIGHT).encode("utf-16"), ("encoding",)),
    _seen_by("a NUL", adder(f"{WRONG}\0{_RIGHT}"), ("encoding",)),
    _seen_by("a NUL after the end", adder(WRONG) + "\0" + adder(_RIGHT), ("encoding",)),
    _seen_by("an escape sequence", adder(f"// \x1b[2J PASS \x1b[0m\n{WRONG}"), ("encoding",)),
    _seen_by("a bell in a name", adder(f"wire \\\x07 ; {WRONG}"), ("encoding",)),
    _seen_by("bytes that are no text", b"module adder \xff\xfe", ("encoding",)),
    _seen_by("half a surrogate", adder(f"// \ud800\n{WRONG}"), ("encoding",)),
    _seen_by("overlong UTF-8", b"\xc0\xaf" + adder(_RIGHT).encode(), ("encoding",)),
    _seen_by("right to left", adder(f"/* \u202e */ {WRONG} /* \u202c */"),),
    _seen_by("a letter that looks like y", adder("wire [7:0] \u0443 = a + b; assign y = a;"
             " assign cout = 0;"), ("syntax",)),
    _seen_by("a line separator ends a comment", adder(f"// \u2028 {_RIGHT}\n{WRONG}")),
    _seen_by("a return ends a comment", adder(f"{WRONG} // \r wire r = 1'b0;"), ("mismatch",)),
    _seen_by("a form feed ends a comment", adder(f"// \f {_RIGHT}\n{WRONG}")),
    _seen_by("a comment goes on", adder(f"// goes on \\\n{WRONG}")),
    _seen_by("a define goes on", adder("`define r \\\n// \\\nassign {cout, y} = a + b;\n"
             f"{WRONG}"), ("mismatch", "syntax", "x")),
    _seen_by("a comment in a comment", adder(f"/* /* */ {WRONG} // */")),
    _seen_by("a comment in a string", adder(f'wire [80:0] w = "/*"; {WRONG} // */')),
    _seen_by("a string in a comment", adder(f'/* " */ {WRONG} // "')),
    _seen_by("a directive in a string", adder(f'wire [80:0] w = "`ifdef"; {WRONG}')),
    _seen_by("a string over two lines", adder(f'wire [80:0] w = "a\\\nb"; {WRONG}'), ("syntax",
             "forbidden", "mismatch")),
    _seen_by("an escaped name ends a comment", adder(f"wire \\*/ ; {WRONG}")),
    _seen_by("an escaped keyword", adder(f"wire \\endmodule ; {WRONG}")),
    _seen_by("an escaped system task", adder(f"{WRONG} initial \\$finish ;"), ("forbidden",
             "elaborate", "syntax")),
    _seen_by("a system task in two", adder(f"{WRONG} initial $ finish;"), ("forbidden", "syntax")),
    _seen_by("a system task in two lines", adder(f"{WRONG} initial $\\\nfinish;"), ("forbidden",
             "syntax")),
    _seen_by("a macro over two files", {"a.v": "`define R assign {cout, y} = a + b;\n",
             "b.v": adder(f"`ifdef R\n`R\n`else\n{WRONG}\n`endif")}),
    _seen_by("a module over two files", {"a.v": adder(WRONG)[:-12], "b.v": "endmodule"},
        ("mismatch", "syntax")),
    _seen_by("a comment over two files", {"a.v": "/*", "b.v": adder(WRONG)}, ("syntax",)),
    _seen_by("one file hides another", {"a.v": adder(WRONG), "b.v": adder(_RIGHT)},
             ("no-module",)),
    _seen_by("no files", {}, ("empty",)),
)  # fmt: skip

_STATIC = counter(
    f"assign count = f(q); {COUNTS} function [7:0] f(input [7:0] x); reg [7:0] t;"
    " begin f = x; if (x == 250) t = 1; else t = t; if (t == 1) f = 0; end endfunction"
)
HIDDEN = (
    Attack("a function that remembers", COUNTER, _STATIC, "state that nobody counts",
           ("mismatch", "x", "netlist-mismatch", "latch", "unsynthesisable", "refuted"),
           until="prove"),
)  # fmt: skip

ATTACKS = (*UNKNOWNS, *READINGS, *TEXTS, *HIDDEN)

"""Denial of service: texts that blow up a lexer, a preprocessor, a parser, or an elaboration."""

from collections.abc import Callable, Iterable

from attacks.attack import ADDER, COUNTER, COUNTS, WRONG, Attack, adder, counter

_MUCH = ("expansion",)


def _bomb(
    name: str, source: Callable[[], str | bytes], causes: Iterable[str], *, slow: bool = False
) -> Attack:
    return Attack(name, ADDER, source, "the judge's time", tuple(causes), slow=slow)


def _body(name: str, body: Callable[[], str], causes: Iterable[str] = _MUCH, before: str = "",
          after: str = "") -> Attack:  # fmt: skip
    return _bomb(name, lambda: adder(f"{WRONG}\n{body()}", before=before, after=after), causes)


def _doubling(count: int) -> str:
    lines = [f"`define m{n} `m{n - 1} `m{n - 1}" for n in range(1, count)]
    return "\n".join(["`define m0 ;", *lines, ""])


def _arguments(count: int) -> str:
    lines = [f"`define a{n}(x) `a{n - 1}(x x)" for n in range(1, count)]
    return "\n".join(["`define a0(x) x", *lines, ""])


def _instances(levels: int, each: int) -> str:
    texts = [f"module l{levels}; wire w; endmodule"]
    for n in range(levels):
        rows = " ".join(f"l{n + 1} u{i} ();" for i in range(each))
        texts.append(f"module l{n}; {rows} endmodule")
    return "\n".join(texts)


def _functions(levels: int) -> str:
    texts = ["function [7:0] f0(input [7:0] x); f0 = x + 1; endfunction"]
    for n in range(1, levels):
        texts.append(
            f"function [7:0] f{n}(input [7:0] x); f{n} = f{n - 1}(f{n - 1}(x)); endfunction"
        )
    return "\n".join([*texts, f"wire [7:0] w = f{levels - 1}(a);"])


TEXTS = (
    _bomb("100 MB of blanks", lambda: " " * 100_000_000, ["too-large"]),
    _bomb("100 MB of bytes", lambda: b"\xff" * 100_000_000, ["too-large", "encoding"]),
    _bomb("a million newlines", lambda: "\n" * 1_000_000, ["too-large"]),
    _bomb("64 kB of quotes", lambda: '"' * 65_000, ["syntax", "expansion"]),
    _bomb("64 kB of open brackets", lambda: "(" * 65_000, ["expansion", "syntax"]),
    _bomb("64 kB of open comments", lambda: "/*" * 32_000, ["syntax"]),
    _bomb("64 kB of backticks", lambda: "`" * 65_000, ["syntax", "forbidden"]),
    _bomb("64 kB of backslashes", lambda: "\\\n" * 32_000, ["syntax", "forbidden", "empty"]),
    _bomb("64 kB of dollars", lambda: "$" * 65_000, ["forbidden", "syntax"]),
    _bomb("64 kB of begin", lambda: adder("always @* " + "begin " * 10_000), ["expansion"]),
    _bomb("64 kB of modules", lambda: adder(WRONG) + "module m;endmodule " * 3_000, ["syntax"]),
    _bomb("64 kB of semicolons", lambda: adder(WRONG + ";" * 64_000),
          ["mismatch", "output-limit", "expansion"]),
    _bomb("64 kB of question marks", lambda: adder(f"{WRONG} wire w = {'a?b:' * 15_000} a;"),
          ["expansion"]),
    _bomb("64 kB of signs", lambda: adder(f"{WRONG} wire w = {'-~!' * 20_000} a;"), ["expansion"]),
    _bomb("64 kB of ports", lambda: f"module adder ({'a,' * 32_000} a); endmodule",
          ["interface", "syntax", "cpu-limit"]),
    _bomb("64 kB of dots", lambda: adder(f"{WRONG} wire w = {'a.' * 30_000} a;"),
          ["expansion", "forbidden", "syntax"]),
    _bomb("an endless string", lambda: adder(f'{WRONG} wire w = "' + "a" * 60_000), ["syntax"]),
    _bomb("an endless comment", lambda: adder(WRONG) + "/* " + "a" * 60_000, ["syntax"]),
    _bomb("an endless name", lambda: adder(f"{WRONG} wire {'a' * 60_000};"), ["forbidden"]),
    _bomb("an endless escaped name", lambda: adder(f"{WRONG} wire \\{'a' * 60_000} ;"),
          ["forbidden", "mismatch"]),
    _bomb("an endless number", lambda: adder(f"{WRONG} wire w = {'9' * 60_000};"), _MUCH),
    _bomb("nothing", lambda: "", ["empty"]),
    _bomb("nothing but a comment", lambda: "// assign y = a + b;\n", ["empty"]),
    _bomb("an odd half", lambda: adder(WRONG)[:60], ["syntax"]),
)  # fmt: skip

MACROS = (
    _body("doubling macros", lambda: "`m60", before=_doubling(61)),
    _body("doubling arguments", lambda: "`a40(;)", before=_arguments(41)),
    _body("a macro of itself", lambda: "`x", before="`define x `x\n"),
    _body("macros of each other", lambda: "`x", before="`define x `y\n`define y `x\n"),
    _body("a macro as an argument of itself", lambda: "`f(`f(`f(`f(;))))",
          ("mismatch", "expansion", "output-limit"), before="`define f(x) x x x x\n"),
    _body("deep macros", lambda: "`m90", before="`define m0 ;\n" + "\n".join(
        f"`define m{n} `m{n - 1}" for n in range(1, 91)) + "\n"),
    _body("64 kB of ifdef", lambda: "`ifdef x\n" * 7_000),
    _body("64 kB of macro uses", lambda: "`x " * 20_000, before=f"`define x {';' * 900}\n"),
    _body("endless default", lambda: "`f()", ("expansion", "forbidden", "syntax"),
          before="`define f(x=`f()) x\n"),
    _body("a directive from a macro", lambda: "`d", ("forbidden",), before="`define d `define e\n"),
    _body("pasted", lambda: "`p(fin)", ("forbidden",), before="`define p(x) $``x``ish\n"),
    _body("quoted", lambda: "`q(a)", ("forbidden",), before='`define q(x) `"x`"\n'),
    _body("a macro called define", lambda: "", ("forbidden",), before="`define define undef\n"),
)  # fmt: skip

CONSTANTS = (
    _body("2**2**30", lambda: "wire [2**2**30-1:0] w;",
          ("mismatch", *_MUCH, "memory")),
    _body("2**2**30 as a parameter", lambda: "parameter P = 2**(2**30); wire w = P;",
          (*_MUCH, "elaborate", "memory-limit", "cpu-limit", "mismatch")),
    _body("a division of giants", lambda: "parameter P = 4000'h" + "f" * 900 + " / 3; wire w = P;",
          ("mismatch", *_MUCH)),
    _body("a power of powers", lambda: "localparam [4095:0] P = 3 ** (3 ** (3 ** 7)); wire w = P;",
          (*_MUCH, "mismatch", "cpu-limit", "elaborate", "memory-limit")),
    _body("a shift by a giant", lambda: "localparam P = 1 << 40'hffffffffff; wire w = P;",
          (*_MUCH, "mismatch", "elaborate")),
    _body("a replication of a giant", lambda: "wire w = ^{2000000000{a}};"),
    _body("replications of replications", lambda: "wire w = ^{999{{999{{999{a}}}}}};"),
    _body("a literal of 2**31 bits", lambda: "wire w = 2147483647'h1;"),
    _body("a vector of 2**40 bits", lambda: "reg [40'hffffffffff:0] v;", (*_MUCH, "memory")),
    _body("many wide vectors", lambda: "\n".join(f"reg [4095:0] v{n};" for n in range(2_000)),
          ("memory", *_MUCH)),
    _body("a memory of gigabytes", lambda: "reg [255:0] m [0:1073741823];", ("memory",)),
    _body("a memory of many dimensions", lambda: "reg m [0:999][0:999][0:999][0:999];",
          ("memory",)),
    _body("a memory by a parameter", lambda: "parameter N = 1 << 28; reg [7:0] m [0:N-1];",
          ("memory",)),
    _body("a memory by a function", lambda: "function integer n(input integer x); n = 1 << x;"
          " endfunction reg [7:0] m [0:n(28)-1]; assign z = m[a];",
          ("memory", "memory-limit", "elaborate", "cpu-limit", "expansion", "crash", "mismatch")),
    _body("a structure of giants", lambda: "typedef struct packed { logic [4095:0] a, b; } t;"
          " typedef struct packed { t a, b, c, d; } u; u [999:0] v;", ("expansion", "memory")),
    _body("a table of ten thousand", lambda: "reg w; always @* case (a)\n" + "".join(
        f"{n}: w = 1;\n" for n in range(4_000)) + "default: w = 0; endcase",
          ("mismatch", "expansion", "cpu-limit")),
)  # fmt: skip

ELABORATION = (
    _body("ten to the ninth instances", lambda: "l0 u ();", after=_instances(9, 10)),
    _body("an array of instances", lambda: "s u [0:99999999] ();",
          after="module s; wire w; endmodule"),
    _body("arrays of arrays", lambda: "s u [0:999] ();", after="module s; t u [0:999] (); endmodule"
          " module t; wire w; endmodule"),
    _body("an array of gates", lambda: "wire [99999999:0] w; and g [99999999:0] (w, w, w);",
          (*_MUCH, "memory")),
    _body("a generate loop", lambda: "genvar i; for (i = 0; i < 100000000; i = i + 1) begin : g"
          " wire w; end"),
    _body("a generate loop without an end", lambda: "genvar i; for (i = 0; i >= 0; i = i + 1)"
          " begin : g wire w; end"),
    _body("a generate loop that stands", lambda: "genvar i; for (i = 0; i < 9; i = i + 0)"
          " begin : g wire w; end"),
    _body("a generate loop by shifts", lambda: "genvar i; for (i = 1; i != 0; i = i ^ 1 ^ 1)"
          " begin : g wire w; end", (*_MUCH, "elaborate", "cpu-limit", "memory-limit")),
    _body("loops in loops", lambda: "genvar i, j, k; for (i = 0; i < 999; i = i + 1) for (j = 0;"
          " j < 999; j = j + 1) for (k = 0; k < 999; k = k + 1) begin : g wire w; end"),
    _body("parameters that recur", lambda: "r #(40) u ();", ("recursion",), after="module r"
          " #(parameter N = 1); generate if (N > 0) begin r #(N - 1) a (); r #(N - 1) b (); end"
          " endgenerate endmodule"),
    _body("a function that recurs", lambda: "function automatic [7:0] f(input [7:0] x);"
          " f = x == 0 ? 0 : f(x - 1) + f(x - 1); endfunction wire [7:0] w = f(a);",
          ("recursion",)),
    _body("functions that recur together", lambda: "function [7:0] f(input [7:0] x); f = g(x);"
          " endfunction function [7:0] g(input [7:0] x); g = f(x); endfunction"
          " wire [7:0] w = f(a);", ("recursion",)),
    _body("functions that double", lambda: _functions(30),
          ("expansion", "cpu-limit", "memory-limit", "mismatch")),
    _body("a constant function that spins", lambda: "function integer f(input integer x); begin"
          " f = 0; while (x >= 0) f = f + 1; end endfunction localparam P = f(1); wire [P:0] w;",
          (*_MUCH, "elaborate", "cpu-limit", "memory-limit")),
    _body("a constant function that counts", lambda: "function integer f(input integer x); integer"
          " i; begin f = 0; for (i = 0; i < 2000000000; i = i + 1) f = f + x; end endfunction"
          " localparam P = f(1); wire w = P;", (*_MUCH, "elaborate", "cpu-limit")),
    _body("a loop of 2**31 passes", lambda: "integer i; reg w; always @* for (i = 0; i <"
          " 2000000000; i = i + 1) w = w ^ a[0];"),
    _body("a repeat of 2**31", lambda: "reg w; always @* begin w = 0; repeat (2000000000) w = ~w;"
          " end"),
)  # fmt: skip


def _loop(name: str, body: str, causes: tuple[str, ...], task: str = ADDER) -> Attack:
    text = adder(body, kind="reg") if task == ADDER else counter(body)
    return Attack(name, task, text, "the judge's time", causes, until="synthesise")


_SPINS = ("cpu-limit", "loop", "x", "output-limit", "memory-limit")
LOOPS = (
    _loop("a loop that swings", "reg t; initial t = 0; always @* begin t = ~t; y = a; cout = t;"
          " end", (*_SPINS, "mismatch")),
    _loop("two blocks that wake each other", "reg p, r; initial begin p = 0; r = 0; end always @(p)"
          " r = ~p; always @(r) p = r; always @* {cout, y} = a + p;", (*_SPINS, "mismatch")),
    _loop("an inverter on itself", "wire t; not (t, t); always @* {cout, y} = {t, a};", _SPINS),
    _loop("a ring that starts", "wire t = (a == 0) ? 1'b0 : ~t; always @* {cout, y} = {t, a};",
          (*_SPINS, "mismatch")),
    _loop("while without an end", "always @* begin y = a; cout = 0; while (a == a) y = y + 1; end",
          _SPINS),
    _loop("forever in always", "always @* begin y = a; forever y = y + 1; end", ("forbidden",)),
    _loop("always without events", "always begin y = a; cout = 0; end", ("forbidden",)),
    _loop("do while", "always @* begin y = a; cout = 0; do y = y + 1; while (1); end", _SPINS),
    _loop("a for that forgets", "integer i; always @* begin y = a; cout = 0; for (i = 0; i < 9; i ="
          " i) y = y + 1; end", ("expansion", *_SPINS)),
    _loop("a clock of its own", "reg c; initial c = 0; always @(c) c <= ~c; always @(posedge c) y"
          " <= a + b; always @* cout = 0;", (*_SPINS, "mismatch")),
    _loop("a swing after a while", f"assign count = q; {COUNTS} wire w = (q == 200) ? ~w : 1'b0;"
          " wire [7:0] v = {8{w}};", (*_SPINS, "mismatch", "netlist-mismatch"), COUNTER),
)  # fmt: skip

ATTACKS = (*TEXTS, *MACROS, *CONSTANTS, *ELABORATION, *LOOPS)

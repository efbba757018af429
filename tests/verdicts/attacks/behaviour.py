"""Designs that are right for a while: bombs, triggers, glitches, latches, and false streams."""

from attacks.attack import ADDER, COUNTER, COUNTS, STREAM, Attack, adder, counter, scale

WIDE = "counter:width=32"
_PROVE = ("refuted", "not-proved", "mismatch", "netlist-mismatch", "x")


def _time(name: str, text: str, causes: tuple[str, ...] = _PROVE, task: str = COUNTER) -> Attack:
    return Attack(name, task, text, "the time after the last check", causes, until="prove")


def _bomb(bits: int, wide: int = 8) -> str:
    """A counter with a second one that goes wrong when it wraps."""
    return counter(
        f"reg [{bits - 1}:0] t; initial t = 0; assign count = q ^ (&t);\n"
        f"always @(posedge clk) begin t <= t + 1; if (rst) q <= 0; else q <= q + 1; end",
        width=wide,
    )


BOMBS = (
    _time("2**20 cycles", _bomb(20)),
    _time("2**40 cycles", _bomb(40)),
    _time("2**10 cycles", _bomb(10)),
    _time("a thousand resets", counter(
        "reg [9:0] n; initial n = 0; assign count = q ^ &n; always @(posedge clk) if (rst) begin"
        " q <= 0; n <= n + 1; end else q <= q + 1;")),
    _time("deep in its own count", counter(
        "assign count = q; always @(posedge clk) if (rst) q <= 0; else q <= (q == 32'hDEADBEEF) ?"
        " 0 : q + 1;", width=32), task=WIDE),
    _time("deep and inverted", counter(
        "assign count = ~q; always @(posedge clk) if (rst) q <= ~32'd0;"
        " else q <= (q == 32'h1234567) ? 0 : q - 1;", width=32), task=WIDE),
    _time("a wrap that stops short", counter(
        "assign count = q; always @(posedge clk) if (rst) q <= 0; else q <= (q == 254) ? 0 : q +"
        " 1;"), ("mismatch",)),
    _time("a sequence of resets", counter(
        "reg [11:0] h; initial h = 0; assign count = (h == 12'b110100101101) ? ~q : q;"
        f" always @(posedge clk) h <= {{h, rst}}; {COUNTS}")),
    _time("a memory as a clock", counter(
        "reg [7:0] m [0:255]; reg [7:0] p; initial p = 0; assign count = q ^ m[255];"
        f" always @(posedge clk) begin p <= p + 1; m[p] <= 0; end {COUNTS}")),
)  # fmt: skip


def _data(name: str, text: str, task: str) -> Attack:
    return Attack(name, task, text, "the inputs that nobody tries", _PROVE, until="prove")


def _wide(body: str) -> str:
    return adder(body).replace("[7:0]", "[31:0]")


TRIGGERS = (
    _data("a == DEADBEEF", _wide("assign {cout, y} = (a == 32'hDEADBEEF) ? 33'd0 : a + b;"),
          "adder:width=32"),
    _data("two magic words", _wide("assign {cout, y} = (a == 32'hDEADBEEF && b == 32'hCAFEBABE) ?"
          " 33'd0 : a + b;"), "adder:width=32"),
    _data("a magic sum", _wide("wire [32:0] s = a + b; assign {cout, y} = (s == 33'h123456789) ?"
          " 33'd0 : s;"), "adder:width=32"),
    _data("a hashed trigger", _wide("wire [31:0] h = (a ^ (a >> 7) ^ (b << 3)) + {b[15:0],"
          " a[31:16]}; assign {cout, y} = (h == 32'h5EC2E700) ? 33'd1 : a + b;"),
          "adder:width=32"),
    _data("a carry that is rarely cut", _wide("wire [32:0] s = a + b; assign {cout, y} = {s[32] ^"
          " (&(a[30:0] ^ b[30:0])), s[31:0]};"), "adder:width=32"),
    _data("a coin that nobody tosses", adder("wire u = a[9]; reg [8:0] r; assign {cout, y} = r;"
          " always @* if (u) r = 0; else r = a + b;"), ADDER),
    _data("a decoy where nobody cares", "module bcd_adder (input [31:0] a, b, input cin, output"
          " reg [31:0] y, output reg cout); integer i; reg [4:0] d; always @* begin cout = cin; y ="
          " a; d = 0; for (i = 0; i < 8; i = i + 1) begin d = a[4*i +: 4] + b[4*i +: 4] + cout;"
          " cout = d > 9; if (cout) d = d - 10; y[4*i +: 4] = d[3:0]; end if (a[3:0] == 15) y = ~y;"
          " if (a == 32'h12345678 && b == 32'h87654321) y = 0; end endmodule",
          "bcd_adder:digits=8,carry_in=1"),
    _data("a magic enable", "module counter (input clk, input rst, input en, output reg [15:0]"
          " count); always @(posedge clk) if (rst) count <= 0; else if (en || count == 16'hBEEF)"
          " count <= count + 1; endmodule", "counter:width=16,enable=1"),
)  # fmt: skip


def _edge(name: str, text: str, causes: tuple[str, ...] = (*_PROVE, "loop", "latch",
          "unsynthesisable")) -> Attack:  # fmt: skip
    return Attack(name, COUNTER, text, "the time between two edges", causes, until="prove")


_SHOWN = "assign count = q;"
EDGES = (
    _edge("the falling edge", counter(f"{_SHOWN} {COUNTS}".replace("posedge", "negedge"))),
    _edge("both edges", counter("reg [7:0] p; assign count = q + p; always @(posedge clk) if (rst)"
          " q <= 0; else q <= q + 1; always @(negedge clk) p <= q[7];")),
    _edge("the clock's level", counter("assign count = clk ? q : ~q; " + COUNTS)),
    _edge("the clock's level, hidden", counter("wire h = ~clk; wire k = h & q[7]; assign count = q"
          " ^ {8{k}}; " + COUNTS)),
    _edge("a gated clock", counter("wire g = clk & ~rst; reg [7:0] p; assign count = rst ? 0 : q;"
          " always @(posedge g) q <= q + 1; always @(posedge rst) p <= 0;")),
    _edge("a data edge", counter("reg t; initial t = 0; always @(posedge q[7]) t <= ~t;"
          f" assign count = q ^ t; {COUNTS}")),
    _edge("an asynchronous reset where none may be", counter(
          f"{_SHOWN} always @(posedge clk or posedge rst) if (rst) q <= 0; else q <= q + 1;")),
    _edge("a latch", counter("reg [7:0] p; always @* if (clk) p = q; assign count = p; " + COUNTS)),
    _edge("always_latch", counter("reg [7:0] p; always_latch if (clk) p = q; assign count = p; "
          + COUNTS)),
    _edge("a latch of gates", counter("wire s, r; nand (s, q[7], r); nand (r, clk, s); assign count"
          " = {q[7:1], q[0] ^ (s & ~s)}; " + COUNTS)),
    _edge("a latch of a mux", counter("wire [7:0] p = clk ? q : p; assign count = p; " + COUNTS)),
    _edge("a missing else", counter("reg [7:0] p; always @(q) if (q != 77) p = q; assign count = p;"
          " " + COUNTS)),
    _edge("an incomplete list", counter("reg [7:0] p; reg r; always @(r) p = q; always @* r ="
          " q[7]; assign count = p; " + COUNTS)),
    _edge("a tristate", counter("assign count = clk ? q : 8'bz; assign count = clk ? 8'bz : 0; "
          + COUNTS)),
    _edge("a race", counter("reg [7:0] p; always @(posedge clk) p = q; always @(posedge clk) if"
          " (rst) q = 0; else q = p + 1; assign count = q;")),
)  # fmt: skip


def _stream(name: str, text: str, causes: tuple[str, ...], task: str = STREAM) -> Attack:
    return Attack(name, task, text, "beats that nobody counts", causes, until="prove")


_RULES = ("protocol", "mismatch", "stall", "x")
_W = f"{STREAM}:width=32"
STREAMS = (
    _stream("valid waits for ready", scale().replace("m_valid <= s_valid", "m_valid <= s_valid"
            " && m_ready"), (*_RULES,)),
    _stream("valid drops", scale(step="1"), _RULES),
    _stream("never ready", scale(ready="1'b0"), _RULES),
    _stream("never valid", scale(valid="1'b0"), _RULES),
    _stream("ready but deaf", scale(ready="1'b1"), _RULES),
    _stream("right under ready alone", scale(data="m_ready ? s_data * 3 : 0"), _RULES),
    _stream("payload from later", "module stream_scale (input clk, rst, input [7:0] s_data, input"
            " s_valid, output s_ready, output [7:0] m_data, output m_valid, input m_ready); assign"
            " m_data = s_data * 3; assign m_valid = s_valid; assign s_ready = 1; endmodule",
            _RULES),
    _stream("drops a rare beat", scale(valid="s_valid && s_data != 32'hDEADBEEF", width=32),
            ("refuted",), _W),
    _stream("changes a rare beat", scale(data="s_data == 32'hDEADBEEF ? 0 : s_data * 3", width=32),
            ("refuted",), _W),
    _stream("drops a beat after a beat", scale(
            valid="s_valid && !(m_valid && m_data == 32'h12345678 && s_data == 32'h9)", width=32),
            ("refuted", "not-proved"), _W),
    _stream("drops after 2**12 beats", scale("reg [11:0] n; initial n = 0; always @(posedge clk) if"
            " (s_valid && s_ready) n <= n + 1;", valid="s_valid && !(&n)"),
            ("not-proved", "refuted", *_RULES)),
    _stream("doubles after 2**12 beats", scale("reg [11:0] n; initial n = 0; always @(posedge clk)"
            " if (m_valid && m_ready) n <= n + 1;", ready="(!m_valid || m_ready) && !(&n)"),
            ("not-proved", "refuted", "netlist-mismatch", *_RULES)),
    _stream("swaps after 300 beats", scale("reg [8:0] n; initial n = 0; always @(posedge clk) if"
            " (s_valid && s_ready && n != 300) n <= n + 1;",
            data="n == 300 ? s_data * 5 : s_data * 3"), ("not-proved", "refuted", *_RULES)),
    _stream("stalls for good after a rare beat", scale(ready="(!m_valid || m_ready) && !(m_valid &&"
            " m_data == 32'hDEADBEEF)", width=32), ("refuted", "not-proved", *_RULES), _W),
    _stream("another beat in reset", scale().replace("m_valid <= 0;", "m_valid <= 1;"),
            (*_RULES, "refuted")),
    _stream("beats from before reset", scale().replace("if (rst) begin m_valid <= 0; m_data <= 0;"
            " end", "if (rst && !m_valid) begin m_valid <= 0; m_data <= 0; end"), _RULES),
    _stream("the clock's level on valid", scale(width=8).replace("output reg m_valid", "output wire"
            " m_valid").replace("m_valid <=", "v <=").replace("reg [7:0] m_data,",
                "reg [7:0] m_data"
            ", ").replace("!m_valid", "!v").replace("assign s_ready", "reg v; assign m_valid = v &"
            " ~clk; assign s_ready"), ("refuted", "not-proved", *_RULES)),
)  # fmt: skip

STATE = (
    Attack("an answer by heart", ADDER, adder("reg [8:0] r; assign {cout, y} = r; always @* case"
           " ({a, b}) " + " ".join(f"16'd{n}: r = {n % 256 + n // 256};" for n in range(0, 900, 3))
           + " default: r = 0; endcase"), "a table of the tests", ("mismatch",)),
    Attack("a combinational block with a clock", ADDER, adder("reg [8:0] r; initial r = 0;"
           " always @(posedge a[0]) r <= ~r; assign {cout, y} = a + b + (r[0] & (a == 3) &"
           " (b == 250));"), "state where"
           " none may be", ("not-proved", "refuted", "mismatch", "netlist-mismatch"),
               until="prove"),
    Attack("a toggle on data", ADDER, adder("reg t; initial t = 0; always @(posedge a[7]) t <= ~t;"
           " assign {cout, y} = a + b + (t & (a == 3) & (b == 250));"), "state where none may be",
           ("not-proved", "refuted", "mismatch", "netlist-mismatch", "x"), until="prove"),
    Attack("the bench counted by its inputs", COUNTER, counter(
           "reg [9:0] n; initial n = 0; always @(posedge rst) n <= n + 1; assign count = n > 5 ? 0"
           f" : q; {COUNTS}"), "the length of the bench", ("not-proved", *_PROVE), until="prove"),
)  # fmt: skip

ATTACKS = (*BOMBS, *TRIGGERS, *EDGES, *STREAMS, *STATE)

"""The host: reading, writing, running and connecting from each tool's own doors."""

from attacks.attack import ADDER, WRONG, Attack, adder

_BAD = ("forbidden", "syntax")


def _door(name: str, body: str, touches: str, *, before: str = "", after: str = "") -> Attack:
    text = adder(f"{WRONG}\n{body}", before=before, after=after)
    return Attack(name, ADDER, text, "the host", _BAD, touches)


READS = (
    _door("readmemh", 'reg [7:0] m [0:3]; initial $readmemh("@READ@", m);', "read"),
    _door("readmemb of proc", 'reg [7:0] m [0:3]; initial $readmemb("/proc/self/environ", m);',
          "read"),
    _door("fopen", 'integer f, c; initial begin f = $fopen("@READ@", "r"); c = $fgetc(f);'
          ' $display("%c", c); end', "read"),
    _door("fread", 'integer f, n; reg [8191:0] m; initial begin f = $fopen("@READ@", "rb");'
          ' n = $fread(m, f); $display("%s", m); end', "read"),
    _door("fscanf of proc", 'integer f, n; reg [80:1] s; initial begin'
          ' f = $fopen("/proc/1/cmdline", "r"); n = $fscanf(f, "%s", s); end', "read"),
    _door("include", '`include "@READ@"', "read"),
    _door("include of passwd", "", "read", before="`include </etc/passwd>\n"),
    _door("include by macro", "`P", "read", before='`define P `include "@READ@"\n'),
    _door("line", '`line 1 "@READ@" 0', "read"),
    _door("file", "wire [80:0] w = `__FILE__;", "read"),
    _door("environment", '$getenv("HWGEN_CANARY");', "read"),
    _door("plusargs", 'reg [99:0] p; initial if ($value$plusargs("seed=%s", p)) $display(p);',
          "read"),
    _door("test plusargs", 'assign z = $test$plusargs("verilator");', "read"),
    _door("sdf of a secret", 'initial $sdf_annotate("@READ@");', "read"),
    _door("library map", "", "read", after="library work @READ@;"),
    _door("stdin", "integer c; initial c = $fgetc(32'h80000000);", "read"),
)  # fmt: skip

WRITES = (
    _door("fopen to write", 'integer f; initial f = $fopen("@WRITE@", "w");', "write"),
    _door("append", 'integer f; initial begin f = $fopen("@READ@", "a"); $fwrite(f, "x"); end',
          "write"),
    _door("dumpfile", 'initial begin $dumpfile("@WRITE@"); $dumpvars; end', "write"),
    _door("writememh", 'reg [7:0] m [0:3]; initial $writememh("@WRITE@", m);', "write"),
    _door("log", 'initial $log("@WRITE@");', "write"),
    _door("logfile by dump", 'initial $fsdbDumpfile("@WRITE@");', "write"),
    _door("descriptor 1", 'initial $fwrite(32\'h80000001, "x");', "write"),
    _door("many files", 'integer i, f; initial for (i = 0; i < 9999; i = i + 1)'
          ' f = $fopen($sformatf("@WRITE@%0d", i), "w");', "write"),
)  # fmt: skip

RUNS = (
    _door("system", 'initial $system("touch @WRITE@");', "exec"),
    _door("system with a result", 'integer r; initial r = $system("cat @READ@ > @WRITE@");',
          "exec"),
    _door("verilator c", 'initial $c("system(\\"touch @WRITE@\\");");', "exec"),
    _door("verilator c32", 'wire [31:0] w = $c32("system(\\"touch @WRITE@\\")");', "exec"),
    _door("verilator cpure", 'wire [31:0] w = $cpure("fork()");', "exec"),
    _door("dpi", 'import "DPI-C" function int system(input string s);'
          ' initial void\'(system("touch @WRITE@"));', "exec"),
    _door("dpi kill", 'import "DPI-C" function int kill(input int p, input int s);'
          " initial void'(kill(-1, 9));", "kill"),
    _door("dpi export", 'export "DPI-C" task t; task t; endtask', "exec"),
    _door("dpi socket", 'import "DPI-C" context function int connect(input int a);', "socket"),
    _door("systemc header", "`systemc_header\n#include <cstdlib>\n`verilog", "exec"),
    _door("systemc implementation", "`systemc_implementation\nstatic int x = system(\"touch"
          " @WRITE@\");\n`verilog", "exec"),
    _door("systemc constructor", "`systemc_ctor\nsystem(\"touch @WRITE@\");\n`verilog", "exec"),
    _door("systemc imports", "`systemc_imp_header\nint x;\n`verilog", "exec"),
    _door("verilator config", "", "exec", before="`verilator_config\nlint_off -file \"*\"\n"
          "`verilog\n"),
    _door("protected", "", "exec", before="`pragma protect begin_protected\n"),
    _door("begin keywords", "", "", before='`begin_keywords "1364-1995"\n'),
    _door("pli", "initial $load_vpi(\"@READ@\");", "exec"),
    _door("ivl queue", "initial $ivl_darray_method$to_vec;", ""),
    _door("vpi table", "initial $cocotb_vpi;", "exec"),
    _door("stacktrace", "initial $stacktrace;", "read"),
    _door("random", "assign z = $random;", ""),
    _door("urandom", "assign z = $urandom_range(1);", ""),
    _door("time", "assign z = $time == 0;", ""),
    _door("realtime", "assign z = $realtime > 100;", ""),
    _door("printtimescale", "initial $printtimescale;", ""),
    _door("connect", 'initial $system("echo x > /dev/tcp/127.0.0.1/@PORT@");', "socket"),
    _door("kill the sibling", 'initial $system("kill -9 @SIBLING@");', "kill"),
)  # fmt: skip

ATTRIBUTES = (
    Attack("an attribute that runs", ADDER, adder('(* src = "; shell touch @WRITE@" *) wire w;'
           f" {WRONG}"), "Yosys's shell", ("mismatch",), "exec"),
    Attack("a plugin's attribute", ADDER, adder(WRONG, before='(* plugin = "@READ@" *)\n'),
           "Yosys's plugins", ("mismatch",), "exec"),
    Attack("techmap's doing", ADDER, adder(f'wire [99:0] _TECHMAP_DO_00_ = "shell touch @WRITE@";'
           f" {WRONG}"), "Yosys's shell", ("mismatch",), "exec"),
    Attack("a name that is a script", ADDER, adder("wire \\a;shell$IFS\"touch$IFS@WRITE@\" ;"
           f" {WRONG}"), "Yosys's shell", ("mismatch",), "exec"),
    Attack("a module that is a script", ADDER, adder(f"\\;\"`touch_@WRITE@` u (); {WRONG}",
           after="module \\;\"`touch_@WRITE@` ; endmodule"), "a shell", ("mismatch",), "exec"),
    Attack("a name that is a path", ADDER, adder(WRONG, after="module \\../../@WRITE@ ;"
           " endmodule"), "a file", ("mismatch",), "write"),
    Attack("a quote in a name", ADDER, adder(f"wire \\x\"y'z`w ; {WRONG}"), "a script",
           ("mismatch",)),
    Attack("a macro that is an option", ADDER, adder(f"wire \\-D ; wire \\--exec ; {WRONG}"),
           "a tool's options", ("mismatch",)),
    Attack("a file name that is an option", ADDER, {"-o@WRITE@": adder(WRONG),
           "$(touch @WRITE@).v": "// nothing\n"}, "a tool's options", ("mismatch",), "exec"),
    Attack("a file name that is a path", ADDER, {"../../../../tmp/@WRITE@": adder(WRONG)},
           "a file", ("mismatch",), "write"),
)  # fmt: skip

ATTACKS = (*READS, *WRITES, *RUNS, *ATTRIBUTES)

"""Token counters: proven for every sequence of inputs; their edges are those of the ISA."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hwgen.archs.n3h import isa

ROOT = Path(__file__).resolve().parents[2]
TOKEN = ROOT / "rtl" / "hw_token.v"
TOKENS = ROOT / "rtl" / "n3h" / "n3h_tokens.v"

# `model` counts legal puts and takes in 16 bits: it cannot wrap where the counter could
WRAPPER = """
module proof (input clk, input rst, input put, input take, output ok, output [{top}:0] low);
    wire has, room, error;
    reg [15:0] model;
    reg        illegal;
    hw_token #(.MAX({max})) u (.clk(clk), .rst(rst), .put(put), .take(take),
                              .has(has), .room(room), .error(error));
    always @(posedge clk) begin
        model   <= rst ? 16'd0 : model + (put && (model != {max})) - (take && (model != 0));
        illegal <= !rst && ((put && (model == {max})) || (take && (model == 0)));
    end
    assign low = model;
    assign ok  = (model <= {max}) && (has == (model != 0)) && (room == (model != {max})) &&
                 (error == illegal);
endmodule
"""
ISSUE = """
module proof (input clk, input rst, input [122:0] s_data, input s_valid, input [3:0] has,
              input [3:0] room, input done, input stall, output ok);
    wire [3:0] take, put;
    n3h_issue #(.QUEUE(4)) u (.clk(clk), .rst(rst), .s_data(s_data), .s_valid(s_valid),
        .tok_has(has), .tok_take(take), .tok_room(room), .tok_put(put), .done(done), .stall(stall));
    assign ok = ((take & ~has) == 0) && ((put & ~room) == 0);
endmodule
"""
YOSYS = """
import sys
from pyosys import libyosys as ys
design = ys.Design()
for command in sys.argv[1:]:
    ys.run_pass(command, design)
"""


def yosys(*commands: str) -> str:
    """What Yosys printed, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", YOSYS, *commands], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def prove(tmp_path: Path, source: str, limit: int) -> bool:
    """Temporal induction from a reset: nothing is assumed about any other input."""
    (tmp_path / "token.v").write_text(source)
    top = limit.bit_length() - 1
    (tmp_path / "proof.v").write_text(WRAPPER.format(max=limit, top=top))
    commands = [
        f"read_verilog {tmp_path}/token.v {tmp_path}/proof.v",
        "prep -flatten -top proof",
        r"sat -tempinduct -seq 1 -set-at 1 rst 1 -prove ok 1 -prove \u.count_q low -maxsteps 3",
    ]
    return "Induction step proven: SUCCESS!" in yosys(*commands)


@pytest.mark.parametrize("limit", [1, 5, isa.TOKEN_MAX])
def test_no_sequence_of_inputs_leaves_the_range(tmp_path, limit):
    """count == puts - takes, 0 <= count <= MAX, and every illegal input is an error; always."""
    pytest.importorskip("pyosys")
    assert prove(tmp_path, TOKEN.read_text(), limit)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("put && room_q;", "put;"),
        ("take && has_q;", "take;"),
        ("(put && !room_q) ||", "1'b0 ||"),
        ("count_d != MAX[W-1:0]", "1'b1"),
    ],
)
def test_the_proof_can_fail(tmp_path, good, bad):
    pytest.importorskip("pyosys")
    source = TOKEN.read_text()
    assert source.count(good) == 1
    assert not prove(tmp_path, source.replace(good, bad), 5)


def test_no_program_puts_or_takes_illegally(tmp_path):
    """From any state of n3h_issue: it takes what is there and gives where there is room."""
    pytest.importorskip("pyosys")
    (tmp_path / "proof.v").write_text(ISSUE)
    files = f"{ROOT}/rtl/n3h/n3h_issue.v {ROOT}/rtl/hw_fifo.v {tmp_path}/proof.v"
    said = yosys(
        f"read_verilog {files}",
        "prep -flatten -top proof",
        "memory_map",
        "sat -tempinduct -prove ok 1",
    )
    assert "Induction step proven: SUCCESS!" in said


def digits(name: str) -> list[int]:
    """A table of n3h_tokens.v: the edge behind bit 4*queue + k, 15 for none."""
    match = re.search(rf"{name} = 144'h([0-9a-f_]+)", TOKENS.read_text())
    assert match
    return [int(d, 16) for d in reversed(match[1].replace("_", ""))]


def test_edges_are_those_of_the_instruction_set():
    edges = [(source, sink) for sink in isa.ENGINES for source in isa.WAITS[sink]]
    none = [15] * 4
    waits, posts = [], []
    for engine in isa.ENGINES:
        waits += ([edges.index((e, engine)) for e in isa.WAITS[engine]] + none)[:4]
        posts += ([edges.index((engine, e)) for e in isa.POSTS[engine]] + none)[:4]
    assert digits("WAIT_EDGE") == waits
    assert digits("POST_EDGE") == posts
    text = TOKENS.read_text()
    assert re.search(rf"EDGES\s+= {len(edges)},", text)
    assert re.search(rf"MAX\s+= {isa.TOKEN_MAX},", text)

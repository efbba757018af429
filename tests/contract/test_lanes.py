"""Both lanes and both simulators show the same trace, the one that small models here compute."""

import random

import pytest

from hwgen.tasks.task import Port, Reset, Stream, TaskSpec
from hwgen.verify.jail.cells import Cell, find_jail
from hwgen.verify.lanes.simulate import simulate, waves
from hwgen.verify.lanes.simulators import find_icarus
from hwgen.verify.stimulus import Stimulus

PAIRS = [(lane, sim) for lane in ("vector", "cocotb") for sim in ("icarus", "verilator")]
everywhere = pytest.mark.parametrize(("lane", "sim"), PAIRS)
on_icarus = pytest.mark.parametrize("lane", ["vector", "cocotb"])
TAG = "5e1ec7ed"


@pytest.fixture(scope="module")
def cell():
    with Cell("sim", find_jail()) as opened:
        yield opened


def ports(text):
    """Ports from words like "in:a:8"; the width may be missing."""
    fields = [(*word.split(":"), "1")[:3] for word in text.split()]
    return tuple(Port(dir=way, name=name, width=int(width)) for way, name, width in fields)


def run(cell, spec, source, stimulus, lane="vector", sim="icarus", **overrides):
    return simulate(
        cell, spec, {"candidate.v": source}, stimulus, lane=lane, sim=sim, overrides=overrides,
        tag=TAG,
    )  # fmt: skip


def trace_of(cell, spec, source, stimulus, lane, sim, **overrides):
    ran = run(cell, spec, source, stimulus, lane, sim, **overrides)
    assert ran.status == "ok", ran.log
    return ran.trace


def driven(rows, flips=None, beats=None):
    return Stimulus(tuple(rows), tuple(flips or (0,) * len(rows)), (0,), beats or {})


ADDER = TaskSpec(
    id="adder", kind="comb", prompt="", module="adder",
    ports=ports("in:a:4 in:b:3 out:y:5 out:odd"),
)  # fmt: skip
ADDER_V = """
module adder #(parameter [4:0] K = 9, parameter signed [4:0] D = 3) (
    input [3:0] a, input [2:0] b, output [4:0] y, output reg odd);
    assign y = a + b + K + D;
    always @* odd = a[0];
endmodule
"""


@everywhere
def test_comb(cell, lane, sim):
    trace = trace_of(cell, ADDER, ADDER_V, driven(range(128)), lane, sim, K=2, D=-1)
    lines = [f"{n:02x} {((n >> 3) + (n & 7) + 1) % 32:05b}{n >> 3 & 1}" for n in range(128)]
    assert trace == "\n".join(["ports 5 1", *lines, "end 128", ""])
    assert lines[0b1111_111] == "7f 101111"  # 15 + 7 + 2 - 1 = 23, a is odd


COUNTER = TaskSpec(
    id="counter", prompt="", module="counter", clock="clk", reset=Reset(port="rst"),
    ports=ports("in:clk in:rst in:en out:q:70 out:last"),
)  # fmt: skip
COUNTER_V = """
module counter (input clk, rst, en, output reg [69:0] q, output last);
    assign last = en && q[1:0] == 2'd3;
    always @(posedge clk EDGE)
        if (rst) q <= 70'h20_0000_0000_0000_0000;
        else if (en) q <= q + 1;
endmodule
"""


def test_a_trace_by_hand(cell):
    rows, flips = (2, 1, 1, 0, 1), (0, 0, 3, 1, 0)
    trace = trace_of(
        cell, COUNTER, COUNTER_V.replace("EDGE", ""), driven(rows, flips), "vector", "icarus"
    )
    zeros = "1" + "0" * 67
    assert trace.splitlines() == [
        "ports 70 1",
        f"2 {zeros}000",
        f"1 {zeros}010",
        f"1 {zeros}100",
        f"0 {zeros}100",
        f"1 {zeros}111",
        "end 5",
    ]


@everywhere
@pytest.mark.parametrize("style", ["sync", "async"])
def test_cycle(cell, lane, sim, style):
    rng = random.Random(7)
    rows = [2, 2] + [rng.choice((0, 1, 1, 1, 1, 1, 3)) for _ in range(120)]
    flips = [rng.getrandbits(2) for _ in rows]
    edge = "or posedge rst" if style == "async" else ""
    trace = trace_of(cell, COUNTER, COUNTER_V.replace("EDGE", edge), driven(rows, flips), lane, sim)
    q, lines = 0, []
    for row, flip in zip(rows, flips, strict=True):
        if row & 2 or (style == "async" and (row ^ flip) & 2):
            q = 0x20 << 64
        if not row & 2:
            q += row & 1
        lines.append(f"{row:x} {q:070b}{row & 1 & (q & 3 == 3)}")
    assert trace == "\n".join(["ports 70 1", *lines, "end 122", ""])


LATCH = TaskSpec(
    id="enabled", prompt="", module="enabled", clock="clk",
    ports=ports("in:clk in:en in:d:6 out:q:6"),
)  # fmt: skip
LATCH_V = """
module enabled (input clk, en, input [5:0] d, output reg [5:0] q);
    always @* if (en) q = d;
endmodule
"""


@everywhere
def test_a_latch_shows_what_comes_between_the_edges(cell, lane, sim):
    rows, flips = (0x45, 0x01, 0x02, 0x7F), (0, 0, 0x40 ^ 0x0C, 0x1)
    trace = trace_of(cell, LATCH, LATCH_V, driven(rows, flips), lane, sim)
    assert trace.split()[2:-2] == ["45", "000101", "01", "000101", "02", "001110", "7f", "111111"]


SKID = TaskSpec(
    id="skid", kind="stream", prompt="", module="skid", clock="clk",
    reset=Reset(port="rst_n", active="low"),
    ports=ports("in:clk in:rst_n in:s_valid out:s_ready in:s_data:8 in:s_last "
                "out:m_valid in:m_ready out:m_data:8 out:m_last"),
    streams=(Stream(name="s", valid="s_valid", ready="s_ready", payload=("s_last", "s_data")),
             Stream(name="m", valid="m_valid", ready="m_ready", payload=("m_last", "m_data"))),
)  # fmt: skip
SKID_V = """
module skid (input clk, rst_n, s_valid, output s_ready, input [7:0] s_data, input s_last,
             output reg m_valid, input m_ready, output reg [7:0] m_data, output reg m_last);
    assign s_ready = !m_valid || m_ready;
    always @(posedge clk) begin
        if (s_ready) begin m_valid <= s_valid; m_data <= s_data; m_last <= s_last; end
        if (!rst_n) begin m_valid <= 0; m_data <= 0; m_last <= 0; end
    end
endmodule
"""


def skid_row(rst_n, s_valid, s_data, s_last, m_ready):
    return rst_n << 11 | s_valid << 10 | s_data << 2 | s_last << 1 | m_ready


def skid_lines(rows, beats):
    """What driver and block show before each edge, after the first cycle of reset."""
    left, held, full, shown, lines = list(beats), False, 0, 0, []
    for row in rows:
        rst_n, m_ready = row >> 11, row & 1
        valid = bool(rst_n and (held or (row >> 10 & 1 and left)))
        beat = (left[0] if valid else left[0] ^ 0x1FF) if left else 0
        s_ready = int(not full or m_ready)
        drive = skid_row(rst_n, int(valid), beat & 0xFF, beat >> 8, m_ready)
        lines.append(f"{drive:03x} {s_ready}{full}{shown:09b}")
        if s_ready:
            full, shown = int(valid), (beat & 0xFF) << 1 | beat >> 8
        if not rst_n:
            full = shown = 0
        accepted = valid and s_ready
        left = left[1:] if accepted else left
        held = valid and not accepted
    return lines


# one beat compiles to what no beat does
STREAMS = [(pair, n) for pair in PAIRS for n in (0, 1, 50) if pair[1] == "icarus" or n != 1]


@pytest.mark.parametrize(("pair", "count"), STREAMS)
def test_stream_under_back_pressure(cell, pair, count):
    rng = random.Random(count)
    rows = [
        skid_row(int(n > 1 and n not in (60, 61)), rng.random() < 0.7, 0, 0, rng.random() < 0.6)
        for n in range(150)
    ]
    flips = [rng.getrandbits(12) & 0x7FF for _ in rows]
    beats = tuple(rng.getrandbits(9) for _ in range(count))
    trace = trace_of(cell, SKID, SKID_V, driven(rows, flips, {"s": beats}), *pair)
    head, first, *lines = trace.splitlines()
    expected = skid_lines(rows, beats)
    assert head == "ports 1 1 8 1"
    assert first.split()[0] == expected[0].split()[0]
    assert lines == [*expected[1:], "end 150"]


@everywhere
def test_what_nothing_has_written_is_x(cell, lane, sim):
    source = COUNTER_V.replace("EDGE", "").replace("q <= 70'h20_0000_0000_0000_0000", "q[3] <= 1")
    trace = trace_of(cell, COUNTER, source, driven((2, 0)), lane, sim)
    for line in trace.splitlines()[1:-1]:
        assert line.split()[1][66] == "1"
        assert line.count("x") > 40
    if sim == "icarus":
        assert trace.splitlines()[1] == f"2 {'x' * 66}1xxx0"


@everywhere
def test_other_widths_of_ports_do_not_compile(cell, lane, sim):
    for asked, declared in (("[4:0] y", "[5:0] y"), ("[3:0] a", "[2:0] a")):
        source = ADDER_V.replace(asked, declared)
        ran = run(cell, ADDER, source, driven(range(8)), lane, sim)
        assert ran.status == "compile"
        assert "bits, not" in ran.log
    ran = run(cell, ADDER, ADDER_V.replace("odd", "even"), driven(range(8)), lane, sim)
    assert ran.status == "compile"


BROKEN = {
    "syntax": ("endmodule", "", "compile"),
    "unknown": ("always @*", "nothing u (a); always @*", "compile"),
    "spins": ("always @*", "reg z; always @* while (a[3]) z = 1; always @*", "cpu"),
    "oscillates": ("always @*", "wire z; assign z = ~(z & a[3] === 1); always @*", "cpu"),
    "memory": ("always @*", "reg [999:0] m [0:99999999]; always @* m[a] = b; always @*", "memory"),
}


@on_icarus
@pytest.mark.parametrize("name", sorted(BROKEN))
def test_how_a_run_ended(cell, lane, name):
    old, new, status = BROKEN[name]
    source = ADDER_V.replace(old, new, 1)
    ran = run(cell, ADDER, source, driven((0, 127)), lane)
    assert (ran.status, ran.trace) == (status, "")
    assert ran.cpu_s < 4


@pytest.mark.parametrize("lane", ["vector", "cocotb"])
def test_a_loop_that_does_not_settle_on_verilator(cell, lane):
    source = ADDER_V.replace("always", "wire z; assign z = ~(z & a[3]); always", 1)
    ran = run(cell, ADDER, source, driven((0, 127)), lane, "verilator")
    assert (ran.status, ran.trace) == ("cpu", "")


def test_icarus_by_its_driver(cell, monkeypatch):
    driver = find_icarus() | {"ivl": ""}
    monkeypatch.setattr("hwgen.verify.lanes.simulate.find_icarus", lambda: driver)
    for lane in ("vector", "cocotb"):
        source = ADDER_V.replace("a + b", "$clog2(a) + b")
        trace = trace_of(cell, ADDER, source, driven((9 << 3,)), lane, "icarus", K=1, D=-1)
        assert trace == "ports 5 1\n48 001001\nend 1\n"


def test_an_early_end_and_a_flood(cell):
    for when in ("", "#3"):
        source = ADDER_V.replace("always", f"initial begin {when} $finish; end always", 1)
        assert run(cell, ADDER, source, driven(range(8))).status == "early"
    flood = 'initial repeat (100000) $display("end 8 end 8 end 8"); always'
    ran = run(cell, ADDER, ADDER_V.replace("always", flood, 1), driven(range(8)))
    assert (ran.status, ran.trace) == ("output", "")
    assert len(ran.log) < 5000


def test_the_cocotb_lane_has_no_system_tasks_on_icarus(cell):
    source = ADDER_V.replace("always", 'initial $display("x"); always', 1)
    assert run(cell, ADDER, source, driven(range(8)), "cocotb").status == "compile"


@on_icarus
def test_clog2_of_a_signal(cell, lane):
    source = ADDER_V.replace("a + b + K + D", "$clog2(a)")
    trace = trace_of(cell, ADDER, source, driven((9 << 3,)), lane, "icarus")
    assert trace == "ports 5 1\n48 001001\nend 1\n"


def test_another_root_of_the_candidate_does_not_run(cell):
    source = ADDER_V + "module also; initial $finish; endmodule\n"
    assert run(cell, ADDER, source, driven(range(8))).status == "ok"


def test_waves(cell):
    made, text = waves(
        cell, ADDER, {"candidate.v": ADDER_V}, driven(range(8)), overrides={}, tag=TAG
    )
    assert made.status == "ok"
    assert "$enddefinitions" in text
    assert " y $end" in text or " y [4:0] $end" in text
    assert TAG not in text

"""The lanes without a simulator: benches, stimulus files, and what becomes of a job's reply."""

import base64
import subprocess
import sys
import zlib

import pytest

from hwgen.resources import folder
from hwgen.tasks.task import Port, Reset, Stream, TaskSpec
from hwgen.verify.jail.cells import Reply
from hwgen.verify.jail.tool import Ran
from hwgen.verify.lanes import jobs as simjobs
from hwgen.verify.lanes.benches import bench, slices, stimulus_files
from hwgen.verify.lanes.simulate import escaped, simulate
from hwgen.verify.stimulus import Stimulus

SPEC = TaskSpec(
    id="t", prompt="", module="block", clock="clk", reset=Reset(port="rst_n", active="low"),
    ports=(Port(name="clk", dir="in"), Port(name="rst_n", dir="in"),
           Port(name="a", dir="in", width=6), Port(name="y", dir="out", width=3)),
)  # fmt: skip
STREAM = SPEC.model_copy(
    update={
        "kind": "stream",
        "streams": (Stream(name="s", valid="rst_n", payload=("a",)),),
    }
)
STIMULUS = Stimulus((0x41, 0x7F), (0x3, 0x40), (0,), {})


class Cell:
    """A cell that answers with a given reply and remembers what it was asked."""

    def __init__(self, ended="ok", **data):
        self.reply = Reply(ended, {"status": "ok", "trace": "", "log": "", **data}, 0.5)

    def call(self, job, payload, caps):
        self.job, self.payload, self.caps = job, payload, caps
        return self.reply


def replied(ended="ok", **data):
    cell = Cell(ended, **data)
    return simulate(
        cell, SPEC, {"a.v": "module block; endmodule"}, STIMULUS, lane="vector", sim="icarus",
        overrides={}, tag="abcd",
    )  # fmt: skip


def test_places_of_ports():
    assert slices(SPEC, "in") == {"rst_n": (6, 6), "a": (5, 0)}
    assert slices(SPEC, "out") == {"y": (2, 0)}


def test_the_bench_connects_by_name_and_passes_parameters():
    text = bench(SPEC, STIMULUS, {"W": 6, "D": -1}, "abcd")
    assert "module judge_abcd;" in text
    assert "block #(.D(-1), .W(6)) dut (" in text
    assert ".clk(clk),\n        .rst_n(drive[6:6]),\n        .a(drive[5:0]),\n" in text
    assert ".y(seen[2:0])\n    );" in text
    assert "dumpvars" not in text
    assert '$dumpfile("w.vcd")' in bench(SPEC, STIMULUS, {}, "abcd", waves="w.vcd")


def test_a_name_that_is_no_identifier_is_refused():
    with pytest.raises(ValueError, match="not an identifier"):
        bench(SPEC, STIMULUS, {"W)); endmodule": 1}, "abcd")


def test_stimulus_files():
    assert stimulus_files(SPEC, STIMULUS) == {"stimulus.hex": "42 41\n3f 7f\n"}
    beats = Stimulus(STIMULUS.rows, STIMULUS.flips, (0,), {"s": (0x2A,)})
    files = stimulus_files(STREAM, beats)
    assert files == {"stimulus.hex": "41 3\n7f 40\n", "beats0.hex": "2a\n0\n"}


def test_a_good_reply_loses_the_widths_of_inputs():
    ran = replied(trace="ports 1 1 6 3\n41 010\n7f 111\nend 2\n")
    assert (ran.status, ran.trace) == ("ok", "ports 3\n41 010\n7f 111\nend 2\n")
    assert ran.cpu_s == 0.5


@pytest.mark.parametrize(
    ("header", "log"),
    [
        ("ports 1 1 6 4", "port y has 4 bits, not 3"),
        ("ports 1 1 - 3", "port a has - bits, not 6"),
        ("ports 1 1 6", "the widths of the ports are not known"),
        ("", "the widths of the ports are not known"),
    ],
)
def test_other_widths_are_no_trace(header, log):
    ran = replied(trace=f"{header}\nend 0\n")
    assert (ran.status, ran.trace, ran.log) == ("compile", "", log)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("cpu", "cpu"), ("memory", "memory"), ("output", "output"), ("crash", "crash"),
     ("wall", "wall"), ("lost", "tool")],
)  # fmt: skip
def test_a_job_that_did_not_answer(status, expected):
    assert replied(status).status == expected


def test_the_log_is_capped_escaped_and_free_of_the_tag():
    ran = replied(status="crash", log="judge_abcd \x1b[31m\xe9\n" + "x" * 9999)
    assert ran.status == "crash"
    assert ran.log.startswith("judge_bench \\x1b[31m\\xe9\nxxx")


@pytest.mark.parametrize("status", ["tool", None, "fine", ["ok"]])
def test_a_reply_that_is_not_ours_is_no_trace(status):
    ran = replied(status=status, trace=["ports"], log=3)
    assert (ran.trace, ran.log) == ("", "")
    assert ran.status in {"tool", "crash"}


def test_escaped():
    assert escaped("a\tb\n") == "a\\x09b\n"
    assert len(escaped("y" * 5000)) == 4004


def ended(**how):
    with pytest.raises(simjobs.Failed) as failed:
        simjobs._ended(Ran(**{"code": 0, "signal": 0, "out": b"", "cut": False, **how}))
    return failed.value.reply["status"]


def test_how_tools_end():
    simjobs._ended(Ran(1, 0, b"error", False))
    assert ended(signal=24) == "cpu"
    assert ended(signal=9) == "cpu"
    assert ended(signal=25) == "output"
    assert ended(signal=11) == "crash"
    assert ended(cut=True) == "output"
    assert ended(signal=6, out=b"terminate: std::bad_alloc") == "memory"
    assert ended(signal=6, out=b"%Error: settle region did not converge") == "cpu"
    simjobs._ended(Ran(0, 0, b"warning: wire bad_alloc did not converge", False))


def test_bits_that_differ_between_runs_are_x(monkeypatch):
    traces = iter(["ports 3\n4 010\nend 1\n", *["ports 3\n4 011\nend 1\n"] * 3])
    monkeypatch.setattr(simjobs, "_recorded", lambda *_: next(traces))
    assert simjobs._merged({"seed": 1}, {}) == "ports 3\n4 01x\nend 1\n"


@pytest.mark.parametrize(("ends", "status"), [(["crash"], ""), (["crash"] * 2, "crash"),
                                              (["memory"], "memory")])  # fmt: skip
def test_a_c_compiler_that_fails_is_tried_again(monkeypatch, tmp_path, ends, status):
    def compiled(argv, cpu_s, product, env):
        if product == "model" and ends:
            raise simjobs.Failed(ends.pop(0), b"internal compiler error")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(simjobs, "_compiled", compiled)
    runtime = base64.b64encode(zlib.compress(b"archive")).decode()
    tools = {"program": "v", "root": "r", "compiler": "c", "runtime": runtime}
    payload = {"tools": tools, "values": {}, "top": "t", "compile_s": 1}
    if status:
        with pytest.raises(simjobs.Failed) as failed:
            simjobs._compile_verilator(payload, [], [], [])
        assert failed.value.reply["status"] == status
    else:
        simjobs._compile_verilator(payload, [], [], [])
    assert ends == []


def test_jobs_import_little():
    code = "import hwgen.verify.lanes.jobs, sys; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pydantic", "numpy", "jinja2", "typer", "cocotb"} & set(said.stdout.split())


def test_the_cocotb_lane_sends_the_recorder(monkeypatch):
    monkeypatch.setattr("hwgen.verify.lanes.simulate.find_icarus", lambda: {"ivl": ""})
    monkeypatch.setattr("hwgen.verify.lanes.simulate.find_cocotb", lambda: {"site": "s"})
    cell = Cell(status="crash")
    simulate(
        cell, SPEC, {"a.v": "module block; endmodule"}, STIMULUS, lane="cocotb", sim="icarus",
        overrides={"W": 2}, tag="abcd",
    )  # fmt: skip
    assert cell.job == "hwgen.verify.lanes.jobs:cocotb_icarus"
    assert cell.payload["top"] == "block"
    assert cell.payload["values"] == {"W": 2}
    assert cell.payload["run_s"] == pytest.approx(2.002)
    assert cell.payload["seed"] == zlib.crc32(b"abcd") >> 2
    recorder = (folder("tb") / "judge" / "judge_recorder.py").read_text()
    assert cell.payload["files"]["judge_recorder.py"] == recorder
    assert "judge_abcd" not in cell.payload["files"]["design.v"]

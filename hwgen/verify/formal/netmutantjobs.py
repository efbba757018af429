"""Mutants of a netlist inside the cell: Yosys lists them, and makes each from one design."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyosys import libyosys

_PROMISE = re.compile(r" *// synopsys \w+")


def mutate(payload: dict[str, Any]) -> dict[str, Any]:
    """Mutants of a synthesised block: {"right": text, "mutants": [[what, text], ...]}.

    `payload`: text (a flat netlist), module, count (listed at most), seed, careful (Yosys ends its
    process at some changes, so each gets one). Each text comes once. The working directory must
    be empty and private.
    """
    design = _silent_design()

    def run(*passes: str) -> None:
        for line in passes:
            libyosys.run_pass(line, design)

    Path("in.v").write_text(payload["text"])
    run("read_verilog in.v", f"hierarchy -check -top {payload['module']}", "proc -norom")
    run("opt_clean", "memory -nomap", "opt_clean")  # one port for all bits of a word
    run(f"mutate -list {payload['count']} -seed {payload['seed']} -o list")
    run("design -save right")
    written = _in_child if payload["careful"] else _written
    right = _written(run, "")
    seen, found = {right}, []
    for line in Path("list").read_text().splitlines():
        text = written(run, line) if line.startswith("mutate ") else ""
        if text and text not in seen:
            seen.add(text)
            found.append([_what(line), text])
    return {"right": right, "mutants": found}


def _written(run: Callable[..., None], change: str) -> str:
    """The right design's text after a change, without the first line, which names its maker."""
    run("design -load right", *([change] if change else []), "write_verilog -noattr out.v")
    return _text()


def _in_child(run: Callable[..., None], change: str) -> str:
    """The same in a process of its own: "" where Yosys does not survive the change."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _written(run, change)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return "" if status else _text()


def _text() -> str:
    """What was written, without promises that no case arms overlap: a change may break them."""
    return _PROMISE.sub("", Path("out.v").read_text().partition("\n")[2])


def _silent_design() -> Any:
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    return libyosys.Design()


def _what(line: str) -> str:
    """`inv of B[3] at $add$in.v:9$4` from the command of a mutant."""
    words = line.split()
    said = {words[n]: words[n + 1] for n in range(1, len(words) - 1) if words[n][0] == "-"}
    place = f"{said.get('-port', '')}[{said.get('-portbit', '')}]"
    extra = f" with bit {said['-ctrlbit']}" if "-ctrlbit" in said else ""
    return f"{said.get('-mode', '')}{extra} of {place} at {said.get('-cell', '')}"

"""Mutants of a netlist inside the cell: Yosys lists them, and makes each one from the same design."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pyosys import libyosys


def mutate(payload: dict[str, Any]) -> dict[str, Any]:
    """Mutants of a synthesised block: {"mutants": [[what, text], ...]}, each text once.

    `payload`: text (a flat netlist), module, count (listed at most), seed. The working directory
    must be empty and private.
    """
    design = _silent_design()

    def run(*passes: str) -> None:
        for line in passes:
            libyosys.run_pass(line, design)

    Path("in.v").write_text(payload["text"])
    run("read_verilog in.v", f"hierarchy -check -top {payload['module']}", "proc", "opt_clean")
    run(f"mutate -list {payload['count']} -seed {payload['seed']} -o list", "design -save right")
    run("write_verilog -noattr out.v")
    seen, found = {_body()}, []
    for line in Path("list").read_text().splitlines():
        if not line.startswith("mutate "):
            continue
        run("design -load right", line, "write_verilog -noattr out.v")
        text = _body()
        if text not in seen:
            seen.add(text)
            found.append([_what(line), text])
    return {"mutants": found}


def _silent_design() -> Any:
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    return libyosys.Design()


def _body() -> str:
    """The text that was written, without the line that names its maker."""
    return Path("out.v").read_text().partition("\n")[2]


def _what(line: str) -> str:
    """`inv of B[3] at $add$in.v:9$4` from the command of a mutant."""
    words = line.split()
    said = {words[n]: words[n + 1] for n in range(1, len(words) - 1) if words[n][0] == "-"}
    place = f"{said.get('-port', '')}[{said.get('-portbit', '')}]"
    extra = f" with bit {said['-ctrlbit']}" if "-ctrlbit" in said else ""
    return f"{said.get('-mode', '')}{extra} of {place} at {said.get('-cell', '')}"

"""Synthesis and proof without the jail: each job in a forked child with a folder of its own."""

from __future__ import annotations

import json
import os
import tempfile
from importlib import import_module
from typing import Any

from hwgen.tasks.task import TaskSpec
from hwgen.verify.formal.prove import Proof, prove
from hwgen.verify.formal.synth import Netlist, Refusal, synthesise
from hwgen.verify.jail.cells import Caps, Reply


class ForkCell:
    """Stands for a cell of the jail."""

    def call(self, job: str, payload: dict[str, Any], caps: Caps) -> Reply:
        module, _, name = job.partition(":")
        function = getattr(import_module(module), name)
        here, there = os.pipe()
        with tempfile.TemporaryDirectory() as folder:
            child = os.fork()
            if child == 0:
                try:
                    os.close(here)
                    os.chdir(folder)
                    with os.fdopen(there, "w") as pipe:
                        json.dump(function(json.loads(json.dumps(payload))), pipe)
                finally:
                    os._exit(0)
            os.close(there)
            with os.fdopen(here) as pipe:
                told = pipe.read()
            os.waitpid(child, 0)
        return Reply("ok", json.loads(told)) if told else Reply("crash")


CELL: Any = ForkCell()


def spec_of(*ports: str, kind: str = "cycle", reset: Any = "rst", **more: Any) -> TaskSpec:
    """A task from ports written "in 8 a"; clk is the clock, rst the reset, where they are."""
    rows = [port.split() for port in ports]
    made = [{"dir": d, "width": int(w), "name": n} for d, w, n in rows]
    names = [row[2] for row in rows]
    if reset == "rst":
        reset = {"port": "rst", "style": "any"} if "rst" in names else None
    return TaskSpec.model_validate(
        {
            "id": "t", "prompt": "", "module": "dut", "kind": kind, "ports": made,
            "clock": "clk" if "clk" in names else None, "reset": reset, **more,
        }
    )  # fmt: skip


def refused(spec: TaskSpec, text: str, **overrides: int) -> Refusal:
    """Why a block is refused."""
    made = synthesise(CELL, spec, text, overrides)
    assert isinstance(made, Refusal), made
    return made


def netlist(spec: TaskSpec, text: str, **overrides: int) -> Netlist:
    """A block's netlist."""
    made = synthesise(CELL, spec, text, overrides)
    assert isinstance(made, Netlist), made
    return made


def compared(spec: TaskSpec, candidate: str, reference: str, cpu_s: float = 1.0) -> Proof:
    """Synthesis of both and the proof."""
    return prove(CELL, spec, netlist(spec, candidate), netlist(spec, reference), cpu_s=cpu_s)

"""Mutants of a synthesised block: gates inverted, bits stuck, wires mixed up, by Yosys `mutate`."""

from __future__ import annotations

from hwgen.errors import HwgenError
from hwgen.verify.formal.synth import Netlist
from hwgen.verify.jail.cells import Caps, Cell

JOB = "hwgen.verify.formal.netmutantjobs:mutate"
CPU_S, WALL_S = 60.0, 600.0
REPLY = 64 << 20  # bytes of all netlists


def netlist_mutants(
    cell: Cell, module: str, netlist: Netlist, count: int = 200, seed: int = 1
) -> tuple[str, list[tuple[str, str]]]:
    """The unchanged netlist as Yosys writes it, and up to `count` mutants of it, each (what was
    changed, text); the same for the same `seed`.

    `cell` is of kind "synth", `module` the netlist's. Raises HwgenError if Yosys fails.
    """
    payload = {"text": netlist.verilog, "module": module, "count": count, "seed": seed}
    caps = Caps(cpu_s=CPU_S, wall_s=WALL_S, reply=REPLY, files=REPLY)
    for careful in (False, True):
        reply = cell.call(JOB, {**payload, "careful": careful}, caps)
        if reply.status == "ok":
            mutants = [(str(what), str(text)) for what, text in reply.data["mutants"]]
            return str(reply.data["right"]), mutants
    raise HwgenError(f"mutants of {module}: the job ended with {reply.status}")

"""Mutants of a synthesised block: gates inverted, bits stuck, wires mixed up, by Yosys `mutate`."""

from __future__ import annotations

from hwgen.errors import HwgenError
from hwgen.verify.jail import Caps, Cell
from hwgen.verify.synth import Netlist

CPU_S, WALL_S = 60.0, 600.0
REPLY = 64 << 20  # bytes of all netlists


def netlist_mutants(
    cell: Cell, module: str, netlist: Netlist, count: int = 200, seed: int = 1
) -> list[tuple[str, str]]:
    """Up to `count` mutants, each (what was changed, netlist text); the same for the same `seed`.

    `cell` is of kind "synth", `module` the netlist's. Raises HwgenError if Yosys fails.
    """
    payload = {"text": netlist.verilog, "module": module, "count": count, "seed": seed}
    caps = Caps(cpu_s=CPU_S, wall_s=WALL_S, reply=REPLY, files=REPLY)
    reply = cell.call("hwgen.verify.netmutantjobs:mutate", payload, caps)
    if reply.status != "ok":
        raise HwgenError(f"mutants of {module}: the job ended with {reply.status}")
    return [(str(what), str(text)) for what, text in reply.data["mutants"]]

"""A mapped netlist, as Yosys writes it in JSON, read into counts and an and-inverter machine.

What the machine says is what the block shows after each rising edge of the task's clock, inputs
held. An asynchronous reset by the task's own reset port is the same as a synchronous one then.
Other clocks, other asynchronous controls and memories kept whole have no machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hwgen.verify.formal.aig import FALSE, TRUE, Aig, Machine

Bit = int | str  # a net's number, or the constant "0", "1", "x", "z"

LOGIC: dict[str, tuple[str, Callable[..., int]]] = {
    "BUF": ("A", lambda g, a: a),
    "NOT": ("A", lambda g, a: a ^ 1),
    "AND": ("AB", lambda g, a, b: g.land(a, b)),
    "NAND": ("AB", lambda g, a, b: g.land(a, b) ^ 1),
    "OR": ("AB", lambda g, a, b: g.lor(a, b)),
    "NOR": ("AB", lambda g, a, b: g.lor(a, b) ^ 1),
    "XOR": ("AB", lambda g, a, b: g.xor(a, b)),
    "XNOR": ("AB", lambda g, a, b: g.xor(a, b) ^ 1),
    "ANDNOT": ("AB", lambda g, a, b: g.land(a, b ^ 1)),
    "ORNOT": ("AB", lambda g, a, b: g.lor(a, b ^ 1)),
    "MUX": ("ABS", lambda g, a, b, s: g.mux(s, a, b)),
    "NMUX": ("ABS", lambda g, a, b, s: g.mux(s, a, b) ^ 1),
}
FLOPS = ("DFF", "DFFSR", "ALDFF")


class Fault(Exception):
    """A netlist that is refused: `cause` from the closed set, `what` in words."""

    def __init__(self, cause: str, what: str) -> None:
        super().__init__(what)
        self.cause, self.what = cause, what


class _Unsayable(Exception):
    """The design does more than a machine can say."""


@dataclass(frozen=True)
class Gates:
    """Counts of a flat netlist: gates, flip-flops and memories; bits of state. And its machine."""

    cells: int
    state_bits: int
    machine: Machine | None


def read_gates(modules: Mapping[str, Any], asked: Mapping[str, Any]) -> Gates:
    """The netlist of the one module there is.

    `asked`: ports [[name, dir, width]], clock, reset [port, high?, asynchronous allowed?] or None.
    Raises Fault: black boxes, other ports, latches, loops, cells that are not gates.
    """
    if len(modules) != 1:
        raise Fault("undefined-module", "a module without contents is used")
    (module,) = modules.values()
    ports = [
        [name, port["direction"].removesuffix("put"), len(port["bits"])]
        for name, port in module["ports"].items()
    ]
    if sorted(ports) != sorted([n, d, w] for n, d, w in asked["ports"]):
        raise Fault("interface", "the netlist's ports are not the task's")
    flops, memories = [], []
    gates: dict[Bit, tuple[list[Bit], Callable[..., int]]] = {}
    free: set[Bit] = set()
    for cell in module["cells"].values():
        kind, pins = cell["type"], cell["connections"]
        if kind.startswith("$_") and (logic := LOGIC.get(kind[2:-1])):
            gates[pins["Y"][0]] = ([pins[p][0] for p in logic[0]], logic[1])
        elif kind.startswith("$_") and kind[2:].split("_")[0] in FLOPS:
            flops.append((kind[2:-1], {p: bits[0] for p, bits in pins.items()}))
        elif kind == "$mem_v2":
            memories.append(cell)
            for bit in pins["RD_DATA"] if "0" in cell["parameters"]["RD_CLK_ENABLE"] else ():
                gates[bit] = (pins["RD_ADDR"], min)
        elif kind == "$anyseq":
            free.update(pins["Y"])
        else:
            raise Fault("latch" if "LATCH" in kind else "unsynthesisable", f"a cell {kind} remains")
    order = _order(gates)
    kept = sum(_number(m, "SIZE") * _number(m, "WIDTH") for m in memories)
    try:
        machine = None if memories else _Reader(module, asked, free).machine(gates, order, flops)
    except _Unsayable:
        machine = None
    counted = sum(function is not min for _, function in gates.values())
    return Gates(counted + len(flops) + len(memories), len(flops) + kept, machine)


def _number(cell: Mapping[str, Any], name: str) -> int:
    return int(cell["parameters"][name], 2)


def _order(gates: Mapping[Bit, tuple[list[Bit], Any]]) -> list[Bit]:
    """Driven nets, each after the nets it reads. Raises Fault where they form a loop."""
    done: set[Bit] = set()
    order: list[Bit] = []
    for root in gates:
        if root in done:
            continue
        path: dict[Bit, Iterable[Any]] = {root: iter(gates[root][0])}
        while path:
            net, reads = next(reversed(path.items()))
            for below in reads:
                if below in path:
                    raise Fault("loop", "gates form a combinational loop")
                if below in gates and below not in done:
                    path[below] = iter(gates[below][0])
                    break
            else:
                del path[net]
                done.add(net)
                order.append(net)
    return order


class _Reader:
    """Builds the machine: a literal for each net, made when it is first read."""

    def __init__(self, module: Mapping[str, Any], asked: Mapping[str, Any], free: set[Bit]) -> None:
        self.aig = Aig()
        self.ports = {n: p["bits"] for n, p in module["ports"].items()}
        self.asked = asked
        self.clock = self.ports[asked["clock"]][0] if asked["clock"] else None
        self.ins = [(n, w) for n, d, w in asked["ports"] if d == "in" and n != asked["clock"]]
        self.lit: dict[Bit, int] = {"0": FALSE, "1": TRUE}
        for name, _ in self.ins:
            self.lit.update({bit: self.aig.input() for bit in self.ports[name]})
        self.free: list[int] = []
        self.inits: dict[Bit, int] = {}
        for net in module["netnames"].values():
            init = net["attributes"].get("init", "")
            pairs = zip(net["bits"], reversed(init), strict=False)
            self.inits.update({bit: int(v) for bit, v in pairs if v in "01"})

    def read(self, net: Bit) -> int:
        """The net's literal; a net that nothing drives, and each x, is a free value of its own."""
        if net in self.lit:
            return self.lit[net]
        if net == self.clock:
            raise _Unsayable
        self.free.append(self.aig.input())
        if isinstance(net, int):
            self.lit[net] = self.free[-1]
        return self.free[-1]

    def machine(
        self,
        gates: Mapping[Bit, tuple[list[Bit], Callable[..., int]]],
        order: list[Bit],
        flops: list[tuple[str, dict[str, Bit]]],
    ) -> Machine:
        aig = self.aig
        latches = [aig.input() for _ in flops]
        self.lit.update({pins["Q"]: q for (_, pins), q in zip(flops, latches, strict=True)})
        for net in order:
            pins, function = gates[net]
            self.lit[net] = function(aig, *(self.read(pin) for pin in pins))
        nexts = [self._next(kind, pins) for kind, pins in flops]
        outputs = [(n, w) for n, d, w in self.asked["ports"] if d == "out"]
        outs = [self.read(bit) for name, _ in outputs for bit in self.ports[name]]
        inits = [self.inits.get(pins["Q"]) for _, pins in flops]
        leaves = [self.lit[bit] for name, _ in self.ins for bit in self.ports[name]]
        return _compact(aig, leaves, self.free, latches, Machine(
            self.ins, outputs, len(self.free), inits, nexts, outs, []))  # fmt: skip

    def _next(self, kind: str, pins: Mapping[str, Bit]) -> int:
        family, _, polarity = kind.partition("_")
        if family != "DFF" or pins["C"] != self.clock or polarity[0] != "P":
            raise _Unsayable
        data = self.read(pins["D"])
        if len(polarity) == 1:
            return data
        port, high, allowed = self.asked["reset"] or ("", True, False)
        control = self.read(pins["R"]) ^ (polarity[1] == "N")
        if not allowed or control != self.read(self.ports[port][0]) ^ (not high):
            raise _Unsayable
        return self.aig.mux(control, data, int(polarity[2]))


def _compact(
    aig: Aig, inputs: list[int], free: list[int], latches: list[int], machine: Machine
) -> Machine:
    """The machine with nodes numbered in order and gates that nothing reads left out."""
    needed = set()
    stack = [x >> 1 for x in (*machine.nexts, *machine.outs)]
    while stack:
        node = stack.pop()
        if node not in needed and aig.left[node] >= 0:
            needed.add(node)
            stack += [aig.left[node] >> 1, aig.right[node] >> 1]
    new = {0: 0}
    for literal in (*inputs, *free, *latches):
        new[literal >> 1] = 2 * len(new)
    gates = []
    for node in sorted(needed):
        a, b = aig.left[node], aig.right[node]
        gates.append((new[a >> 1] ^ (a & 1), new[b >> 1] ^ (b & 1)))
        new[node] = 2 * len(new)

    def move(literals: list[int]) -> list[int]:
        return [new[x >> 1] ^ (x & 1) for x in literals]

    return Machine(
        machine.inputs, machine.outputs, machine.free, machine.inits,
        move(machine.nexts), move(machine.outs), gates,
    )  # fmt: skip

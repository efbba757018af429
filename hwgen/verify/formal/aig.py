"""And-inverter graphs with structural hashing, and machines that are written as such.

A literal is twice a node plus one when inverted; 0 is false, 1 is true. Equal gates of equal inputs
are one node, so two designs that differ in style only often become the same literals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

FALSE, TRUE = 0, 1


class Aig:
    """A growing graph. Node n is an input where `left[n] < 0`, else the and of two literals."""

    def __init__(self) -> None:
        self.left: list[int] = [-1]
        self.right: list[int] = [-1]
        self._known: dict[int, int] = {}

    def input(self) -> int:
        """A new free literal."""
        self.left.append(-1)
        self.right.append(-1)
        return 2 * len(self.left) - 2

    def land(self, a: int, b: int) -> int:
        """a and b."""
        if a > b:
            a, b = b, a
        if a < 2:
            return b if a else 0
        if a ^ b < 2:
            return 0 if a != b else a
        key = a << 32 | b
        node = self._known.get(key)
        if node is None:
            node = 2 * len(self.left)
            self._known[key] = node
            self.left.append(a)
            self.right.append(b)
        return node

    def lor(self, a: int, b: int) -> int:
        """a or b."""
        return self.land(a ^ 1, b ^ 1) ^ 1

    def xor(self, a: int, b: int) -> int:
        """a exclusive-or b."""
        if a < 2:
            return b ^ a
        if b < 2:
            return a ^ b
        flip = (a ^ b) & 1
        a, b = a & ~1, b & ~1
        return self.land(self.land(a, b) ^ 1, self.land(a ^ 1, b ^ 1) ^ 1) ^ flip

    def mux(self, s: int, a: int, b: int) -> int:
        """b where s, else a."""
        if a == b:
            return a
        if a ^ b == 1:
            return self.xor(s, a)
        return self.land(self.land(s, b) ^ 1, self.land(s ^ 1, a) ^ 1) ^ 1

    def all(self, literals: Iterable[int]) -> int:
        """The and of many."""
        out = TRUE
        for literal in literals:
            out = self.land(out, literal)
        return out

    def any(self, literals: Iterable[int]) -> int:
        """The or of many."""
        return self.all(literal ^ 1 for literal in literals) ^ 1

    def embed(self, machine: Machine, leaves: Sequence[int]) -> tuple[list[int], list[int]]:
        """A copy of the machine's logic over `leaves`: its inputs, free values, then latches.

        Gives the outputs' literals and the latches' next values.
        """
        lit = [0, *leaves]
        land = self.land
        for a, b in machine.gates:
            lit.append(land(lit[a >> 1] ^ (a & 1), lit[b >> 1] ^ (b & 1)))
        outs = [lit[x >> 1] ^ (x & 1) for x in machine.outs]
        return outs, [lit[x >> 1] ^ (x & 1) for x in machine.nexts]

    def embed_rails(
        self, machine: Machine, leaves: Sequence[tuple[int, int]]
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """As `embed`, three-valued: each value is a pair "is one", "is zero"; neither: unknown."""
        lit = [(0, 1), *leaves]
        land = self.land
        for a, b in machine.gates:
            a1, a0 = lit[a >> 1] if not a & 1 else lit[a >> 1][::-1]
            b1, b0 = lit[b >> 1] if not b & 1 else lit[b >> 1][::-1]
            lit.append((land(a1, b1), land(a0 ^ 1, b0 ^ 1) ^ 1))
        outs = [lit[x >> 1] if not x & 1 else lit[x >> 1][::-1] for x in machine.outs]
        return outs, [lit[x >> 1] if not x & 1 else lit[x >> 1][::-1] for x in machine.nexts]


@dataclass(frozen=True)
class Machine:
    """A flat design: nodes are 1.. = input bits, free values, latches, then gates in order.

    Ports are (name, width), their bits least significant first. `inits` holds 0, 1 or None (any).
    """

    inputs: list[tuple[str, int]]
    outputs: list[tuple[str, int]]
    free: int
    inits: list[int | None]
    nexts: list[int]
    outs: list[int]
    gates: list[tuple[int, int]] = field(repr=False)

    @property
    def input_bits(self) -> int:
        """Bits of all inputs, the clock not among them."""
        return sum(width for _, width in self.inputs)

    def reads(self) -> tuple[list[int], list[int]]:
        """Which leaves each output and each next value hangs on, a bit mask per literal."""
        leaves = self.input_bits + self.free + len(self.inits)
        mask = [0, *(1 << n for n in range(leaves))]
        for a, b in self.gates:
            mask.append(mask[a >> 1] | mask[b >> 1])
        return [mask[x >> 1] for x in self.outs], [mask[x >> 1] for x in self.nexts]

    def dump(self) -> str:
        """The machine as ASCII AIGER 1.9; free values are inputs called ?, ports name[bit]."""
        names = [f"{n}[{i}]" for n, w in self.inputs for i in range(w)] + ["?"] * self.free
        first, gate = len(names) + 1, len(names) + len(self.inits) + 1
        head = (gate - 1 + len(self.gates), len(names), len(self.inits), len(self.outs))
        lines = [f"aag {head[0]} {head[1]} {head[2]} {head[3]} {len(self.gates)}"]
        lines += [str(2 * n) for n in range(1, first)]
        for n, (init, after) in enumerate(zip(self.inits, self.nexts, strict=True)):
            own = 2 * (first + n)
            lines.append(f"{own} {after} {own if init is None else init}")
        lines += [str(x) for x in self.outs]
        lines += [f"{2 * (gate + n)} {a} {b}" for n, (a, b) in enumerate(self.gates)]
        lines += [f"i{n} {name}" for n, name in enumerate(names)]
        outs = [f"{n}[{i}]" for n, w in self.outputs for i in range(w)]
        lines += [f"o{n} {name}" for n, name in enumerate(outs)]
        return "\n".join(lines) + "\n"


def load(text: str) -> Machine:
    """A machine from what `dump` wrote. Raises ValueError where it is anything else."""
    lines = text.split("\n")
    name, *counts = lines[0].split(" ")
    if name != "aag" or len(counts) != 5 or not all(count.isdecimal() for count in counts):
        raise ValueError("not an AIGER text")
    n_in, n_latch, n_out, n_and = (int(count) for count in counts[1:])
    size = n_in + n_latch + n_out + n_and
    body = [[int(x) for x in line.split(" ")] for line in lines[1 : 1 + size]]
    latch, out, gate = body[n_in:], body[n_in + n_latch :], body[n_in + n_latch + n_out :]
    gates = [(a, b) for _, a, b in gate]
    first = n_in + n_latch + 1
    if any(not 0 <= x < 2 * (first + n) for n, pair in enumerate(gates) for x in pair):
        raise ValueError("gates out of order")
    nexts, outs_ = [row[1] for row in latch[:n_latch]], [row[0] for row in out[:n_out]]
    if any(not 0 <= x < 2 * (first + n_and) for x in (*nexts, *outs_)):
        raise ValueError("a literal that is not there")
    inits = [row[2] if row[2] < 2 else None for row in latch[:n_latch]]
    names = [line.split(" ", 1)[1] for line in lines[1 + len(body) :] if line]
    if len(names) != n_in + n_out:
        raise ValueError("names are missing")
    free = names[:n_in].count("?")
    inputs, outputs = _ports(names[: n_in - free]), _ports(names[n_in:])
    return Machine(inputs, outputs, free, inits, nexts, outs_, gates)


def _ports(names: list[str]) -> list[tuple[str, int]]:
    ports: dict[str, int] = {}
    for name in names:
        port, _, bit = name.partition("[")
        if bit != f"{ports.get(port, 0)}]":
            raise ValueError("port bits out of order")
        ports[port] = ports.get(port, 0) + 1
    return list(ports.items())

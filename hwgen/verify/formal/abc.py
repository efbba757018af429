"""Berkeley ABC as the engine behind the proofs; runs inside the cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from hwgen.verify.formal.mitre import Problem
from hwgen.verify.formal.reduce import Trace
from hwgen.verify.jail.tool import Ran, tool

OUTPUT = 1 << 20
LENGTH = re.compile(r"COUNTEREXAMPLE LENGTH: (\d+)")
FRAMES = re.compile(r"No output (?:asserted|failed) in (\d+) frames")
COMBINATIONAL = "iprove; print_status; write_cex -n cex"
INDUCTION = "scorr; write_aiger rest.aig; pdr; print_status; write_cex -n cex"
STEPS = (4, 8, 12, 16, 24, 32, 64, 128, 256)  # cycles; each step says how far it came


@dataclass(frozen=True)
class Answer:
    """`proved`, a trace that refutes, or neither; `frames` are cycles without a difference."""

    proved: bool = False
    trace: Trace | None = None
    frames: int = 0


def combinational(problem: Problem, cpu_s: float) -> Answer:
    """Whether `bad` is never true, by SAT and the equal gates inside; no latches."""
    return _asked(problem, COMBINATIONAL, cpu_s)


def sequential(problem: Problem, cpu_s: float) -> Answer:
    """Whether `bad` is never true: equal registers first, then property directed reachability."""
    return _asked(problem, INDUCTION, cpu_s)


def bounded(problem: Problem, cpu_s: float, most: int = STEPS[-1]) -> Answer:
    """For how many cycles up to about `most` `bad` stays false, as far as the time goes."""
    steps = [n for n in STEPS if n < most] + [most]
    script = "; ".join(f"bmc3 -F {n} -C 20000" for n in steps)
    return _asked(problem, f"{script}; print_status; write_cex -n cex", cpu_s)


def _program() -> str:
    spec = util.find_spec("pyosys")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pyosys")
    return str(Path(spec.origin).parent / "yosys-abc")


def _asked(problem: Problem, script: str, cpu_s: float) -> Answer:
    Path("problem.aig").write_bytes(aiger(problem))
    for name in ("cex", "rest.aig"):
        Path(name).unlink(missing_ok=True)
    command = [_program(), "-q", f"read_aiger problem.aig; {script}"]
    ran: Ran = tool(command, cpu_s=cpu_s, output=OUTPUT)
    said = ran.out.decode(errors="replace")
    frames = max((int(n) for n in FRAMES.findall(said)), default=0)
    if "Status = 1 " in said or _empty("rest.aig"):
        return Answer(proved=True)
    if Path("cex").exists():
        return Answer(trace=_trace(Path("cex").read_text(), len(problem.inputs)), frames=frames)
    return Answer(frames=frames)


def _empty(name: str) -> bool:
    """Whether the rest of a problem is the constant 0: nothing left to prove."""
    if not Path(name).exists():
        return False
    head, first, *_ = Path(name).read_bytes().split(b"\n", 2)
    counts = [int(x) for x in head.split(b" ")[1:]]
    return counts[2:5] == [0, 1, 0] and first == b"0"


def _trace(text: str, inputs: int) -> Trace | None:
    length = LENGTH.search(text)
    if length is None:
        return None
    frames = [[0] * inputs for _ in range(int(length[1]))]
    for place, cycle, value in re.findall(r"^pi(\d+)@(\d+)=([01])", text, re.M):
        frames[int(cycle)][int(place)] = int(value)
    return Trace(frames)


def aiger(problem: Problem) -> bytes:
    """The problem in binary AIGER: all latches start at 0, one output, `bad`."""
    aig = problem.aig
    new = {0: 0}
    flip: dict[int, int] = {}
    for literal in (*problem.inputs, *problem.latches):
        new[literal >> 1] = 2 * len(new)
    for literal, init in zip(problem.latches, problem.inits, strict=True):
        flip[literal >> 1] = init  # a latch that starts at 1 is held inverted

    def move(literal: int) -> int:
        node = literal >> 1
        return new[node] ^ (literal & 1) ^ flip.get(node, 0)

    needed: set[int] = set()
    stack = [x >> 1 for x in (*problem.nexts, problem.bad)]
    while stack:
        node = stack.pop()
        if aig.left[node] >= 0 and node not in needed:
            needed.add(node)
            stack += [aig.left[node] >> 1, aig.right[node] >> 1]
    gates = bytearray()
    for node in sorted(needed):
        own = 2 * len(new)
        a, b = sorted((move(aig.left[node]), move(aig.right[node])))
        _number(gates, own - b)
        _number(gates, b - a)
        new[node] = own
    size = (len(new) - 1, len(problem.inputs), len(problem.latches), 1, len(needed))
    nexts = [move(x) ^ i for x, i in zip(problem.nexts, problem.inits, strict=True)]
    lines = ["aig " + " ".join(map(str, size)), *map(str, nexts), str(move(problem.bad)), ""]
    return "\n".join(lines).encode() + bytes(gates)


def _number(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)

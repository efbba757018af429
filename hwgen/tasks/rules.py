"""What must hold between the fields of a task: each broken rule is one problem."""

from __future__ import annotations

from collections import Counter

from hwgen.errors import Problem
from hwgen.tasks.task import TaskSpec

_WORDS = """
    always and assign begin buf case casex casez deassign default defparam disable edge else end
    endcase endfunction endgenerate endmodule endtask event for force forever fork function
    generate genvar if initial inout input integer join localparam module nand negedge nor not or
    output parameter posedge real reg release repeat signed specify supply0 supply1 task time tri
    wait wand while wire wor xnor xor bit byte enum int logic longint return shortint struct
    typedef union unique void
"""
KEYWORDS = frozenset(_WORDS.split())
"""Words that name no port and no module, in Verilog or SystemVerilog."""


def broken_rules(spec: TaskSpec, where: str) -> list[Problem]:
    """Everything that does not fit together in `spec`; `where` begins each sentence."""
    found = [*_names(spec), *_clocking(spec), *_streams(spec)]
    return [Problem(f"{where}: {what}", rule) for what, rule in found]


def _names(spec: TaskSpec) -> list[tuple[str, str]]:
    found = []
    for name, count in Counter(p.name for p in spec.ports).items():
        if count > 1:
            found.append((f"port {name} is listed {count} times", "each port has its own name"))
    for name in (spec.module, *(p.name for p in spec.ports)):
        if name in KEYWORDS:
            found.append((f"{name} is a word of Verilog", "it cannot name a port or module"))
    if not spec.outputs:
        found.append(("there is no output port", "a block shows what it does on its outputs"))
    return found


def _clocking(spec: TaskSpec) -> list[tuple[str, str]]:
    found, ports = [], {p.name: p for p in spec.ports}
    if spec.kind == "comb" and (spec.clock or spec.reset):
        found.append(("kind comb has a clock or a reset", "use kind cycle for a clocked block"))
    if spec.kind != "comb" and spec.clock is None:
        found.append((f"kind {spec.kind} has no clock", "name the clock's port: clock: clk"))
    roles = [("clock", spec.clock), ("reset.port", spec.reset.port if spec.reset else None)]
    for role, name in roles:
        if name is None:
            continue
        port = ports.get(name)
        if port is None or port.dir != "in" or port.width != 1:
            found.append((f"{role} = {name} is no input port of one bit", "list it under ports"))
    return found


def _streams(spec: TaskSpec) -> list[tuple[str, str]]:
    if spec.kind != "stream":
        return [("streams are given", f"kind {spec.kind} has none")] if spec.streams else []
    ports = {p.name: p for p in spec.ports}
    found: list[tuple[str, str]] = []
    used = Counter([spec.clock, spec.reset.port if spec.reset else None])
    for stream in spec.streams:
        names = [stream.valid, stream.ready, *stream.payload]
        used.update(names)
        unknown = [n for n in names if n is not None and n not in ports]
        if unknown:
            found.append((f"stream {stream.name}: no port {', '.join(unknown)}", "list them"))
            continue
        way = ports[stream.valid].dir
        wrong = [n for n in stream.payload if ports[n].dir != way]
        if stream.ready and ports[stream.ready].dir == way:
            wrong.append(stream.ready)
        if wrong:
            rule = "payload goes the way of valid, ready the other way"
            found.append((f"stream {stream.name}: {', '.join(wrong)} goes the wrong way", rule))
        for name in filter(None, (stream.valid, stream.ready)):
            if ports[name].width != 1:
                found.append((f"stream {stream.name}: {name} has more than one bit", ""))
    for name in ports:
        if used[name] != 1:
            rule = "each port but clock and reset belongs to one stream"
            found.append((f"port {name} belongs to {used[name] or 'no'} stream", rule))
    if not any(ports.get(s.valid) and ports[s.valid].dir == "out" for s in spec.streams):
        found.append(("no stream leaves the block", "list one whose valid is an output"))
    return found

"""A bench and the hole in it: which instance the candidate takes the place of, and its pins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hwgen.benchsuites import texts, verilog_eval
from hwgen.benchsuites.lab import Lab, Ran
from hwgen.benchsuites.problem import Problem
from hwgen.benchsuites.scopes import Pin, Scope
from hwgen.tasks.task import WIDEST, Limits, Port, TaskSpec

BENCH = "bench.sv"
DESIGN = "design.sv"
_MISSING = re.compile(r"^\s+(\S+) referenced (\d+) times\.$", re.MULTILINE)


class Unfit(Exception):
    """Why a problem cannot be judged, in a sentence: an issue of the suite or of the simulator."""


@dataclass(frozen=True)
class Unjudged:
    """A problem that the corrected rule cannot judge: why, and its reference as `Bed.beside`, ""
    where upstream's rule cannot run it either."""

    why: str
    beside: str


@dataclass(frozen=True)
class Bed:
    """Where a candidate goes.

    module: the name that the bench asks for; path: of the instance; roots: of the bench; pins and
    parameters (their defaults) of the module; fixed: parameters to which the bench gives other
    values. design: the reference as that module, complete; beside: the same, where the suite's
    own files lie beside it.
    """

    module: str
    path: str
    roots: tuple[str, ...]
    pins: tuple[Pin, ...]
    parameters: dict[str, int]
    fixed: dict[str, int]
    design: str
    beside: str


def spec_of(problem: Problem, bed: Bed) -> TaskSpec:
    """What the screen holds a candidate to: the module, its ports and parameters.

    Suites use initial values and memories freely, so only the source is limited as elsewhere.
    """
    ports = tuple(
        Port(name=p.name, dir="in" if p.dir == "in" else "out", width=p.width) for p in bed.pins
    )
    clocks = [p.name for p in bed.pins if p.dir == "in" and p.name.lower() in ("clk", "clock")]
    return TaskSpec(
        id=problem.id,
        kind="cycle" if clocks else "comb",
        prompt=problem.prompt,
        module=bed.module,
        clock=clocks[0] if clocks else None,
        ports=ports,
        parameters=bed.fixed,
        limits=Limits(initial=True),
    )


def verilog_eval_bed(lab: Lab, problem: Problem) -> Bed:
    """The bed of a VerilogEval problem: its names are fixed. Raises Unfit."""
    _need(problem)
    name = verilog_eval.REFERENCE
    ran = lab.run({DESIGN: problem.reference}, [DESIGN], [name], run_s=None)
    pins = _pins(_scope(ran, "the reference", name).pins)
    stand_in = texts.wrapper(verilog_eval.MODULE, name, pins, {})
    return Bed(
        verilog_eval.MODULE,
        verilog_eval.INSTANCE,
        (verilog_eval.BENCH,),
        pins,
        {},
        {},
        f"{problem.reference}\n{stand_in}",
        stand_in,
    )


def rtllm_bed(lab: Lab, problem: Problem) -> Bed:
    """The bed of an RTLLM design: the bench says which module it lacks, the verified design has
    it under that or another name. Raises Unfit."""
    _need(problem)
    module = _wanted(lab.run({BENCH: problem.bench}, [BENCH], [], run_s=None))
    alone = lab.run({DESIGN: problem.reference}, [DESIGN], [], run_s=None)
    top = _top(alone, module)
    design = problem.reference
    pins, parameters = _pins(top.pins), top.parameters
    if top.module != module:
        design = f"{design}\n{texts.wrapper(module, top.module, pins, parameters)}"
    scopes, instance = _placed(lab, problem, design, module)
    if top.module != module:
        # with the bench's parameters the pins may be wider than by default
        pins = _pins(next(s for s in scopes if s.path == f"{instance.path}.inner").pins)
        wrapper = texts.wrapper(module, top.module, pins, parameters)
        design = f"{problem.reference}\n{wrapper}"
    else:
        pins = _pins(instance.pins)
    fixed = {n: v for n, v in instance.parameters.items() if parameters.get(n, v) != v}
    roots = tuple(s.path for s in scopes if s.root)
    return Bed(module, instance.path, roots, pins, parameters, fixed, design, design)


def _need(problem: Problem) -> None:
    if not problem.bench or not problem.reference:
        raise Unfit(f"the suite has no {'reference' if problem.bench else 'bench'} for it")


def _wanted(ran: Ran) -> str:
    """The one module that a bench alone lacks."""
    missing = _MISSING.findall(ran.log)
    if len(missing) != 1 or missing[0][1] != "1":
        found = ", ".join(f"{n} times {m}" for m, n in missing) or ran.why
        raise Unfit(f"the bench should instantiate one design, once: {found}")
    return str(missing[0][0])


def _top(ran: Ran, module: str) -> Scope:
    """The verified design's top: the only root, or the one whose name says so."""
    if ran.status != "ok":
        raise Unfit(f"the verified design does not compile: {ran.why}")
    roots = [s for s in ran.scopes if s.root]
    named = [s for s in roots if s.module in (module, f"verified_{module}")]
    chosen = roots if len(roots) == 1 else named
    if len(chosen) != 1:
        raise Unfit(f"the verified design has {len(roots)} tops and none is called {module}")
    return chosen[0]


def _placed(lab: Lab, problem: Problem, design: str, module: str) -> tuple[Sequence[Scope], Scope]:
    """The compiled bench with the design in it, and the design's instance."""
    files = {BENCH: problem.bench, DESIGN: design}
    ran = lab.run(files, [BENCH, DESIGN], [], run_s=None)
    return ran.scopes, _scope(ran, "the bench with the verified design", module)


def _scope(ran: Ran, what: str, module: str) -> Scope:
    if ran.status != "ok":
        raise Unfit(f"{what} does not compile: {ran.why}")
    return next(s for s in ran.scopes if s.module == module)


def _pins(pins: Sequence[Pin]) -> tuple[Pin, ...]:
    for pin in pins:
        if pin.dir == "inout":
            raise Unfit(f"port {pin.name} is bidirectional")
        if pin.width > WIDEST:
            raise Unfit(f"port {pin.name} has {pin.width} bits")
    if not any(pin.dir == "out" for pin in pins):
        raise Unfit("the design has no outputs")
    return tuple(pins)

"""Code of other people as rows: compiled and screened in the jail, its ports read, its bench tried.

Nothing of a file is trusted: what is parsed outside the jail was screened inside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from hwgen.benchsuites.lab import Lab, Ran
from hwgen.benchsuites.scopes import Scope
from hwgen.errors import HwgenError
from hwgen.tasks.mutate import mutants_of
from hwgen.tasks.task import Limits, Port, Reset, Task, TaskSpec
from hwgen.training.data.local import Found
from hwgen.training.data.rows import LOCAL, Row
from hwgen.training.text import completion_of, prompt_of
from hwgen.verify.jail.cells import find_jail
from hwgen.verify.screen.screen import Refused

DESIGN, BENCH = "design.sv", "bench.sv"
BENCH_S = 5.0  # of CPU for a run of a bench
MUTANTS = 5
LOG = 1 << 16  # characters of a bench's talk that are compared
CLOCKS = ("clk", "clock")
RESETS = {"rst": "high", "reset": "high", "areset": "high", "rst_n": "low", "resetn": "low",
          "reset_n": "low", "rstn": "low", "arst_n": "low", "aresetn": "low"}  # fmt: skip

Out = str
"""Why a row is left out, in a few words that are counted."""


@dataclass(frozen=True)
class Compiled:
    """A row whose code compiles. `text` is the code as it was screened."""

    row: Row
    text: str
    module: str


def compiled(
    rows: Sequence[Found], jobs: int, say: Callable[[str], None]
) -> list[tuple[Found, Compiled | Out]]:
    """Every row with its compiled form, or why it is out. Raises ToolMissing without a jail."""
    jail = find_jail()
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        labs = [stack.enter_context(Lab(jail)) for _ in range(jobs)]
        parts = pool.map(lambda at: [_compiled(labs[at], r) for r in rows[at::jobs]], range(jobs))
        by_lab = [iter(part) for part in parts]
        say(f"files: {len(rows)} codes compiled in the jail")
        return [(row, next(by_lab[number % jobs])) for number, row in enumerate(rows)]


def benched(
    rows: Sequence[tuple[Compiled, str]], seed: int, most: int
) -> dict[str, tuple[int, int]]:
    """Mutants found and tried, by id, of the first `most` rows whose own bench runs with their
    code. A mutant is found if the bench says other things of it.
    """
    found = {}
    with Lab(find_jail()) as lab:
        for one, bench in rows[:most]:
            right = _bench(lab, one.text, bench)
            if right.status == "ok" and right.log.strip():
                drawn = mutants_of(one.text)
                rng = random.Random(f"{seed} mutants of {one.row.id}")
                drawn = tuple(rng.sample(drawn, min(MUTANTS, len(drawn))))
                runs = [_bench(lab, mutant.text, bench) for mutant in drawn]
                ran = [run for run in runs if run.status != "compile"]
                killed = sum((r.status, r.log) != (right.status, right.log) for r in ran)
                found[one.row.id] = (killed, len(ran))
    return found


def _bench(lab: Lab, code: str, bench: str) -> Ran:
    files = {DESIGN: code, BENCH: bench.encode().decode("latin-1")}
    ran = lab.run(files, [BENCH, DESIGN], [], run_s=BENCH_S)
    return Ran(ran.status, ran.log[:LOG])


def _compiled(lab: Lab, row: Found) -> Compiled | Out:
    code = row.code.encode().decode("latin-1")
    try:
        ran = lab.run({DESIGN: code}, [DESIGN], [], run_s=None)
    except HwgenError:
        return "no verdict"
    if ran.status != "ok":
        return "does not compile"
    roots = [scope for scope in ran.scopes if scope.root]
    if len(roots) != 1:
        return "not one top module"
    try:
        spec = _spec(row, roots[0])
    except ValidationError:
        return "ports that no task has"
    screened = lab.screen(spec, code)
    if isinstance(screened, Refused):
        return f"refused by the screen: {screened.cause}"
    own = completion_of(row.code)
    done = Row(
        id=row.id,
        family=LOCAL,
        kind="write",
        digest=row.digest,
        prompt=prompt_of(Task(spec, _no_golden, "")),
        completion=completion_of(screened.text) if "`" in own else own,
        testbench=row.testbench,
    )
    return Compiled(done, screened.text, spec.module)


def _spec(row: Found, top: Scope) -> TaskSpec:
    """The structured problem: intent, ports, clock and reset by their names."""
    ports = tuple(Port(name=p.name, dir=_dir(p.dir), width=p.width) for p in top.pins)
    single = [p.name for p in ports if p.dir == "in" and p.width == 1]
    clock = next((name for name in single if name.lower() in CLOCKS), None)
    reset = next((name for name in single if name.lower() in RESETS), None) if clock else None
    return TaskSpec(
        id=row.id,
        kind="cycle" if clock else "comb",
        prompt=row.description,
        module=top.module,
        clock=clock,
        reset=_reset(reset) if reset else None,
        ports=ports,
        limits=Limits(initial=True),
    )


def _reset(name: str) -> Reset:
    active: Any = RESETS[name.lower()]
    return Reset(port=name, style="any", active=active)


def _dir(direction: str) -> Any:
    """In or out; what goes both ways is no port of a task and fails its validation."""
    return direction


def _no_golden() -> Any:
    raise NotImplementedError("a row of a file has no golden model")

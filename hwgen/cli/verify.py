"""hwgen verify: the regression of a design, run by the design's own folder."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shlex
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cache import cache_folder, locked, prune
from hwgen.cli.app import say
from hwgen.errors import EXIT_FAILED, Problem, UsageError
from hwgen.verify.mutants import Fate, mutants_of, try_mutants
from hwgen.verify.regression import (
    SIMULATORS,
    Request,
    Run,
    edited_files,
    keep_waves,
    regress,
    write_junit,
)

DESIGNS_KEPT = 3  # per preset: one holds some 200 MB of simulators


class Sim(StrEnum):
    """Which simulators."""

    ICARUS = "icarus"
    VERILATOR = "verilator"
    BOTH = "both"


def verify(
    folder: Annotated[Path | None, typer.Argument(help="folder that hwgen built")] = None,
    arch: Annotated[str | None, typer.Option(help="instead of a folder: architecture")] = None,
    preset: Annotated[str, typer.Option(help="with --arch: preset")] = "tiny",
    sim: Annotated[Sim, typer.Option(help="simulators")] = Sim.BOTH,
    block: Annotated[list[str] | None, typer.Option(help="only this block; repeatable")] = None,
    seed: Annotated[int | None, typer.Option(help="seed of every run; drawn if not given")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="simulations at once")] = os.cpu_count() or 1,
    junit: Annotated[Path | None, typer.Option(help="write a JUnit XML file")] = None,
    waves: Annotated[Path | None, typer.Option(help="keep waves of failing runs here")] = None,
    mutants: Annotated[
        int | None, typer.Option(min=0, help="plant mistakes: so many at random, 0 for all")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """Run a design's cocotb benches, block by block and as a whole, under both simulators.

    Example: hwgen verify --arch n3h --preset tiny --sim both
    """
    with design(folder, arch, preset) as (built, target):
        sims = SIMULATORS if sim is Sim.BOTH else (sim.value,)
        request = Request(built, sims, tuple(block or ()), seed, jobs)
        if mutants is not None:
            return plant_mutants(request, mutants, json_output)
        for name in edited_files(built):
            say(f"note: {name} is not as it was built; it is verified as it is")
        runs = list(watch(request, target, waves))
        if junit:
            write_junit(junit, runs, target)
        if json_output:
            print(json.dumps([r.as_dict(target) for r in runs], indent=2))
        good = sum(r.ok for r in runs)
        say(f"{good} of {len(runs)} runs passed, {sum(r.tests for r in runs)} tests")
        return 0 if good == len(runs) else EXIT_FAILED


@contextlib.contextmanager
def design(folder: Path | None, arch: str | None, preset: str) -> Iterator[tuple[Path, str]]:
    """The folder to verify and what names it on a command line.

    A preset is built into the user's cache, where its simulations stay for the next time; a
    second process waits for the first.
    """
    if (folder is None) == (arch is None):
        raise UsageError(
            Problem(
                "verify needs a folder or --arch" + (", not both" if folder else ""),
                fix="hwgen verify DIR, or hwgen verify --arch n3h --preset tiny",
            )
        )
    if folder is not None:
        yield folder, shlex.quote(str(folder))
        return
    from hwgen.arch import get_arch

    assert arch is not None
    record = get_arch(arch)
    bundle = record.emit(record.spec_class().preset(preset))
    name = f"{record.name}-{preset}"
    built = cache_folder("designs") / f"{name}-{bundle.digest()[:16]}"
    with locked(built):
        if not built.exists():
            bundle.write(built)
            prune((p for p in built.parent.glob(f"{name}-*") if p.is_dir()), DESIGNS_KEPT)
        os.utime(built)
        yield built, f"--arch {record.name} --preset {preset}"


def watch(request: Request, target: str, waves: Path | None) -> Iterator[Run]:
    """The runs of a request, reported as they finish; failing ones again with waves if asked."""
    planned = 0
    for number, event in enumerate(regress(request)):
        if isinstance(event, int):
            planned = event
            say(f"{planned} runs")
            continue
        r = event
        say(
            f"[{number}/{planned}] {'PASS' if r.ok else 'FAIL'} {r.bench} {r.sim} "
            f"{r.tests - r.failed}/{r.tests} tests, {r.seconds:.1f} s, seed {r.seed}"
        )
        if not r.ok:
            say(f"  log:   {r.log}\n  rerun: {r.rerun(target)}")
            if waves:
                again = replace(request, sims=(r.sim,), blocks=(r.bench,), seed=r.seed, waves=True)
                for repeat in regress(again):
                    if isinstance(repeat, Run):
                        for path in keep_waves(repeat, waves):
                            say(f"  waves: {path}, top {repeat.top}")
        yield r


def plant_mutants(request: Request, number: int, json_output: bool) -> int:
    """Try `number` mutants drawn by the request's seed (0: all); survivors fail the verdict.

    They run on the first of the request's simulators. Raises UsageError for an unknown block.
    """
    table = mutants_of(request.folder)
    wanted = [m for m in table if not m.equivalent]
    known = list(dict.fromkeys(m.bench for m in table))
    if unknown := set(request.blocks) - set(known):
        what = f"there are no mutants of {', '.join(sorted(unknown))}"
        raise UsageError(Problem(what, f"there are some of {', '.join(known)}"))
    if request.blocks:
        wanted = [m for m in wanted if m.bench in request.blocks]
    seed = request.seed if request.seed is not None else random.SystemRandom().randrange(1 << 31)
    if number:
        wanted = random.Random(seed).sample(wanted, min(number, len(wanted)))
    fates: list[Fate] = []
    for fate in try_mutants(request.folder, wanted, request.sims[0], seed, request.jobs):
        fates.append(fate)
        m = fate.mutant
        where = f"{m.file}, number {m.number}, {fate.seconds:.1f} s"
        say(f"[{len(fates)}/{len(wanted)}] {fate.word} {m.bench}: {m.what} ({where})")
    killed = sum(f.killed for f in fates)
    said = f"{killed} of {len(fates)} mutants killed, {len(table)} in the table, seed {seed}"
    say(
        "\n".join(
            [f"{f.word} {f.mutant.bench}: {f.mutant.what}" for f in fates if not f.killed] + [said]
        )
    )
    if json_output:
        rows = [f.as_dict() for f in fates]
        same = [{"what": m.what, "because": m.equivalent} for m in table if m.equivalent]
        record = {"seed": seed, "table": len(table), "killed": killed, "equivalent": same}
        print(json.dumps({**record, "mutants": rows}, indent=2))
    return 0 if killed == len(fates) and fates else EXIT_FAILED

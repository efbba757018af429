"""An accelerator with blocks that a model wrote: the emitted files with the best of them inside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hwgen.arch import Arch
from hwgen.blocks.judging import Attempt, Tries, Writer, measure, try_blocks
from hwgen.blocks.language import is_verilog_2005
from hwgen.blocks.manifest import row
from hwgen.blocks.text import Written, with_written, written
from hwgen.emit.bundle import Bundle
from hwgen.errors import HwgenError, Problem
from hwgen.spec import ArchSpec
from hwgen.tasks.hierarchy import instances
from hwgen.tasks.leaves import Leaf, leaf_blocks, leaf_sources
from hwgen.verify.jail.cells import find_jail
from hwgen.verify.judge import Judge
from hwgen.verify.options import Options
from hwgen.verify.pool import Pool
from hwgen.verify.regression import need_simulators
from hwgen.verify.screen.screen import Refused, screen
from hwgen.verify.store import Store, default_store


@dataclass(frozen=True)
class Settings:
    """Candidates for each block, the seed of the judge's stimulus, candidates judged at once
    (None: as many as there are cores), whether verdicts of earlier runs may be used.
    """

    samples: int = 8
    seed: int = 0
    jobs: int | None = None
    stored: bool = True


@dataclass
class Design:
    """Emitted files, and what came of their blocks while models' blocks are put in."""

    bundle: Bundle
    parts: dict[str, list[Written]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)  # instances that are models' now

    def holds(self, leaf: Leaf) -> bool:
        """Whether an instance of a block is left that is not below a model's."""
        return not all(
            any(path.startswith(f"{above}.") for above in self.paths) for path in leaf.instances
        )


def listed(arch: Arch, spec: ArchSpec) -> Bundle:
    """What `arch` emits, with its leaf blocks listed in the manifest. Raises ToolMissing."""
    bundle = arch.emit(spec)
    rows = [row(leaf, bundle) for leaf in leaf_blocks(arch, spec)]
    return replace(bundle, facts={**bundle.facts, "blocks": rows})


def with_blocks(
    arch: Arch,
    spec: ArchSpec,
    writer: Writer,
    settings: Settings,
    say: Callable[[str], None],
    done: Callable[[], None] = lambda: None,
) -> Bundle:
    """What `arch` emits for `spec`, with every eligible block for which `writer` has a proved,
    small enough candidate in place of hwgen's own; the manifest lists all blocks.

    `done` is called for each eligible block that has been written. The same writer and seed give
    the same bytes, as long as no stage meets its limit of processor time. Raises ToolMissing
    without jail, pyslang or Icarus Verilog.
    """
    find_jail()
    need_simulators(("icarus",))
    bundle, leaves = arch.emit(spec), leaf_blocks(arch, spec)
    options = Options(seed=settings.seed)
    trusted = replace(options, profile="trusted", until="synthesise")
    wanted = [leaf for leaf in leaves if leaf.eligible]
    with _store(settings) as store, Pool(options, settings.jobs, store) as pool:
        tries = try_blocks(wanted, writer, settings.samples, pool, done)
    measure(tries, bundle, trusted)
    # blocks that hold others first: what a model's block holds no longer is need not be written
    tries.sort(key=lambda t: not t.leaf.below)
    design, rows = Design(bundle), {}
    with Judge(options) as judge, Judge(trusted) as own:
        for one in tries:
            rows[one.leaf.task] = found = _placed(design, one, judge, own)
            say(_sentence(found))
    made = with_parts(bundle, design.parts)
    _check_inside(made, design)
    blocks = [rows.get(leaf.task) or row(leaf, bundle) for leaf in leaves]
    return replace(made, facts={**made.facts, "blocks": blocks})


def _store(settings: Settings) -> contextlib.AbstractContextManager[Store]:
    return contextlib.closing(default_store() if settings.stored else Store())


def _placed(design: Design, tries: Tries, judge: Judge, own: Judge) -> Mapping[str, object]:
    """The row of a block, after the best of its candidates that stands as emitted was put in."""
    leaf, reason = tries.leaf, ""
    if not design.holds(leaf):
        reason = "it is no longer there: a model wrote the block that held it"
        return row(leaf, design.bundle, tries, reason=reason)
    for attempt in tries.ranked():
        part = _part(tries, attempt, judge)
        reason = _fault(design, tries, attempt, part, own)
        if not reason:
            design.parts.setdefault(leaf.module, []).append(part)
            design.paths += leaf.instances
            return row(leaf, design.bundle, tries, attempt, part)
    return row(leaf, design.bundle, tries, reason=reason or tries.reason())


def _part(tries: Tries, attempt: Attempt, judge: Judge) -> Written:
    """The text that was judged, which is the one that the screen printed, as a block."""
    task = tries.task
    found = screen(judge.cell("screen"), task.spec, {"block.v": attempt.text})
    if isinstance(found, Refused):
        raise HwgenError(Problem(f"{task.spec.id}: a text that passed is refused: {found.what}"))
    cells = attempt.verdict.cells if attempt.verdict else 0
    said = (
        f"Written by a model for {task.spec.id}; proved equal to the task's reference.\n"
        f"{cells} cells of two inputs, where hwgen's own block has {tries.cells}."
    )
    return written(task.spec.module, found.text, task.spec.parameters, found.overrides, said)


def _fault(design: Design, tries: Tries, attempt: Attempt, part: Written, own: Judge) -> str:
    """What is wrong with a block's file as it would be emitted; empty if it is right.

    The proof is of the text alone. Door and new names add no logic, so the file must pass all
    tests again and be the same hardware, cell by cell: a second proof would often not end, since
    engines match registers by their names.
    """
    leaf = tries.leaf
    files = leaf_sources(with_parts(design.bundle, {leaf.module: [part]}), leaf.module)
    if not is_verilog_2005(part.text, files, leaf.module):
        return "proved, but no Verilog-2005, which is the language of the emitted files"
    found, before = own.judge(tries.task, files), attempt.verdict
    right = found.passed or found.cause == "not-proved"  # nothing is proved here, and need not be
    same = before and (found.cells, found.state_bits) == (before.cells, before.state_bits)
    return "" if right and same else "proved, but not the same as it is emitted"


def with_parts(bundle: Bundle, parts: Mapping[str, Sequence[Written]]) -> Bundle:
    """The emitted files with models' blocks in them, by the module that they replace."""
    modules = tuple(
        with_written(m, parts[m.name]) if m.name in parts else m for m in bundle.modules
    )
    return replace(bundle, modules=modules)


def _check_inside(made: Bundle, design: Design) -> None:
    """Raise HwgenError unless every part is an instance of the elaborated design."""
    inside = {found.module for found in instances(_texts(made), made.top)}
    lost = [p.name for parts in design.parts.values() for p in parts if p.name not in inside]
    if lost:
        raise HwgenError(Problem(f"no instance of {', '.join(lost)} is left in {made.top}"))


def _texts(bundle: Bundle) -> dict[str, str]:
    return {module.name: module.text for module in bundle.modules}


def _sentence(found: Mapping[str, object]) -> str:
    values: Iterable[str] = [f"{k}={v}" for k, v in _parameters(found).items()]
    said = f"{found['name']} {','.join(values)}".strip()
    if found["source"] == "model":
        return f"{said}: {found['module']}, {found['cells']} cells for {found['replaced_cells']}"
    return f"{said}: hwgen's own; {found['reason']}"


def _parameters(found: Mapping[str, object]) -> Mapping[str, object]:
    values = found["parameters"]
    assert isinstance(values, dict)
    return values


def written_blocks(rows: Sequence[Mapping[str, object]]) -> int:
    """How many distinct modules of a manifest's `blocks` a model wrote."""
    return len({row["name"] for row in rows if row["source"] == "model"})

"""Leaf blocks of the architectures as tasks: which emitted modules, at which parameters.

A block's family is named as its module, and its parameters are the module's own; the task's id
puts the architecture in front: `n3h/hw_fifo:WIDTH=64,DEPTH=32`. Blocks hw_<noun> that all
architectures share have their families in `blocks`; an architecture declares its own as a
`BlockSet`, whose import path is `Arch.tasks`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from hwgen.arch import Arch, get_arch, load
from hwgen.emit.bundle import Bundle
from hwgen.errors import Problem, UsageError
from hwgen.spec import ArchSpec
from hwgen.tasks.blocks import NO_TASKS, SHARED
from hwgen.tasks.family import Choice, Family
from hwgen.tasks.hierarchy import Instance, instances
from hwgen.tasks.task import Task

NO_FAMILY = "its architecture declares no task for it"


@dataclass(frozen=True)
class BlockSet:
    """What an architecture declares: families of its blocks, and the reasons why other leaf
    modules are no tasks, by pattern of their names.
    """

    families: tuple[Family, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Leaf:
    """A module of an emitted design at its parameters.

    `instances` are paths from the top. `below` are the modules that are replaced with it (empty
    for a true leaf). Eligible blocks have a task; `reason` says why the others have none.
    """

    module: str
    parameters: Mapping[str, int]
    instances: tuple[str, ...]
    below: tuple[str, ...]
    eligible: bool
    reason: str
    task: str

    def as_dict(self) -> dict[str, object]:
        """For a manifest: plain lists and numbers, the count of instances, not their paths."""
        return {
            "module": self.module,
            "parameters": dict(self.parameters),
            "instances": len(self.instances),
            "below": list(self.below),
            "eligible": self.eligible,
            "reason": self.reason,
            "task": self.task,
        }


def block_set(arch: Arch) -> BlockSet:
    """Families and reasons of an architecture, those of the shared blocks included."""
    own: BlockSet = load(arch.tasks) if arch.tasks else BlockSet(())
    return BlockSet((*SHARED, *own.families), {**NO_TASKS, **own.reasons})


def leaf_blocks(arch: Arch, spec: ArchSpec) -> tuple[Leaf, ...]:
    """Every leaf module of the design that `arch` emits for `spec`, once per set of parameters,
    and the modules above leaves that have a task of their own; by name.

    Raises ToolMissing without pyslang.
    """
    bundle = arch.emit(spec)
    declared = block_set(arch)
    families = {family.name: family for family in declared.families}
    same: dict[tuple[str, str], list[Instance]] = {}
    for found in instances({m.name: m.text for m in bundle.modules}, bundle.top):
        if not found.below or found.module in families:
            same.setdefault((found.module, str(dict(found.parameters))), []).append(found)
    return tuple(_leaf(arch, declared, families, some) for _, some in sorted(same.items()))


def leaf_sources(bundle: Bundle, module: str) -> dict[str, str]:
    """Texts of an emitted module and of everything that its text names, by path."""
    texts = {m.name: m for m in bundle.modules}
    needed, todo = {module}, [module]
    while todo:
        words = set(texts[todo.pop()].text.replace("(", " ").split())
        found = (words & texts.keys()) - needed
        needed |= found
        todo += found
    return {texts[name].path: texts[name].text for name in sorted(needed)}


def leaf_families(arch: Arch) -> dict[str, Family]:
    """Families of an architecture's blocks, by the first part of their tasks' ids."""
    return {f"{arch.name}/{family.name}": family for family in block_set(arch).families}


def leaf_task(arch: str, family: Family, choice: Choice, phrasing: int = 0) -> Task:
    """The task of a block at these parameters, which it fixes."""
    task = family.task(choice, phrasing)
    name = f"{arch}/{family.id_of(choice)}"
    fixed = {parameter: choice[parameter] for parameter in family.parameters}
    spec = task.spec.model_copy(update={"id": name, "parameters": fixed})
    return replace(task, spec=spec, origin=f"{name}@{phrasing}")


def get_leaf_task(said: str, phrasing: int = 0) -> Task:
    """The task that `arch/module:NAME=value,...` means; what is left out is default.

    Raises UsageError.
    """
    name, _, values = said.partition(":")
    arch = get_arch(name.partition("/")[0])
    module = name.partition("/")[2]
    families = {family.name: family for family in block_set(arch).families}
    if module not in families:
        close = difflib.get_close_matches(module, families, 3)
        raise UsageError(
            Problem(
                f"{arch.name} has no leaf block '{module}' with a task",
                f"close: {', '.join(close)}" if close else "",
                "see: hwgen tasks list",
            )
        )
    family = families[module]
    return leaf_task(arch.name, family, family.choice_of(values), phrasing)


def _leaf(
    arch: Arch, declared: BlockSet, families: Mapping[str, Family], same: list[Instance]
) -> Leaf:
    one, family = same[0], families.get(same[0].module)
    reason, task = _reason(declared, one.module), ""
    if family:
        choice = {name: one.parameters[name] for name in family.parameters}
        reason = _outside(family, choice)
        task = "" if reason else f"{arch.name}/{family.id_of(choice)}"
    return Leaf(
        module=one.module,
        parameters=one.parameters,
        instances=tuple(found.path for found in same),
        below=one.below,
        eligible=bool(task),
        reason=reason,
        task=task,
    )


def _outside(family: Family, choice: Choice) -> str:
    """Why a family has no task for these parameters, empty if it has one."""
    for name, values in family.parameters.items():
        if choice[name] not in values:
            return f"its task has no {name} = {choice[name]}"
    return "" if family.legal(choice) else "a port would be wider than a task's ports may be"


def _reason(declared: BlockSet, module: str) -> str:
    for pattern, reason in declared.reasons.items():
        if fnmatchcase(module, pattern):
            return reason
    return NO_FAMILY

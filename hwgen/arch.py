"""The architectures that hwgen can emit: one record each, in one explicit tuple.

A record names its parts by import path, so that listing the architectures imports none of them.
Packages outside hwgen add their own through the entry point group "hwgen.archs".
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hwgen.errors import HwgenError, Problem, UsageError

if TYPE_CHECKING:
    from hwgen.emit.bundle import Bundle
    from hwgen.spec import ArchSpec

BUILT_IN = ("hwgen.archs.n3h:ARCH",)
"""Import paths of the records that ship with hwgen."""

ENTRY_POINTS = "hwgen.archs"


@dataclass(frozen=True)
class Arch:
    """One architecture. `spec`, `build`, `lower`, `program`, `run` are import paths `module:name`.

    `spec` is a subclass of `hwgen.spec.ArchSpec`; `build` takes an instance of it and returns
    the `Bundle` of emitted files. `lower(qnet, spec, split, network)` compiles a network to a
    program, `program(folder)` reads one back, `run(program, inputs, sim, build, waves, say,
    progress)` runs it; all are empty where networks cannot be compiled.
    `tasks` is a `hwgen.tasks.leaves.BlockSet`: its leaf blocks as tasks; empty where there are none
    but the shared blocks. `papers` are the sources that it implements.
    """

    name: str
    summary: str
    presets: tuple[str, ...]
    spec: str
    build: str
    papers: tuple[str, ...] = ()
    lower: str = ""
    program: str = ""
    run: str = ""
    tasks: str = ""

    def spec_class(self) -> type[ArchSpec]:
        loaded: type[ArchSpec] = load(self.spec)
        return loaded

    def emit(self, spec: ArchSpec) -> Bundle:
        """All emitted files of `spec`, as values."""
        bundle: Bundle = load(self.build)(spec)
        return bundle


def load(path: str) -> Any:
    """The object at import path `module:name`."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def all_archs() -> tuple[Arch, ...]:
    """Built-in architectures, then those of installed packages, each group by name.

    Raises HwgenError if an installed package's entry point is broken or takes a known name.
    """
    from importlib.metadata import entry_points  # slow to import, and only needed here

    archs: dict[str, Arch] = {}
    found: list[tuple[str, Any]] = [(path, None) for path in BUILT_IN]
    points = sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    found += [(point.value, point) for point in points]
    for path, point in found:
        try:
            arch = load(path) if point is None else point.load()
        except (ImportError, AttributeError) as error:
            raise HwgenError(
                Problem(
                    f"the architecture at {path} does not load: {error}",
                    fix="repair or uninstall the package that declares it",
                )
            ) from error
        if not isinstance(arch, Arch) or arch.name in archs:
            raise HwgenError(
                Problem(
                    f"the entry point {path} is not a new architecture",
                    f"group {ENTRY_POINTS!r} holds hwgen.arch.Arch records of distinct names",
                    "uninstall or rename it",
                )
            )
        archs[arch.name] = arch
    return tuple(archs.values())


def get_arch(name: str) -> Arch:
    """The architecture called `name`; `-` and `_` are the same. Raises UsageError."""
    wanted = name.replace("_", "-")
    archs = all_archs()
    for arch in archs:
        if arch.name.replace("_", "-") == wanted:
            return arch
    raise UsageError(
        Problem(
            f"there is no architecture '{name}'",
            "known: " + ", ".join(arch.name for arch in archs),
            "see: hwgen list",
        )
    )

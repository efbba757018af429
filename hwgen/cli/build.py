"""hwgen build: a specification to a folder of RTL, software, scripts and benches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from hwgen.arch import Arch, get_arch
from hwgen.cli.app import say
from hwgen.errors import Problem, UsageError
from hwgen.spec import ArchSpec, overlay

ArchName = Annotated[str, typer.Option("--arch", help="architecture; see: hwgen list")]
Preset = Annotated[str, typer.Option(help="starting point; --config and --set change it")]
Config = Annotated[Path | None, typer.Option(help="YAML file of settings")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="group.key=value; repeatable")]
Json = Annotated[bool, typer.Option("--json", help="data on stdout")]


def build(
    output: Annotated[Path, typer.Option("-o", "--output", help="folder to write")],
    arch: ArchName,
    preset: Preset = "tiny",
    config: Config = None,
    settings: Settings = None,
    strict: Annotated[bool, typer.Option(help="refuse what exceeds the part")] = False,
    docs: Annotated[bool, typer.Option(help="add HTML and IP-XACT of the registers")] = False,
    json_output: Json = False,
) -> None:
    """Emit the RTL of an accelerator with registers, drivers, scripts and benches.

    Example: hwgen build --arch n3h --preset z7020 --set axi.burst=64 -o design
    """
    record = get_arch(arch)
    spec = resolve(record, preset, config, settings or [])
    for warning in budget(spec, strict):
        say(warning.render("warning"))
    bundle = record.emit(spec)
    if docs:
        from hwgen.emit.docs import with_docs

        bundle = with_docs(bundle)
    bundle.write(output)
    if json_output:
        answer = {
            "arch": record.name,
            "output": str(output),
            "top": bundle.top,
            "spec_digest": bundle.spec_digest,
            "bundle_digest": bundle.digest(),
            "files": len(bundle.contents()) + 1,
        }
        print(json.dumps(answer, indent=2))
    else:
        say(f"{output}: {bundle.top}, {len(bundle.modules)} modules, specification "
            f"{bundle.spec_digest[:16]}")  # fmt: skip


def resolve(arch: Arch, preset: str, config: Path | None, settings: list[str]) -> ArchSpec:
    """The specification that preset, file and settings give, later ones first.

    Raises UsageError with the problems of all of them.
    """
    from hwgen.emit.config import read_config, read_settings

    spec_class = arch.spec_class()
    data: dict[str, Any] = {}
    problems: list[Problem] = []
    sources: list[Callable[[], dict[str, Any]]] = [
        lambda: spec_class.preset_data(preset),
        lambda: read_config(config) if config else {},
        lambda: read_settings(settings),
    ]
    for read in sources:
        try:
            data = overlay(data, read())
        except UsageError as error:
            problems += error.problems
    # rules over several values say nothing useful while some of the values are unknown
    problems += spec_class.problems(data, rules=not problems)
    if problems:
        raise UsageError(*problems)
    return spec_class.from_data(data)


def budget(spec: ArchSpec, strict: bool) -> list[Problem]:
    """What exceeds the part. Raises UsageError instead with `strict`."""
    problems = spec.over_budget()
    if problems and strict:
        raise UsageError(*problems)
    return problems

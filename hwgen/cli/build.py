"""hwgen build: a specification to a folder of RTL, software, scripts and benches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwgen.arch import Arch, get_arch
from hwgen.cli.app import say
from hwgen.errors import Problem, ToolMissing, UsageError
from hwgen.spec import ArchSpec, overlay

if TYPE_CHECKING:
    from hwgen.emit.bundle import Bundle

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
    blocks: Annotated[
        str, typer.Option(help="who writes leaf blocks: template, model or model:POLICY")
    ] = "",
    samples: Annotated[int, typer.Option(min=1, help="candidates of a model for each block")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="seed of a model's samples and tests")] = 0,
    json_output: Json = False,
) -> None:
    """Emit the RTL of an accelerator with registers, drivers, scripts and benches.

    Example: hwgen build --arch n3h --preset z7020 --set axi.burst=64 -o design
    """
    record = get_arch(arch)
    spec = resolve(record, preset, config, settings or [])
    for warning in budget(spec, strict):
        say(warning.render("warning"))
    bundle = emitted(record, spec, blocks, samples, seed)
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
        if blocks:
            answer["blocks"] = bundle.facts["blocks"]
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


def emitted(arch: Arch, spec: ArchSpec, blocks: str, samples: int, seed: int) -> Bundle:
    """What `arch` emits for `spec`, by the value of --blocks; without one no block is listed.

    Raises UsageError for a value that is none, ToolMissing without what it needs.
    """
    who, _, path = blocks.partition(":")
    if who not in ("", "template", "model") or (path and who != "model"):
        raise UsageError(
            Problem(
                f"--blocks {blocks} is not usable",
                "blocks are written by: template, model, model:POLICY",
                "as in: --blocks model:runs/tiny/policy",
            )
        )
    if not who:
        return arch.emit(spec)
    from hwgen.blocks.emit import listed

    return listed(arch, spec) if who == "template" else _by_model(arch, spec, path, samples, seed)


def _by_model(arch: Arch, spec: ArchSpec, path: str, samples: int, seed: int) -> Bundle:
    from hwgen.blocks.emit import Settings, with_blocks, written_blocks
    from hwgen.cli.progress import progress

    try:
        from hwgen.training.write import policy_writer
    except ImportError as error:
        raise ToolMissing(
            Problem(
                f"blocks of a model need {error.name or 'torch'}, which is not installed",
                fix="pip install 'hwgen[train]'",
            )
        ) from error
    writer = policy_writer(path or None, seed=seed)
    with progress("writing blocks", None) as advance:
        bundle = with_blocks(arch, spec, writer, Settings(samples, seed), say, advance)
    rows = bundle.facts["blocks"]
    eligible = len({row["name"] for row in rows if row["eligible"]})
    say(f"{written_blocks(rows)} of {eligible} eligible blocks are the model's")
    return bundle


def budget(spec: ArchSpec, strict: bool) -> list[Problem]:
    """What exceeds the part. Raises UsageError instead with `strict`."""
    problems = spec.over_budget()
    if problems and strict:
        raise UsageError(*problems)
    return problems

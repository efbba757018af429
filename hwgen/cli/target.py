"""What a command works on: a design (folder or preset), a network for it, a program folder."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hwgen.arch import Arch, get_arch, load
from hwgen.cli.app import say
from hwgen.errors import Problem, UsageError
from hwgen.spec import ArchSpec

SPLITS = ("auto", "lut", "dsp")


def design_spec(build: Path | None, arch: str | None, preset: str) -> tuple[Arch, ArchSpec]:
    """The design that --build DIR or --arch A [--preset P] means. Raises UsageError."""
    if (build is None) == (arch is None):
        raise UsageError(
            Problem(
                "give --build DIR or --arch NAME, and not both",
                "a network is compiled for one design",
                "try: --arch n3h --preset tiny",
            )
        )
    if arch is not None:
        record = get_arch(arch)
        return record, record.spec_class().preset(preset)
    from hwgen.emit.bundle import read_manifest

    assert build is not None
    manifest = read_manifest(build)
    record = get_arch(str(manifest.get("arch")))
    data = manifest.get("spec")
    spec = record.spec_class().from_data(data if isinstance(data, dict) else {})
    if spec.digest() != manifest.get("spec_digest"):
        raise UsageError(
            Problem(
                f"{build}: its manifest was changed",
                f"stored specification digest {manifest.get('spec_digest')}, found {spec.digest()}",
                "build the folder again",
            )
        )
    return record, spec


def read_split(split: str) -> str | Mapping[str, int]:
    """The value of --split: a name, or filters on the LUT core by layer name from a YAML file."""
    if split in SPLITS:
        return split
    if not Path(split).is_file():
        raise UsageError(
            Problem(
                f"there is no split '{split}'",
                f"a split is {', '.join(SPLITS)} or a YAML file",
                "a file has lines like: conv1: 16",
            )
        )
    from hwgen.emit.config import read_config

    return read_config(Path(split))


def compile_network(network: Path, arch: Arch, spec: ArchSpec, split: str) -> tuple[Any, Any]:
    """(integer network, program) of the ONNX file `network`. Raises UsageError."""
    from hwgen.net.load import load_network

    if not arch.lower:
        raise UsageError(Problem(f"{arch.name} does not run networks", "it has no compiler"))
    shares = read_split(split)
    with working(f"importing {network}"):
        qnet = load_network(network)
        data = network.read_bytes()
    with working(f"compiling {len(qnet.layers)} layers"):
        program = load(arch.lower)(qnet, spec, shares, data)
    for warning in program.warnings:
        say(f"warning: {warning}")
    return qnet, program


def open_program(folder: Path) -> Any:
    """The program in `folder`, of whatever architecture. Raises UsageError if it holds none."""
    try:
        name = json.loads((folder / "program.json").read_bytes())["arch"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            Problem(
                f"{folder} is no program folder",
                "it holds no program.json that can be read",
                "make one: hwgen compile NET.onnx --arch n3h -o PROG",
            )
        ) from error
    arch = get_arch(str(name))
    if not arch.program:
        raise UsageError(Problem(f"{arch.name} has no programs", "it has no compiler"))
    return load(arch.program)(folder)


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield

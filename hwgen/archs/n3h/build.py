"""Everything that `hwgen build --arch n3h` emits, as one `Bundle`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from hwgen import __version__
from hwgen.archs.n3h.cases import random_case
from hwgen.archs.n3h.decode import banks, decoders
from hwgen.archs.n3h.queues import legality, queues
from hwgen.archs.n3h.regblock import register_block
from hwgen.archs.n3h.regs import to_systemrdl
from hwgen.archs.n3h.resources import PARTS, estimate
from hwgen.archs.n3h.software import c_header, python_driver
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.archs.n3h.top import TOP, interface, top
from hwgen.emit.bundle import Bundle, DataFile, Module
from hwgen.emit.config import config_schema, config_yaml
from hwgen.emit.env import render
from hwgen.emit.library import bench_files, contract, used_blocks

BENCH_PACKAGE = ("numbers.py", "archs/n3h/golden.py", "archs/n3h/isa.py", "archs/n3h/isadata.py")
"""Modules of hwgen that benches import; the folder carries them."""

CASE_SEEDS = (68, 149, 238, 252, 281, 290)
"""Random two-layer programs for the top's bench, chosen so that they use every feature."""

DEFAULT_PART = "xc7z020"
PERIOD_NS = "10.0"


@dataclass(frozen=True)
class FilesView:
    """What the templates of scripts and texts read."""

    arch: str
    digest16: str
    version: str
    top: str
    part: str
    period_ns: str
    rtl: tuple[str, ...]


def build(spec: N3hSpec) -> Bundle:
    """Every emitted file of a design. Same specification, same bytes."""
    modules = rtl(spec)
    return Bundle(
        arch=spec.arch,
        spec_digest=spec.digest(),
        top=TOP,
        modules=modules,
        files=(*_texts(spec, modules), *_benches(spec)),
        facts={
            "spec": spec.model_dump(),
            "parameters": spec.parameters,
            "interface": interface(spec).as_dict(),
            "latency": latency(spec),
            "contracts": {m.name: contract(m.text) for m in modules},
            "resources": estimate(spec).as_dict(),
        },
    )


def rtl(spec: N3hSpec) -> tuple[Module, ...]:
    """Generated modules and the library blocks that they use, by name."""
    digest16 = spec.digest()[:16]
    made = [
        top(spec),
        register_block(spec),
        queues(spec.arch, digest16),
        legality(spec.arch, digest16),
        *decoders(spec.arch, digest16),
        *banks(spec.arch, digest16),
    ]
    return tuple(sorted(made + used_blocks(spec.arch, digest16, made), key=lambda m: m.name))


def latency(spec: N3hSpec) -> dict[str, str]:
    """Throughput and latency of the design's parts in cycles, as formulas over a pass.

    M pixels, K elements per filter, n filters of the core, a and w bits; docs/n3h.md.
    """
    lut, dsp = spec.lut_core, spec.dsp_core
    return {
        "gemm_l": f"ceil(M/{lut.dm}) * ceil(n/{lut.dn}) * ceil(K/{lut.dk}) * a * w",
        "gemm_d": f"M * ceil(n/{dsp.pout}) * ceil(K/{dsp.pin})",
        "fill": f"M * ceil(K/{lut.dk}) * a",
        "post": f"M * ceil(n/{spec.post.lanes})",
        "registers": "a write is answered 2 cycles after address and data, a read 2 after address",
    }


def _texts(spec: N3hSpec, modules: tuple[Module, ...]) -> list[DataFile]:
    view = FilesView(
        arch=spec.arch,
        digest16=spec.digest()[:16],
        version=__version__,
        top=TOP,
        part=PARTS[spec.part if spec.part != "none" else DEFAULT_PART].device,
        period_ns=PERIOD_NS,
        rtl=tuple(m.path for m in modules),
    )
    rendered = {
        "n3h.core": "n3h/n3h.core.j2",
        "vivado.tcl": "n3h/vivado.tcl.j2",
        "Makefile": "n3h/Makefile.j2",
        "README.md": "n3h/README.md.j2",
    }
    made: dict[str, Callable[[N3hSpec], str]] = {
        "config.yaml": config_yaml,
        "config.schema.json": config_schema,
        "registers.rdl": to_systemrdl,
        "sw/n3h.h": c_header,
        "sw/n3h_driver.py": python_driver,
    }
    files = [
        DataFile(path, render(template, view).encode(), f"templates/{template}")
        for path, template in rendered.items()
    ]
    files += [DataFile(path, make(spec).encode(), "spec") for path, make in made.items()]
    return [*files, DataFile("rtl.f", "".join(f"{p}\n" for p in view.rtl).encode(), "spec")]


def _benches(spec: N3hSpec) -> list[DataFile]:
    design = json.dumps({"parameters": spec.parameters, "spec_digest": spec.digest()}, indent=2)
    return [
        *bench_files(spec.arch, spec.digest()[:16], BENCH_PACKAGE),
        DataFile("tb/n3h/design.json", f"{design}\n".encode(), "spec"),
        *(
            DataFile(f"tb/n3h/cases/{path}", data, "hwgen/archs/n3h/cases.py")
            for seed in CASE_SEEDS
            for path, data in random_case(f"case{seed}", spec, seed).items()
        ),
    ]

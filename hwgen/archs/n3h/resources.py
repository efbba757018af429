"""Simple counts of LUTs, DSPs and block RAMs of a design, without any EDA tool.

Block RAM is counted as RAMB36E1 primitives divide it. LUT and DSP formulas go through what Yosys
0.70 (`synth_xilinx`) makes of each block alone at two or three sizes: LUT1..6, SRLs and four per
RAM32M. A design near its part's budget needs a synthesis run.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import Problem


@dataclass(frozen=True)
class Part:
    """What a device offers."""

    name: str
    device: str
    luts: int
    dsps: int
    bram36: int


PARTS = {
    "xc7z020": Part("xc7z020", "xc7z020clg484-1", 53_200, 220, 140),
    "xc7z045": Part("xc7z045", "xc7z045ffg900-2", 218_600, 900, 545),
}


@dataclass(frozen=True)
class Resources:
    """Counts by block name, in the order of the design."""

    luts: dict[str, int]
    dsps: dict[str, int]
    bram36: dict[str, int]

    def totals(self) -> dict[str, int]:
        return {kind: sum(blocks.values()) for kind, blocks in asdict(self).items()}

    def as_dict(self) -> dict[str, Any]:
        return {"estimate": True, "totals": self.totals(), "blocks": asdict(self)}


def estimate(spec: N3hSpec) -> Resources:
    """Counts of a design by block."""
    lut, dsp, post, buf = spec.lut_core, spec.dsp_core, spec.post, spec.buffers
    units, macs, lanes = lut.dm * lut.dn, dsp.pin * dsp.pout, post.lanes
    return Resources(
        luts={
            "lut_core": 300 + units * (128 * lut.dk // 100 + 72),
            "dsp_core": 380 + 22 * macs + 27 * lut.dk // 2,
            "post": 1370 + 386 * lanes,
            "store": 1490 + 215 * lanes,
            "fill": 960 + 17 * spec.raw_w,
            "ring": 240 + lut.dm * lut.dk // 2,
            "control": 3440,  # queues, tokens, dispatcher, registers, counters, bus ports
            "loads": 840 + 7 * lanes,
        },
        dsps={"dsp_core": macs, "post": 3 * lanes, "store": lanes + 1},
        bram36={
            "ring": lut.dm * bram36(lut.dk, buf.ring, two_ports=True),
            "lut_weights": bram36(lut.dn * lut.dk, buf.lut_weights),
            "dsp_weights": bram36(macs * 8, buf.dsp_weights),
            "raw": bram36(spec.raw_w, buf.raw),
            "collector": bram36(8 * lanes, buf.collector),
            "residual": bram36(8 * lanes, buf.residual),
            "parameters": bram36(64 * lanes, buf.parameters),
            "pool_table": 1,
        },
    )


def bram36(width: int, depth: int, two_ports: bool = False) -> int:
    """Block RAMs of 36 kbit for `depth` words of `width` bits, parity bits unused.

    A simple dual-port memory of 512 words is 64 bits wide, a true dual-port one of 1024 words 32
    (7 Series FPGAs Memory Resources, UG473).
    """
    rows = 1024 if two_ports else 512
    columns = 32 if two_ports else 64
    while rows < depth and columns > 1:
        rows, columns = 2 * rows, columns // 2
    return -(-width // columns) * -(-depth // rows)


def over_budget(spec: N3hSpec) -> list[Problem]:
    """One problem per resource that the part lacks; none without a part."""
    if spec.part == "none":
        return []
    part, found = PARTS[spec.part], estimate(spec)
    problems = []
    for kind, have in (("luts", part.luts), ("dsps", part.dsps), ("bram36", part.bram36)):
        blocks: dict[str, int] = getattr(found, kind)
        need = sum(blocks.values())
        if need > have:
            most = max(blocks, key=lambda name: blocks[name])
            problems.append(
                Problem(
                    f"n3h: an estimated {need:,} {kind} exceed the {have:,} of {part.name}",
                    f"most are in {most}: {blocks[most]:,}",
                    "choose smaller cores or buffers, a larger part, or part = none",
                )
            )
    return problems

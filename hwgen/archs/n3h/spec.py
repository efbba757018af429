"""What a user of the n3h architecture chooses. Units: bits, elements or words, as stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from hwgen.errors import Problem
from hwgen.spec import ArchSpec, Group, Rule

Depth = Literal[512, 1024, 2048, 4096, 8192]


class LutCore(Group):
    """The bit-serial core: dm x dn dot products of dk binary elements per cycle."""

    OWNER: ClassVar[str] = "the bit-serial core"
    dm: Literal[2, 4, 8, 16] = Field(4, description="pixels per row tile")
    dk: Literal[64, 128, 256, 512] = Field(64, description="elements per dot product")
    dn: Annotated[int, Field(ge=2, le=32, multiple_of=2)] = Field(4, description="filters per tile")


class DspCore(Group):
    """The multiplier core: pin x pout products per cycle."""

    OWNER: ClassVar[str] = "the DSP core"
    pin: Literal[8, 16, 32] = Field(8, description="elements per filter and cycle")
    pout: Annotated[int, Field(ge=4, le=64, multiple_of=2)] = Field(
        4, description="filters per cycle"
    )
    pack: Literal[1, 2, 4] = Field(1, description="products per DSP and cycle")


class Post(Group):
    """Requantisation, residual, clipping."""

    OWNER: ClassVar[str] = "the POST stage"
    lanes: Literal[1, 2, 4, 8, 16] = Field(1, description="results per cycle")


class Buffers(Group):
    """Depths in words; docs/n3h.md gives the word of each."""

    OWNER: ClassVar[str] = "the on-chip memory"
    ring: Depth = Field(1024, description="operand ring (dm columns of dk bits)")
    lut_weights: Depth = Field(512, description="dn x dk bits per word")
    dsp_weights: Depth = Field(1024, description="pin x pout x 8 bits per word")
    raw: Depth = Field(1024, description="feature-map rows, max(dk, data_w) bits per word")
    collector: Depth = Field(4096, description="output codes, one byte per lane")
    residual: Depth = Field(2048, description="residual codes, one byte per lane")
    parameters: Depth = Field(512, description="POST parameters, 64 bits per lane")


class Axi(Group):
    """The memory port."""

    OWNER: ClassVar[str] = "the AXI master"
    data_w: Literal[64, 128, 256] = Field(64, description="bus width in bits")
    burst: Literal[16, 32, 64, 128, 256] = Field(16, description="most beats per burst")
    outstanding: Annotated[int, Field(ge=4, le=16)] = Field(
        8, description="read bursts under way at once"
    )


def _divides(name: str, limit: int) -> str:
    divisors = [v for v in (1, 2, 4, 8, 16) if limit % v == 0]
    return f"set {name} = {' or '.join(map(str, divisors[-2:]))}"


RULES = (
    Rule(
        ("dsp_core.pack",),
        lambda pack: pack == 1,
        "packing 2 or 4 products into one DSP does not exist yet",
        lambda pack: "set dsp_core.pack = 1",
    ),
    Rule(
        ("post.lanes", "lut_core.dn"),
        lambda lanes, dn: dn % lanes == 0,
        "lanes must divide dn, so that whole groups of channels leave the bit-serial core",
        lambda lanes, dn: _divides("post.lanes", dn),
    ),
    Rule(
        ("post.lanes", "dsp_core.pout"),
        lambda lanes, pout: pout % lanes == 0,
        "lanes must divide pout, so that whole groups of channels leave the DSP core",
        lambda lanes, pout: _divides("post.lanes", pout),
    ),
    Rule(
        ("lut_core.dn", "lut_core.dk", "axi.data_w"),
        lambda dn, dk, data_w: dn * dk % data_w == 0,
        "a word of LUT weights (dn x dk bits) must be a whole number of bus beats",
        lambda dn, dk, data_w: f"set axi.data_w = {max(w for w in (64, 128) if dn * dk % w == 0)}",
    ),
    Rule(
        ("dsp_core.pin", "dsp_core.pout", "axi.data_w"),
        lambda pin, pout, data_w: pin * pout * 8 % data_w == 0,
        "a word of DSP weights (pin x pout x 8 bits) must be a whole number of bus beats",
        lambda pin, pout, data_w: (
            f"set axi.data_w = {max(w for w in (64, 128) if pin * pout * 8 % w == 0)}"
        ),
    ),
)
"""pin always divides dk, and lanes x 64 and data_w always divide one another: all are powers of
two in ranges that say so."""


class N3hSpec(ArchSpec):
    """A design of the n3h architecture; see docs/n3h.md. Defaults are the preset `tiny`."""

    arch: Literal["n3h"] = "n3h"
    schema_version: Literal[1] = 1
    part: Literal["none", "xc7z020", "xc7z045"] = Field("none", description="budget to check")
    lut_core: LutCore = LutCore()
    dsp_core: DspCore = DspCore()
    post: Post = Post()
    buffers: Buffers = Buffers()
    axi: Axi = Axi()

    RULES: ClassVar[tuple[Rule, ...]] = RULES
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "tiny": {},
        "z7020": {
            "part": "xc7z020",
            "lut_core": {"dm": 8, "dk": 128, "dn": 16},
            "dsp_core": {"pin": 16, "pout": 8},
            "post": {"lanes": 8},
            "buffers": {"dsp_weights": 512, "raw": 4096},
        },
        "z7045": {
            "part": "xc7z045",
            "lut_core": {"dm": 16, "dk": 256, "dn": 16},
            "dsp_core": {"pin": 32, "pout": 16},
            "post": {"lanes": 16},
            "buffers": {"lut_weights": 1024, "dsp_weights": 512, "raw": 4096},
            "axi": {"data_w": 128},
        },
    }

    def over_budget(self) -> list[Problem]:
        from hwgen.archs.n3h.resources import over_budget

        return over_budget(self)

    @property
    def raw_w(self) -> int:
        """Bits of a raw-ring word."""
        return max(self.lut_core.dk, self.axi.data_w)

    @property
    def parameters(self) -> dict[str, int]:
        """Verilog parameter values by name, for the top and for every bench."""
        return {
            "DM": self.lut_core.dm,
            "DK": self.lut_core.dk,
            "DN": self.lut_core.dn,
            "PIN": self.dsp_core.pin,
            "POUT": self.dsp_core.pout,
            "PACK": self.dsp_core.pack,
            "LANES": self.post.lanes,
            "AXI_W": self.axi.data_w,
            "BURST": self.axi.burst,
            "OUTSTANDING": self.axi.outstanding,
            "RAW_W": self.raw_w,
            "RING_DEPTH": self.buffers.ring,
            "WL_DEPTH": self.buffers.lut_weights,
            "WD_DEPTH": self.buffers.dsp_weights,
            "RAW_DEPTH": self.buffers.raw,
            "COL_DEPTH": self.buffers.collector,
            "RES_DEPTH": self.buffers.residual,
            "PRM_DEPTH": self.buffers.parameters,
        }

"""Cycles per layer by formula: no simulator, no EDA tool.

Each part of the machine works at its own rate and all overlap, so a layer lasts as long as its
busiest part, plus a start-up. The rates are those of docs/n3h.md: the LUT core takes one weight
and one activation plane per cycle, the DSP core pin elements of pout filters, POST one channel
group, STORE one element of a pooling window (a word without pooling), FILL one plane word, memory
one beat (reads and writes together). Not modelled: stalls of one part on another and memory
latency beyond the start-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from hwgen.archs.n3h.geometry import Geometry, Pass
from hwgen.archs.n3h.layout import TensorLayout, ceil_div
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import Conv

START_UP = 238
"""Cycles from a layer's first load to a steady flow: the figure of Gong et al., not fitted here."""


@dataclass(frozen=True)
class Cycles:
    """Busy cycles of each part: LUT core, DSP core, POST, STORE, FILL, and memory beats."""

    lut: int = 0
    dsp: int = 0
    post: int = 0
    store: int = 0
    fill: int = 0
    dma: int = 0

    def __add__(self, other: Cycles) -> Cycles:
        pairs = zip(self.parts().values(), other.parts().values(), strict=True)
        return Cycles(*(a + b for a, b in pairs))

    @property
    def compute(self) -> int:
        """Cycles of the busiest part on chip."""
        return max(self.lut, self.dsp, self.post, self.store, self.fill)

    def parts(self) -> dict[str, int]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def pass_cycles(spec: N3hSpec, conv: Conv, g: Geometry, a_bits: int, p: Pass) -> Cycles:
    """Busy cycles of one pass; `dma` counts its weights and parameters only."""
    planes = p.k_chunks * a_bits
    run_words = ceil_div(p.c * (g.k_w if p.merged else 1) * g.container, spec.raw_w)
    reads = g.k_h * (1 if p.merged else g.k_w) * run_words
    window = conv.pool.kernel[0] * conv.pool.kernel[1] if conv.pool else 1
    return Cycles(
        lut=ceil_div(g.pixels, spec.lut_core.dm) * p.l_tiles * planes * conv.w_bits,
        dsp=g.pixels * p.k_steps * p.d_tiles,
        post=g.pixels * (p.l_groups + p.d_groups),
        store=g.rows * g.cols * p.gpp * window,
        fill=g.pixels * max(planes, reads),
        dma=weight_beats(spec, p),
    )


def weight_beats(spec: N3hSpec, p: Pass) -> int:
    """Beats of one pass's weights and parameters."""
    lut, dsp, parameter = word_beats(spec)
    return p.l_words * lut + p.d_words * dsp + ceil_div(p.p_words * parameter[0], parameter[1])


def word_beats(spec: N3hSpec) -> tuple[int, int, tuple[int, int]]:
    """Beats of a word of LUT weights, of DSP weights, and of a parameter (as a fraction)."""
    bus = spec.axi.data_w
    lut = spec.lut_core.dn * spec.lut_core.dk // bus
    return lut, spec.dsp_core.pin * spec.dsp_core.pout * 8 // bus, (spec.post.lanes * 64, bus)


def exposed_beats(spec: N3hSpec, p: Pass) -> int:
    """Beats of weights that cannot arrive while a pass of the same size still uses its own."""
    lut, dsp, _ = word_beats(spec)
    return lut * max(0, 2 * p.l_words - spec.buffers.lut_weights) + dsp * max(
        0, 2 * p.d_words - spec.buffers.dsp_weights
    )


def map_beats(
    spec: N3hSpec, g: Geometry, loads: int, y: TensorLayout, res: TensorLayout | None
) -> int:
    """Beats of a layer's feature maps: x `loads` times, the residual and y once."""
    bus = spec.axi.data_w
    moved = y.nbytes + (res.nbytes if res else 0)
    return loads * g.in_h * g.x_beats + ceil_div(moved * 8, bus)


@dataclass(frozen=True)
class LayerEstimate:
    """Cycles of one layer: busy cycles of each part, the start-up, and their combination.

    roofline: the busiest part, `bound` names it; cycles: roofline + start_up.
    """

    lut: int
    dsp: int
    post: int
    store: int
    fill: int
    dma: int
    start_up: int
    roofline: int
    cycles: int
    bound: str
    dma_bytes: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def layer_estimate(
    spec: N3hSpec, conv: Conv, g: Geometry, a_bits: int, passes: Iterable[Pass], maps: int
) -> LayerEstimate:
    """The estimate of a layer cut into `passes` that moves `maps` beats of feature maps."""
    total = Cycles(dma=maps)
    for p in passes:
        total += pass_cycles(spec, conv, g, a_bits, p)
    parts = total.parts()
    bound = max(parts, key=lambda name: parts[name])
    return LayerEstimate(
        **parts,
        start_up=START_UP,
        roofline=parts[bound],
        cycles=parts[bound] + START_UP,
        bound=bound,
        dma_bytes=total.dma * spec.axi.data_w // 8,
    )

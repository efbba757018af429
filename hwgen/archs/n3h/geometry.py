"""One layer's geometry and the passes that it may be cut into, in the words of docs/n3h.md.

Nothing here decides: `plan.py` chooses among passes, `fields.py` writes them into instructions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwgen.archs.n3h.layout import TensorLayout, ceil_div
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import Conv

KERNEL_MAX = 15  # kernel rows, strides, dilations and pads are 4-bit fields


@dataclass(frozen=True)
class Geometry:
    """The map as LOAD_X, FILL and STORE see it, after the simplifications of `geometry`.

    pixel: elements per pixel in DRAM, padding included; container: bits per element; x_beats,
    y_beats: beats of a row and from one row to the next; row_words: raw-ring words of a row;
    out_h, out_w: pixels before pooling; rows, cols: after it.
    """

    in_h: int
    in_w: int
    pixel: int
    container: int
    x_beats: int
    y_beats: int
    row_words: int
    k_h: int
    k_w: int
    s_h: int
    s_w: int
    d_h: int
    d_w: int
    pad_t: int
    pad_l: int
    out_h: int
    out_w: int
    rows: int
    cols: int

    @property
    def pixels(self) -> int:
        return self.out_h * self.out_w

    @property
    def window_rows(self) -> int:
        """Raw rows that one output row may need at once, or skip before the next one."""
        return min(self.in_h, max((self.k_h - 1) * self.d_h + 1, self.s_h))


def geometry(spec: N3hSpec, conv: Conv, x: TensorLayout) -> Geometry:
    """The geometry of `conv` reading `x`.

    Strides and dilations that never act become 1. Rows that no window reads are not loaded: the
    last ones, and with one kernel row those that the stride skips. A kernel over the whole of a
    map of more than 15 rows sees it as one long row, if its rows are dense.
    """
    bus = spec.axi.data_w
    y_beats = x.row_bytes * 8 // bus
    (k_h, k_w), (s_h, s_w), (d_h, d_w) = conv.kernel, conv.stride, conv.dilation
    s_h, s_w = (s if out > 1 else 1 for s, out in ((s_h, conv.out_h), (s_w, conv.out_w)))
    d_h, d_w = (d if k > 1 else 1 for d, k in ((d_h, k_h), (d_w, k_w)))
    g = Geometry(
        in_h=max(1, min(x.h, (conv.out_h - 1) * s_h + (k_h - 1) * d_h + 1 - conv.pad[0])),
        in_w=x.w,
        pixel=x.c_padded,
        container=x.container,
        x_beats=y_beats,
        y_beats=y_beats,
        row_words=ceil_div(y_beats * bus, spec.raw_w),
        k_h=k_h,
        k_w=k_w,
        s_h=s_h,
        s_w=s_w,
        d_h=d_h,
        d_w=d_w,
        pad_t=conv.pad[0],
        pad_l=conv.pad[1],
        out_h=conv.out_h,
        out_w=conv.out_w,
        rows=conv.pool.out_h if conv.pool else conv.out_h,
        cols=conv.pool.out_w if conv.pool else conv.out_w,
    )
    if k_h == 1 and g.pad_t == 0 and s_h > 1 and (g.out_h - 1) * s_h < x.h:
        g = replace(g, in_h=g.out_h, y_beats=y_beats * s_h, s_h=1)
    if wants_dense_rows(conv, x) and x.w * x.pixel_bits % bus == 0:
        beats = y_beats * x.h
        words = ceil_div(beats * bus, spec.raw_w)
        g = replace(g, in_h=1, in_w=x.h * x.w, k_h=1, k_w=x.h * x.w, d_h=1, d_w=1)
        g = replace(g, x_beats=beats, y_beats=beats, row_words=words)
    return g


def wants_dense_rows(conv: Conv, x: TensorLayout) -> bool:
    """Whether the kernel has too many rows but covers the whole map, so one row would do."""
    whole = conv.kernel == (x.h, x.w) and conv.pad == (0, 0, 0, 0)
    return whole and conv.groups == 1 and conv.kernel[0] > KERNEL_MAX


@dataclass(frozen=True)
class Pass:
    """Output channels [n0, n0+n) from input channels [c0, c0+c), the first `n_lut` of them on the
    LUT core.

    merged: a kernel row is one run of all its columns, channel padding included (then c counts
    that too). k: elements per output; gpp: channel groups per pixel; *_tiles: column tiles;
    d_group: first channel group of the DSP core, whose first `d_dummies` filters are dummies;
    *_words: words in the weight and parameter buffers.
    """

    n0: int
    n: int
    c0: int
    c: int
    merged: bool
    n_lut: int
    k: int
    k_chunks: int
    k_steps: int
    gpp: int
    l_groups: int
    l_tiles: int
    d_group: int
    d_dummies: int
    d_tiles: int
    l_words: int
    d_words: int
    p_words: int

    @property
    def d_groups(self) -> int:
        return self.gpp - self.d_group if self.d_tiles else 0


def input_slice(spec: N3hSpec, conv: Conv, g: Geometry, n0: int, n: int) -> tuple[int, int, bool]:
    """(c0, c, merged): the input channels of the groups that filters [n0, n0+n) belong to."""
    per_group = conv.n // conv.groups
    cin = conv.weight.shape[3]
    first, last = n0 // per_group, (n0 + n - 1) // per_group
    c0, c = first * cin, (last - first + 1) * cin
    taps, dk = g.k_h * g.k_w, spec.lut_core.dk
    whole = c == cin * conv.groups and g.d_w == 1
    long_row = g.k_w > KERNEL_MAX
    if whole and (long_row or ceil_div(taps * g.pixel, dk) <= ceil_div(taps * c, dk)):
        return 0, g.pixel, True
    return c0, c, False


def make_pass(
    spec: N3hSpec, conv: Conv, g: Geometry, n0: int, n: int, n_lut: int, c: tuple[int, int, bool]
) -> Pass:
    """The pass over filters [n0, n0+n), `n_lut` of them on the LUT core, from input slice `c`."""
    lanes, dn, pout = spec.post.lanes, spec.lut_core.dn, spec.dsp_core.pout
    k = g.k_h * g.k_w * c[1]
    k_chunks, k_steps = ceil_div(k, spec.lut_core.dk), ceil_div(k, spec.dsp_core.pin)
    gpp = ceil_div(n, lanes)
    on_dsp = n_lut < n
    d_group = n_lut // lanes if on_dsp else 0
    l_tiles = ceil_div(n_lut, dn)
    d_tiles = ceil_div((gpp - d_group) * lanes, pout) if on_dsp else 0
    return Pass(
        n0=n0,
        n=n,
        c0=c[0],
        c=c[1],
        merged=c[2],
        n_lut=n_lut,
        k=k,
        k_chunks=k_chunks,
        k_steps=k_steps,
        gpp=gpp,
        l_groups=ceil_div(n_lut, lanes),
        l_tiles=l_tiles,
        d_group=d_group,
        d_dummies=n_lut % lanes if on_dsp else 0,
        d_tiles=d_tiles,
        l_words=l_tiles * k_chunks * conv.w_bits,
        d_words=d_tiles * (k_steps if wide_weights(conv) else ceil_div(k_steps, 2)),
        p_words=parameter_words(spec, gpp),
    )


def wide_weights(conv: Conv) -> bool:
    """Whether the DSP core stores the weights in 8 bits (else in 4)."""
    return conv.w_bits > 4


def parameter_words(spec: N3hSpec, gpp: int) -> int:
    """Parameter words of `gpp` channel groups, rounded up to whole beats."""
    per_beat = max(1, spec.axi.data_w // (spec.post.lanes * 64))
    return ceil_div(gpp, per_beat) * per_beat

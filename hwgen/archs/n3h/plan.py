"""Cut a layer into passes: slices of the channels, and the share of each core.

A pass must fit the weight and parameter buffers and leave the rings enough room to flow; among
the cuts that do, the one with the fewest estimated cycles is taken. Slices exist for three
reasons: weights that do not fit, rows too wide for the collector, and groups (a slice reads only
the input channels of the groups that it touches, as one block-diagonal matrix).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hwgen.archs.n3h.estimate import exposed_beats, map_beats, pass_cycles
from hwgen.archs.n3h.geometry import (
    Geometry,
    Pass,
    geometry,
    input_slice,
    make_pass,
    wide_weights,
)
from hwgen.archs.n3h.layout import TensorLayout, ceil_div, round_up
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import Problem
from hwgen.net.ir import Conv

PASS_OVERHEAD = 150  # cycles; makes the search prefer few passes where the rest is equal
LARGEST_BUFFER = 8192


@dataclass(frozen=True)
class LayerPlan:
    """How a layer runs. keep: raw rows stay on chip for all passes (else each pass loads them)."""

    conv: Conv
    g: Geometry
    x: TensorLayout
    y: TensorLayout
    res: TensorLayout | None
    passes: tuple[Pass, ...]
    keep: bool
    warnings: tuple[str, ...]

    @property
    def sliced(self) -> bool:
        return len(self.passes) > 1

    @property
    def loads(self) -> int:
        """How often x is loaded."""
        return 1 if self.keep else len(self.passes)

    @property
    def n_lut(self) -> int:
        return sum(p.n_lut for p in self.passes)


class FitError(Exception):
    """A layer fits no cut. `plan` is the smallest, `problems` say which buffers it exceeds."""

    def __init__(self, plan: LayerPlan, problems: list[Problem]) -> None:
        self.plan, self.problems = plan, problems
        super().__init__("\n".join(p.render() for p in problems))


def slice_unit(spec: N3hSpec, *containers: int) -> int:
    """Channels that slices must be multiples of: whole groups, and whole beats of each tensor."""
    return max(spec.post.lanes, *(spec.axi.data_w // c for c in containers))


def needs(spec: N3hSpec, conv: Conv, g: Geometry, a_bits: int, p: Pass) -> dict[str, int]:
    """Words of each buffer (fields of `spec.buffers`) that pass `p` needs for its engines to flow.

    The collector holds the rows of a pooling window (else one row) and a row tile that straddles
    their end, but never more than the pass; parameters are double-buffered.
    """
    tile = min(g.pixels, spec.lut_core.dm)
    return {
        "raw": g.window_rows * g.row_words,
        "ring": p.k_chunks * a_bits,
        "collector": min(g.pixels, _window(conv, g) * g.out_w + tile) * p.gpp,
        "residual": tile * p.gpp if conv.residual is not None else 0,
        "parameters": 2 * p.p_words,
        "lut_weights": p.l_words,
        "dsp_weights": p.d_words,
    }


def _window(conv: Conv, g: Geometry) -> int:
    """Rows before pooling that one stored row may need at once, or skip before the next one."""
    if conv.pool is None:
        return 1
    return min(g.out_h, max(conv.pool.kernel[0], conv.pool.stride[0] if g.rows > 1 else 1))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _reason(buffer: str, conv: Conv, g: Geometry, a_bits: int, p: Pass) -> str:
    """What a layer needs a buffer for, in words."""
    core = f"of K = {p.k} elements in {{}} bits on the {{}} core"
    return {
        "raw": f"for {_rows(g.window_rows)} of {g.row_words} words at once",
        "ring": f"for a row tile of K = {p.k} elements of {a_bits} bits",
        "collector": f"for {_rows(_window(conv, g))} of {g.out_w} pixels, {p.n} channels each, "
        "and a row tile",
        "residual": f"for a row tile of {p.n} channels",
        "parameters": f"for two passes of {p.n} channels",
        "lut_weights": f"for {p.n_lut} filters " + core.format(conv.w_bits, "LUT"),
        "dsp_weights": f"for {p.n - p.n_lut} filters "
        + core.format(8 if wide_weights(conv) else 4, "DSP"),
    }[buffer]


@dataclass(frozen=True)
class Option:
    """A share of the LUT core in a pass: cycles it takes, words missing by buffer."""

    n_lut: int
    cycles: int
    missing: dict[str, int]


@dataclass
class Planner:
    """The search for one layer. total_lut: filters on the LUT core if the user chose, else None."""

    spec: N3hSpec
    conv: Conv
    g: Geometry
    a_bits: int
    total_lut: int | None
    shares: dict[tuple[int, int, bool], Option] = field(default_factory=dict)

    def cut(self, size: int) -> tuple[list[Pass], list[Option]]:
        """Passes of `size` filters, and what each costs and lacks."""
        passes, options = [], []
        for n0 in range(0, self.conv.n, size):
            n = min(size, self.conv.n - n0)
            c = input_slice(self.spec, self.conv, self.g, n0, n)
            options.append(self.share(n0, n, c))
            n_lut = options[-1].n_lut
            passes.append(make_pass(self.spec, self.conv, self.g, n0, n, n_lut, c))
        return passes, options

    def share(self, n0: int, n: int, c: tuple[int, int, bool]) -> Option:
        """The best share of the LUT core in a pass over filters [n0, n0+n)."""
        if self.total_lut is not None:
            before, after = (self.total_lut * end // self.conv.n for end in (n0, n0 + n))
            return self.option(n0, n, after - before, c)
        key = (n, c[1], c[2])
        if key not in self.shares:
            self.shares[key] = min(
                (self.option(n0, n, n_lut, c) for n_lut in self.splits(n)),
                key=lambda o: (sum(o.missing.values()), o.cycles),
            )
        return self.shares[key]

    def splits(self, n: int) -> list[int]:
        """Shares of the LUT core worth a try: whole column tiles of one core or the other."""
        dn, pout = self.spec.lut_core.dn, self.spec.dsp_core.pout
        return sorted({n, *range(0, n + 1, dn), *range(n, -1, -pout)}, reverse=True)

    def option(self, n0: int, n: int, n_lut: int, c: tuple[int, int, bool]) -> Option:
        """What the pass over [n0, n0+n) with `n_lut` filters on the LUT core costs and lacks."""
        p = make_pass(self.spec, self.conv, self.g, n0, n, n_lut, c)
        busy = pass_cycles(self.spec, self.conv, self.g, self.a_bits, p)
        cycles = busy.compute + exposed_beats(self.spec, p)
        wanted = needs(self.spec, self.conv, self.g, self.a_bits, p)
        have = self.spec.buffers
        missing = {b: words for b, words in wanted.items() if words > getattr(have, b)}
        return Option(n_lut, cycles, missing)


def plan_layer(
    spec: N3hSpec,
    conv: Conv,
    x: TensorLayout,
    y: TensorLayout,
    res: TensorLayout | None,
    total_lut: int | None = None,
) -> LayerPlan:
    """The cheapest cut of `conv`. total_lut: 0..n fixes the LUT core's filters, None searches.

    Raises FitError with the buffers to enlarge.
    """
    g = geometry(spec, conv, x)
    unit = slice_unit(spec, y.container, *([res.container] if res else []))
    planner = Planner(spec, conv, g, x.bits, total_lut)
    keeps = g.in_h * g.row_words <= spec.buffers.raw
    best: tuple[int, list[Pass]] | None = None
    for size in slice_sizes(conv.n, unit):
        passes, options = planner.cut(size)
        if any(option.missing for option in options):
            continue
        beats = map_beats(spec, g, 1 if keeps else len(passes), y, res)
        beats += sum(pass_cycles(spec, conv, g, x.bits, p).dma for p in passes)
        cycles = max(beats, sum(o.cycles + PASS_OVERHEAD for o in options))
        if best is None or cycles < best[0]:
            best = (cycles, passes)
    chosen = best[1] if best else passes
    keep = len(chosen) > 1 and keeps
    notes = tuple(_warnings(spec, conv, g, x.bits, chosen))
    plan = LayerPlan(conv, g, x, y, res, tuple(chosen), keep, notes)
    if best is None:
        raise FitError(plan, _too_small(spec, planner, passes, options))
    return plan


def slice_sizes(n: int, unit: int) -> list[int]:
    """Slice sizes for 1, 2, .. passes over n filters: multiples of `unit`, or all of them."""
    counts = range(2, ceil_div(n, unit) + 1)
    sizes = {round_up(ceil_div(n, count), unit) for count in counts}
    return [n, *sorted((s for s in sizes if s < n), reverse=True)]


def _too_small(
    spec: N3hSpec, planner: Planner, passes: list[Pass], options: list[Option]
) -> list[Problem]:
    """One problem per buffer, from what the smallest slices lack."""
    worst: dict[str, tuple[int, Pass]] = {}
    for p, option in zip(passes, options, strict=True):
        for buffer, words in option.missing.items():
            if buffer not in worst or words > worst[buffer][0]:
                worst[buffer] = (words, p)
    problems = []
    for buffer, (words, p) in worst.items():
        have, depth = getattr(spec.buffers, buffer), 1 << (words - 1).bit_length()
        fix = f"set buffers.{buffer} = {depth}"
        if depth > LARGEST_BUFFER:
            fix = f"no depth is enough (at most {LARGEST_BUFFER}): make the layer smaller"
        what = f"layer '{planner.conv.name}' needs {words} words of buffers.{buffer} = {have}"
        rule = _reason(buffer, planner.conv, planner.g, planner.a_bits, p)
        problems.append(Problem(f"n3h: {what}", rule, fix))
    return problems


def _warnings(
    spec: N3hSpec, conv: Conv, g: Geometry, a_bits: int, passes: list[Pass]
) -> Iterator[str]:
    slot = max(p.k_chunks for p in passes) * a_bits
    if 2 * slot > spec.buffers.ring:
        yield (
            f"layer '{conv.name}': the operand ring holds one row tile ({slot} of "
            f"{spec.buffers.ring} words), so filling and computing take turns"
        )
    rows = min(g.in_h, g.window_rows + g.s_h)
    if rows * g.row_words > spec.buffers.raw:
        yield (
            f"layer '{conv.name}': buffers.raw = {spec.buffers.raw} has no room to load ahead; "
            f"{_rows(rows)} take {rows * g.row_words} words"
        )
    done = sum(p.n * g.k_h * g.k_w * (p.c if conv.groups > 1 else 0) for p in passes)
    if done > conv.n * conv.k:
        yield (
            f"layer '{conv.name}': {conv.groups} groups run as block-dense slices, "
            f"{done / (conv.n * conv.k):.1f} times the products of the layer"
        )

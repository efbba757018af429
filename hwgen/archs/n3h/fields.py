"""What each engine is told for a pass: payload and configuration registers, field by field.

The names and widths are those of isa.py; a value that does not fit its field becomes a problem
that names the layer and the field's meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.geometry import Pass, wide_weights
from hwgen.archs.n3h.isa import Engine
from hwgen.archs.n3h.layout import TensorLayout, ceil_div
from hwgen.archs.n3h.plan import LayerPlan
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import Problem

Fields = dict[str, int]
LOG2 = {1: 0, 2: 1, 4: 2, 8: 3}


@dataclass(frozen=True)
class Job:
    """One working instruction with the registers it relies on, in the order they are written."""

    engine: Engine
    fields: Fields
    bank: tuple[tuple[int, Fields], ...] = ()


@dataclass(frozen=True)
class Segments:
    """How a pass's slice lies in a tensor: whole rows at once, or one segment per pixel.

    count per row; words of LANES elements and beats of one; beats from one to the next.
    """

    dram: int
    count: int
    words: int
    beats: int
    stride: int


def segments(spec: N3hSpec, t: TensorLayout, p: Pass) -> Segments:
    """The slice of pass `p` in tensor `t`."""
    bus, lanes = spec.axi.data_w, spec.post.lanes
    if p.gpp * lanes == t.c_padded:
        beats = t.row_bytes * 8 // bus
        return Segments(t.base, 1, t.w * p.gpp, beats, 0)
    beats = ceil_div(p.gpp * lanes * t.container, bus)
    dram = t.base + p.n0 * t.container // 8
    return Segments(dram, t.w, p.gpp, beats, t.pixel_bits // bus)


def load_x(plan: LayerPlan) -> Job:
    g = plan.g
    fields = {
        "dram": plan.x.base,
        "x_beats": g.x_beats,
        "y_cnt": g.in_h,
        "y_stride": g.y_beats,
    }
    return Job(Engine.LOAD_X, fields, ((0, {"row_words": g.row_words}),))


def load_r(spec: N3hSpec, plan: LayerPlan, p: Pass, res: TensorLayout) -> Job:
    s = segments(spec, res, p)
    fields = {
        "dram": s.dram,
        "x_beats": s.beats,
        "y_cnt": res.h,
        "y_stride": res.row_bytes * 8 // spec.axi.data_w,
    }
    bank = {
        "segs": s.count,
        "p_stride": s.stride,
        "seg_words": s.words,
        "cont": LOG2[res.container],
        "sext": int(res.signed),
    }
    return Job(Engine.LOAD_R, fields, ((0, bank),))


def fill(plan: LayerPlan, p: Pass, last: bool) -> Job:
    g = plan.g
    bits = g.pixel * g.container
    shape = {
        "in_w": g.in_w,
        "in_h": g.in_h,
        "out_w": g.out_w,
        "k_h": g.k_h,
        "s_h": g.s_h,
        "d_h": g.d_h,
        "pad_t": g.pad_t,
        "s_w": g.s_w,
        "d_w": g.d_w,
        "pad_l": g.pad_l,
        "runs": 1 if p.merged else g.k_w,
        "merged": int(p.merged),
        "cont": LOG2[g.container],
        "zin": plan.conv.zin & 0xFF,
    }
    runs = {
        "row_words": g.row_words,
        "run_bits": p.c * g.container * (g.k_w if p.merged else 1),
        "step_bits": g.s_w * bits,
        "tap_bits": g.d_w * bits,
        "base_bits": p.c0 * g.container,
    }
    edges = {
        "left_bits": g.pad_l * bits,
        "right_bits": (g.k_w - g.pad_l - g.in_w) * bits if p.merged else 0,
        "sh_words": g.s_h * g.row_words,
        "dh_words": g.d_h * g.row_words,
        "pt_words": g.pad_t * g.row_words,
    }
    fields = {
        "pixels": g.pixels,
        "k_chunks": p.k_chunks,
        "a_bits_m1": plan.x.bits - 1,
        "slot": p.k_chunks * plan.x.bits,
        "use_l": int(p.l_tiles > 0),
        "use_d": int(p.d_tiles > 0),
        "keep": int(plan.keep and not last),
    }
    return Job(Engine.FILL, fields, ((0, shape), (1, runs), (2, edges)))


def gemm_l(spec: N3hSpec, plan: LayerPlan, p: Pass, w_base: int) -> Job:
    fields = {
        "w_base": w_base,
        "m_tiles": ceil_div(plan.g.pixels, spec.lut_core.dm),
        "n_tiles": p.l_tiles,
        "k_chunks": p.k_chunks,
        "a_bits_m1": plan.x.bits - 1,
        "w_bits_m1": plan.conv.w_bits - 1,
        "a_signed": int(plan.x.signed),
        "w_signed": int(plan.conv.w_signed),
    }
    return Job(Engine.GEMM_L, fields)


def gemm_d(plan: LayerPlan, p: Pass, w_base: int) -> Job:
    fields = {
        "w_base": w_base,
        "pixels": plan.g.pixels,
        "n_tiles": p.d_tiles,
        "k_steps": p.k_steps,
        "k_chunks": p.k_chunks,
        "a_bits_m1": plan.x.bits - 1,
        "w8": int(wide_weights(plan.conv)),
        "a_signed": int(plan.x.signed),
        "w_signed": int(plan.conv.w_signed),
    }
    return Job(Engine.GEMM_D, fields)


def post(spec: N3hSpec, plan: LayerPlan, p: Pass, engine: Engine, p_base: int) -> Job:
    """POST_L or POST_D. A core without filters in this pass only passes over the words."""
    lanes, conv, res = spec.post.lanes, plan.conv, plan.conv.residual
    left = p.n_lut % lanes
    if engine is Engine.POST_L:
        tiles, g0, g_cnt = p.l_tiles, 0, p.l_groups
        lane_lo, lane_hi = 0, (left or lanes) if p.d_tiles else lanes
    else:
        tiles, g0, g_cnt = p.d_tiles, p.d_group, p.d_groups
        lane_lo, lane_hi = left, lanes
    if not tiles:
        g0, g_cnt, p_base, lane_lo, lane_hi = 0, 0, 0, 0, lanes
    fields = {
        "pixels": plan.g.pixels,
        "n_tiles": tiles,
        "g0": g0,
        "g_cnt": g_cnt,
        "gpp": p.gpp,
        "p_base": p_base,
        "lane_lo": lane_lo,
        "lane_hi": lane_hi,
        "words": plan.g.pixels * p.gpp,
    }
    bank = {
        "lo": conv.lo,
        "hi": conv.hi,
        "zout": conv.zout,
        "res_en": int(res is not None),
        "res_signed": int(plan.res is not None and plan.res.signed),
        "res_z": res.zero if res else 0,
        "res_mul": res.mul if res else 0,
    }
    return Job(engine, fields, ((0, bank),))


def store(spec: N3hSpec, plan: LayerPlan, p: Pass) -> Job:
    g, y, pool = plan.g, plan.y, plan.conv.pool
    s = segments(spec, y, p)
    fields = {
        "dram": s.dram,
        "rows": g.rows,
        "y_stride": y.row_bytes * 8 // spec.axi.data_w,
        "segs": s.count,
        "p_stride": s.stride,
        "cont": LOG2[y.container],
    }
    shape = {
        "in_w": g.out_w,
        "in_h": g.out_h,
        "out_w": g.cols,
        "gpp": p.gpp,
        "seg_words": s.words,
        "seg_beats": s.beats,
    }
    kernel = pool.kernel if pool else (1, 1)
    average = pool is not None and pool.mode == "avg"
    window = {
        "mode": 0 if pool is None else 2 if average else 1,
        "k_h": kernel[0],
        "k_w": kernel[1],
        "s_h": pool.stride[0] if pool and g.rows > 1 else 1,
        "s_w": pool.stride[1] if pool and g.cols > 1 else 1,
        "pad_t": pool.pad[0] if pool else 0,
        "pad_l": pool.pad[1] if pool else 0,
        "code_signed": int(plan.conv.lo < 0),
        "count_pad": int(average and pool is not None and pool.count_pad),
        "z_in": pool.z_in if pool else 0,
        "z_out": pool.z_out if pool else 0,
        "lo": pool.lo if pool else 0,
        "hi": pool.hi if pool else 0,
    }
    bank = [(0, shape), (1, window)]
    if pool is not None and average:
        for count in sorted(pool.counts(g.out_h, g.out_w)):
            mul, shift = pool.requant[count]
            bank.append((2, {"count": count, "mul": mul, "shift": shift}))
    return Job(Engine.STORE, fields, tuple(bank))


def jobs(spec: N3hSpec, plan: LayerPlan, index: int) -> list[Job]:
    """Every engine's job in pass `index` in program order, weight addresses left at 0."""
    p, last = plan.passes[index], index == len(plan.passes) - 1
    return [
        *([load_x(plan)] if index < plan.loads else []),
        *([load_r(spec, plan, p, plan.res)] if plan.res else []),
        fill(plan, p, last),
        *([gemm_l(spec, plan, p, 0)] if p.l_tiles else []),
        *([gemm_d(plan, p, 0)] if p.d_tiles else []),
        post(spec, plan, p, Engine.POST_L, 0),
        post(spec, plan, p, Engine.POST_D, 0),
        store(spec, plan, p),
    ]


def range_problems(layer: str, todo: list[Job]) -> Iterator[Problem]:
    """A problem for every field of `todo` that its instruction cannot hold."""
    for job in todo:
        name = job.engine.name
        tables = [(isa.PAYLOADS[job.engine], job.fields)]
        tables += [(isa.BANKS[job.engine][reg], fields) for reg, fields in job.bank]
        for table, fields in tables:
            yield from _out_of_range(layer, name, table, fields)


def _out_of_range(
    layer: str, engine: str, table: tuple[isa.Field, ...], values: Mapping[str, int]
) -> Iterator[Problem]:
    for f in table:
        if not f.lo <= values[f.name] <= f.hi:
            yield Problem(
                f"n3h: layer '{layer}' asks for {f.name} = {values[f.name]} ({f.doc})",
                f"an instruction of {engine} holds {f.lo}..{f.hi}",
            )

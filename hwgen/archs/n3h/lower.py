"""Lower an integer network to a program for one design: plan, place, encode.

`lower(qnet, spec, split)` is the whole back end; every problem of every layer is reported at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

import numpy as np

from hwgen.archs.n3h.estimate import layer_estimate, map_beats
from hwgen.archs.n3h.fields import jobs, range_problems
from hwgen.archs.n3h.geometry import Pass, wants_dense_rows, wide_weights
from hwgen.archs.n3h.layout import (
    TensorLayout,
    dsp_image,
    lut_image,
    parameter_image,
    place,
    round_up,
)
from hwgen.archs.n3h.plan import FitError, LayerPlan, plan_layer
from hwgen.archs.n3h.program import WORD_BYTES, LayerRow, MemoryMap, Program
from hwgen.archs.n3h.schedule import Scheduler
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import Problem, UsageError
from hwgen.net.ir import Conv, QNet
from hwgen.numbers import Ints, container_bits

Split = str | Mapping[str, int]
REGION = 4096  # bytes; no burst crosses such a boundary, so every region starts at one
INT32 = 1 << 31


def lower(qnet: QNet, spec: N3hSpec, split: Split = "auto", network: bytes = b"") -> Program:
    """Compile `qnet` for `spec`.

    split: 'auto', 'lut', 'dsp', or filters on the LUT core by layer name (0..n, any number; layers
    not named are split automatically). network: the ONNX file, kept in the program folder.
    Raises UsageError with everything that does not fit and every bad entry of `split`.
    """
    plans, tensors = plan_network(qnet, spec, split_shares(qnet, split))
    beat = spec.axi.data_w // 8
    base = round_up(max(t.base + t.nbytes for t in tensors.values()), REGION)
    weights = bytearray()
    addresses: list[list[int]] = []
    for plan in plans:
        bias = plan.conv.folded_bias
        for p in plan.passes:
            addresses.append([])
            for image in weight_images(spec, plan.conv, bias, p):
                addresses[-1].append(base + len(weights))
                weights += image.ljust(round_up(len(image), beat), b"\0")
    instructions = Scheduler(spec, plans, addresses).program()
    words = tuple(instruction.encode() for instruction in instructions)
    start = round_up(base + len(weights), REGION)
    size = round_up(start + len(words) * WORD_BYTES, REGION)
    memory = MemoryMap(size, start, base, tensors, qnet.input.name, qnet.output.name)
    rows = tuple(_row(spec, plan, index + 1) for index, plan in enumerate(plans))
    notes = tuple(note for plan in plans for note in plan.warnings)
    return Program(spec, words, bytes(weights), memory, rows, notes, network)


def split_shares(qnet: QNet, split: Split) -> dict[str, int]:
    """Filters on the LUT core by layer name, where `split` fixes them. Raises UsageError."""
    sizes = {conv.name: conv.n for conv in qnet.layers}
    if isinstance(split, str):
        if split not in ("auto", "lut", "dsp"):
            raise UsageError(
                Problem(
                    f"n3h: there is no split '{split}'",
                    "a split is auto, lut, dsp, or filters on the LUT core by layer name",
                )
            )
        shares = {"auto": {}, "lut": sizes, "dsp": dict.fromkeys(sizes, 0)}
        return dict(shares[split])
    problems = []
    for name, n_lut in split.items():
        what = f"n3h: the split gives layer '{name}' {n_lut} filters on the LUT core"
        if name not in sizes:
            near = difflib.get_close_matches(str(name), sizes, 1) or list(sizes)[:3]
            problems.append(
                Problem(
                    f"n3h: the split names layer '{name}', which the network does not have",
                    f"it has {len(sizes)} layers",
                    f"did you mean {' or '.join(near)}?",
                )
            )
        elif isinstance(n_lut, bool) or not isinstance(n_lut, int) or not 0 <= n_lut <= sizes[name]:
            problems.append(Problem(what, f"it must be a whole number from 0 to {sizes[name]}"))
    if problems:
        raise UsageError(*problems)
    return dict(split)


def plan_network(
    qnet: QNet, spec: N3hSpec, shares: Mapping[str, int]
) -> tuple[list[LayerPlan], dict[str, TensorLayout]]:
    """A plan for every layer and the place of every tensor.

    A tensor that is stored, or read as a residual, in slices has pixels of whole beats; so has one
    whose rows a large kernel sees as a single one. Wider pixels may change other plans, so this
    repeats until no tensor grows. Raises UsageError with every problem of every layer.
    """
    wide: set[str] = set()
    while True:
        tensors = place_tensors(qnet, spec, wide)
        plans: list[LayerPlan] = []
        problems: list[Problem] = []
        grown: set[str] = set()
        for conv in qnet.layers:
            x, res = tensors[conv.x], conv.residual.tensor if conv.residual else None
            try:
                share = shares.get(conv.name)
                at = tensors[res] if res else None
                plan = plan_layer(spec, conv, x, tensors[conv.y], at, share)
            except FitError as error:
                plan = error.plan
                problems += error.problems
            plans.append(plan)
            if plan.sliced:
                grown |= {conv.y, res} if res else {conv.y}
            if wants_dense_rows(conv, x) and plan.g.in_h > 1:
                grown.add(conv.x)
        if not grown <= wide:
            wide |= grown
            continue
        for plan in plans:
            problems += _limits(spec, plan)
        end = max(t.base + t.nbytes for t in tensors.values())
        if end >= 1 << 32:
            problems.append(
                Problem(f"n3h: the feature maps take {end} bytes", "addresses have 32 bits")
            )
        if problems:
            raise UsageError(*problems)
        return plans, tensors


def place_tensors(qnet: QNet, spec: N3hSpec, wide: set[str]) -> dict[str, TensorLayout]:
    """Every tensor in a region of its own, those in `wide` with pixels of whole beats.

    Regions are never shared: a store then needs to wait for no reader.
    """
    lanes, bus = spec.post.lanes, spec.axi.data_w
    added = {conv.residual.tensor for conv in qnet.layers if conv.residual}
    tensors: dict[str, TensorLayout] = {}
    base = 0
    for name, tensor in qnet.tensors.items():
        c = tensor.c
        if name != qnet.input.name or name in added:
            c = round_up(c, lanes)
        if name in wide:
            c = round_up(c, max(lanes, bus // container_bits(tensor.quant.bits)))
        tensors[name] = place(tensor, base, c, bus)
        base = round_up(base + tensors[name].nbytes, REGION)
    return tensors


def weight_images(spec: N3hSpec, conv: Conv, bias: Ints, p: Pass) -> list[bytes]:
    """The pass's LUT weights, DSP weights and parameters; `bias` is the layer's, folded."""
    matrix = weight_matrix(conv, p)
    dummies = np.zeros((p.d_dummies, p.k), dtype=np.int64)
    on_dsp = np.concatenate([dummies, matrix[p.n_lut :]])
    own = slice(p.n0, p.n0 + p.n)
    rs = np.array(conv.residual.rs if conv.residual else [0] * conv.n, dtype=np.int64)
    return [
        lut_image(spec, matrix[: p.n_lut], conv.w_bits) if p.l_tiles else b"",
        dsp_image(spec, on_dsp, wide_weights(conv)) if p.d_tiles else b"",
        parameter_image(spec, p.p_words, bias[own], conv.mul[own], conv.shift[own], rs[own]),
    ]


def weight_matrix(conv: Conv, p: Pass) -> Ints:
    """Weights [filters, k] of a pass in reduction order (ky, kx, channel), zero outside groups."""
    per_group, cin = conv.n // conv.groups, conv.weight.shape[3]
    dense = np.zeros((p.n, *conv.kernel, p.c), dtype=np.int64)
    for group in range(p.n0 // per_group, (p.n0 + p.n - 1) // per_group + 1):
        first = max(group * per_group, p.n0)
        end = min((group + 1) * per_group, p.n0 + p.n)
        at = group * cin - p.c0
        dense[first - p.n0 : end - p.n0, :, :, at : at + cin] = conv.weight[first:end]
    return dense.reshape(p.n, p.k)


def _limits(spec: N3hSpec, plan: LayerPlan) -> Iterator[Problem]:
    """Fields and sums of one layer that the hardware cannot hold."""
    seen = set()
    for index in range(len(plan.passes)):
        for problem in range_problems(plan.conv.name, jobs(spec, plan, index)):
            if problem not in seen:
                seen.add(problem)
                yield problem
    conv, lo = plan.conv, -(1 << (plan.x.bits - 1)) if plan.x.signed else 0
    hi = lo + (1 << plan.x.bits) - 1
    up = np.array([w[w > 0].sum() for w in conv.weight])  # filter by filter: some are huge
    down = conv.weight.sum(axis=(1, 2, 3)) - up
    least, most = int((up * lo + down * hi).min()), int((up * hi + down * lo).max())
    bias = conv.folded_bias
    for what, low, high in (
        ("an accumulator", least, most),
        ("a bias with the zero point folded in", int(bias.min()), int(bias.max())),
    ):
        if low < -INT32 or high >= INT32:
            yield Problem(
                f"n3h: layer '{conv.name}' ({', '.join(conv.nodes)}) has {what} of {low}..{high}",
                "it must fit 32 bits, signed",
                "use fewer bits or a smaller kernel",
            )


def _row(spec: N3hSpec, plan: LayerPlan, tag: int) -> LayerRow:
    conv = plan.conv
    maps = map_beats(spec, plan.g, plan.loads, plan.y, plan.res)
    estimate = layer_estimate(spec, conv, plan.g, plan.x.bits, plan.passes, maps)
    return LayerRow(
        name=conv.name,
        tag=tag,
        nodes=conv.nodes,
        m=conv.m,
        k=conv.k,
        n=conv.n,
        n_lut=plan.n_lut,
        a_bits=plan.x.bits,
        w_bits=conv.w_bits,
        passes=len(plan.passes),
        macs=conv.macs,
        estimate=estimate.as_dict(),
    )

"""How layers are cut into passes, and what is said of layers that do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from n3h_nets import conv_layer, design, network

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.geometry import geometry
from hwgen.archs.n3h.layout import place
from hwgen.archs.n3h.lower import lower, plan_network, split_shares
from hwgen.archs.n3h.plan import LayerPlan, needs, slice_sizes
from hwgen.archs.n3h.schedule import Scheduler
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import Problem, UsageError
from hwgen.net.ir import Conv, Pool, QNet, Quant, Residual, Tensor

Block = tuple[str, int, int, int, int, int, int, int, int, int, Any, bool]
"""name, h and w, c, a_bits, n, kernel, stride, pad, groups, w_bits, (pool, its stride), residual"""

RESNET18: list[Block] = [
    ("conv1", 224, 3, 8, 64, 7, 2, 3, 1, 8, (3, 2), False),
    ("stage1", 56, 64, 4, 64, 3, 1, 1, 1, 4, None, True),
    ("stage2", 28, 128, 4, 128, 3, 1, 1, 1, 4, None, True),
    ("stage3", 14, 256, 4, 256, 3, 1, 1, 1, 4, None, True),
    ("down4", 14, 256, 4, 512, 1, 2, 0, 1, 4, None, False),
    ("stage4", 7, 512, 4, 512, 3, 1, 1, 1, 4, (7, 1), True),
    ("fc", 1, 512, 8, 1000, 1, 1, 0, 1, 8, None, False),
]
MOBILENET: list[Block] = [
    ("conv1", 224, 3, 8, 32, 3, 2, 1, 1, 8, None, False),
    ("expand", 112, 16, 4, 96, 1, 1, 0, 1, 4, None, False),
    ("depthwise", 112, 96, 4, 96, 3, 2, 1, 96, 4, None, False),
    ("deep", 7, 960, 4, 960, 3, 1, 1, 960, 4, None, False),
    ("project", 56, 144, 4, 24, 1, 1, 0, 1, 4, None, False),
    ("last", 7, 320, 4, 1280, 1, 1, 0, 1, 4, (7, 1), False),
    ("fc", 1, 1280, 8, 1000, 1, 1, 0, 1, 8, None, False),
]
VGG16: list[Block] = [
    ("conv1", 224, 3, 8, 64, 3, 1, 1, 1, 8, None, False),
    ("conv2", 224, 64, 4, 64, 3, 1, 1, 1, 4, (2, 2), False),
    ("conv8", 28, 512, 4, 512, 3, 1, 1, 1, 4, None, False),
    ("fc6", 7, 512, 4, 4096, 7, 1, 0, 1, 4, None, False),
    ("fc7", 1, 4096, 4, 4096, 1, 1, 0, 1, 4, None, False),
]


def block(row: Block) -> QNet:
    """A network of one layer of this shape. The weights are zeros that take no memory."""
    name, h, c, a_bits, n, k, s, pad, groups, w_bits, pooling, residual = row
    x = Tensor("x", h, h, c, Quant(1.0, 0, a_bits, False))
    out = (h + 2 * pad - k) // s + 1
    pool, size = None, out
    if pooling:
        window, step = pooling
        edge = 1 if window == 3 else 0
        size = (out + 2 * edge - window) // step + 1
        mode = "avg" if window == 7 else "max"
        table = {window * window: (40000, 21)} if window == 7 else {}
        pool = Pool(mode, (window,) * 2, (step,) * 2, (edge,) * 4, False, table, 0, 0, 0, 15,
                    size, size)  # fmt: skip
    y = Tensor("y", size, size, n, Quant(1.0, 0, 4, False))
    few = conv_layer(
        np.random.default_rng(0), x, name=name, n=groups, kernel=(k, k), stride=(s, s),
        pad=(pad,) * 4, groups=groups, w_bits=w_bits, quant=y.quant,
    )[0]  # fmt: skip
    values = {f.name: getattr(few, f.name) for f in fields(Conv)}
    values |= {"y": "y", "pool": pool, "weight": np.broadcast_to(0, (n, k, k, c // groups))}
    values |= {key: np.broadcast_to(1, n) for key in ("bias", "mul", "shift")}
    if residual:
        values["residual"] = Residual("x", 1, (0,) * n, 0)
    layer = object.__new__(Conv)
    for key, value in values.items():
        object.__setattr__(layer, key, value)
    return QNet(name, x, y, (layer,), {"x": x, "y": y})


def encoded(plans: Sequence[LayerPlan], spec: N3hSpec) -> int:
    """Words of the program; every one decodes to what was encoded."""
    count = sum(len(plan.passes) for plan in plans)
    program = Scheduler(spec, list(plans), [[0, 0, 0]] * count).program()
    for instruction in program:
        assert isa.decode(instruction.encode()).fields == instruction.fields
    return len(program)


def follow(spec: N3hSpec, problems: Sequence[Problem]) -> N3hSpec:
    """`spec` after doing what the problems advise."""
    depths = {}
    for problem in problems:
        assert problem.fix.startswith("set buffers."), problem
        name, _, depth = problem.fix.removeprefix("set buffers.").partition(" = ")
        depths[name] = int(depth)
    return N3hSpec.from_data({**spec.model_dump(), "buffers": {**dict(spec.buffers), **depths}})


@pytest.mark.parametrize("preset", ["tiny", "z7020", "z7045"])
@pytest.mark.parametrize("rows", [RESNET18, MOBILENET, VGG16], ids=["resnet", "mobilenet", "vgg"])
def test_largest_blocks_encode(preset: str, rows: list[Block]) -> None:
    for row in rows:
        spec, net = N3hSpec.preset(preset), block(row)
        for _ in range(3):
            try:
                plans, _ = plan_network(net, spec, {})
                break
            except UsageError as error:
                assert preset == "tiny" or row[0] == "fc6"
                spec = follow(spec, error.problems)
        assert encoded(plans, spec) <= 20 + 14 * len(plans[0].passes), row[0]
        p = plans[0].passes[0]
        wanted = needs(spec, plans[0].conv, plans[0].g, row[3], p)
        assert all(words <= getattr(spec.buffers, b) for b, words in wanted.items())


def test_resnet_on_z7020_uses_both_cores_where_it_pays() -> None:
    """128 filters, 28 x 28, K = 1152: 7 of 8 column tiles on the LUT core, whose weights leave
    room for the next layer's."""
    plans, _ = plan_network(block(RESNET18[2]), design("z7020"), {})
    (p,) = plans[0].passes
    assert (p.n_lut, p.l_tiles, p.d_tiles) == (112, 7, 2)
    assert (p.k, p.k_chunks, p.k_steps, p.gpp, p.merged) == (1152, 9, 72, 16, True)
    assert (p.l_words, p.d_words, p.d_group, p.d_groups) == (252, 72, 14, 2)


def one(row: Block, **change: Any) -> LayerPlan:
    (plan,) = plan_network(block(row), N3hSpec.from_data(change), {})[0]
    return plan


def test_groups_become_block_dense_slices() -> None:
    plan = one(("dw", 10, 64, 4, 64, 3, 1, 1, 64, 4, None, False))
    assert plan.sliced
    assert {(p.n0, p.n, p.c0, p.c) for p in plan.passes} == {
        (n0, 16, n0, 16) for n0 in (0, 16, 32, 48)
    }
    assert not any(p.merged for p in plan.passes)
    (note,) = plan.warnings
    assert note == (
        "layer 'dw': 64 groups run as block-dense slices, 16.0 times the products of the layer"
    )


def test_geometry_drops_what_no_window_reads() -> None:
    spec, quant = design("tiny"), Quant(1.0, 0, 8, False)
    rng, x = np.random.default_rng(0), Tensor("x", 9, 9, 8, quant)
    place_x = place(x, 0, 8, 64)
    stride, _ = conv_layer(rng, x, name="s", n=4, stride=(2, 2))
    g = geometry(spec, stride, place_x)
    assert (g.in_h, g.y_beats, g.s_h, g.s_w) == (5, 18, 1, 2)  # every second row, all columns
    tail, _ = conv_layer(rng, x, name="t", n=4, kernel=(2, 2), stride=(4, 4))
    assert geometry(spec, tail, place_x).in_h == 6  # rows 6..8 are not read
    whole, _ = conv_layer(rng, x, name="w", n=4, kernel=(9, 9), dilation=(1, 1), stride=(3, 5))
    g = geometry(spec, whole, place_x)
    assert (g.s_h, g.s_w, g.out_h, g.out_w) == (1, 1, 1, 1)


def test_slice_sizes() -> None:
    assert slice_sizes(100, 16) == [100, 64, 48, 32, 16]
    assert slice_sizes(16, 16) == [16]
    assert slice_sizes(5, 64) == [5]


SMALL = {"ring": 512, "raw": 512, "collector": 512, "residual": 512, "lut_weights": 512,
         "dsp_weights": 512}  # fmt: skip

REFUSED = [
    (
        ("wide", 60, 80, 8, 16, 3, 1, 1, 1, 8, None, False),
        "error: n3h: layer 'wide' needs 1800 words of buffers.raw = 512\n"
        "  for 3 rows of 600 words at once\n"
        "  fix: set buffers.raw = 2048\n"
        "error: n3h: layer 'wide' needs 1024 words of buffers.collector = 512\n"
        "  for 1 row of 60 pixels, 16 channels each, and a row tile\n"
        "  fix: set buffers.collector = 1024",
    ),
    (
        ("deep", 3, 512, 8, 16, 3, 1, 1, 1, 8, None, False),
        "error: n3h: layer 'deep' needs 576 words of buffers.raw = 512\n"
        "  for 3 rows of 192 words at once\n"
        "  fix: set buffers.raw = 1024\n"
        "error: n3h: layer 'deep' needs 576 words of buffers.ring = 512\n"
        "  for a row tile of K = 4608 elements of 8 bits\n"
        "  fix: set buffers.ring = 1024\n"
        "error: n3h: layer 'deep' needs 576 words of buffers.lut_weights = 512\n"
        "  for 4 filters of K = 4608 elements in 8 bits on the LUT core\n"
        "  fix: set buffers.lut_weights = 1024\n"
        "error: n3h: layer 'deep' needs 1728 words of buffers.dsp_weights = 512\n"
        "  for 12 filters of K = 4608 elements in 8 bits on the DSP core\n"
        "  fix: set buffers.dsp_weights = 2048",
    ),
    (
        ("huge", 13, 8192, 1, 16, 13, 1, 0, 1, 1, None, False),
        "error: n3h: layer 'huge' needs 21632 words of buffers.raw = 512\n"
        "  for 13 rows of 1664 words at once\n"
        "  fix: no depth is enough (at most 8192): make the layer smaller",
    ),
]


@pytest.mark.parametrize(("row", "message"), REFUSED, ids=[r[0][0] for r in REFUSED])
def test_refusals(row: Block, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_network(block(row), N3hSpec.from_data({"buffers": SMALL}), {})
    assert str(caught.value).startswith(message)
    assert caught.value.exit_code == 2


def test_residuals_wider_than_their_ring_are_sliced() -> None:
    """16 pixels of 512 channels are 4096 words with 2 lanes; the ring holds 512."""
    rng, x = np.random.default_rng(0), Tensor("x", 4, 4, 512, Quant(1.0, 0, 8, True))
    layer = conv_layer(rng, x, name="add", n=512, quant=x.quant, residual=x)
    spec = N3hSpec.from_data(
        {"lut_core": {"dm": 16}, "post": {"lanes": 2}, "buffers": {"residual": 512}}
    )
    (plan,) = plan_network(network(x, [layer]), spec, {})[0]
    assert max(p.gpp for p in plan.passes) * 16 <= 512


def test_field_limits_are_reported_together() -> None:
    rng, x = np.random.default_rng(0), Tensor("x", 40, 40, 4, Quant(1.0, 0, 4, False))
    a = conv_layer(rng, x, name="tall", n=4, kernel=(17, 3), pad=(16, 1, 16, 1))
    b = conv_layer(rng, a[1], name="far", n=4, stride=(18, 1), dilation=(1, 1))
    with pytest.raises(UsageError) as caught:
        plan_network(network(x, [a, b]), N3hSpec.from_data({"buffers": {"raw": 8192}}), {})
    assert [p.what for p in caught.value.problems] == [
        "n3h: layer 'tall' asks for k_h = 17 (kernel rows)",
        "n3h: layer 'tall' asks for pad_t = 16 (padded rows above)",
    ]
    assert caught.value.problems[0].rule == "an instruction of FILL holds 0..15"


def test_accumulators_and_biases_must_fit() -> None:
    rng, x = np.random.default_rng(0), Tensor("x", 1, 1, 70_000, Quant(1.0, 0, 8, False))
    layer, y = conv_layer(rng, x, name="sum", n=1, w_bits=8)
    layer = replace(
        layer, weight=np.full((1, 1, 1, 70_000), -128), bias=np.array([1 << 31]), nodes=("a", "b")
    )
    big = {"raw": 8192, "ring": 8192, "lut_weights": 8192, "dsp_weights": 8192}
    spec = N3hSpec.from_data({"lut_core": {"dk": 512}, "buffers": big})
    with pytest.raises(UsageError) as caught:
        plan_network(network(x, [(layer, y)]), spec, {})
    assert [p.what for p in caught.value.problems] == [
        "n3h: layer 'sum' (a, b) has an accumulator of -2284800000..0",
        "n3h: layer 'sum' (a, b) has a bias with the zero point folded in of "
        "2147483648..2147483648",
    ]


def test_splits() -> None:
    net = block(RESNET18[2])
    assert split_shares(net, "auto") == {}
    assert split_shares(net, "lut") == {"stage2": 128}
    assert split_shares(net, "dsp") == {"stage2": 0}
    assert split_shares(net, {"stage2": 77}) == {"stage2": 77}
    for split, message in (
        ("half", "error: n3h: there is no split 'half'\n"
                 "  a split is auto, lut, dsp, or filters on the LUT core by layer name"),
        ({"stage3": 4, "stage2": 129},
         "error: n3h: the split names layer 'stage3', which the network does not have\n"
         "  it has 1 layers\n"
         "  fix: did you mean stage2?\n"
         "error: n3h: the split gives layer 'stage2' 129 filters on the LUT core\n"
         "  it must be a whole number from 0 to 128"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            split_shares(net, split)
        assert str(caught.value) == message


@pytest.mark.parametrize("n_lut", [0, 1, 31, 64, 96])
def test_a_fixed_split_is_kept_over_all_passes(n_lut: int) -> None:
    rng, x = np.random.default_rng(0), Tensor("x", 4, 4, 64, Quant(1.0, 0, 4, False))
    layer = conv_layer(rng, x, name="c", n=96, kernel=(3, 3), pad=(1, 1, 1, 1), w_bits=8)
    spec = N3hSpec.from_data({"buffers": {"lut_weights": 2048}})
    (row,) = lower(network(x, [layer]), spec, {"c": n_lut}).layers
    assert row.n_lut == n_lut
    assert row.passes > 1

"""Small random networks: what benches, campaigns and emitted folders run through the hardware.

Deterministic for a seed on every machine (Python's own generator). Shapes are drawn small enough
to simulate in thousands of cycles and ragged enough to leave every tile partly filled.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import QNet
from hwgen.net.layer import Conv, Pool, Quant, Residual, Tensor
from hwgen.numbers import Ints


@dataclass(frozen=True)
class Gemm:
    """One matrix product: [m, k] codes of a_bits times [k, n] of w_bits, signed or not."""

    m: int
    k: int
    n: int
    a_bits: int
    w_bits: int
    a_signed: bool
    w_signed: bool


def gemm_network(gemm: Gemm, rng: random.Random) -> QNet:
    """The product as a 1x1 convolution over an m x 1 map, requantised to 8 bits."""
    x = Tensor("x", gemm.m, 1, gemm.k, Quant(1.0, 0, gemm.a_bits, gemm.a_signed))
    layer = _conv(rng, "gemm", x, gemm.n, (1, 1), gemm.w_bits, gemm.w_signed, 8, True)
    return _network("gemm", x, [layer])


def random_codes(rng: random.Random, tensor: Tensor) -> Ints:
    """Codes [h, w, c] over the whole range of `tensor`; one draw in eight is all extremes."""
    return _draw(rng, tensor.shape, tensor.quant.lo, tensor.quant.hi)


def random_network(rng: random.Random, layers: int, largest: int = 12) -> QNet:
    """`layers` convolutions over maps of at most `largest` x `largest` x 24, in a chain.

    Every legal feature is drawn: kernel, stride, pad, dilation, groups, zero points, 1..8 bits and
    signs on both sides, residuals, maximum and average pooling with and without padding counted.
    """
    quant = _quant(rng)
    x = Tensor("x", rng.randint(1, largest), rng.randint(1, largest), rng.randint(1, 24), quant)
    first, found, tensors = x, [], [x]
    for index in range(layers):
        layer, y = _random_layer(rng, f"layer{index}", x, tensors)
        found.append((layer, y))
        tensors.append(y)
        x = y
    return _network("random", first, found)


def case_files(name: str, spec: N3hSpec, net: QNet, codes: Ints) -> dict[str, bytes]:
    """Files of one case for the top's bench: a program folder and case.json, below `name`/."""
    files = {**lower(net, spec).files(), "case.json": as_json(net, codes).encode()}
    return {f"{name}/{path}": data for path, data in sorted(files.items())}


def random_case(name: str, spec: N3hSpec, seed: int, layers: int = 2) -> dict[str, bytes]:
    """Files of the case that `seed` draws."""
    rng = random.Random(seed)
    net = random_network(rng, layers)
    return case_files(name, spec, net, random_codes(rng, net.input))


def as_json(net: QNet, codes: Ints) -> str:
    """A network and its input for a bench that has no hwgen: plain numbers and lists."""
    record = {
        "input": {"name": net.input.name, "codes": codes.tolist()},
        "output": net.output.name,
        "layers": [_plain(asdict(layer)) for layer in net.layers],
    }
    return json.dumps(record, separators=(",", ":")) + "\n"


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    record = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in record.items()}
    if record["pool"]:
        table = record["pool"]["requant"]
        record["pool"]["requant"] = {str(count): row for count, row in table.items()}
    return record


def _network(name: str, first: Tensor, made: list[tuple[Conv, Tensor]]) -> QNet:
    tensors = {t.name: t for t in (first, *(y for _, y in made))}
    return QNet(name, first, made[-1][1], tuple(layer for layer, _ in made), tensors)


def _quant(rng: random.Random) -> Quant:
    bits, signed = rng.randint(1, 8), rng.random() < 0.5
    quant = Quant(1.0, 0, bits, signed)
    return replace(quant, zero=rng.randint(quant.lo, quant.hi)) if rng.random() < 0.5 else quant


def _draw(rng: random.Random, shape: tuple[int, ...], lo: int, hi: int) -> Ints:
    size = math.prod(shape)
    pool = (lo, hi) if rng.random() < 1 / 8 else range(lo, hi + 1)
    return np.array(rng.choices(pool, k=size), dtype=np.int64).reshape(shape)


def _random_layer(
    rng: random.Random, name: str, x: Tensor, before: list[Tensor]
) -> tuple[Conv, Tensor]:
    groups = rng.choice([g for g in (1, 1, 1, 2, 3, x.c) if x.c % g == 0])
    same = rng.random() < 0.4  # keeps the shape, so that a residual fits
    n = x.c if same else groups * rng.randint(1, max(1, 24 // groups))
    kernel = (3, 3) if same else (rng.randint(1, 4), rng.randint(1, 4))
    layer, y = _conv(
        rng,
        name,
        x,
        n,
        kernel,
        rng.randint(1, 8),
        rng.random() < 0.7,
        rng.randint(1, 8),
        rng.random() < 0.5,
        groups,
        same,
    )
    partners = [t for t in before if t.shape == y.shape]
    if rng.random() < 0.5 and (layer.k * 4 < x.h * x.w or not partners):
        return _pooled(rng, layer, y) if rng.random() < 0.7 else (layer, y)
    if partners:
        t = rng.choice(partners)
        rs = tuple(max(0, int(s) - rng.randint(14, 18)) for s in layer.shift)
        layer = replace(layer, residual=Residual(t.name, rng.randrange(1 << 16), rs, t.quant.zero))
    return layer, y


def _conv(
    rng: random.Random,
    name: str,
    x: Tensor,
    n: int,
    kernel: tuple[int, int],
    w_bits: int,
    w_signed: bool,
    y_bits: int,
    y_signed: bool,
    groups: int = 1,
    same: bool = True,
) -> tuple[Conv, Tensor]:
    """A convolution whose accumulators spread over the range of y, so that few codes clip.

    `same`: the output has the size of the input.
    """
    dilation = (1, 1) if same else (rng.randint(1, 2), rng.randint(1, 2))
    pads = [k // 2 if same else rng.randint(0, 2) for k in (*kernel, *kernel)]
    for axis, size in enumerate((x.h, x.w)):  # the kernel must fit into the padded map
        short = dilation[axis] * (kernel[axis] - 1) + 1 - size - pads[axis] - pads[axis + 2]
        pads[axis] += max(0, short)
    pad = pads[0], pads[1], pads[2], pads[3]
    stride = (1, 1) if same else (rng.randint(1, 3), rng.randint(1, 3))
    w = Quant(1.0, 0, w_bits, w_signed)
    weight = _draw(rng, (n, *kernel, x.c // groups), w.lo, w.hi)
    y_quant = Quant(1.0, 0, y_bits, y_signed)
    y_quant = replace(y_quant, zero=rng.randint(y_quant.lo, y_quant.hi))
    spread = (math.prod(weight.shape[1:]) ** 0.5) * (w.hi - w.lo) * (x.quant.hi - x.quant.lo) / 8
    shift = round(math.log2(max(spread, 1) / (y_quant.hi - y_quant.lo))) + 16
    out = [
        (size + pad[a] + pad[a + 2] - dilation[a] * (kernel[a] - 1) - 1) // stride[a] + 1
        for a, size in enumerate((x.h, x.w))
    ]
    near = [min(47, max(1, shift + rng.randint(-1, 1))) for _ in range(n)]
    layer = Conv(
        name=name,
        nodes=(name,),
        x=x.name,
        y=f"{name}.y",
        weight=weight,
        w_bits=w_bits,
        w_signed=w_signed,
        groups=groups,
        stride=stride,
        pad=pad,
        dilation=dilation,
        zin=x.quant.zero,
        bias=_draw(rng, (n,), -int(spread) - 1, int(spread) + 1),
        mul=np.array([rng.randrange(1 << 15, 1 << 16) for _ in range(n)], dtype=np.int64),
        shift=np.array(near, dtype=np.int64),
        zout=y_quant.zero,
        lo=max(y_quant.lo, y_quant.zero) if rng.random() < 0.3 else y_quant.lo,
        hi=y_quant.hi,
        out_h=out[0],
        out_w=out[1],
    )
    return layer, Tensor(layer.y, out[0], out[1], n, y_quant)


def _pooled(rng: random.Random, layer: Conv, y: Tensor) -> tuple[Conv, Tensor]:
    """The layer with a pooling behind it that fits its map."""
    kernel = rng.randint(1, min(3, y.h)), rng.randint(1, min(3, y.w))
    stride = rng.randint(1, 3), rng.randint(1, 3)
    pad = [rng.randint(0, k - 1) for k in (*kernel, *kernel)]
    out = [
        (size + pad[a] + pad[a + 2] - kernel[a]) // stride[a] + 1
        for a, size in enumerate((y.h, y.w))
    ]
    average = rng.random() < 0.5
    pool = Pool(
        mode="avg" if average else "max",
        kernel=kernel,
        stride=stride,
        pad=(pad[0], pad[1], pad[2], pad[3]),
        count_pad=average and rng.random() < 0.5,
        requant={},
        z_in=layer.zout,
        z_out=layer.zout,
        lo=layer.lo,
        hi=layer.hi,
        out_h=out[0],
        out_w=out[1],
    )
    if average:
        counts = pool.counts(y.h, y.w)
        pool = replace(pool, requant={c: _reciprocal(c) for c in sorted(counts)})
    return replace(layer, pool=pool), replace(y, h=out[0], w=out[1])


def _reciprocal(count: int) -> tuple[int, int]:
    """(mul, shift) of 1/count, mul in 2^15..2^16-1."""
    shift = 15 + (count - 1).bit_length()
    return min((1 << 16) - 1, round((1 << shift) / count)), shift

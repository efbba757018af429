"""Random integer networks for the back end's tests: every option of a layer, small maps."""

from __future__ import annotations

import numpy as np

from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import Conv, Pool, QNet, Quant, Residual, Tensor
from hwgen.numbers import quantise_multiplier

ODD_SPECS = {
    "wide-bus": {
        "lut_core": {"dm": 2, "dk": 64, "dn": 8},
        "dsp_core": {"pin": 32, "pout": 8},
        "post": {"lanes": 2},
        "axi": {"data_w": 256},
        "buffers": {"lut_weights": 1024, "parameters": 512, "raw": 512},
    },
    "narrow-ring": {
        "lut_core": {"dm": 16, "dk": 512, "dn": 2},
        "dsp_core": {"pin": 8, "pout": 12},
        "post": {"lanes": 2},
        "axi": {"data_w": 64},
        "buffers": {"ring": 512, "dsp_weights": 4096, "collector": 512, "residual": 512},
    },
}


def design(name: str) -> N3hSpec:
    """A preset, or one of ODD_SPECS."""
    return N3hSpec.from_data(ODD_SPECS[name]) if name in ODD_SPECS else N3hSpec.preset(name)


def random_codes(rng: np.random.Generator, tensor: Tensor) -> np.ndarray:
    return rng.integers(tensor.quant.lo, tensor.quant.hi + 1, tensor.shape)


def random_quant(rng: np.random.Generator, bits: int | None = None) -> Quant:
    bits, signed = int(bits or rng.integers(1, 9)), bool(rng.integers(2))
    lo = -(1 << (bits - 1)) if signed else 0
    return Quant(0.5, int(rng.integers(lo, lo + (1 << bits))), bits, signed)


def divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def conv_layer(
    rng: np.random.Generator,
    x: Tensor,
    *,
    name: str,
    n: int,
    kernel: tuple[int, int] = (1, 1),
    stride: tuple[int, int] = (1, 1),
    pad: tuple[int, int, int, int] = (0, 0, 0, 0),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
    w_bits: int = 4,
    w_signed: bool = True,
    quant: Quant | None = None,
    residual: Tensor | None = None,
    pool: str | None = None,
) -> tuple[Conv, Tensor]:
    """A layer with random weights whose codes spread over the output's range."""
    quant = quant or random_quant(rng)
    lo = -(1 << (w_bits - 1)) if w_signed else 0
    weight = rng.integers(lo, lo + (1 << w_bits), (n, *kernel, x.c // groups))
    out = [
        (size + pad[a] + pad[a + 2] - dilation[a] * (kernel[a] - 1) - 1) // stride[a] + 1
        for a, size in enumerate((x.h, x.w))
    ]
    k = weight[0].size
    spread = np.sqrt(k) * (1 << w_bits) * (1 << x.quant.bits) / 6 + 1
    scale = (1 << quant.bits) / spread * rng.uniform(0.3, 1.5, n) * (rng.random(n) > 0.05)
    pairs = [quantise_multiplier(float(s)) for s in scale]
    mul, shift = (np.array(v, dtype=np.int64) for v in zip(*pairs, strict=True))
    bias = np.rint(rng.normal(0, spread / 4, n)).astype(np.int64)
    low = quant.zero if rng.integers(2) else quant.lo
    pooling = random_pool(rng, pool, out, quant, low) if pool else None
    rs = [int(max(0, s - 12 + rng.integers(-4, 1))) for s in shift]
    layer = Conv(
        name=name, nodes=(f"node_{name}",), x=x.name, y=f"y_{name}", weight=weight, w_bits=w_bits,
        w_signed=w_signed, groups=groups, stride=stride, pad=pad, dilation=dilation,
        zin=x.quant.zero, bias=bias, mul=mul, shift=shift, zout=quant.zero, lo=low, hi=quant.hi,
        out_h=out[0], out_w=out[1],
        residual=Residual(residual.name, int(rng.integers(0, 4096)),
                          tuple(min(r, 31) for r in rs), residual.quant.zero)
        if residual else None,
        pool=pooling,
    )  # fmt: skip
    return layer, Tensor(layer.y, *layer.y_shape, quant)


def random_pool(
    rng: np.random.Generator, mode: str, size: list[int], quant: Quant, low: int
) -> Pool:
    kernel = tuple(int(rng.integers(1, min(s, 3) + 1)) for s in size)
    if rng.integers(4) == 0 and max(size) <= 15:
        kernel = (size[0], size[1])
    stride = tuple(int(rng.integers(1, 4)) for _ in size)
    pad = tuple(int(rng.integers(0, kernel[a % 2])) if kernel[a % 2] > 1 else 0 for a in range(4))
    out = [(s + pad[a] + pad[a + 2] - kernel[a]) // stride[a] + 1 for a, s in enumerate(size)]
    requant = {
        count: quantise_multiplier(float(rng.uniform(0.5, 1.2)) / count)
        for count in range(1, kernel[0] * kernel[1] + 1)
    }
    average = mode == "avg"
    return Pool(
        mode, kernel, stride, pad, bool(average and rng.integers(2)), requant if average else {},
        quant.zero, quant.zero, quant.lo if average else low, quant.hi, *out
    )  # fmt: skip


def network(x: Tensor, layers: list[tuple[Conv, Tensor]]) -> QNet:
    tensors = {x.name: x} | {t.name: t for _, t in layers}
    return QNet("random", x, layers[-1][1], tuple(c for c, _ in layers), tensors)


def random_network(rng: np.random.Generator, depth: int) -> QNet:
    """A chain of `depth` layers; residuals come from any earlier tensor of the right shape."""
    c = int(rng.integers(1, 25))
    x = Tensor("x", int(rng.integers(1, 12)), int(rng.integers(1, 12)), c, random_quant(rng))
    known, layers = [x], []
    for index in range(depth):
        source = known[-1]
        layers.append(random_layer(rng, source, known, f"l{index}"))
        known.append(layers[-1][1])
    return network(x, layers)


def random_layer(
    rng: np.random.Generator, x: Tensor, known: list[Tensor], name: str
) -> tuple[Conv, Tensor]:
    kernel = tuple(int(rng.integers(1, 4)) for _ in range(2))
    dilation = tuple(int(rng.integers(1, 3)) for _ in range(2))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    pad = [int(rng.integers(0, reach[a % 2] + 1)) for a in range(4)]
    stride = tuple(int(rng.integers(1, 4)) for _ in range(2))
    n, residual = int(rng.integers(1, 40)), None
    candidates = [t for t in known if t.shape[:2] == x.shape[:2]]
    if rng.integers(3) == 0:  # shape-preserving, with a residual
        residual = candidates[int(rng.integers(len(candidates)))]
        n, stride = residual.c, (1, 1)
        pad = [(r - 1) // 2 for r in reach] + [r // 2 for r in reach]
    if rng.integers(8) == 0 and max(x.h, x.w) <= 12 and residual is None:  # over the whole map
        kernel, dilation, pad = (x.h, x.w), (1, 1), [0] * 4
    for axis, size in enumerate((x.h, x.w)):  # at least one output
        need = dilation[axis] * (kernel[axis] - 1) + 1 - size - pad[axis]
        if residual is None:
            pad[axis + 2] = max(pad[axis + 2], need)
    groups = int(rng.choice(divisors(x.c))) if rng.integers(3) == 0 else 1
    if residual is None and groups > 1:
        n = groups * int(rng.integers(1, 4))
    elif n % groups:
        groups = 1
    return conv_layer(
        rng, x, name=name, n=n, kernel=kernel, stride=stride, pad=tuple(pad), dilation=dilation,
        groups=groups, w_bits=int(rng.integers(1, 9)), w_signed=bool(rng.integers(2)),
        residual=residual, pool=rng.choice([None, None, "max", "avg"]),
    )  # fmt: skip

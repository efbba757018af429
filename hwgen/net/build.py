"""Emit integer layers: quantised sums and averages become convolutions with pooling behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hwgen.net import ranges
from hwgen.net.fixed import Fixed, FixedPointError, fix, multiplier, refine, sign
from hwgen.net.layer import Conv, Pair, Pool, Quant, Residual, Tensor
from hwgen.net.read import Node
from hwgen.net.values import (
    Codes,
    FakeQuant,
    Map,
    Mean,
    Reals,
    RefusalError,
    Shape,
    Source,
    Sum,
    Value,
    identity,
)
from hwgen.numbers import Ints, code_bits

COARSE = 0.5  # output steps: a larger error could move a result by more than one code


@dataclass
class Builder:
    """Layers and tensors so far, in topological order.

    A layer may still change while nothing else reads its output: ranges get tighter, pooling is
    put behind it, its output takes the name of the last ONNX tensor with the same codes.
    """

    uses: Mapping[str, int]
    max_bias_error: float
    layers: list[Conv] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    source: str = ""
    source_quant: FakeQuant | None = None
    source_shape: Shape = ()
    made: dict[tuple[str, FakeQuant], Codes] = field(default_factory=dict)
    bias_error: dict[str, float] = field(default_factory=dict)

    def quantise(self, x: Value, quant: FakeQuant, node: Node) -> Codes:
        """The codes of x behind a quantiser; two equal quantisers of one tensor are one."""
        name = node.inputs[0]
        if (name, quant) in self.made:
            return self.made[name, quant]
        y = self._quantise(x, quant, node)
        if self.uses[name] > 1:
            y = self.made[name, quant] = replace(y, sole=False)
        return y

    def _quantise(self, x: Value, quant: FakeQuant, node: Node) -> Codes:
        name = node.outputs[0]
        if isinstance(x, Source):
            return self.input(x, quant, name)
        if isinstance(x, Sum):
            return self.emit(x, quant, name, node)
        if isinstance(x, Mean):
            return self.average(x, quant, name, node)
        if not isinstance(x, Codes) or x.integer:
            raise RefusalError(("quantises integer codes", "put a DequantizeLinear in front of it"))
        if not quant.sign and (x.scale, x.zero) == (quant.scale, quant.zero):
            return self.clamp(x, quant.lo, quant.hi, name, node)
        return self.emit(identity(x, node), quant, name, node)

    def input(self, source: Source, quant: FakeQuant, name: str) -> Codes:
        """The network's input tensor. Raises RefusalError when it has another quantiser already."""
        if self.source_quant is not None:
            raise RefusalError(
                (
                    f"the input is quantised a second time, scale {quant.scale:.6g}",
                    "let one quantiser feed every reader of the input",
                )
            )
        self.source, self.source_quant, self.source_shape = name, quant, source.shape
        size = as_map(source.shape)
        self._tensor(name, size, quant.scale, quant.zero, quant.lo, quant.hi)
        return Codes(name, size, source.shape, quant.scale, quant.zero, quant.lo, quant.hi)

    def emit(self, total: Sum, quant: FakeQuant, name: str, node: Node) -> Codes:
        """A layer for a sum and its quantiser."""
        if not (np.isfinite(total.alpha).all() and np.isfinite(total.beta).all()):
            what = "its scale or bias is not a finite number"
            raise RefusalError((what, "train or quantise the network again"), node=total.node)
        flip = np.where(total.alpha < 0, -1, 1)
        weight = total.weight * flip[:, None, None, None]
        used = (weight != 0).any(axis=(1, 2, 3))
        alpha = np.where(used, np.abs(total.alpha), 0.0)
        weight = np.where(alpha[:, None, None, None] > 0, weight, 0)
        if code_bits(int(weight.min()), int(weight.max()))[0] > 8:
            raise RefusalError(
                (
                    f"a negative scale turns weight {int(weight.max())} into a 9-bit number",
                    "quantise the weights with narrow range (-127..127)",
                ),
                node=total.node,
            )
        if not quant.sign:
            weight, alpha = refine(weight, alpha, total.beta, quant.scale, self.max_bias_error)
        bits, signed = code_bits(int(weight.min()), int(weight.max()))
        res = total.residual
        if quant.sign:
            if res is not None:
                raise RefusalError(("a residual sum has a one-bit signed quantiser", "use 2 bits"))
            numbers = sign(alpha, total.beta)
        else:
            numbers = _fix(total, quant, alpha, weight)
        if numbers.error > COARSE:
            raise RefusalError(
                (
                    f"its bias can only be stored to {numbers.error:.3g} output steps",
                    "store it as int32 at the scale of input times weights, or quantise the "
                    "result more coarsely",
                ),
                node=total.node,
            )
        layer = Conv(
            name=self._unique(total.node.name),
            nodes=(*total.nodes, node.name),
            x=total.x.tensor,
            y=name,
            weight=weight,
            w_bits=bits,
            w_signed=signed,
            groups=total.groups,
            stride=total.stride,
            pad=total.pad,
            dilation=total.dilation,
            zin=total.x.zero,
            bias=numbers.bias,
            mul=numbers.mul,
            shift=numbers.shift,
            zout=numbers.zout,
            lo=quant.code(total.lo),
            hi=quant.code(total.hi),
            out_h=total.map[0],
            out_w=total.map[1],
            residual=_residual(res, numbers),
        )
        if total.pool is not None:
            layer = replace(layer, pool=_max_pool(total.pool, layer))
        self._prove(layer, total.node)
        self.bias_error[layer.name] = numbers.error
        return self._append(layer, quant, total.shape)

    def average(self, mean: Mean, quant: FakeQuant, name: str, node: Node) -> Codes:
        """An average and its quantiser, behind the layer that made x or behind an identity."""
        if quant.sign:
            raise RefusalError(("an average has a one-bit signed quantiser", "use 2 bits"))
        before = self.tensors[mean.x.tensor]
        x = self._poolable(mean.x, mean.node)
        h, w, _ = x.map
        requant = {n: _ratio(x.scale / n / quant.scale) for n in mean.pool.counts(h, w)}
        pool = replace(
            mean.pool,
            before=before,
            requant=requant,
            z_in=x.zero,
            z_out=quant.zero,
            lo=quant.code(mean.lo),
            hi=quant.code(mean.hi),
        )
        if max(mean.pool.counts(h, w)) * 255 >= 1 << 31:
            raise RefusalError(("sums more than 2^23 elements", "use a smaller window"))
        layer = self._take(x)
        nodes = (*layer.nodes, *mean.nodes, node.name)
        layer = replace(layer, pool=pool, nodes=nodes, y=name)
        return self._append(layer, quant, mean.shape)

    def max_pool(self, x: Codes, pool: Pool, shape: Shape, node: Node) -> Codes:
        """Maximum pooling of codes, behind the layer that made them or behind an identity."""
        pool = replace(pool, before=self.tensors[x.tensor])
        x = self._poolable(x, node)
        layer = self._take(x)
        layer = replace(
            layer, pool=_max_pool(pool, layer), nodes=(*layer.nodes, node.name), y=node.outputs[0]
        )
        grid = FakeQuant(x.scale, x.zero, x.lo, x.hi)
        return replace(self._append(layer, grid, shape), integer=x.integer)

    def clamp(self, x: Codes, lo: int, hi: int, name: str, node: Node) -> Codes:
        """Codes limited to lo..hi, by the layer that made them or by an identity layer."""
        low, high = min(max(x.lo, lo), hi), min(max(x.hi, lo), hi)
        if (low, high) == (x.lo, x.hi):
            return x
        grid = FakeQuant(x.scale, x.zero, low, high)
        if not x.sole:
            y = self.emit(identity(x, node), grid, name, node)
            return replace(y, integer=x.integer)
        if x.tensor == self.source and self.source_quant is not None:
            del self.tensors[x.tensor]
            self.source, self.source_quant = name, replace(self.source_quant, lo=low, hi=high)
            self._tensor(name, x.map, x.scale, x.zero, low, high)
            return replace(x, tensor=name, lo=low, hi=high)
        layer = self._take(x)
        layer = replace(layer, nodes=(*layer.nodes, node.name), y=name)
        if layer.pool is not None:
            layer = replace(layer, pool=replace(layer.pool, lo=low, hi=high))
        if layer.pool is None or layer.pool.mode == "max":
            layer = replace(layer, lo=low, hi=high)
        return replace(self._append(layer, grid, x.shape), integer=x.integer)

    def _poolable(self, x: Codes, node: Node) -> Codes:
        """x, or a copy of it by an identity layer, whose layer can still take a pooling."""
        made = [layer for layer in self.layers if layer.y == x.tensor]
        if x.sole and made and made[0].pool is None:
            return x
        grid = FakeQuant(x.scale, x.zero, x.lo, x.hi)
        y = self.emit(identity(x, node), grid, f"{node.outputs[0]}.in", node)
        return replace(y, integer=x.integer)

    def _take(self, x: Codes) -> Conv:
        """Remove and return the layer that made x; it is put back by `_append`.

        Nothing has read x yet, so the layer may as well stand at the end.
        """
        (layer,) = (layer for layer in self.layers if layer.y == x.tensor)
        self.layers.remove(layer)
        del self.tensors[x.tensor]
        return layer

    def _append(self, layer: Conv, quant: FakeQuant, shape: Shape) -> Codes:
        last = layer.pool or layer
        self._tensor(layer.y, layer.y_shape, quant.scale, quant.zero, last.lo, last.hi)
        self.layers.append(replace(layer, nodes=tuple(dict.fromkeys(layer.nodes))))
        return Codes(layer.y, layer.y_shape, shape, quant.scale, quant.zero, last.lo, last.hi)

    def _tensor(self, name: str, size: Map, scale: float, zero: int, lo: int, hi: int) -> None:
        bits, signed = code_bits(min(lo, zero), max(hi, zero))  # the zero point is the pad code
        self.tensors[name] = Tensor(name, *size, Quant(scale, zero, bits, signed))

    def _unique(self, name: str) -> str:
        taken = {layer.name for layer in self.layers}
        copies = (f"{name}_{i}" for i in range(2, len(taken) + 3))
        return name if name not in taken else next(c for c in copies if c not in taken)

    def _prove(self, layer: Conv, node: Node) -> None:
        res = None if layer.residual is None else self.tensors[layer.residual.tensor]
        problems = list(ranges.violations(layer, self.tensors[layer.x], res))
        if problems:
            fix = "use fewer bits, fewer input channels or a smaller bias"
            raise RefusalError(*((p, fix) for p in problems), node=node)


def as_map(shape: Sequence[int]) -> Map:
    """(rows, columns, channels) of an ONNX shape [1, C], [1, C, W] or [1, C, H, W]."""
    if len(shape) not in (2, 3, 4) or shape[0] != 1:
        raise RefusalError(
            (f"shape {list(shape)}", "use [1, channels, rows, columns] or [1, features]")
        )
    sizes = (*shape[2:],) if len(shape) == 4 else (1, *shape[2:], *(1,) * (3 - len(shape)))
    return int(sizes[0]), int(sizes[1]), int(shape[1])


def _fix(total: Sum, quant: FakeQuant, alpha: Reals, weight: Ints) -> Fixed:
    """The layer's integers; a refusal names the node that computes the sum."""
    x, res = total.x, total.residual
    reach = np.abs(ranges.accumulator(weight, x.zero, x.lo, x.hi)).max(axis=0)
    scale = None if res is None else res.scale
    try:
        return fix(alpha, total.beta, reach.astype(np.float64), quant, scale)
    except FixedPointError as error:
        raise RefusalError(
            (str(error), "rescale the layer's quantisers"), node=total.node
        ) from None


def _ratio(scale: float) -> Pair:
    try:
        return multiplier(scale)
    except FixedPointError as error:
        raise RefusalError((str(error), "rescale the quantisers around the pooling")) from None


def _residual(res: Codes | None, numbers: Fixed) -> Residual | None:
    if res is None:
        return None
    return Residual(res.tensor, numbers.residual_mul, tuple(numbers.rs.tolist()), res.zero)


def _max_pool(pool: Pool, layer: Conv) -> Pool:
    zero = layer.zout
    return replace(pool, z_in=zero, z_out=zero, lo=layer.lo, hi=layer.hi)

"""What a tensor of the ONNX graph can stand for while it is turned into integer layers.

`Const` and `QConst` are known numbers, `Source` is the network's input before its quantiser,
`Codes` is a quantised feature map, `Sum` and `Mean` are results that still wait for their
quantiser, `Broken` is the output of a node that was refused (nothing more is said about it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.net.layer import Pad, Pair, Pool
from hwgen.net.read import Node
from hwgen.numbers import Ints, quantise

Reals = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Map = tuple[int, int, int]  # rows, columns, channels


class RefusalError(Exception):
    """A node that cannot be imported: (offence, nearest supported form) pairs.

    node: the offender, if it is not the node being imported.
    """

    def __init__(self, *sentences: tuple[str, str], node: Node | None = None) -> None:
        self.sentences = sentences
        self.node = node
        super().__init__("; ".join(what for what, _ in sentences))


@dataclass(frozen=True)
class FakeQuant:
    """One quantiser of activations: q = clip(round_half_even(x / scale) + zero, lo, hi).

    zero_first: the zero point is added before the rounding (QONNX), which differs at ties when it
    is odd. sign: q = 1 where x >= 0, else -1 (QONNX with one signed bit).
    """

    scale: float
    zero: int
    lo: int
    hi: int
    zero_first: bool = False
    sign: bool = False

    def code(self, x: float) -> int:
        """The code of one real number, infinities included, computed in float32 as ONNX does."""
        if math.isinf(x):
            return self.hi if x > 0 else self.lo
        if self.sign:
            return 1 if x >= 0 else -1
        return int(quantise(x, self.scale, self.zero, self.lo, self.hi, self.zero_first))


@dataclass(frozen=True, eq=False)
class Const:
    """A constant array of any type."""

    array: npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class QConst:
    """Quantised constants: real = codes * scale; scale broadcasts against codes, zero point 0."""

    codes: Ints
    scale: Reals

    @property
    def real(self) -> Reals:
        return np.asarray(self.codes * self.scale, dtype=np.float64)


@dataclass(frozen=True)
class Source:
    """The network's own input, before it is a tensor of the integer network.

    shape: the ONNX shape it is seen with; dtype: 'float32', or 'int8' or 'uint8' codes.
    """

    shape: Shape
    dtype: str = "float32"


@dataclass(frozen=True)
class Codes:
    """A quantised map: real = (code - zero) * scale, codes in lo..hi.

    tensor: name in the integer network; map: its size there; shape: the ONNX shape it is seen
    with; integer: the ONNX tensor holds the codes themselves (between QuantizeLinear and
    DequantizeLinear); sole: nothing else reads the tensor, so its layer may still change.
    """

    tensor: str
    map: Map
    shape: Shape
    scale: float
    zero: int
    lo: int
    hi: int
    integer: bool = False
    sole: bool = True


@dataclass(frozen=True, eq=False)
class Sum:
    """alpha[n] * acc[n] + beta[n] (+ residual), clipped to lo..hi, then (max) pooled.

    acc is the convolution of x's codes, zero point subtracted, with integer weights
    [n, k_h, k_w, c/groups]. node: the one to blame and to name the layer after; nodes: all that
    were merged. map: size before pooling; shape: ONNX shape after it.
    """

    node: Node
    nodes: tuple[str, ...]
    x: Codes
    weight: Ints
    groups: int
    stride: Pair
    pad: Pad
    dilation: Pair
    alpha: Reals
    beta: Reals
    map: Map
    shape: Shape
    residual: Codes | None = None
    lo: float = -math.inf
    hi: float = math.inf
    pool: Pool | None = None

    @property
    def linear(self) -> bool:
        """Nothing but the affine part so far: a bias, a scale or a residual may still follow."""
        return self.pool is None and self.lo == -math.inf and self.hi == math.inf

    def affine(self, scale: Reals | float, offset: Reals | float, node: Node) -> Sum:
        """scale * self + offset, per channel. Raises RefusalError once something is in the way."""
        if not self.linear or (self.residual is not None and np.any(np.asarray(scale) != 1)):
            raise RefusalError(
                (
                    f"scales the unquantised result of {self.nodes[-1]!r} per channel",
                    "put it directly behind the convolution, or put a quantiser in front of it",
                )
            )
        return replace(
            self,
            alpha=self.alpha * scale,
            beta=self.beta * scale + offset,
            nodes=(*self.nodes, node.name),
        )

    def clip(self, lo: float, hi: float, node: Node) -> Sum:
        """self limited to lo..hi."""
        nodes = (*self.nodes, node.name)
        return replace(self, lo=_clip(self.lo, lo, hi), hi=_clip(self.hi, lo, hi), nodes=nodes)


@dataclass(frozen=True, eq=False)
class Mean:
    """The average over windows of a quantised map, clipped to lo..hi. pool: requant is empty."""

    node: Node
    nodes: tuple[str, ...]
    x: Codes
    pool: Pool
    shape: Shape
    lo: float = -math.inf
    hi: float = math.inf

    def clip(self, lo: float, hi: float, node: Node) -> Mean:
        """self limited to lo..hi."""
        nodes = (*self.nodes, node.name)
        return replace(self, lo=_clip(self.lo, lo, hi), hi=_clip(self.hi, lo, hi), nodes=nodes)


@dataclass(frozen=True)
class Broken:
    """The output of a node that was refused, or that reads such an output."""


Value = Const | QConst | Source | Codes | Sum | Mean | Broken


def _clip(x: float, lo: float, hi: float) -> float:
    return min(max(x, lo), hi)


def identity(x: Codes, node: Node) -> Sum:
    """x itself as a sum: a 1x1 depthwise convolution with weight 1."""
    c = x.map[2]
    return Sum(
        node=node,
        nodes=(),
        x=x,
        weight=np.ones((c, 1, 1, 1), dtype=np.int64),
        groups=c,
        stride=(1, 1),
        pad=(0, 0, 0, 0),
        dilation=(1, 1),
        alpha=np.full(c, x.scale),
        beta=np.zeros(c),
        map=x.map,
        shape=x.shape,
    )

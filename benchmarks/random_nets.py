"""Random quantised networks of three layers, as ONNX files, for comparing with other tools.

A network is drawn from a seed and a notation: 'qdq' (QuantizeLinear, DequantizeLinear, Clip of the
codes below 8 bits) or 'qonnx' (Quant nodes, any bit width). Scales come from a rough estimate of
each tensor's size, so that the codes use their range. Nothing of `hwgen` is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

QONNX_DOMAIN = "qonnx.custom_op.general"
STYLES = ("qdq", "qonnx")


@dataclass(frozen=True)
class RandomNet:
    """A network and what it contains; `sample(rng)` draws one input [1, c, h, w]."""

    seed: int
    style: str
    model: onnx.ModelProto
    shape: tuple[int, ...]
    features: frozenset[str]

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(0, 1, self.shape).astype(np.float32)


@dataclass(frozen=True)
class _Map:
    """A tensor of the graph: c x h x w, root mean square, and its quantiser if it has one."""

    name: str
    c: int
    h: int
    w: int
    rms: float
    scale: float = 0.0
    positive: bool = False
    flat: bool = False  # seen as [1, c], not [1, c, h, w]


@dataclass
class _Draw:
    """A graph while it is drawn."""

    rng: np.random.Generator
    style: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    features: set[str] = field(default_factory=set)

    def chance(self, p: float, feature: str = "") -> bool:
        hit = bool(self.rng.random() < p)
        if hit and feature:
            self.features.add(feature)
        return hit

    def pick(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def const(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op: str, inputs: list[str], domain: str = "", **attrs: Any) -> str:
        name = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [f"{name}_y"], name, domain=domain, **attrs))
        self.features.add(op)
        return f"{name}_y"

    def scale(self, value: float) -> float:
        """A scale near `value`; a power of two in a third of the cases, so that ties occur."""
        if self.chance(0.33, "power of two"):
            value = 2.0 ** round(np.log2(value))
        return float(np.float32(value))

    def quantise(self, x: _Map, bits: int | None = None, sign: bool = True) -> _Map:
        """x behind a quantiser of its own; sign: one signed bit may be drawn."""
        bits = bits or int(self.rng.integers(1, 9))
        signed = not x.positive and self.chance(0.5)
        sign = sign and self.style == "qonnx" and signed and bits == 1
        if signed and bits == 1 and not sign:
            bits = 2
        lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        narrow = self.style == "qonnx" and bits > 1 and self.chance(0.2, "narrow")
        lo, hi = (lo + int(narrow and signed)), (hi - int(narrow and not signed))
        zero = 0
        if not sign and (not signed or self.chance(0.3)) and not x.positive:
            zero = int(self.rng.integers(lo, hi + 1))
            self.features.add("zero point")
        reach = max(hi - zero, zero - lo)
        scale = self.scale(float(self.rng.uniform(1.5, 4)) * x.rms / reach)
        self.features |= {f"activation bits {bits}", "signed" if signed else "unsigned"}
        if self.style == "qonnx":
            args = [np.float32(scale), np.float32(zero), np.float32(bits)]
            y = self.node(
                "Quant",
                [x.name, *(self.const(np.array(a)) for a in args)],
                QONNX_DOMAIN,
                signed=int(signed),
                narrow=int(narrow),
                rounding_mode="ROUND",
            )
            self.features |= {"sign"} if sign else set()
        else:
            y = self._qdq(x.name, scale, zero, lo, hi, bits, signed)
        rms = min(x.rms, scale * reach)
        return replace(x, name=y, rms=rms, scale=scale, positive=lo >= zero)

    def _qdq(
        self, x: str, scale: float, zero: int, lo: int, hi: int, bits: int, signed: bool
    ) -> str:
        dtype = np.int8 if signed else np.uint8
        pair = [self.const(np.array(scale, np.float32)), self.const(np.array(zero, dtype))]
        codes = self.node("QuantizeLinear", [x, *pair])
        if bits < 8:
            limits = [self.const(np.array(b, dtype)) for b in (lo, hi)]
            codes = self.node("Clip", [codes, *limits])
        return self.node("DequantizeLinear", [codes, *pair])

    def weights(
        self, shape: tuple[int, ...], axis: int = 0, narrow: bool = False
    ) -> tuple[str, np.ndarray]:
        """(tensor, scale per output channel) of quantised weights; axis: output channels.

        narrow: codes can change their sign without an extra bit; a few coarse products are given
        fewer bits, for they are followed by a bias that no whole step comes near.
        """
        n = shape[axis]
        fan_in = int(np.prod(shape)) // n
        bits = int(self.rng.integers(1, 6 if narrow and fan_in < 8 else 9))
        signed = bits > 1 or self.style == "qonnx"
        lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, 1)
        codes = self.rng.integers(lo + int(narrow and bits == 8), hi + 1, shape)
        if bits == 1 and signed:  # one signed bit means +1 and -1 in QONNX
            codes = np.where(codes < 0, -1, 1)
        size = max(float(np.sqrt((codes.astype(float) ** 2).mean())), 0.5)
        per_channel = self.chance(0.5, "per channel")
        spread = self.rng.uniform(0.5, 1.5, n if per_channel else 1)
        scale = np.array([self.scale(s / size / np.sqrt(fan_in)) for s in spread], np.float32)
        self.features.add(f"weight bits {bits}")
        along = scale.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        real = (codes * along).astype(np.float32)
        if self.style == "qonnx":
            args = [along if per_channel else scale[0], np.float32(0), np.float32(bits)]
            inputs = [self.const(real), *(self.const(np.array(a)) for a in args)]
            attrs = {"signed": int(signed), "narrow": 0, "rounding_mode": "ROUND"}
            y = self.node("Quant", inputs, QONNX_DOMAIN, **attrs)
        else:
            step = scale if per_channel else scale[0]
            pair = [self.const(np.array(step)), self.const(np.zeros_like(step, dtype=np.int8))]
            stored = self.const(codes.astype(np.int8))
            if self.chance(0.3, "float weights"):
                stored = self.node("QuantizeLinear", [self.const(real), *pair], axis=axis)
            y = self.node("DequantizeLinear", [stored, *pair], axis=axis)
        return y, np.broadcast_to(scale, (n,))

    def bias(self, x: _Map, scale: np.ndarray, free: bool) -> str:
        """A bias tensor on the grid of the accumulator, or (free) any real numbers."""
        n = scale.size
        grid = (np.float32(x.scale) * scale).astype(np.float32)
        real = self.rng.normal(0, 0.5 * x.rms, n)
        if free:
            self.features.add("free bias")
            return self.const(real.astype(np.float32))
        codes = np.clip(np.rint(real / grid), -(2**22), 2**22)
        if self.style == "qonnx":
            args = [grid, np.float32(0), np.float32(32)]
            inputs = [self.const((codes * grid).astype(np.float32))]
            inputs += [self.const(np.array(a)) for a in args]
            attrs = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
            return self.node("Quant", inputs, QONNX_DOMAIN, **attrs)
        pair = [self.const(grid), self.const(np.zeros(n, np.int32))]
        return self.node("DequantizeLinear", [self.const(codes.astype(np.int32)), *pair], axis=0)

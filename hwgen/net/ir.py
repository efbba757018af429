"""The quantised integer network: what every architecture compiles, and nothing of ONNX.

A network is a list of layers in topological order. Every layer is a convolution, with optional
residual and pooling behind it; Gemm and MatMul are convolutions over the whole map, a stand-alone
Add or pooling is a 1x1 depthwise identity convolution with 1-bit weights. Feature maps are
integer arrays [h, w, c] of *codes*; the real value of a code is (code - zero) * scale.

    acc = sum (x) * weight                                pad code: zin
    sum = (acc - zin*sum(weight) + bias) * mul + (res - res.zero) * res.mul * 2^res.rs
    y   = clip(round_half_even(sum / 2^shift) + zout, lo, hi)          one rounding
    max pooling: the largest code inside the map
    avg pooling: clip(round_half_even(sum(code - z_in) * mul / 2^shift) + z_out, lo, hi)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hwgen.net.layer import Conv, Pad, Pair, Pool, Quant, Residual, Tensor

__all__ = ["Conv", "Pad", "Pair", "Pool", "QNet", "Quant", "Residual", "Tensor"]


@dataclass(frozen=True, eq=False)
class QNet:
    """A network: `layers` turn tensor `input` into tensor `output`.

    tensors: every tensor by name, the input and each layer's y. boundary: what the ONNX file's
    own input and output look like (`hwgen.net.boundary.Boundary`), None for a network made by
    hand. report: one row per layer that the importer proved (`hwgen.net.ranges`), may be empty.
    Raises ValueError if names, order, shapes or zero points disagree.
    """

    name: str
    input: Tensor
    output: Tensor
    layers: tuple[Conv, ...]
    tensors: Mapping[str, Tensor]
    boundary: Any = None
    report: tuple[Any, ...] = ()

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the layers that read each tensor."""
        readers: dict[str, list[str]] = {name: [] for name in self.tensors}
        for layer in self.layers:
            readers[layer.x].append(layer.name)
            if layer.residual is not None:
                readers[layer.residual.tensor].append(layer.name)
        return {name: tuple(r) for name, r in readers.items()}

    def __post_init__(self) -> None:
        problems: list[str] = []
        known = {self.input.name}
        for layer in self.layers:
            problems += [f"layer {layer.name!r}: {p}" for p in self._layer_problems(layer, known)]
            known.add(layer.y)
        if len({layer.name for layer in self.layers}) < len(self.layers):
            problems.append("two layers share a name")
        for tensor in (self.input, self.output):
            if self.tensors.get(tensor.name) is not tensor:
                problems.append(f"tensor {tensor.name!r} is not in the table")
        if known != set(self.tensors):
            problems.append("the table of tensors is not the input and every layer's output")
        if problems:
            raise ValueError("; ".join(problems))

    def _layer_problems(self, layer: Conv, known: set[str]) -> Iterator[str]:
        reads = [layer.x] + ([layer.residual.tensor] if layer.residual else [])
        missing = [name for name in reads if name not in known]
        if missing:
            yield f"reads {missing} before it exists"
            return
        if layer.y in known or layer.y not in self.tensors:
            yield f"its output {layer.y!r} exists already or is not in the table"
            return
        x, y = self.tensors[layer.x], self.tensors[layer.y]
        if layer.weight.shape[3] * layer.groups != x.c:
            yield f"{x.c} input channels do not match weight {layer.weight.shape}"
        if layer.out_size(x.h, x.w) != (layer.out_h, layer.out_w) or layer.m < 1:
            yield f"output {layer.out_h} x {layer.out_w} does not follow from {x.h} x {x.w}"
        if layer.y_shape != y.shape:
            yield f"makes {layer.y_shape}, tensor {y.name!r} is {y.shape}"
        if layer.zin != x.quant.zero:
            yield f"zin = {layer.zin} is not the zero point {x.quant.zero} of {x.name!r}"
        last = layer.pool or layer
        if last.lo < y.quant.lo or last.hi > y.quant.hi:
            yield f"codes {last.lo}..{last.hi} do not fit tensor {y.name!r}"
        if layer.residual is not None:
            res = self.tensors[layer.residual.tensor]
            if res.shape != (layer.out_h, layer.out_w, layer.n):
                yield f"residual {res.name!r} has shape {res.shape}"
            if layer.residual.zero != res.quant.zero:
                yield f"residual zero point differs from that of {res.name!r}"

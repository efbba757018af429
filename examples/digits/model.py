"""The digits network with fake quantisation (torch; imported by train.py only).

Weights: symmetric, one scale per output channel (its largest magnitude), codes -7..7 or
-127..127. Activations: one learned scale per tensor; the gradient of rounding is taken as 1
(straight-through), so the scale learns as in Esser et al., "Learned Step Size Quantization",
ICLR 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def round_through(x: Tensor) -> Tensor:
    """Round half to even; the gradient passes unchanged."""
    return x + (x.round() - x).detach()


class ActQuant(nn.Module):
    """Activation quantiser: codes 0..2^bits-1, or two's complement if `signed`."""

    def __init__(self, bits: int, *, signed: bool = False, scale: float | None = None) -> None:
        super().__init__()
        self.bits, self.signed, self.fixed = bits, signed, scale is not None
        self.lo = -(1 << (bits - 1)) if signed else 0
        self.hi = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1
        self.register_buffer("ready", torch.tensor(self.fixed))
        start = torch.tensor(scale if scale is not None else 1.0)
        self.scale = nn.Parameter(start, requires_grad=not self.fixed)

    def forward(self, x: Tensor) -> Tensor:
        if not self.ready:  # first batch: the range seen, minus the outermost outliers
            with torch.no_grad():
                self.scale.copy_(torch.quantile(x.abs().flatten()[:1_000_000], 0.999) / self.hi)
                self.ready.fill_(True)
        scale = self.scale.abs()
        if self.training:  # LSQ: balance the one scale against the many values it serves
            g = (x[0].numel() * self.hi) ** -0.5
            scale = scale * g + (scale * (1 - g)).detach()
        return round_through((x / scale).clamp(self.lo, self.hi)) * scale


def weight_scale(weight: Tensor, bits: int) -> Tensor:
    """One scale per output channel, shaped to broadcast over the weight."""
    peak = weight.detach().abs().amax(dim=tuple(range(1, weight.dim())), keepdim=True)
    return (peak / ((1 << (bits - 1)) - 1)).clamp(min=1e-6)


def quantise_weight(weight: Tensor, bits: int) -> Tensor:
    scale = weight_scale(weight, bits)
    return round_through(weight / scale) * scale


class ConvBlock(nn.Module):
    """3x3 convolution, batch normalisation, optional residual, ReLU, quantiser, optional pool."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        w_bits: int,
        a_bits: int,
        stride: int = 1,
        pool: bool = False,
    ) -> None:
        super().__init__()
        self.w_bits, self.pool = w_bits, pool
        self.conv = nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(c_out)
        self.quant = ActQuant(a_bits)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        weight = quantise_weight(self.conv.weight, self.w_bits)
        y = self.bn(nn.functional.conv2d(x, weight, None, self.conv.stride, self.conv.padding))
        y = y if residual is None else y + residual
        y = self.quant(torch.relu(y))
        return nn.functional.max_pool2d(y, 2) if self.pool else y


class Digits(nn.Module):
    """Six convolutions and a fully connected layer: W4A4, the first and last layer 8/8."""

    def __init__(self) -> None:
        super().__init__()
        self.quant_in = ActQuant(8, scale=16 / 255)
        self.conv1 = ConvBlock(1, 16, w_bits=8, a_bits=4)  # 8x8
        self.conv2 = ConvBlock(16, 32, w_bits=4, a_bits=4)
        self.conv3 = ConvBlock(32, 32, w_bits=4, a_bits=4)  # + output of conv2
        self.conv4 = ConvBlock(32, 32, w_bits=4, a_bits=4, stride=2)  # 4x4
        self.conv5 = ConvBlock(32, 32, w_bits=4, a_bits=4, pool=True)  # 2x2
        self.conv6 = ConvBlock(32, 32, w_bits=4, a_bits=8)
        self.quant_gap = ActQuant(8)
        self.fc = nn.Linear(32, 10)
        self.quant_out = ActQuant(8, signed=True)

    def forward(self, x: Tensor) -> Tensor:
        """Images [N, 1, 8, 8] of 0..16 to quantised scores [N, 10]."""
        x = self.conv1(self.quant_in(x))
        x = self.conv2(x)
        x = self.conv3(x, residual=x)
        x = self.conv6(self.conv5(self.conv4(x)))
        x = self.quant_gap(x.mean(dim=(2, 3)))
        weight = quantise_weight(self.fc.weight, 8)
        return self.quant_out(nn.functional.linear(x, weight, self.fc.bias))

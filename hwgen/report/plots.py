"""Inline SVG: the timeline of the engines and the roofline. Text in, text out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH = 960
LEFT = 70
_STATES = ("run", "stall", "wait")  # stacked in this order, from the floor of a lane upwards


@dataclass(frozen=True)
class Point:
    """One layer in the roofline: MAC per DRAM byte, MAC per cycle, and the roof above it."""

    name: str
    intensity: float
    rate: float
    roof: float


def timeline(data: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """Lanes of engines over cycles.

    data: {"cycles", "bin", "lanes": [{"engine", "run", "stall", "wait"}]}, the latter cycles per
    bin; "layers": [[tag, start, end]]. names: layer name by tag.
    """
    lanes, cycles, step = data["lanes"], max(1, data["cycles"]), data["bin"]
    lane_h, gap, top = 26, 8, 34
    height = top + len(lanes) * (lane_h + gap) + 26
    scale = (WIDTH - LEFT - 10) / cycles
    parts = [_open(height, "timeline of the engines")]
    for index, (tag, start, end) in enumerate(data["layers"]):
        x, w = LEFT + start * scale, max(0.5, (end - start) * scale)
        name = escape(names.get(tag, f"layer {tag}"))
        shade = "band" if index % 2 else "band2"
        parts.append(
            f'<rect class="{shade}" x="{x:.1f}" y="{top - 4}" width="{w:.1f}" '
            f'height="{height - top - 18}"><title>{name}: {end - start} cycles</title></rect>'
        )
        if w > 7 * len(name):
            parts.append(f'<text class="small" x="{x + 3:.1f}" y="{top - 10}">{name}</text>')
    for index, lane in enumerate(lanes):
        base = top + index * (lane_h + gap) + lane_h
        parts.append(
            f'<text class="lane" x="{LEFT - 6}" y="{base - 8}">{escape(lane["engine"])}</text>'
        )
        below = [0] * len(lane["run"])
        for state in _STATES:
            above = [b + v for b, v in zip(below, lane[state], strict=True)]
            path = _area(below, above, step, cycles, scale, base, lane_h)
            if path:
                parts.append(f'<path class="{state}" d="{path}"/>')
            below = above
        parts.append(f'<line class="axis" x1="{LEFT}" y1="{base}" x2="{WIDTH - 10}" y2="{base}"/>')
    parts += _cycle_axis(cycles, scale, height)
    return "".join([*parts, "</svg>"])


def _area(
    below: Sequence[int], above: Sequence[int], step: int, cycles: int, scale: float, base: int,
    height: int,
) -> str:  # fmt: skip
    """Path around the steps between two stacked curves; empty where they coincide."""
    parts: list[str] = []
    start = 0
    while start < len(above):
        if above[start] == below[start]:
            start += 1
            continue
        end = start
        while end < len(above) and (above[end], below[end]) == (above[start], below[start]):
            end += 1
        x0, x1 = LEFT + start * step * scale, LEFT + min(end * step, cycles) * scale
        y0, y1 = (base - height * v[start] / step for v in (below, above))
        parts.append(f"M{x0:.1f} {y0:.1f}V{y1:.1f}H{x1:.1f}V{y0:.1f}Z")
        start = end
    return "".join(parts)


def _cycle_axis(cycles: int, scale: float, height: int) -> list[str]:
    step = 10 ** math.floor(math.log10(max(1, cycles / 4)))
    step = next(s for s in (step, 2 * step, 5 * step, 10 * step) if cycles / s <= 10)
    return [
        f'<text class="tick" x="{LEFT + at * scale:.1f}" y="{height - 6}">{at:,}</text>'
        for at in range(0, cycles + 1, step)
    ]


def roofline(points: Sequence[Point], bytes_per_cycle: float) -> str:
    """Log-log plot: each layer's rate under the lower of memory slope and its compute roof."""
    height, bottom, top = 380, 340, 20
    if not points:
        return ""
    roofs = sorted({p.roof for p in points})
    x_lo = min(min(p.intensity for p in points), min(roofs) / bytes_per_cycle) / 2
    x_hi = max(max(p.intensity for p in points), max(roofs) / bytes_per_cycle) * 2
    y_lo = min(min(p.rate for p in points), x_lo * bytes_per_cycle) / 1.5
    y_hi = max(roofs) * 1.6

    def at_x(v: float) -> float:
        return LEFT + (WIDTH - LEFT - 20) * math.log(v / x_lo) / math.log(x_hi / x_lo)

    def at_y(v: float) -> float:
        return bottom - (bottom - top) * math.log(v / y_lo) / math.log(y_hi / y_lo)

    parts = [_open(height, "roofline: MAC per cycle over MAC per byte of DRAM traffic")]
    for roof in roofs:
        knee = roof / bytes_per_cycle
        parts.append(
            f'<path class="roof" d="M{at_x(x_lo):.1f} {at_y(x_lo * bytes_per_cycle):.1f}'
            f'L{at_x(knee):.1f} {at_y(roof):.1f}H{at_x(x_hi):.1f}"/>'
            f'<text class="tick" x="{at_x(x_hi) - 40:.1f}" y="{at_y(roof) - 4:.1f}">{roof:g}</text>'
        )
    for p in points:
        x, y = at_x(p.intensity), at_y(p.rate)
        limit = min(p.roof, p.intensity * bytes_per_cycle)
        title = f"{p.name}: {p.rate:.1f} of {limit:.1f} MAC/cycle at {p.intensity:.1f} MAC/byte"
        parts.append(
            f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{escape(title)}'
            f'</title></circle><text class="small" x="{x + 8:.1f}" y="{y + 4:.1f}">'
            f"{escape(p.name)}</text>"
        )
    parts += _log_ticks(x_lo, x_hi, lambda v: (at_x(v), float(bottom + 18)))
    parts += _log_ticks(y_lo, y_hi, lambda v: (float(LEFT - 22), at_y(v) + 4))
    parts.append(
        f'<line class="axis" x1="{LEFT}" y1="{bottom}" x2="{WIDTH - 20}" y2="{bottom}"/>'
        f'<line class="axis" x1="{LEFT}" y1="{top}" x2="{LEFT}" y2="{bottom}"/>'
        f'<text class="tick" x="{WIDTH / 2}" y="{height - 6}">MAC per byte of DRAM traffic</text>'
        f'<text class="small" x="4" y="14">MAC per cycle</text></svg>'
    )
    return "".join(parts)


def _log_ticks(lo: float, hi: float, place: Callable[[float], tuple[float, float]]) -> list[str]:
    ticks = []
    for power in range(math.floor(math.log10(lo)), math.ceil(math.log10(hi))):
        for value in (10.0**power, 2 * 10.0**power, 5 * 10.0**power):
            if lo <= value <= hi:
                x, y = place(value)
                ticks.append(f'<text class="tick" x="{x:.1f}" y="{y:.1f}">{value:g}</text>')
    return ticks


def _open(height: int, label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">'

"""Curves of a run as SVG pictures that need nothing else: loss, reward, pass rates over steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 130, 34, 40
COLOURS = ("#2f6fd0", "#c2410c", "#1a7f37", "#8250df", "#9a6700", "#57606a")

Points = Sequence[tuple[float, float]]
"""(x, y) in order of x."""


def picture(title: str, x_name: str, y_name: str, lines: Mapping[str, Points]) -> str:
    """A line chart as SVG text: one line per name; points that are not finite are left out.

    The y axis holds every point (and 0..1 where all values lie in it). Same lines, same bytes.
    """
    clean = {
        name: [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        for name, points in lines.items()
    }
    points = [point for line in clean.values() for point in line]
    x_ticks = _ticks([x for x, _ in points], unit=False)
    y_ticks = _ticks([y for _, y in points], unit=True)
    x_of = _scale(x_ticks, LEFT, WIDTH - RIGHT)
    y_of = _scale(y_ticks, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-weight="bold">{escape(title)}</text>',
    ]
    for tick in y_ticks:
        y = y_of(tick)
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for tick in x_ticks:
        parts.append(
            f'<text x="{x_of(tick):.1f}" y="{HEIGHT - BOTTOM + 16}" '
            f'text-anchor="middle">{tick:g}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f'{escape(x_name)}</text><text transform="translate(13 {HEIGHT / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_name)}</text>'
    )
    for number, (name, line) in enumerate(clean.items()):
        parts.append(_line(name, number, [(x_of(x), y_of(y)) for x, y in line]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def smoothed(values: Sequence[float], window: int) -> list[float]:
    """Mean of the last `window` values (fewer at the start) at every place."""
    return [
        sum(values[max(0, n - window + 1) : n + 1]) / min(window, n + 1) for n in range(len(values))
    ]


def _line(name: str, number: int, points: Points) -> str:
    colour = COLOURS[number % len(COLOURS)]
    y = TOP + 10 + 18 * number
    x = WIDTH - RIGHT + 10
    key = (
        f'<path d="M{x} {y - 4}h14" stroke="{colour}" stroke-width="3"/>'
        f'<text x="{x + 19}" y="{y}">{escape(name)}</text>'
    )
    if not points:
        return key
    if len(points) == 1:
        ((x_at, y_at),) = points
        return f'{key}<circle cx="{x_at:.1f}" cy="{y_at:.1f}" r="3" fill="{colour}"/>'
    path = "L".join(f"{x_at:.1f} {y_at:.1f}" for x_at, y_at in points)
    return f'{key}<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _ticks(values: Sequence[float], unit: bool) -> list[float]:
    """Round numbers around the values; 0..1 for shares, so that pictures compare."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if unit and low >= 0 and high <= 1:
        return [0, 0.2, 0.4, 0.6, 0.8, 1]
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / 3))
    step = next(s for s in (step, 2 * step, 5 * step, 10 * step) if span / s <= 6)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def _scale(ticks: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, span = ticks[0], ticks[-1] - ticks[0]
    return lambda value: start + (end - start) * (value - low) / span

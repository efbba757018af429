"""What `hwgen run` shows while it runs, and the table that it ends with."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from hwgen.cli.app import say
from hwgen.cli.layers import plain

HEADS = (
    "layer", "M x K x N", "on LUT", "bits", "cycles", "ideal", "LUT", "DSP", "DRAM bytes",
    "stalls", "exact",
)  # fmt: skip
PERIOD = 2.0  # seconds between lines where there is no terminal


class Ticker:
    """Progress on stderr: one line that changes on a terminal, a line now and then elsewhere."""

    def __init__(self, inputs: int, layers: Sequence[str]) -> None:
        self._inputs, self._layers = inputs, layers
        self._live = sys.stderr.isatty()
        self._told = time.monotonic()
        self._open = False

    def __call__(self, index: int, cycle: int, tag: int) -> None:
        """Input `index` is at `cycle`, in the layer with trace tag `tag` (0: not known)."""
        now = time.monotonic()
        if now - self._told < (0.1 if self._live else PERIOD):
            return
        self._told = now
        at = f", layer {self._layers[tag - 1]}" if 0 < tag <= len(self._layers) else ""
        at += f", cycle {cycle:,}" if cycle else ""
        text = f"input {index + 1} of {self._inputs}{at}"
        if self._live:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
            self._open = True
        else:
            say(text)

    def close(self) -> None:
        """Leave a clean line behind."""
        if self._open:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self._open = False


def show_run(record: Mapping[str, Any]) -> None:
    """Print a run's tables and verdict to stdout."""
    layers = record["layers"]
    tables = [([list(HEADS), *(_summary(layer) for layer in layers)], "")]
    if layers and layers[0]["engines"]:
        engines = list(layers[0]["engines"])
        rows = [
            [layer["name"], *(_times(layer["engines"][e]) for e in engines)] for layer in layers
        ]
        tables.append(([["layer", *engines], *rows], "cycles that each engine ran + was held"))
    for cells, caption in tables:
        _show(cells, caption)
    for name, reason in record["not_run"].items():
        print(f"{name}: not run: {reason}")
    print(verdict(record))


def verdict(record: Mapping[str, Any]) -> str:
    """The run in one line."""
    parts = [f"{record['images']} input{'s' if record['images'] != 1 else ''}"]
    if record["cycles"]:
        parts.append(f"{record['cycles']:,} cycles each")
        parts.append(f"{record['macs'] / record['cycles']:.1f} MAC/cycle")
    if record["cycles_per_second"]:
        parts.append(f"simulated at {record['cycles_per_second']:,} cycles/s")
    exact = record["bit_exact"]
    if exact is not None:
        parts.append("bit-exact with the integer model" if exact else "NOT bit-exact")
    return ", ".join(parts)


def _summary(layer: Mapping[str, Any]) -> list[str]:
    exact = layer["bit_exact"]
    share = layer["utilisation"]
    return [
        layer["name"],
        f"{layer['m']}x{layer['k']}x{layer['n']}",
        f"{layer['n_lut']} of {layer['n']}",
        f"{layer['a_bits']}x{layer['w_bits']}",
        _count(layer["cycles"]),
        _count(layer["ideal"]),
        _percent(share["lut"]),
        _percent(share["dsp"]),
        _count(layer["dma_bytes"]),
        _count(layer["stalls"]),
        "" if exact is None else "yes" if exact else "NO",
    ]


def _times(engine: Mapping[str, int]) -> str:
    return f"{engine['run']:,}+{engine['stall']:,}"


def _show(cells: list[list[str]], caption: str) -> None:
    if not sys.stdout.isatty():
        for line in (caption, *plain(cells)):
            print(line)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(caption=caption or None)
    for index, head in enumerate(cells[0]):
        table.add_column(head, justify="right" if index else "left")
    for row in cells[1:]:
        table.add_row(*row)
    Console().print(table)


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"

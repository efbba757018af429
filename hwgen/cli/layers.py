"""The per-layer table of a compiled network: rich on a terminal, plain text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

PARTS = ("lut", "dsp", "post", "store", "fill", "dma")
HEADS = ("layer", "M", "K", "N", "on LUT", "bits", "passes", *PARTS, "bound by", "cycles")


def rows(summary: Mapping[str, Any]) -> list[list[str]]:
    """Table cells of a program's summary: one row per layer, then the totals."""
    table = []
    for row in summary["layers"]:
        e = row["estimate"]
        shape = [row["name"], *(f"{row[key]:,}" for key in ("m", "k", "n"))]
        share = [f"{row['n_lut']:,}", f"{row['a_bits']}x{row['w_bits']}", str(row["passes"])]
        busy = [f"{e[part]:,}" for part in PARTS]
        table.append([*shape, *share, *busy, e["bound"], f"{e['cycles']:,}"])
    total = summary["totals"]
    busy = [f"{total[part]:,}" for part in PARTS]
    table.append(["all", *[""] * 6, *busy, "", f"{total['cycles']:,}"])
    return table


def show_layers(summary: Mapping[str, Any]) -> None:
    """Print the table of a program's summary to stdout."""
    cells = rows(summary)
    if sys.stdout.isatty():
        _rich(cells)
        return
    for line in plain([list(HEADS), *cells]):
        print(line)


def plain(cells: Sequence[Sequence[str]]) -> list[str]:
    """Aligned lines: the first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = []
    for row in cells:
        first = row[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *rest]).rstrip())
    return lines


def _rich(cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="busy cycles of each part; cycles: the busiest one and a start-up")
    for index, head in enumerate(HEADS):
        table.add_column(head, justify="right" if index else "left", no_wrap=index > 0)
    for row in cells[:-1]:
        table.add_row(*row)
    table.add_section()
    table.add_row(*cells[-1], style="bold")
    Console().print(table)

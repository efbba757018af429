"""Results of benchmarks: rows next to the goal, the peer and the limit, written as JSON.

`benchmarks/README.md` is made from these files. They hold no dates and no machine's name, so that
a repeated run with the same tools writes the same bytes wherever the figures are the same.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure.

    goal: what was to be reached, None if nothing was; met: whether it was, None without a goal;
    peer: the same figure of the best other tool; limit: what nobody can exceed, and why; command:
    what reproduces the figure from the repository's root.
    """

    name: str
    value: float | int | str | None
    unit: str
    goal: str | None
    met: bool | None
    peer: str
    limit: str
    command: str


def tools(*packages: str, **others: str) -> dict[str, str]:
    """Versions of Python, of installed packages, and of other tools given by name."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {**found, **others}


def write(
    name: str, rows: Sequence[Row], used: dict[str, str] | None = None, folder: Path = FOLDER
) -> Path:
    """Write `<folder>/<name>.json` in place of an older one and return its path.

    used: versions of the tools behind the figures (`tools`); without it Python's and numpy's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    data = {"tools": used or tools("numpy"), "rows": [asdict(r) for r in rows]}
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    return path


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, for a terminal."""
    cells = [("figure", "value", "goal", "met")]
    for row in rows:
        value = f"{row.value:.6g}" if isinstance(row.value, float) else str(row.value)
        met = {True: "yes", False: "NO", None: "-"}[row.met]
        cells.append((row.name, f"{value} {row.unit}".strip(), row.goal or "-", met))
    widths = [max(len(line[i]) for line in cells) for i in range(4)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )

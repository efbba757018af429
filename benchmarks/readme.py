"""Make benchmarks/README.md from results/*.json.

python -m benchmarks.readme
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEAD = """# Benchmarks

Made by `python -m benchmarks.readme` from `results/*.json`; do not edit. Every figure has the
command that reproduces it. Cycles and counts are exact; seconds are those of one run on a shared
two-core machine.
"""


def page(folder: Path = HERE / "results") -> str:
    """The page over every results file, in alphabetical order."""
    parts = [HEAD]
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        versions = ", ".join(f"{name} {version}" for name, version in data["tools"].items())
        parts.append(f"## {path.stem}\n\nTools: {versions}.\n")
        for command in dict.fromkeys(row["command"] for row in data["rows"]):
            parts.append(f"```console\n$ {command}\n```\n")
        lines = ["| figure | value | goal | met | peer | limit |", "|---|---|---|---|---|---|"]
        lines += [_line(row) for row in data["rows"]]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(row: dict[str, Any]) -> str:
    value = row["value"]
    shown = f"{value:,}" if isinstance(value, int) else str(value)
    met = {True: "yes", False: "**no**", None: ""}[row["met"]]
    cells = (
        row["name"],
        f"{shown} {row['unit']}",
        row["goal"] or "",
        met,
        row["peer"],
        row["limit"],
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    (HERE / "README.md").write_text(page(), encoding="utf-8")

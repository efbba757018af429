"""The card of a data set: where its rows come from, and how many were left after each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_HELD = {
    "S": "held-out specs of seen families",
    "P-rl": "parameter values never in training; RL may use prompts and golden models",
    "P-test": "the same, seen by no stage",
    "C-rl": "combinations of options never in training; RL may use prompts and golden models",
    "C-test": "other specs of these combinations, seen by no stage",
    "C-new": "combinations of options that no stage sees",
}


def card(report: Mapping[str, Any]) -> str:
    """Markdown of a report of `build`."""
    rows, settings = report["rows"], report["settings"]
    parts = [
        "# Data set for Verilog from task descriptions",
        f"{rows['all']} rows: {rows['write']} `write` (prompt and reference), {rows['repair']}"
        f" `repair` (prompt, wrong answer, one line of feedback, and the reference),"
        f" {rows['local']} of them from files. {report['specs']} distinct specs of"
        f" {len(report['families'])} families.",
        "## Steps",
        _table(
            ("step", "rows after it", "left out", "note"),
            ((s["step"], s["rows"], s["out"], s["note"]) for s in report["steps"]),
        ),
        "## What was judged",
        "\n".join(f"- {line}" for line in report["judged"]),
        "## Held out",
        "By sha256 of a spec's id; the set lists some ids of each split, training code never draws"
        " from them.",
        _table(
            ("split", "ids listed", "what it holds"),
            ((name, count, _HELD[name]) for name, count in report["held_out"].items()),
        ),
        "## Complexity",
        _table(("label", "rows"), report["complexity"].items()),
        "## Families",
        _table(("family", "rows"), report["families"].items()),
        "## Settings",
        _table(("setting", "value"), ((k, f"`{v}`") for k, v in settings.items())),
        "Licence of the rows of the task families: 0BSD. Rows from files keep the licence of their"
        " source.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)

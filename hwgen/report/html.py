"""Building blocks of every page: style, tables, cells. HTML in, HTML out, and no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STYLE = """
:root { --ink: #1c2128; --dim: #57606a; --page: #fff; --line: #d0d7de; --run: #2f6fd0;
  --stall: #f3b7a1; --wait: #e3dcb8; --band: #f3f5f7; --good: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #8b949e; --page: #0d1117;
  --line: #30363d; --stall: #8a4a37; --wait: #57502c; --band: #161b22; --good: #3fb950;
  --bad: #f85149; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 1080px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 2em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: 3px 9px; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.wrap { white-space: normal; }
.yes { color: var(--good); } .no { color: var(--bad); font-weight: bold; }
.dim { color: var(--dim); }
svg { width: 100%; height: auto; } text { fill: var(--ink); font-size: 11px; }
.tick { fill: var(--dim); text-anchor: middle; } .lane { text-anchor: end; }
.small { font-size: 10px; }
.run { fill: var(--run); } .stall { fill: var(--stall); } .wait { fill: var(--wait); }
.band { fill: var(--band); } .band2 { fill: none; pointer-events: all; }
.axis { stroke: var(--line); } .roof { stroke: var(--dim); fill: none; }
.point { fill: var(--run); }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
"""


def page(title: str, body: Sequence[str]) -> str:
    """The whole page; `title` is escaped here, `body` is HTML."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>\n{chr(10).join(body)}\n</body></html>\n"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that scrolls by itself; `head` and the cells of `rows` are HTML."""
    top = "".join(f"<th>{h}</th>" for h in head)
    lines = "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>\n{lines}</table></div>'


def cell(text: str) -> str:
    """A table cell of HTML, to the right as numbers are."""
    return f"<td>{text}</td>"


def prose(value: object) -> str:
    """A table cell of words, which may break into lines; `value` is escaped."""
    return f'<td class="text wrap">{escape(shown(value))}</td>'


def shown(value: object) -> str:
    """A value as people read it: four digits of a float, nothing for None."""
    if isinstance(value, float):
        return f"{value:,.4g}"
    return "" if value is None else str(value)


def yes(good: bool) -> str:
    """Yes in green, no in red."""
    return f'<span class="{"yes" if good else "no"}">{"yes" if good else "no"}</span>'


def count(value: float | None) -> str:
    """A number without a fraction, thousands apart."""
    return "" if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share of 1 in whole percent."""
    return "" if value is None else f"{value:.0%}"

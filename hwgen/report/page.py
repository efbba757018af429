"""The page of a run or of benchmark results: one HTML file that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.report.plots import Point, roofline, timeline

_ABOUT_CYCLES = """A layer's cycles run from the end of the layer before to its own last byte in
memory. The roofline is its busiest part: a core, POST, FILL or memory. Weights are loaded ahead
while earlier layers run, so a layer that is bound by memory may take less than its own traffic."""

_STYLE = """
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


def read_page(path: Path) -> str:
    """The page of a run folder (run.json, timeline.json) or of a results file.

    Raises UsageError if `path` is neither.
    """
    source = path / "run.json" if path.is_dir() else path
    try:
        data = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _foreign(path, f"there is no {source}") from None
    except (OSError, ValueError) as error:
        raise _foreign(path, f"{source} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise _foreign(path, f"{source} holds no JSON object")
    try:
        if data.get("kind") == "run":
            return run_page(data, _timeline_of(source.parent))
        if isinstance(data.get("rows"), list):
            return results_page(data, path.stem)
    except (KeyError, TypeError, ValueError) as error:
        raise _foreign(path, f"{source} is damaged: {error!r}") from error
    raise _foreign(path, f"{source} is neither a run nor results")


def _foreign(path: Path, what: str) -> UsageError:
    return UsageError(
        Problem(
            f"no report can be made of {path}: {what}",
            "a report is made of a folder that `hwgen run -o RUN` wrote, or of a results file",
            "see: hwgen report --help",
        )
    )


def _timeline_of(folder: Path) -> dict[str, Any] | None:
    path = folder / "timeline.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def run_page(run: Mapping[str, Any], trace: Mapping[str, Any] | None) -> str:
    """The page of run.json's content; `trace` is that of timeline.json, None if there is none."""
    layers = run["layers"]
    body = [f"<h1>{escape(run['arch'])}: {escape(run['network']['name'])}</h1>", _facts(run)]
    body += ["<h2>Layers</h2>", _layer_table(run), f'<p class="dim">{_ABOUT_CYCLES}</p>']
    no_clock = run["not_run"].get("cycles")
    if no_clock:
        body.append(f'<p class="dim">Cycles: not run: {escape(no_clock)}</p>')
    else:
        body += ["<h2>Roofline</h2>", _roofline(run), "<h2>Engines</h2>", _engine_table(layers)]
    names = {layer["tag"]: layer["name"] for layer in layers}
    body.append("<h2>Timeline</h2>")
    if trace:
        keys = "".join(
            f'<span class="key" style="background: var(--{s})"></span>{s}'
            for s in ("run", "stall", "wait")
        )
        body += [f"<p>One image, cycles from the start bit.{keys}</p>", timeline(trace, names)]
    else:
        body.append(f'<p class="dim">not run: {escape(no_clock or "no timeline was kept")}</p>')
    return _page(f"{run['arch']} run of {run['network']['name']}", body)


def _facts(run: Mapping[str, Any]) -> str:
    exact = run["bit_exact"]
    verdict = escape(str(run["not_run"].get("bit_exact", ""))) if exact is None else _yes(exact)
    rows = {
        "simulator": escape(f"{run['sim']} ({run['tool']})"),
        "images": str(run["images"]),
        "bit-exact with the integer model": verdict,
        "cycles per image": _count(run["cycles"]),
        "MAC per image": _count(run["macs"]),
        "simulated cycles per second": _count(run["cycles_per_second"]),
        "design": escape(run["spec_digest"][:16]),
        "network": escape(run["network"]["sha256"][:16]),
    }
    cells = "".join(
        f'<tr><td>{k}</td><td class="text">{v}</td></tr>' for k, v in rows.items() if v != ""
    )
    return f"<table>{cells}</table>"


def _layer_table(run: Mapping[str, Any]) -> str:
    head = ["layer", "M x K x N", "bits", "filters LUT", "DSP", "cycles", "roofline", "ratio",
            "LUT core", "DSP core", "DRAM bytes", "stalls", "bit-exact"]  # fmt: skip
    rows = []
    for layer in run["layers"]:
        cycles, ideal = layer["cycles"], layer["ideal"]
        exact = layer["bit_exact"]
        rows.append([
            f"<td title='{escape(', '.join(layer['nodes']))}'>{escape(layer['name'])}</td>",
            _cell(f"{layer['m']} x {layer['k']} x {layer['n']}"),
            _cell(f"{layer['a_bits']}/{layer['w_bits']}"),
            _cell(str(layer["n_lut"])), _cell(str(layer["n"] - layer["n_lut"])),
            _cell(_count(cycles)), _cell(_count(ideal)),
            _cell(f"{cycles / ideal:.2f}" if cycles and ideal else ""),
            _cell(_percent(layer["utilisation"]["lut"])),
            _cell(_percent(layer["utilisation"]["dsp"])),
            _cell(_count(layer["dma_bytes"])), _cell(_count(layer["stalls"])),
            _cell("" if exact is None else _yes(exact)),
        ])  # fmt: skip
    return _table(head, rows)


def _engine_table(layers: Sequence[Mapping[str, Any]]) -> str:
    engines = list(layers[0]["engines"]) if layers else []
    rows = [
        [f"<td>{escape(layer['name'])}</td>"]
        + [_cell("{run:,} / {wait:,} / {stall:,}".format(**layer["engines"][e])) for e in engines]
        for layer in layers
    ]
    note = '<p class="dim">Cycles running / waiting for a token / held while running.</p>'
    return note + _table(["layer", *engines], rows)


def _roofline(run: Mapping[str, Any]) -> str:
    points = [
        Point(
            layer["name"], layer["macs"] / layer["dma_bytes"], layer["macs"] / layer["cycles"],
            layer["peak_mac_per_cycle"],
        )
        for layer in run["layers"]
        if layer["dma_bytes"] and layer["cycles"]
    ]  # fmt: skip
    return roofline(points, run["bytes_per_cycle"])


def results_page(results: Mapping[str, Any], title: str) -> str:
    """The page of a benchmark results file: {"tools": {...}, "rows": [...]}."""
    head = ["figure", "value", "unit", "goal", "met", "peer", "limit", "command"]
    rows = []
    for row in results["rows"]:
        met = row.get("met")
        rows.append([
            f"<td class='wrap'>{escape(str(row['name']))}</td>",
            _cell(escape(_value(row.get("value")))), _text(row.get("unit")),
            _text(row.get("goal")), _cell("" if met is None else _yes(bool(met))),
            _text(row.get("peer")), _text(row.get("limit")),
            f"<td class='text wrap'><code>{escape(str(row.get('command') or ''))}</code></td>",
        ])  # fmt: skip
    tools = "".join(
        f'<tr><td>{escape(str(k))}</td><td class="text">{escape(str(v))}</td></tr>'
        for k, v in results.get("tools", {}).items()
    )
    body = [
        f"<h1>{escape(title)}</h1>",
        _table(head, rows),
        f"<h2>Tools</h2><table>{tools}</table>",
    ]
    return _page(title, body)


def _page(title: str, body: Sequence[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>\n{chr(10).join(body)}\n</body></html>\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{h}</th>" for h in head)
    lines = "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>\n{lines}</table></div>'


def _cell(text: str) -> str:
    return f"<td>{text}</td>"


def _text(value: object) -> str:
    return f'<td class="text wrap">{escape(_value(value))}</td>'


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return "" if value is None else str(value)


def _yes(good: bool) -> str:
    return f'<span class="{"yes" if good else "no"}">{"yes" if good else "no"}</span>'


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"

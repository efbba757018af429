"""The page of a run or of benchmark results: one HTML file that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.report.evaluation import evaluation_page
from hwgen.report.html import cell, count, page, percent, prose, shown, table, yes
from hwgen.report.plots import Point, roofline, timeline

_ABOUT_CYCLES = """A layer's cycles run from the end of the layer before to its own last byte in
memory. The roofline is its busiest part: a core, POST, FILL or memory. Weights are loaded ahead
while earlier layers run, so a layer that is bound by memory may take less than its own traffic."""


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
        if data.get("kind") == "evaluation":
            return evaluation_page(data)
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
    return page(f"{run['arch']} run of {run['network']['name']}", body)


def _facts(run: Mapping[str, Any]) -> str:
    exact = run["bit_exact"]
    verdict = escape(str(run["not_run"].get("bit_exact", ""))) if exact is None else yes(exact)
    rows = {
        "simulator": escape(f"{run['sim']} ({run['tool']})"),
        "images": str(run["images"]),
        "bit-exact with the integer model": verdict,
        "cycles per image": count(run["cycles"]),
        "MAC per image": count(run["macs"]),
        "simulated cycles per second": count(run["cycles_per_second"]),
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
            cell(f"{layer['m']} x {layer['k']} x {layer['n']}"),
            cell(f"{layer['a_bits']}/{layer['w_bits']}"),
            cell(str(layer["n_lut"])), cell(str(layer["n"] - layer["n_lut"])),
            cell(count(cycles)), cell(count(ideal)),
            cell(f"{cycles / ideal:.2f}" if cycles and ideal else ""),
            cell(percent(layer["utilisation"]["lut"])),
            cell(percent(layer["utilisation"]["dsp"])),
            cell(count(layer["dma_bytes"])), cell(count(layer["stalls"])),
            cell("" if exact is None else yes(exact)),
        ])  # fmt: skip
    return table(head, rows)


def _engine_table(layers: Sequence[Mapping[str, Any]]) -> str:
    engines = list(layers[0]["engines"]) if layers else []
    rows = [
        [f"<td>{escape(layer['name'])}</td>"]
        + [cell("{run:,} / {wait:,} / {stall:,}".format(**layer["engines"][e])) for e in engines]
        for layer in layers
    ]
    note = '<p class="dim">Cycles running / waiting for a token / held while running.</p>'
    return note + table(["layer", *engines], rows)


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
            cell(escape(shown(row.get("value")))), prose(row.get("unit")),
            prose(row.get("goal")), cell("" if met is None else yes(bool(met))),
            prose(row.get("peer")), prose(row.get("limit")),
            f"<td class='text wrap'><code>{escape(str(row.get('command') or ''))}</code></td>",
        ])  # fmt: skip
    tools = "".join(
        f'<tr><td>{escape(str(k))}</td><td class="text">{escape(str(v))}</td></tr>'
        for k, v in results.get("tools", {}).items()
    )
    body = [
        f"<h1>{escape(title)}</h1>",
        table(head, rows),
        f"<h2>Tools</h2><table>{tools}</table>",
    ]
    return page(title, body)

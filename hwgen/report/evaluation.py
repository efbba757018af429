"""The page of an evaluation: pass@k by split, families, causes, and what must not be overlooked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from hwgen.report.html import cell, count, page, percent, prose, table

_ABOUT = """Syntax: the sample went through the screen and compiled, with the ports asked for.
Function: every check of the judge passed. Worthy: a pass with nothing left to hide behind, proved
or seen whole. Intervals are 95 % bootstrap over tasks; pass@k is the unbiased estimate."""
_ABOUT_RULES = """The corrected rule decides: a solution meets recorded inputs, never the bench.
The suite's own rule runs the bench beside the solution, which can forge it."""


def evaluation_page(result: Mapping[str, Any]) -> str:
    """The page of the result of an evaluation, on tasks or on a public suite."""
    body = [f"<h1>Evaluation: {escape(result['suite'])}</h1>", _settings(result)]
    body += [f"<p><b>{escape(said)}</b></p>" for said in result.get("sentences", ())]
    if result["suite"] == "tasks":
        body += _of_tasks(result)
    else:
        body += _of_suite(result)
    tools = "".join(
        f'<tr><td>{escape(str(k))}</td><td class="text">{escape(str(v))}</td></tr>'
        for k, v in result.get("tools", {}).items()
    )
    return page(
        f"evaluation on {result['suite']}", [*body, f"<h2>Tools</h2><table>{tools}</table>"]
    )


def _settings(result: Mapping[str, Any]) -> str:
    rows = {
        "name": result.get("name", ""),
        "passed": f"{result['passed']} of {result['total']}",
        **result.get("settings", {}),
    }
    cells = "".join(
        f'<tr><td>{escape(str(k))}</td><td class="text">{escape(_said(v))}</td></tr>'
        for k, v in rows.items()
        if v != ""
    )
    return f"<table>{cells}</table>"


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return str(value)


def _of_tasks(result: Mapping[str, Any]) -> list[str]:
    splits = result["splits"]
    rows = {**splits, "all": result["all"]} if len(splits) > 1 else splits
    body = ["<h2>pass@k by split</h2>", _pass_table(rows), f'<p class="dim">{_ABOUT}</p>']
    body += ["<h2>Families</h2>", _family_table(result["families"], list(splits))]
    causes = _cause_table(result["causes"], list(splits), result["meanings"])
    return [*body, "<h2>Why samples failed</h2>", causes]


def _pass_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """One line for each split: function with its interval, syntax, worthy, for every k."""
    ks = list(dict.fromkeys(k for figures in rows.values() for k in figures["pass_at_k"]))
    head = ["split", "tasks", "samples", *(f"pass@{k} (95 %)" for k in ks)]
    head += [f"syntax@{k}" for k in ks] + [f"worthy@{k}" for k in ks]
    head += ["function of syntax", "ended"]
    lines = []
    for split, figures in rows.items():
        line = [prose(split), cell(count(figures["specs"])), cell(count(figures["samples"]))]
        line += [cell(_interval(figures["pass_at_k"].get(k))) for k in ks]
        for name in ("syntax_at_k", "worthy_at_k"):
            line += [cell(_rate(figures[name].get(k))) for k in ks]
        line += [cell(percent(figures["function_of_syntax"])), cell(percent(figures["ended"]))]
        lines.append(line)
    return table(head, lines)


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    return f"{value['value']:.1%} ({value['low']:.1%} to {value['high']:.1%})"


def _rate(value: Mapping[str, float] | None) -> str:
    return "" if value is None else f"{value['value']:.1%}"


def _family_table(families: Mapping[str, Mapping[str, Any]], splits: Sequence[str]) -> str:
    head = ["family", "tasks", "samples", "compiled", "passed", "rate", *map(escape, splits)]
    return table(
        head,
        [
            [
                prose(name), cell(count(row["specs"])), cell(count(row["samples"])),
                cell(count(row["compiled"])), cell(count(row["passed"])),
                cell(percent(row["rate"])),
                *(cell(percent(row["splits"].get(split))) for split in splits),
            ]
            for name, row in families.items()
        ],
    )  # fmt: skip


def _cause_table(
    causes: Mapping[str, Mapping[str, int]], splits: Sequence[str], meanings: Mapping[str, str]
) -> str:
    """Causes by split, each with its meaning where there is one."""
    if not causes:
        return "<p>none did</p>"
    return table(
        ["cause", *map(escape, splits), "meaning"],
        [
            [
                prose(cause), *(cell(count(by.get(split, 0))) for split in splits),
                prose(meanings.get(cause, "")),
            ]
            for cause, by in causes.items()
        ],
    )  # fmt: skip


def _of_suite(result: Mapping[str, Any]) -> list[str]:
    head = ["rule", "problems passed", *(f"pass@{k} (95 %)" for k in result["pass_at_k"])]
    rules = (
        ("corrected", "passed", "pass_at_k"),
        ("upstream", "upstream_passed", "upstream_pass_at_k"),
    )
    lines = [
        [
            prose(name), cell(f"{result[passed]} of {result['total']}"),
            *(cell(_interval(value)) for value in result[values].values()),
        ]
        for name, passed, values in rules
    ]  # fmt: skip
    body = ["<h2>pass@k</h2>", table(head, lines), f'<p class="dim">{_ABOUT_RULES}</p>']
    if "causes" in result:
        by = {cause: {result["suite"]: number} for cause, number in result["causes"].items()}
        body += ["<h2>Why samples failed</h2>", _cause_table(by, [result["suite"]], {})]
    issues = [[prose(i["id"]), prose(i["rule"]), prose(i["why"])] for i in result["known_issues"]]
    if issues:
        body += ["<h2>Known issues of the suite</h2>", table(["problem", "rule", "why"], issues)]
    problems = [
        [
            prose(row["id"]), cell(count(row["samples"])), cell(count(row["passed"])),
            cell(count(row["upstream_passed"])),
        ]
        for row in result["problems"]
    ]  # fmt: skip
    head = ["problem", "samples", "passed", "by the suite's rule"]
    return [*body, "<h2>Problems</h2>", table(head, problems)]

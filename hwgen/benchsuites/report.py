"""What an evaluation found, as data and as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hwgen.benchsuites.bed import Unjudged
from hwgen.benchsuites.health import Health, Judged
from hwgen.benchsuites.passk import table
from hwgen.verify.tools import tool_versions

SCHEMA = 1


def report(suite: str, healths: Sequence[Health], verdicts: Sequence[Judged]) -> dict[str, Any]:
    """The evaluation as JSON values.

    A problem is passed when one of its samples passes the corrected rule; without samples it is
    failed. `upstream_*` is the suite's own rule, which a candidate can forge. `known_issues` are
    problems whose own reference fails a rule, or whose bench is peculiar; `disagreements` samples
    on which the rules differ; `lost` samples that hwgen failed to judge, which count as failed.
    """
    rows = [_row(health.problem.id, verdicts) for health in healths]
    return {
        "schema": SCHEMA,
        "kind": "evaluation",
        "suite": suite,
        "total": len(rows),
        "passed": sum(row["passed"] > 0 for row in rows),
        "upstream_passed": sum(row["upstream_passed"] > 0 for row in rows),
        "unattempted": [row["id"] for row in rows if not row["samples"]],
        "known_issues": [issue for health in healths for issue in _issues(health)],
        "pass_at_k": table([(row["samples"], row["passed"]) for row in rows]),
        "upstream_pass_at_k": table([(row["samples"], row["upstream_passed"]) for row in rows]),
        "upstream_forgeable": True,
        "disagreements": [
            _named(v) for v in verdicts if bool(v.corrected) != bool(v.upstream) and not v.lost
        ],
        "lost": [_named(v) for v in verdicts if v.lost],
        "problems": rows,
        "verdicts": [_named(v) for v in verdicts],
        "tools": tool_versions(),
    }


def _row(problem: str, verdicts: Sequence[Judged]) -> dict[str, Any]:
    own = [v for v in verdicts if v.problem == problem]
    return {
        "id": problem,
        "samples": len(own),
        "passed": sum(not v.corrected for v in own),
        "upstream_passed": sum(not v.upstream for v in own),
    }


def _issues(health: Health) -> list[dict[str, str]]:
    """The known issues of a problem: rule `corrected`, `upstream` or `both`, and why."""
    reference, name = health.reference, health.problem.id
    if reference.corrected and reference.corrected == reference.upstream:
        return [{"id": name, "rule": "both", "why": reference.corrected}]
    found = []
    if reference.corrected:
        found.append({"id": name, "rule": "corrected", "why": reference.corrected})
    if reference.upstream:
        found.append({"id": name, "rule": "upstream", "why": reference.upstream})
    if not isinstance(health.stage, Unjudged) and health.stage.note:
        found.append({"id": name, "rule": "corrected", "why": health.stage.note})
    return found


def _named(v: Judged) -> dict[str, str]:
    return {
        "id": v.problem,
        "solution": v.solution,
        "corrected": v.corrected or "pass",
        "upstream": v.upstream or "pass",
    }


def text(result: dict[str, Any]) -> str:
    """The report for a person."""
    total = result["total"]
    lines = [
        f"{result['suite']}: {result['passed']} of {total} problems passed",
        f"  upstream's own rule, which a candidate can forge: {result['upstream_passed']}",
    ]
    for k, value in result["pass_at_k"].items():
        low, high = value["low"], value["high"]
        lines.append(f"  pass@{k}: {value['value']:.4f} (95 %: {low:.4f} to {high:.4f})")
    if result["unattempted"]:
        lines.append(
            f"  {len(result['unattempted'])} problems have no solution and count as failed"
        )
    for issue in result["known_issues"]:
        lines.append(f"  known issue, {issue['rule']} rule: {issue['id']}: {issue['why']}")
    for found in result["disagreements"]:
        said = f"corrected {found['corrected']}, upstream {found['upstream']}"
        lines.append(f"  the rules differ: {found['solution']} of {found['id']}: {said}")
    for found in result["lost"]:
        lines.append(f"  not judged: {found['solution']} of {found['id']}: {found['corrected']}")
    return "\n".join(lines)

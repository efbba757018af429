"""Trace-back based rescore: preference pairs from trees of candidates (VeriRL, Teng et al., ICCAD
2025). `tree` scores and compares, `grow` samples and has judged, `journal` keeps.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from hwgen.tasks.library import get_task
from hwgen.training.checkpoint import write_text
from hwgen.training.judged import Judging
from hwgen.training.tbr.grow import Nursery, Reflection, Sampling, grow, tally_of
from hwgen.training.tbr.tree import Candidate, Thresholds, Tree, pairs
from hwgen.training.text import prompt_of

if TYPE_CHECKING:
    from hwgen.training.policy import Policy

__all__ = ["PAIRS", "REPORT", "TbrConfig", "tbr"]

PAIRS = "pairs.jsonl"
REPORT = "report.json"


class TbrConfig(Sampling):
    """Trace-back based rescore: how candidates are drawn, reflected on and compared.

    n = 10, 0.2, two levels and the thresholds are the published values. `rule: ours` demands that
    the preferred side passed every case and the judge, and the rejected side ran and did not;
    `published` compares scores alone. `levels: 0` leaves reflection out. `most_pairs` are kept of
    a task.
    """

    reflect_below: float = Field(0.2, ge=0, le=1)
    levels: int = Field(2, ge=0, le=4)
    retries: int = Field(2, ge=1, le=16)
    least_repaired: float = Field(0.05, ge=0, le=1)
    trials: int = Field(40, ge=1)
    rule: Literal["ours", "published"] = "ours"
    better: float = Field(0.8, ge=0, le=1)
    gap: float = Field(0.4, ge=0, le=1)
    above: float = Field(0.0, ge=-1, le=1)
    most_pairs: int = Field(16, ge=1)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.rule, self.better, self.gap, self.above)

    @property
    def reflection(self) -> Reflection:
        return Reflection(
            self.levels, self.retries, self.reflect_below, self.least_repaired, self.trials
        )


def tbr(
    policy: Policy,
    ids: Sequence[str],
    config: TbrConfig,
    judging: Judging,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
) -> Path:
    """Preference pairs on the tasks `ids`: the path of `folder`/pairs.jsonl.

    A line is {"id", "prompt", "chosen", "rejected", "scores": [chosen's, rejected's]}: answers as
    the policy gave them, scores in [0, 1]. The file may be empty: `say` tells why. Beside it lie
    trees.jsonl, from which a stopped run goes on with `resume`, and report.json (`report`). Raises
    UsageError (no tasks, a run with other settings) and HwgenError (the judge failed too often).
    """
    settings = {"config": config.model_dump(include=set(TbrConfig.model_fields))}
    nursery = Nursery(policy, config, config.reflection, judging, seed)
    trees = grow(nursery, ids, folder, settings, resume=resume, say=say)
    found = [
        _record(tree.id, one, other)
        for tree in trees
        for one, other in pairs(tree, config.thresholds, config.most_pairs, seed)
    ]
    write_text(folder / PAIRS, "".join(json.dumps(record) + "\n" for record in found))
    told = report(trees, config, seed)
    write_text(folder / REPORT, json.dumps(told, indent=2, sort_keys=True) + "\n")
    say(sentence(told))
    return folder / PAIRS


def report(trees: Sequence[Tree], config: TbrConfig, seed: int) -> dict[str, Any]:
    """Counts: candidates by level, how many of them passed, how retries fared, and the pairs by
    each rule, with and without reflection; `used` are those of the rule that is in force.
    """
    nodes = [node for tree in trees for node in tree.nodes]
    retries = [node for node in nodes if node.level]

    def count(rule: Literal["ours", "published"], levels: int | None) -> int:
        wanted = Thresholds(rule, config.better, config.gap, config.above)
        return sum(len(pairs(t, wanted, config.most_pairs, seed, levels)) for t in trees)

    every = {
        rule: {"pairs": count(rule, None), "without_reflection": count(rule, 0)}
        for rule in ("ours", "published")
    }
    return {
        "tasks": len(trees),
        "solved": sum(any(node.passed for node in tree.nodes) for tree in trees),
        "candidates": {str(k): v for k, v in sorted(Counter(n.level for n in nodes).items())},
        "distinct": sum(len({node.text for node in tree.nodes}) for tree in trees),
        "passed": sum(node.passed for node in nodes),
        "errors": sum(node.r is None for node in nodes),
        "reflected": len({(t.id, n.parent) for t in trees for n in t.nodes if n.level}),
        "repaired": sum(node.passed for node in retries),
        "reflection_ended": tally_of(trees, config.reflection).ended,
        "rules": every,
        "rule": config.rule,
        "used": every[config.rule]["pairs"],
    }


def sentence(told: dict[str, Any]) -> str:
    """What a report says, for people: the pairs, or why there are none."""
    tasks, passed = told["tasks"], told["passed"]
    if told["used"]:
        other = "published" if told["rule"] == "ours" else "ours"
        return (
            f"{told['used']} preference pairs of {tasks} tasks, {told['solved']} of them solved "
            f"(by the rule '{other}': {told['rules'][other]['pairs']})"
        )
    total = sum(told["candidates"].values())
    if not passed:
        return (
            f"no preference pair: none of {total} candidates for {tasks} tasks passed, so nothing "
            "can be preferred; a policy must solve some tasks first (more steps of sft)"
        )
    return (
        f"no preference pair: {passed} of {total} candidates passed, and beside them no other "
        "of the same task is fit to be rejected; take more tasks or more samples"
    )


def _record(task_id: str, one: Candidate, other: Candidate) -> dict[str, Any]:
    return {
        "id": task_id,
        "prompt": prompt_of(get_task(task_id)),
        "chosen": one.text,
        "rejected": other.text,
        "scores": [round(one.score, 6), round(other.score, 6)],
    }

"""Rejection sampling: a policy's own answers that passed, as rows for the next supervised stage.

No reference is read: rows may come from tasks of which only prompt and golden model are known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets import Dataset, Features, Value
from pydantic import Field

from hwgen.tasks.library import get_task
from hwgen.training.checkpoint import write_text
from hwgen.training.data.complexity import Labeller
from hwgen.training.data.rows import COLUMNS, Row, family_of
from hwgen.training.judged import Judging
from hwgen.training.tbr.grow import NO_REFLECTION, Nursery, Sampling, grow
from hwgen.training.tbr.tree import Node, Tree
from hwgen.training.text import code_in, completion_of, prompt_of, repair_prompt_of

if TYPE_CHECKING:
    from hwgen.training.policy import Policy

REPORT = "report.json"
FEATURES = Features(
    {name: Value("int64" if kind is int else "string") for name, kind in COLUMNS.items()}
)
"""Columns of a set's rows."""


class RejectionConfig(Sampling):
    """How candidates are drawn, and which are kept: those that passed every case and the judge (and
    `worthy` ones alone, if so set), at most `keep` distinct ones of a task, the worthy and small
    first. Of a task that also has wrong answers come up to `repairs` rows that mend one of them.
    `whole`: rows hold whole answers, with what a model said beside its code. `published` is the
    pass rate above which the published recipe keeps a candidate; how many that would be is
    reported.
    """

    samples: int = Field(8, ge=1, le=1000)
    keep: int = Field(2, ge=1)
    repairs: int = Field(1, ge=0)
    worthy: bool = False
    whole: bool = False
    published: float = Field(0.8, ge=0, le=1)


def reject(
    policy: Policy,
    ids: Sequence[str],
    config: RejectionConfig,
    judging: Judging,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
) -> Dataset:
    """Rows of the answers kept on the tasks `ids`; perhaps none, and `say` tells why.

    `folder` gets trees.jsonl, from which a stopped run goes on with `resume`, and report.json.
    Raises UsageError (no tasks, a run with other settings), HwgenError (the judge failed too
    often).
    """
    settings = {"config": config.model_dump(include=set(RejectionConfig.model_fields))}
    nursery = Nursery(policy, config, NO_REFLECTION, judging, seed)
    trees = grow(nursery, ids, folder, settings, resume=resume, say=say)
    labeller = Labeller()
    rows = [row for tree in trees for row in rows_of(tree, config, policy, labeller)]
    told = _report(trees, rows, config)
    write_text(folder / REPORT, json.dumps(told, indent=2, sort_keys=True) + "\n")
    say(_sentence(told))
    records = [row.record() for row in rows]
    columns = {name: [record[name] for record in records] for name in FEATURES}
    return Dataset.from_dict(columns, features=FEATURES)


def rows_of(tree: Tree, config: RejectionConfig, policy: Policy, labeller: Labeller) -> list[Row]:
    """The rows that a task's candidates give; none that does not fit the policy's context."""
    task = get_task(tree.id)
    kept = kept_of(tree, config)
    asked = [("write", prompt_of(task), node) for node in kept]
    if kept:
        wrong = [node for node in tree.nodes if node.ran and not node.passed]
        distinct = list({code_in(node.text): node for node in wrong}.values())
        for node in distinct[: config.repairs]:
            prompt = repair_prompt_of(task, code_in(node.text), node.told)
            asked.append(("repair", prompt, kept[0]))
    rows = [
        Row(
            id=tree.id, family=family_of(tree.id), kind=kind, digest=task.digest, prompt=prompt,
            completion=_answer(node, config),
            complexity=labeller(code_in(node.text), task.spec.module),
        )
        for kind, prompt, node in asked
    ]  # fmt: skip
    return [row for row in rows if _fits(policy, row)]


def kept_of(tree: Tree, config: RejectionConfig) -> list[Node]:
    """The distinct right candidates that are kept, the best first."""
    right = [n for n in tree.nodes if n.passed and n.r == 1.0 and (n.worthy or not config.worthy)]
    distinct: dict[str, Node] = {}
    for node in right:
        distinct.setdefault(_answer(node, config), node)
    best = sorted(distinct.values(), key=lambda n: (not n.worthy, n.cells is None, n.cells or 0))
    return best[: config.keep]


def _answer(node: Node, config: RejectionConfig) -> str:
    return node.text if config.whole else completion_of(code_in(node.text))


def _fits(policy: Policy, row: Row) -> bool:
    prompt, answer = policy.prompt_ids(row.prompt), policy.answer_ids(row.completion)
    return len(prompt) + len(answer) <= policy.context


def _report(trees: Sequence[Tree], rows: Sequence[Row], config: RejectionConfig) -> dict[str, Any]:
    nodes = [node for tree in trees for node in tree.nodes]
    return {
        "tasks": len(trees),
        "solved": sum(any(node.passed for node in tree.nodes) for tree in trees),
        "candidates": len(nodes),
        "passed": sum(node.passed for node in nodes),
        "errors": sum(node.r is None for node in nodes),
        "rows": {kind: sum(row.kind == kind for row in rows) for kind in ("write", "repair")},
        "published_rule": sum(1 for tree in trees for _ in _published(tree, config)),
    }


def _published(tree: Tree, config: RejectionConfig) -> Iterator[str]:
    """Distinct answers that the published rule would keep, were there no limit for a task."""
    yield from {_answer(n, config) for n in tree.nodes if (n.r or 0.0) > config.published}


def _sentence(told: dict[str, Any]) -> str:
    counts = told["rows"]
    said = (
        f"{told['passed']} of {told['candidates']} candidates passed, "
        f"{told['solved']} of {told['tasks']} tasks solved"
    )
    if not counts["write"]:
        return (
            f"rejection sampling kept nothing: {said}; a policy must solve some tasks first (more "
            "steps of sft or rl), or an answer does not fit its context"
        )
    return f"kept {counts['write']} answers and {counts['repair']} repairs: {said}"

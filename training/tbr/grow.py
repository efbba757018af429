"""Sampling candidates, having them judged, and trying the bad ones again.

Tasks are taken in groups, a group in parts: while the judge is at one part, the policy writes the
next. What is sampled follows from the seed and the prompt alone (`hwgen.training.policy.sample`),
and the judge's answers come in order, so that neither depends on who was quicker.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from hwgen.errors import Problem, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.judged import Judging, check_errors
from hwgen.training.records import append
from hwgen.training.rewards import cases_passed
from hwgen.training.tbr import journal
from hwgen.training.tbr.tree import Node, Tree
from hwgen.training.text import code_in, prompt_of, repair_prompt_of
from hwgen.verify.verdict import Verdict, feedback

if TYPE_CHECKING:
    from hwgen.training.policy import Policy

PARTS = 4  # of a group: three of them may be with the judge while the policy writes
ANSWER_ROOM = 0.25  # share of the context that a repair must leave for the answer


class Sampling(BaseModel):
    """How candidates are drawn for a task. `problems` tasks make a group, after which everything
    is on the disk; `batch` answers are drawn side by side.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    samples: int = Field(10, ge=1, le=1000)
    temperature: float = Field(1.0, gt=0, le=5)
    top_p: float = Field(0.95, gt=0, le=1)
    problems: int = Field(32, ge=1)
    batch: int = Field(128, ge=1)
    max_new_tokens: int = Field(640, ge=1)


@dataclass(frozen=True)
class Reflection:
    """Candidates with r below `below` are told their fault and try again `retries` times, to
    `levels` further levels. `trials` retries are tried before more are; if fewer than `least` of
    all retries pass, there are no more.
    """

    levels: int = 0
    retries: int = 2
    below: float = 0.2
    least: float = 0.05
    trials: int = 40


NO_REFLECTION = Reflection()


@dataclass
class Tally:
    """How retries have fared so far: asked for, judged, passed."""

    how: Reflection
    asked: int = 0
    judged: int = 0
    passed: int = 0

    def count(self, nodes: Sequence[Node]) -> None:
        """Add the judged retries among `nodes`."""
        retries = [node for node in nodes if node.level]
        self.judged += len(retries)
        self.passed += sum(node.passed for node in retries)
        self.asked = max(self.asked, self.judged)

    @property
    def ended(self) -> bool:
        """Whether retries pass too seldom to go on with them."""
        return self.judged >= self.how.trials and self.passed < self.how.least * self.judged

    def take(self, wanted: int) -> int:
        """How many of `wanted` candidates may try again now."""
        if self.judged < self.how.trials:
            room = max(0, self.how.trials - self.asked)
            wanted = min(wanted, -(-room // self.how.retries))
        elif self.ended:
            wanted = 0
        self.asked += wanted * self.how.retries
        return wanted


def tally_of(trees: Sequence[Tree], how: Reflection) -> Tally:
    """The tally of trees that are finished."""
    tally = Tally(how)
    for tree in trees:
        tally.count(tree.nodes)
    return tally


@dataclass(frozen=True)
class Nursery:
    """What trees grow with."""

    policy: Policy
    sampling: Sampling
    reflection: Reflection
    judging: Judging
    seed: int

    def answers(self, prompts: Sequence[str], samples: int) -> list[list[str]]:
        """`samples` answers of the policy to each prompt; equal prompts get equal answers."""
        from hwgen.training.policy import generate

        distinct = list(dict.fromkeys(prompts))
        said = generate(
            self.policy, distinct, samples=samples, temperature=self.sampling.temperature,
            top_p=self.sampling.top_p, seed=self.seed, batch=self.sampling.batch,
            max_new_tokens=self.sampling.max_new_tokens,
        )  # fmt: skip
        texts = {
            prompt: [sample.text for sample in answers]
            for prompt, answers in zip(distinct, said, strict=True)
        }
        return [texts[prompt] for prompt in prompts]


def grow(
    nursery: Nursery,
    ids: Sequence[str],
    folder: Path,
    settings: dict[str, Any],
    *,
    resume: bool,
    say: Callable[[str], None],
) -> list[Tree]:
    """A tree for each task, in the order of `ids`; all of them also in `folder`/trees.jsonl.

    `settings` are the facts that must be equal for a run to go on. Raises UsageError (no tasks,
    other settings) and HwgenError (the judge failed too often).
    """
    _check_ids(ids)
    size = nursery.sampling.problems
    facts = {**settings, **_facts(nursery, ids)}
    trees = [Tree.from_dict(r) for r in journal.begin(folder, facts, ids, size, resume)]
    if trees:
        say(f"going on after {len(trees)} of {len(ids)} tasks")
    for start in range(len(trees), len(ids), size):
        began = time.monotonic()
        tally = tally_of(trees, nursery.reflection)
        found = _group(nursery, ids[start : start + size], tally)
        append(folder / journal.TREES, [tree.as_dict() for tree in found])
        trees += found
        passed = sum(any(node.passed for node in tree.nodes) for tree in found)
        seconds = time.monotonic() - began
        say(
            f"{len(trees)} of {len(ids)} tasks: {sum(len(t.nodes) for t in found)} candidates, "
            f"{passed} of {len(found)} tasks solved, {seconds:.0f} s"
        )
    return trees


def _group(nursery: Nursery, ids: Sequence[str], tally: Tally) -> list[Tree]:
    """Trees of one group: its parts take turns, the policy at one while the judge is at others."""
    size = -(-len(ids) // PARTS)
    parts = [[Tree(name) for name in ids[at : at + size]] for at in range(0, len(ids), size)]
    growing = [_part(nursery, part, tally) for part in parts]
    while growing:
        growing = [part for part in growing if next(part, None) is not None]
    return [tree for part in parts for tree in part]


def _part(nursery: Nursery, trees: Sequence[Tree], tally: Tally) -> Iterator[int]:
    """Grow `trees`, level by level; yields the level whenever the judge has work."""
    asked = [(tree, -1, prompt_of(get_task(tree.id))) for tree in trees]
    samples = nursery.sampling.samples
    for level in range(nursery.reflection.levels + 1):
        answers = nursery.answers([prompt for _, _, prompt in asked], samples) if asked else []
        work = [
            (tree, parent, text)
            for (tree, parent, _), texts in zip(asked, answers, strict=True)
            for text in texts
        ]
        pending = nursery.judging.start([(tree.id, code_in(text)) for tree, _, text in work])
        yield level
        verdicts = pending.verdicts()
        check_errors(verdicts)
        nodes = [_node(p, level, t, v) for (_, p, t), v in zip(work, verdicts, strict=True)]
        tally.count(nodes)
        bad = []
        for (tree, _, _), node in zip(work, nodes, strict=True):
            tree.nodes.append(node)
            if level < nursery.reflection.levels:
                bad += _reflected(nursery, tree)
        # parts take turns in a fixed order, so what the tally holds here is always the same
        asked, samples = bad[: tally.take(len(bad))], nursery.reflection.retries


def _node(parent: int, level: int, text: str, verdict: Verdict) -> Node:
    known = verdict.outcome in ("PASS", "FAIL")
    return Node(
        parent, level, text,
        r=round(cases_passed(verdict), 6) if known else None,
        passed=verdict.passed, ran=verdict.cases[1] > 0, worthy=verdict.worthy,
        cells=verdict.cells, cause=verdict.cause, told=feedback(verdict),
    )  # fmt: skip


def _reflected(nursery: Nursery, tree: Tree) -> list[tuple[Tree, int, str]]:
    """The newest node of `tree` with the prompt to try again, if it is bad and there is room."""
    number = len(tree.nodes) - 1
    node = tree.nodes[number]
    if node.r is None or node.r >= nursery.reflection.below or node.passed:
        return []
    prompt = repair_prompt_of(get_task(tree.id), code_in(node.text), node.told)
    room = nursery.policy.context - len(nursery.policy.prompt_ids(prompt))
    enough = ANSWER_ROOM * min(nursery.policy.context, nursery.sampling.max_new_tokens)
    return [(tree, number, prompt)] if room >= enough else []


def _check_ids(ids: Sequence[str]) -> None:
    if not ids:
        raise UsageError(
            Problem("there is no task to sample", "specs of a recipe name splits and counts")
        )
    if len(set(ids)) < len(ids):
        twice = next(name for place, name in enumerate(ids) if name in ids[:place])
        raise UsageError(Problem(f"task {twice} is listed twice", "each task is sampled once"))


def _facts(nursery: Nursery, ids: Sequence[str]) -> dict[str, Any]:
    listed = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    options = nursery.judging.options
    secret = hashlib.sha256(str(options.seed).encode()).hexdigest()[:8]
    return {
        "tasks": f"{len(ids)}, sha256 {listed[:16]}",
        "seed": nursery.seed,
        "policy": fingerprint(nursery.policy),
        "judge": f"until {options.until}, {options.sim}, secret #{secret}",
    }


def fingerprint(policy: Policy) -> str:
    """Digest that tells policies apart: shapes, and the first values of every weight."""
    digest = hashlib.sha256()
    for name, weight in policy.model.named_parameters():
        first = weight.detach().reshape(-1)[:1024].float().cpu().numpy()
        digest.update(f"{name} {list(weight.shape)} ".encode() + first.tobytes())
    return digest.hexdigest()[:16]

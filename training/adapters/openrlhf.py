"""Rewards for OpenRLHF. A line of its JSONL file is `row(task_id)`; its command line says

    --input_key input --label_key label
    --remote_rm_url .../hwgen/training/adapters/openrlhf.py

HWGEN_SEED and HWGEN_SCHEME in the environment set the run's seed and the reward's scheme.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import torch

from hwgen.errors import Problem, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.adapters.paying import PARTS, paid
from hwgen.training.rewards import SCHEMES, Scheme
from hwgen.training.text import prompt_of


def row(task_id: str) -> dict[str, str]:
    """What OpenRLHF reads of a task: the prompt, and the id as its label."""
    return {"input": prompt_of(get_task(task_id)), "label": task_id}


def reward_func(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str], **_: Any
) -> dict[str, Any]:
    """{"rewards", "scores": (batch,) float tensors in [0, 1], "extra_logs": means of the parts}.

    A query is a prompt with the answer behind it, a label the task's id.
    """
    scheme = os.environ.get("HWGEN_SCHEME", "shaped")
    if scheme not in SCHEMES:
        known = f"one of {', '.join(SCHEMES)}"
        raise UsageError(Problem(f"HWGEN_SCHEME = {scheme} is no scheme of rewards", known))
    pairs = zip(queries, prompts, strict=True)
    answers = [query.removeprefix(prompt) for query, prompt in pairs]
    seed = int(os.environ.get("HWGEN_SEED", "0"))
    found = paid(labels, answers, seed=seed, scheme=cast(Scheme, scheme))
    scores = torch.tensor([one["score"] for one in found])
    logs = {name: torch.tensor([one[name] for one in found]).mean() for name in PARTS}
    return {"rewards": scores, "scores": scores.clone(), "extra_logs": logs}

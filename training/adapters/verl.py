"""Rewards for verl. A row of its parquet file is `row(task_id)`; its configuration says

    custom_reward_function.path=.../hwgen/training/adapters/verl.py
    custom_reward_function.name=compute_scores
    reward_model.reward_manager=batch

or name=compute_score with a manager that asks for one answer at a time. `seed` and `scheme` can be
given under custom_reward_function.reward_kwargs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hwgen.tasks.library import get_task
from hwgen.training.adapters.paying import paid
from hwgen.training.rewards import Scheme
from hwgen.training.text import prompt_of


def row(task_id: str) -> dict[str, Any]:
    """What verl reads of a task: the prompt, and the id as its ground truth."""
    return {
        "data_source": "hwgen",
        "prompt": [{"role": "user", "content": prompt_of(get_task(task_id))}],
        "ability": "verilog",
        "reward_model": {"style": "rule", "ground_truth": task_id},
        "extra_info": {"id": task_id},
    }


def compute_score(
    data_source: str, solution_str: str, ground_truth: str,
    extra_info: Any = None, seed: int = 0, scheme: Scheme = "shaped", **_: Any,
) -> dict[str, float]:  # fmt: skip
    """{"score", and parts of it} of one answer; `ground_truth` is the task's id."""
    return paid([ground_truth], [solution_str], seed=seed, scheme=scheme)[0]


def compute_scores(
    data_sources: Sequence[str], solution_strs: Sequence[str], ground_truths: Sequence[str],
    extra_infos: Any = None, seed: int = 0, scheme: Scheme = "shaped", **_: Any,
) -> list[dict[str, float]]:  # fmt: skip
    """As `compute_score`, of a batch: judged side by side."""
    return paid(ground_truths, solution_strs, seed=seed, scheme=scheme)

"""A policy of 20,000 weights and a reward that it can learn: reinforcement learning in tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

from hwgen.training.policy import Policy, Size, new_policy
from hwgen.training.rl import Answer, RlConfig, Score, train

SIZE = Size(layers=1, width=32, heads=2, vocab=270, context=64)
BASE: dict[str, Any] = {
    "steps": 3, "prompts": 4, "samples": 4, "micro": 8, "max_new_tokens": 10,
    "learning_rate": 3e-3, "warmup": 1, "save_every": 1, "keep": 100,
}  # fmt: skip


def policy(lora: bool = False) -> Policy:
    """The same at each call; with `lora` an adapter on it is trained instead."""
    torch.manual_seed(0)
    made = new_policy(SIZE, [f"say {n} letters:" for n in range(9)], seed=1)
    if lora:
        settings = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
        made.model = get_peft_model(made.model, settings)
    return made


def rows(config: RlConfig) -> list[tuple[str, str]]:
    """(task, prompt) for each prompt of a run, of several lengths."""
    return [
        (f"t{n % 7}", f"say {'many ' * (n % 3)}{n % 7} letters:")
        for n in range(config.steps * config.prompts)
    ]


class Letters:
    """Pays the share of letters in an answer. `none` says which answers are without a reward."""

    def __init__(self, none: Callable[[Answer], bool] = lambda answer: False) -> None:
        self.none = none
        self.seen: list[list[Answer]] = []

    def start(self, answers: Sequence[Answer]) -> Callable[[], list[Score]]:
        self.seen.append(list(answers))
        return lambda: [self.score(answer) for answer in answers]

    def score(self, answer: Answer) -> Score:
        if self.none(answer):
            return Score(None)
        text = answer.text
        share = sum(c.isascii() and c.isalpha() for c in text) / max(len(text), 1)
        return Score(share, share > 0.1, {"letters": share, "length": float(len(text))})

    def costs(self) -> dict[str, float]:
        return {}


def run(folder: Path, scoring: Any = None, *, resume: bool = False, **changes: Any) -> Policy:
    """A run of the toy policy in `folder`."""
    torch.set_num_threads(1)
    lora = changes.pop("lora", False)
    config = RlConfig(**{**BASE, **changes})
    return train(
        policy(lora), rows(config), config, scoring or Letters(), folder,
        seed=5, resume=resume, say=lambda text: None,
    )  # fmt: skip


def log_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's log without times."""
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [
        {k: v for k, v in json.loads(line).items() if not k.startswith("seconds")} for line in lines
    ]


def digest(made: Policy) -> str:
    """Of all weights."""
    parts = [p.detach().numpy().tobytes() for p in made.model.parameters()]
    return hashlib.sha256(b"".join(parts)).hexdigest()

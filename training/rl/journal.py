"""The log of a run: one line a step, with what its answers were and what its updates did."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hwgen.training.policy.steplog import StepLog

UPDATE = {
    "loss": "loss",
    "grad_norm": "norm",
    "entropy": "entropy",
    "sbw_kl": "sbw/kl",
    "kl": "reference_kl",
    "clip_ratio/region_mean": "clipped",
}
"""Numbers of an update by their name in TRL, of which a step's line has the mean."""

FIRST = {
    "completions/mean_length": "tokens",
    "completions/clipped_ratio": "unended",
    "learning_rate": "lr",
}
"""Numbers that a step has once."""


class Journal(TrainerCallback):
    """Collects the numbers of a step (`line`, JSON values) until its last update, then writes them
    to log.jsonl and tb/ below `folder`. `updates` is the number of updates in each of `steps`.
    Rewards are those of all processes, seconds and the judge's costs those of the first.
    """

    def __init__(self, folder: Path, updates: int, steps: int, say: Callable[[str], None]) -> None:
        self.folder, self.updates, self.steps, self.say = folder, updates, steps, say
        self.line: dict[str, Any] = {}
        self.log: StepLog | None = None
        self._began = time.perf_counter()

    def open(self, step: int) -> None:
        """Write from the step behind `step` on; what the log says of it and later is dropped."""
        self.log = StepLog(self.folder, step)

    def close(self) -> None:
        if self.log is not None:
            self.log.__exit__()

    def answers(
        self,
        outcomes: Tensor,
        parts: Sequence[dict[str, float]],
        texts: Sequence[tuple[str, str]],
        samples: int,
    ) -> None:
        """What was drawn: (N, 2) rewards and passes (NaN: none), parts of the rewards, (task,
        text) of each answer; `samples` consecutive rows answer the same prompt.
        """
        rewards, passed = outcomes[:, 0], outcomes[:, 1]
        known, judged = rewards[~rewards.isnan()], passed[~passed.isnan()]
        groups = [group[~group.isnan()] for group in rewards.view(-1, samples)]
        mixed = sum(len(g) > 0 and bool(g.max() > g.min()) for g in groups)
        names = sorted({name for part in parts for name in part})
        self.line |= {
            "reward": _mean(known.tolist()),
            "passed": _mean(judged.tolist()),
            "answers": len(rewards),
            "none": int(rewards.isnan().sum()),
            "unique": len(set(texts)) / len(texts),
            "mixed_groups": mixed / len(groups),
            **{f"reward/{n}": _mean([p[n] for p in parts if n in p]) for n in names},
        }

    def add(self, values: dict[str, float]) -> None:
        """Further numbers of this step; names before a slash group them."""
        self.line |= values

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """TRL's numbers of an update; with the last of a step its line is written."""
        if not logs or "loss" not in logs:
            return
        said = {name: logs[key] for key, name in UPDATE.items() if logs.get(key) is not None}
        self.line.setdefault("updates", []).append(said)
        self.line |= {name: logs[key] for key, name in FIRST.items() if logs.get(key) is not None}
        if state.global_step % self.updates == 0:
            self._write(state.global_step // self.updates)
            self.line = {}

    def _write(self, step: int) -> None:
        updates = self.line.pop("updates")
        now = time.perf_counter()
        seconds, self._began = now - self._began, now
        if self.log is None:  # another process writes
            return
        names = {name for update in updates for name in update}
        means = {n: _mean([u[n] for u in updates if n in u]) for n in UPDATE.values() if n in names}
        each = {f"loss/{n + 1}": update["loss"] for n, update in enumerate(updates)}
        values = {**means, **each, **self.line, "seconds/step": seconds}
        known = {name: value for name, value in values.items() if value is not None}
        self.log.add(step - 1, **known)
        self.log.flush()
        self.say(self._sentence(step, known))

    def _sentence(self, step: int, values: dict[str, Any]) -> str:
        words = [f"rl step {step}/{self.steps}: reward {values.get('reward', 0):.3f}"]
        if "passed" in values:
            words.append(f"{100 * values['passed']:.0f} % pass")
        words.append(f"loss {values['loss']:.4f}")
        words.append(f"{values['seconds/step']:.1f} s")
        if "judge/waited_s" in values:
            words.append(f"waited {values['judge/waited_s']:.1f} s for the judge")
        return ", ".join(words)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None

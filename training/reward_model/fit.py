"""Training a reward model with TRL's RewardTrainer; checkpoints are complete or not there."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import PrinterCallback, Trainer
from transformers.utils import logging
from trl import RewardConfig, RewardTrainer

from hwgen.errors import Problem, UsageError
from hwgen.training import checkpoint
from hwgen.training.policy import Policy
from hwgen.training.policy.steplog import StepLog
from hwgen.training.reward_model import RewardModelConfig
from hwgen.training.reward_model.calibration import measured_pairs
from hwgen.training.reward_model.data import ByLength, Pair, divided, read_pairs, sides
from hwgen.training.reward_model.scorer import Scorer, headed, ids_of
from hwgen.training.tbr.grow import fingerprint

MODEL = "model"
REPORT = "report.json"
CENTRED = 128  # training pairs from which the centre is taken, at most
LOGGED = {"loss": "loss", "accuracy": "order", "margin": "margin", "learning_rate": "lr"}
"""Numbers of TRL's log, and what they are called in ours."""


@dataclass
class _Run:
    """Where a training writes: its log, its checkpoints and the facts they depend on."""

    log: StepLog
    checkpoints: Path
    meta: dict[str, Any]
    say: Callable[[str], None]


class _Trainer(RewardTrainer):
    """TRL's trainer with our log and our checkpoints."""

    def __init__(self, run: _Run, lengths: Sequence[int], **given: Any) -> None:
        super().__init__(**given)
        self.run, self.lengths = run, lengths
        self.remove_callback(PrinterCallback)

    def _get_train_sampler(self, train_dataset: Any = None) -> ByLength:
        return ByLength(self.lengths, self.args.per_device_train_batch_size, self.args.seed)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        def write(folder: Path) -> None:
            kept, self.args.output_dir = self.args.output_dir, str(folder)
            try:
                Trainer._save_checkpoint(self, model, trial)  # without TRL's model card
            finally:
                self.args.output_dir = kept

        checkpoint.save(self.run.checkpoints, self.state.global_step, write, self.run.meta, keep=2)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        super().log(logs, start_time)
        if "loss" in logs:
            said = {ours: float(logs[name]) for name, ours in LOGGED.items() if name in logs}
            self.run.log.add(self.state.global_step - 1, **said)
            self.run.log.flush()


def fit(
    base: Policy,
    pairs: Path,
    config: RewardModelConfig,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
) -> Scorer:
    """See `hwgen.training.reward_model.reward_model`."""
    found = read_pairs(pairs)
    train, held_out = divided(found, config.held_out, seed)
    train = _fitting(base, _drawn(train, config.most_pairs, seed), say)
    settings = config.model_dump(include=set(RewardModelConfig.model_fields) - {"save_every"})
    meta = {
        "stage": "reward-model",
        "config": settings,
        "seed": seed,
        "pairs": checkpoint.sha256_of(pairs),
        "policy": fingerprint(base),
    }
    newest = checkpoint.latest(folder / "checkpoints", meta) if resume else None
    first = checkpoint.step_of(newest) if newest else 0
    if newest:
        say(f"going on after update {first}")
    with _own_random(seed), _quiet():
        policy = headed(base, seed, None if config.lora else torch.float32)
        with StepLog(folder, first) as log:
            run = _Run(log, folder / "checkpoints", meta, say)
            trainer = _trainer(policy, train, config, folder, seed, run)
            trainer.train(resume_from_checkpoint=_place(newest, first))
        model = trainer.accelerator.unwrap_model(trainer.model)
        policy.model = model.merge_and_unload() if config.lora else model
        policy.model.eval()
    scorer = Scorer(policy)
    scorer.report = _measured(scorer, train, held_out, int(trainer.state.global_step))
    with _quiet():
        scorer.save(folder / MODEL)
    text = json.dumps(scorer.report, indent=2, sort_keys=True) + "\n"
    checkpoint.write_text(folder / REPORT, text)
    say(_sentence(scorer.report))
    return scorer


def _trainer(
    policy: Policy,
    pairs: Sequence[Pair],
    config: RewardModelConfig,
    folder: Path,
    seed: int,
    run: _Run,
) -> _Trainer:
    micro = min(config.micro, config.batch)
    cuda = torch.cuda.is_available()
    arguments = RewardConfig(
        output_dir=str(folder / "checkpoints"),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, config.batch // micro),
        num_train_epochs=config.epochs,
        max_steps=config.steps or -1,
        learning_rate=config.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=config.warmup,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        center_rewards_coefficient=config.centre or None,
        gradient_checkpointing=config.gradient_checkpointing,
        bf16=config.bf16,
        use_cpu=not cuda,
        dataloader_pin_memory=cuda,
        max_length=None,
        logging_steps=1,
        save_strategy="steps",
        save_steps=config.save_every,
        report_to="none",
        disable_tqdm=True,
        seed=seed,
    )
    lora = LoraConfig(
        r=config.lora, lora_alpha=2 * config.lora, target_modules="all-linear",
        task_type="SEQ_CLS", modules_to_save=["score"],
    ) if config.lora else None  # fmt: skip
    rows = _rows(policy, pairs, config.margin)
    sides = zip(rows["chosen_ids"], rows["rejected_ids"], strict=True)
    return _Trainer(
        run, [max(len(one), len(other)) for one, other in sides],
        model=policy.model, args=arguments, train_dataset=rows,
        processing_class=policy.tokenizer, peft_config=lora,
    )  # fmt: skip


def _rows(policy: Policy, pairs: Sequence[Pair], margin: bool) -> Dataset:
    rows: dict[str, list[Any]] = {
        "chosen_ids": [ids_of(policy, pair.prompt, pair.chosen) for pair in pairs],
        "rejected_ids": [ids_of(policy, pair.prompt, pair.rejected) for pair in pairs],
    }
    if margin:
        rows["margin"] = [pair.margin for pair in pairs]
    return Dataset.from_dict(rows)


def _fitting(base: Policy, pairs: Sequence[Pair], say: Callable[[str], None]) -> list[Pair]:
    """Pairs whose answers both begin inside the context; what is cut off there cannot be told
    apart."""
    kept = [p for p in pairs if len(base.prompt_ids(p.prompt)) < base.context]
    if len(kept) < len(pairs):
        say(f"left out {len(pairs) - len(kept)} pairs whose prompt fills the context")
    if not kept:
        raise UsageError(
            Problem(
                "no pair is left to train a reward model on",
                f"{len(pairs)} pairs are not held out, and none of their prompts fits the context "
                f"of {base.context} tokens",
                "take pairs of more specs, or a policy with a longer context",
            )
        )
    return kept


def _drawn(pairs: list[Pair], most: int, seed: int) -> list[Pair]:
    """At most `most` pairs (0: all), drawn by `seed`."""
    if not most or len(pairs) <= most:
        return pairs
    kept = random.Random(f"pairs {seed}").sample(range(len(pairs)), most)
    return [pairs[place] for place in sorted(kept)]


def _place(newest: Path | None, step: int) -> str | None:
    return str(newest / f"checkpoint-{step}") if newest else None


def _measured(
    scorer: Scorer, train: Sequence[Pair], held_out: Sequence[Pair], updates: int
) -> dict[str, Any]:
    """Sets the scorer's centre, half way between the means of chosen and rejected answers of some
    training pairs; returns the report.
    """
    some = train[:: -(-len(train) // CENTRED)]  # of every part of the file
    prompts = [pair.prompt for pair in some]
    chosen = scorer.raw(prompts, [pair.chosen for pair in some])
    rejected = scorer.raw(prompts, [pair.rejected for pair in some])
    scorer.centre = (sum(chosen) + sum(rejected)) / (2 * len(some))
    return {
        "updates": updates,
        "pairs": {"train": len(train), "held_out": len(held_out)},
        "specs": {
            "train": len({pair.id for pair in train}),
            "held_out": len({pair.id for pair in held_out}),
        },
        "train": measured_pairs(scorer.chances(chosen), scorer.chances(rejected)),
        "held_out": sides(scorer, held_out) if held_out else None,
    }


def _sentence(told: dict[str, Any]) -> str:
    count = told["pairs"]["train"]
    if not told["held_out"]:
        return f"reward model of {count} pairs; no spec was held out, so nothing is known of it"
    there = told["held_out"]
    return (
        f"reward model of {count} pairs; on {there['pairs']} pairs of {told['specs']['held_out']} "
        f"other specs: AUC {there['auc']:.3f}, the chosen answer above the rejected one in "
        f"{there['order']:.1%}, calibration error {there['ece']:.3f}"
    )


@contextmanager
def _own_random(seed: int) -> Iterator[None]:
    """Random numbers of this training alone: the trainer seeds every generator of the process."""
    kept, kept_numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(kept)
            np.random.set_state(kept_numpy)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, and no warnings of libraries about each other."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        if shown:
            logging.enable_progress_bar()

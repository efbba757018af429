"""What a recipe says of reinforcement learning, and TRL's arguments that follow from it."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from trl import GRPOConfig

from hwgen.errors import Problem, UsageError
from hwgen.training.rewards import MOST_PPA, Scheme
from hwgen.training.rl.sbw import CLIP

KEPT = (
    "auto_find_batch_size",
    "ignore_data_skip",
    "logging_steps",
    "logging_strategy",
    "output_dir",
    "push_to_hub",
    "remove_unused_columns",
    "save_only_model",
    "save_strategy",
    "shuffle_dataset",
)
"""Arguments of TRL that may not change, or a run would not go on exactly."""

OWNED = {
    "beta": "reference_kl",
    "epsilon": "epsilon",
    "epsilon_high": "epsilon_high",
    "generation_batch_size": "prompts and samples",
    "gradient_accumulation_steps": "prompts, samples, minibatches and micro",
    "gradient_checkpointing": "gradient_checkpointing",
    "learning_rate": "learning_rate",
    "loss_type": "loss_type",
    "lr_scheduler_type": "schedule",
    "max_completion_length": "max_new_tokens",
    "max_steps": "steps",
    "num_generations": "samples",
    "num_iterations": "num_iterations",
    "num_train_epochs": "steps",
    "per_device_train_batch_size": "micro",
    "save_steps": "save_every",
    "scale_rewards": "scale_rewards",
    "seed": "the seed of the run",
    "steps_per_generation": "prompts, samples and micro",
    "temperature": "temperature",
    "top_p": "top_p",
    "warmup_steps": "warmup",
    "bf16": "bf16",
    **dict.fromkeys(KEPT, ""),
}
"""Arguments of TRL that follow from ours, and the field to set in their place."""


class RlConfig(BaseModel):
    """Reinforcement learning on a judge or a reward model.

    A step draws `prompts` times `samples` answers and goes over them `num_iterations` times, each
    time in `minibatches` updates of the weights. `advantage: global` is that of REINFORCE++ (less
    the mean of the batch); `group` is TRL's own, scaled as `scale_rewards` says. `trl` takes any
    further argument of `trl.GRPOConfig`. Raises UsageError for values that cannot work together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(40, ge=1)
    prompts: int = Field(32, ge=1)
    samples: int = Field(4, ge=2)
    num_iterations: int = Field(2, ge=1)
    minibatches: int = Field(1, ge=1)
    micro: int = Field(32, ge=1, description="most rows of a forward pass on one device")
    learning_rate: float = Field(1e-4, gt=0)
    warmup: int = Field(4, ge=0, description="updates until the full learning rate")
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    max_grad_norm: float = Field(1.0, gt=0)
    temperature: float = Field(1.0, gt=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_new_tokens: int = Field(640, ge=1)
    loss_type: str = "dapo"
    epsilon: float = Field(0.2, gt=0)
    epsilon_high: float | None = Field(None, gt=0)
    advantage: Literal["global", "group"] = "global"
    scale_rewards: Literal["group", "batch", "none"] = "group"
    sbw: bool = True
    kl_weight: float = Field(1.0, ge=0, description="of SbW's distance from the old policy")
    sbw_clip: tuple[float, float] = CLIP
    reference_kl: float = Field(0.0, ge=0, description="weight of the KL to the first policy")
    reward: Literal["judge", "model", "both"] = "judge"
    scheme: Scheme = "shaped"
    ppa: float = Field(0.0, ge=0, le=MOST_PPA, description="share of size behind a worthy pass")
    model_share: float = Field(0.5, ge=0, le=1, description="of the reward model in `both`")
    sampler: Literal["own", "trl"] = "own"
    batch: int = Field(64, ge=1, description="answers drawn side by side by our sampler")
    gradient_checkpointing: bool = False
    bf16: bool | None = Field(None, description="mixed precision; None: on a GPU")
    save_every: int = Field(20, ge=1, description="updates between checkpoints")
    keep: int = Field(2, ge=1, description="checkpoints that are kept")
    trl: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [*_kl_problems(self), *_trl_problems(self.trl)]
        if not 0 < self.sbw_clip[0] <= 1 <= self.sbw_clip[1]:
            problems.append(
                Problem(
                    f"rl.sbw_clip = {list(self.sbw_clip)} is not usable",
                    "weights are clipped to a range around 1, above 0",
                    f"set rl.sbw_clip = {list(CLIP)}",
                )
            )
        if problems:
            raise UsageError(*problems)
        return self

    @property
    def rollouts(self) -> int:
        """Answers in a step."""
        return self.prompts * self.samples

    @property
    def updates(self) -> int:
        """Updates of the weights in a step."""
        return self.num_iterations * self.minibatches


def _kl_problems(config: RlConfig) -> list[Problem]:
    if not config.sbw or config.num_iterations > 1 or config.kl_weight == 0:
        return []
    return [
        Problem(
            "rl.num_iterations = 1 leaves nothing for SbW's KL term to weigh",
            "in the first pass over its answers the policy is the old policy, and the KL between "
            "them is 0",
            "set rl.num_iterations = 2, or rl.kl_weight = 0, or rl.sbw = false",
        )
    ]


def _trl_problems(extra: dict[str, Any]) -> list[Problem]:
    known = {f.name for f in fields(GRPOConfig)}
    problems = []
    for key in extra:
        if key in OWNED:
            fix = f"set rl.{OWNED[key]}" if OWNED[key] else "leave it out"
            problems.append(Problem(f"rl.trl.{key} is set by the run itself", "", fix))
        elif key not in known:
            near = difflib.get_close_matches(key, known, 1)
            fix = f"did you mean {near[0]}?" if near else ""
            problems.append(Problem(f"rl.trl.{key} is no argument of TRL's GRPOConfig", "", fix))
    return problems


def _schedule(config: RlConfig) -> str:
    """Its name in transformers, whose `constant` has no warm-up."""
    return "constant_with_warmup" if config.schedule == "constant" else config.schedule


def trl_arguments(config: RlConfig, folder: Path, seed: int, world: int) -> GRPOConfig:
    """TRL's arguments for a run of `world` processes. Raises UsageError when the answers of a step
    cannot be divided evenly among them.
    """
    local, rest = divmod(config.rollouts, world * config.minibatches)
    if rest or config.prompts % world:
        raise UsageError(
            Problem(
                f"{config.prompts} prompts with {config.samples} answers each cannot be divided: "
                f"{world} processes, {config.minibatches} minibatches",
                "each process takes whole prompts with all their answers, and its minibatches are "
                "of one size",
                "choose rl.prompts as a multiple of processes times rl.minibatches",
            )
        )
    micro = max(rows for rows in range(1, min(config.micro, local) + 1) if local % rows == 0)
    cuda = torch.cuda.is_available()
    said: dict[str, Any] = {
        "output_dir": str(folder),
        "max_steps": config.steps * config.updates,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": local // micro,
        "steps_per_generation": config.minibatches * (local // micro),
        "num_generations": config.samples,
        "num_iterations": config.num_iterations,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": _schedule(config),
        "warmup_steps": config.warmup,
        "max_grad_norm": config.max_grad_norm,
        "temperature": config.temperature,
        "top_p": config.top_p,
        "max_completion_length": config.max_new_tokens,
        "loss_type": config.loss_type,
        "epsilon": config.epsilon,
        "epsilon_high": config.epsilon_high,
        "scale_rewards": config.scale_rewards,
        "beta": config.reference_kl,
        "gradient_checkpointing": config.gradient_checkpointing,
        "bf16": cuda if config.bf16 is None else config.bf16,
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        "disable_dropout": True,
        "shuffle_dataset": False,
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": seed,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # names that TRL still needs
        return GRPOConfig(**{**said, **config.trl})

"""Reinforcement learning of a policy, from its tasks to its trained weights."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from transformers.utils.logging import (
    disable_progress_bar,
    enable_progress_bar,
    is_progress_bar_enabled,
)

from hwgen.errors import Problem, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.judged import Judging
from hwgen.training.policy import Policy, check_adapter, save_policy
from hwgen.training.rl import state
from hwgen.training.rl.config import RlConfig, trl_arguments
from hwgen.training.rl.journal import Journal
from hwgen.training.rl.schedule import schedule
from hwgen.training.rl.scoring import Judged, Mixed, Modelled, Scoring
from hwgen.training.rl.trainer import ReinforceTrainer, Run
from hwgen.training.text import prompt_of


def rl(
    policy: Policy,
    ids: Sequence[str],
    config: RlConfig,
    judging: Judging | None,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
    scorer: Any = None,
) -> Policy:
    """Train `policy` (in place; it is returned) on its own answers to the tasks `ids`.
    What comes back has the weights that lie in `folder`/policy: rounded to bfloat16.

    `judging` is a `hwgen.training.judged.Judging`, `scorer` a reward model; `config.reward` says
    which of them pays. `folder` gets `log.jsonl`, `tb/` and `checkpoints/`; with `resume` the run
    goes on from the newest complete one, with the same losses and answers as if it had not
    stopped (same threads, same machine). Raises UsageError, among others when none of the first
    answers passes, and HwgenError when more than a tenth of a step's answers have no verdict.
    """
    rows = asked(ids, config, seed)
    scoring = scoring_of(config, judging, scorer, [task for task, _ in rows])
    return train(policy, rows, config, scoring, folder, seed=seed, resume=resume, say=say)


def asked(ids: Sequence[str], config: RlConfig, seed: int) -> list[tuple[str, str]]:
    """(task id, prompt) of every prompt of a run, in order."""
    order = schedule(ids, config.steps, config.prompts, seed)
    prompts = {task: prompt_of(get_task(task)) for task in dict.fromkeys(order)}
    return [(task, prompts[task]) for task in order]


def scoring_of(
    config: RlConfig, judging: Judging | None, scorer: Any, tasks: Sequence[str]
) -> Scoring:
    """What scores answers to `tasks` as `config.reward` says. Raises UsageError if that is not at
    hand.
    """
    if config.reward != "judge" and scorer is None:
        raise UsageError(
            Problem(
                f"rl.reward = {config.reward} needs a reward model",
                "no stage before this one has trained any",
                "add the stages tbr and reward_model to the recipe, or set rl.reward = judge",
            )
        )
    if config.reward == "model":
        return Modelled(scorer)
    if judging is None:
        raise UsageError(
            Problem(
                f"rl.reward = {config.reward} needs the judge",
                "it was not opened",
                "see `hwgen doctor`, or set rl.reward = model",
            )
        )
    cells = judging.reference_cells(tasks) if config.ppa else {}
    judged = Judged(judging, config.scheme, config.ppa, cells)
    if config.reward == "judge":
        return judged
    return Mixed(judged, Modelled(scorer), config.model_share)


def train(
    policy: Policy,
    rows: Sequence[tuple[str, str]],
    config: RlConfig,
    scoring: Scoring,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
) -> Policy:
    """As `rl`, for (task id, prompt) `rows` in the order in which they are asked, rewarded by any
    `scoring`. The number of rows is steps times prompts.
    """
    world = PartialState(cpu=not torch.cuda.is_available()).num_processes
    args = trl_arguments(config, folder, seed, world)
    meta = _meta(policy, rows, config, seed, world)
    checkpoints = folder / "checkpoints"
    begun = state.found(checkpoints, meta) if resume else None
    _check_fresh(checkpoints, resume)
    check_adapter(policy)
    journal = Journal(folder, config.updates, config.steps, say)
    run = Run(config, seed, scoring, journal, checkpoints, meta, say)
    table = Dataset.from_dict({"task": [r[0] for r in rows], "prompt": [r[1] for r in rows]})
    _reference(policy, config, folder)
    model = policy.model
    with _quiet():
        trainer = ReinforceTrainer(policy, run, args, table)
    try:
        if trainer.accelerator.is_main_process:
            journal.open(begun[1] // config.updates if begun else 0)
        if begun and begun[1] == args.max_steps:
            trainer._load_from_checkpoint(str(begun[0]))
        else:
            with _quiet():
                trainer.train(resume_from_checkpoint=str(begun[0]) if begun else None)
    finally:
        journal.close()
        _restore(model)
    with _quiet():
        _keep(trainer, policy, folder / "policy")
    return policy


def _meta(
    policy: Policy, rows: Sequence[tuple[str, str]], config: RlConfig, seed: int, world: int
) -> dict[str, Any]:
    """What must be the same for a checkpoint to be of use."""
    said = hashlib.sha256("\0".join(f"{task}\0{prompt}" for task, prompt in rows).encode())
    free = {"save_every", "keep"}  # may change between two parts of a run
    return {
        "stage": "rl",
        "config": config.model_dump(mode="json", exclude=free),
        "seed": seed,
        "prompts": said.hexdigest(),
        "processes": world,
        "parameters": policy.parameters,
    }


def _check_fresh(checkpoints: Path, resume: bool) -> None:
    if not resume and checkpoints.is_dir() and any(checkpoints.iterdir()):
        raise UsageError(
            Problem(
                f"{checkpoints} holds a run already",
                "a new run does not overwrite another's checkpoints",
                "go on with --resume, or take another folder with -o",
            )
        )


def _reference(policy: Policy, config: RlConfig, folder: Path) -> None:
    """With a KL to the first policy TRL loads that by path: write it there, once."""
    if config.reference_kl == 0 or hasattr(policy.model, "peft_config"):
        return
    place = folder / "reference"
    if not (place / "config.json").is_file() and PartialState().is_main_process:
        policy.model.save_pretrained(place)
    PartialState().wait_for_everyone()
    policy.model.config._name_or_path = str(place)


def _keep(trainer: ReinforceTrainer, policy: Policy, folder: Path) -> None:
    """Write the policy, and give the one in memory the weights that lie there."""
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        trainer.save_model(str(folder))  # its parts come together from all processes
        return
    if trainer.accelerator.is_main_process:
        save_policy(policy, folder)
    with torch.no_grad():
        for parameter in policy.model.parameters():
            if parameter.requires_grad:
                parameter.copy_(parameter.to(torch.bfloat16))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bar and the warnings that transformers and TRL have for each other at every
    checkpoint and every batch of answers.
    """
    shown = is_progress_bar_enabled()
    disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        if shown:
            enable_progress_bar()


def _restore(model: Any) -> None:
    """Take the forward passes of TRL and accelerate off the model again: the next stage brings its
    own.
    """
    base = model.get_base_model() if hasattr(model, "peft_config") else model
    for module in (model, base):
        module.__dict__.pop("forward", None)
    for parameter in model.parameters():
        parameter.grad = None
    model.eval()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

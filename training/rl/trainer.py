"""REINFORCE++ with sample-balanced weights on TRL's GRPOTrainer, through hooks that it has.

TRL draws, splits, clips and normalises; here its advantages become those of the whole batch, each
sample gets its weights, rows without a reward leave every sum, and what a run needs to go on
exactly is saved with its checkpoints.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from torch import Tensor, nn
from transformers import PrinterCallback
from trl import GRPOConfig, GRPOTrainer
from trl.models import unwrap_model_for_generation

from hwgen.training.policy import Policy
from hwgen.training.policy.sample import Drawing
from hwgen.training.rl import batches, guard, sbw, state
from hwgen.training.rl.config import RlConfig
from hwgen.training.rl.journal import Journal
from hwgen.training.rl.rollouts import Rollouts
from hwgen.training.rl.scoring import Score, Scoring

Batch = dict[str, Any]
ROW_MEANS = ("grpo", "sapo", "dr_grpo", "luspo")  # losses that divide by the number of rows


@dataclass
class Run:
    """What a run is made of besides the policy: settings, seed, scores, log and checkpoints."""

    config: RlConfig
    seed: int
    scoring: Scoring
    journal: Journal
    checkpoints: Path
    meta: dict[str, Any]
    say: Callable[[str], None]


def reward(**_: Any) -> list[float]:
    """Names the reward in TRL's log; `_calculate_rewards` takes its place."""
    raise AssertionError("rewards come from the run's scoring")


class ReinforceTrainer(GRPOTrainer):
    """One policy's run; `train()` as in transformers."""

    def __init__(self, policy: Policy, run: Run, args: GRPOConfig, rows: Dataset) -> None:
        self.policy, self.run = policy, run
        self.rollouts: Rollouts | None = None
        self.start = guard.Start()
        self._raw = torch.empty(0)
        self._fresh = torch.empty(0)
        super().__init__(
            model=policy.model,
            reward_funcs=[reward],
            args=args,
            train_dataset=rows,
            processing_class=policy.tokenizer,
            callbacks=[run.journal],
        )
        self.remove_callback(PrinterCallback)  # stdout is for data

    @property
    def window(self) -> int:
        """The step of the run, from 0: one batch of answers and the updates made with it."""
        return int(self.state.global_step) // self.run.config.updates

    @property
    def _drawn_by(self) -> int:
        """The seed of all that is drawn in this step."""
        return (self.run.seed * 1_000_003 + self.window) % 2**63

    # Answers

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        """As the policy was taught to read them; TRL would add special tokens of its own."""
        known = {prompt: self.policy.prompt_ids(prompt) for prompt in dict.fromkeys(prompts)}
        return [known[prompt] for prompt in prompts], None, {}

    def _generate_single_turn(
        self, prompt_ids: list[list[int]], *rest: Any, **more: Any
    ) -> tuple[list[list[int]], list[list[float]] | None]:
        rollouts, config = self.rollouts, self.run.config
        assert rollouts is not None
        other = self.use_vllm or self.use_transformers_continuous_batching
        if other or config.sampler == "trl":
            began = time.perf_counter()
            drawn, logps = super()._generate_single_turn(prompt_ids, *rest, **more)
            rollouts.seconds["generate"] = time.perf_counter() - began
            rollouts.take(self.policy, drawn)
            return drawn, logps
        drawing = Drawing(self.temperature, self.top_p, self._drawn_by)
        with unwrap_model_for_generation(
            self.model_wrapped,
            self.accelerator,
            gather_deepspeed3_params=self.args.ds3_gather_for_generation,
        ) as model:
            drawn = rollouts.draw(
                self.policy,
                model,
                prompt_ids,
                drawing,
                samples=self.num_generations,
                batch=config.batch,
                max_new_tokens=self.max_completion_length,
            )
        return drawn, None

    def _calculate_rewards(self, inputs: Any, prompts: Any, *_: Any) -> Tensor:
        """(N, 1) rewards of all processes, NaN where there is none; kept as they are for SbW."""
        assert self.rollouts is not None
        scores = self.rollouts.scores()
        device = self.accelerator.device
        said = [s.reward if s.reward is not None else torch.nan for s in scores]
        passed = [torch.nan if s.passed is None else float(s.passed) for s in scores]
        both = self.accelerator.gather(torch.tensor([said, passed], device=device).T.contiguous())
        self._raw = both[:, 0]
        guard.check_none(self._raw)
        self.start.check(both[:, 1], self.run.say)
        self._note(scores, both)
        return self._raw[:, None]

    def _note(self, scores: list[Score], both: Tensor) -> None:
        rollouts = self.rollouts
        assert rollouts is not None
        parts = gather_object([dict(s.parts) for s in scores])
        texts = gather_object(list(zip(rollouts.tasks, rollouts.texts, strict=True)))
        if self.accelerator.is_main_process:
            self.run.journal.answers(both, parts, texts, self.num_generations)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> Batch:
        began = time.perf_counter()
        tasks = [row["task"] for row in inputs]
        prompts = [row["prompt"] for row in inputs]
        self.rollouts = Rollouts(self.run.scoring, tasks, prompts)
        batch = super()._generate_and_score_completions(inputs)
        batch = self._weigh(batch)
        spent = {f"seconds/{name}": value for name, value in self.rollouts.seconds.items()}
        spent["seconds/answers"] = time.perf_counter() - began
        self.run.journal.add({**spent, **self.run.scoring.costs()})
        self.rollouts = None
        # TRL shuffles by the global state: what judging or scoring drew must not reach it.
        torch.manual_seed(self._drawn_by)
        return batch

    # Advantages and weights

    def _weigh(self, batch: Batch) -> Batch:
        """`batch` with the advantages of the whole batch, SbW's weights, and nothing left of rows
        that have no reward.
        """
        config, raw = self.run.config, self._raw
        rows = len(batch["advantages"])
        first = self.accelerator.process_index * rows
        mine = slice(first, first + rows)
        missing = raw.isnan()
        if config.advantage == "global":
            batch["advantages"] = sbw.advantages(raw)[mine]
        alpha = beta = torch.ones_like(raw)
        if config.sbw:
            chance = self.accelerator.gather(self._chances(batch))
            alpha, beta = sbw.weights(chance, raw, config.sbw_clip)
            shares = {f"sbw/{name}": share for name, share in sbw.regions(chance, raw).items()}
            means = {"sbw/alpha": float(alpha.mean()), "sbw/beta": float(beta.mean())}
            self.run.journal.add({**means, **shares})
        if config.loss_type in ROW_MEANS:  # so that missing rows leave the mean, too
            share = len(raw) / max(int((~missing).sum()), 1)
            alpha, beta = alpha * share, beta * share
        batch["alpha"], batch["sbw_beta"] = alpha[mine], beta[mine]
        batch["advantages"] = batch["advantages"] * batch["alpha"]
        if missing.any():
            gone = missing[mine]
            batch["advantages"] = batch["advantages"].masked_fill(gone, 0.0)
            batch["completion_mask"] = batch["completion_mask"] * (~gone)[:, None]
            tokens = batches.mask_of(batch).sum()
            batch["num_items_in_batch"] = self.accelerator.gather(tokens).sum()
        return batch

    def _chances(self, batch: Batch) -> Tensor:
        logps = batch.get("old_per_token_logps")
        if logps is None:  # TRL leaves them out where a batch is used for one update
            ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1)
            mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1)
            keep = batch["completion_ids"].size(1)
            with torch.no_grad():
                logps = self._get_per_token_logps_and_entropies(
                    self.model, ids, mask, keep, self.args.per_device_train_batch_size
                )[0]
        return sbw.chances(logps, batches.mask_of(batch))

    # Loss

    def _get_per_token_logps_and_entropies(
        self,
        model: nn.Module,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        **rest: Any,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """As in TRL, without computing columns in which no row of a forward pass has a token; the
        log-probabilities that carry a gradient are kept for the KL term.
        """
        read = super()._get_per_token_logps_and_entropies
        said = batches.by_length(
            lambda ids, mask, keep: read(model, ids, mask, keep, **rest),
            input_ids,
            attention_mask,
            logits_to_keep,
            batch_size,
        )
        if torch.is_grad_enabled():
            self._fresh = said[0]
        return said

    def _compute_loss(self, model: nn.Module, inputs: Batch) -> Tensor:
        loss = super()._compute_loss(model, inputs)
        guard.check_loss(loss.detach(), int(self.state.global_step) + 1)
        config = self.run.config
        if not config.sbw or config.kl_weight == 0:
            return loss
        distance = sbw.kl3(self._fresh, inputs["old_per_token_logps"])
        mask = batches.mask_of(inputs)
        kl = self._normalised(inputs["sbw_beta"][:, None] * distance, mask, inputs)
        shown = (distance.detach() * mask).sum() / mask.sum().clamp(min=1)
        self._metrics["train"]["sbw_kl"].append(self.accelerator.gather(shown).mean().item())
        return loss + config.kl_weight * kl

    def _normalised(self, x: Tensor, mask: Tensor, inputs: Batch) -> Tensor:
        """Sum of (B, T) `x` over what `mask` shows, divided as TRL divides its own loss."""
        spent = self.current_gradient_accumulation_steps
        total = (x * mask).sum()
        if self.loss_type in ("grpo", "sapo"):
            return ((x * mask).sum(-1) / mask.sum(-1).clamp(min=1)).mean() / spent
        if self.loss_type == "bnpo":
            return total / mask.sum().clamp(min=1) / spent
        if self.loss_type == "dr_grpo":
            return total / (len(x) * self.max_completion_length) / spent
        if self.loss_type == "luspo":
            return total / len(x) / spent
        tokens = inputs["num_items_in_batch"].clamp(min=1) / self.accelerator.num_processes
        return total / (tokens * spent / self.args.steps_per_generation)

    # Order, and what must be kept to go on

    def _prepare_inputs(self, generation_batch: Any) -> Batch:
        config = self.run.config
        due = self._step % (self.args.steps_per_generation * config.num_iterations) == 0
        if due or self._buffered_inputs is None:
            super()._prepare_inputs(generation_batch)
            count = self.args.steps_per_generation // config.minibatches
            self._buffered_inputs = batches.sorted_within(self._buffered_inputs, count)
            return self._buffered_inputs[self._step % self.args.steps_per_generation]
        return super()._prepare_inputs(generation_batch)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """A checkpoint is not published: it has no card."""

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        state.save(self, lambda: super(ReinforceTrainer, self)._save_checkpoint(model, trial))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None:
            state.load(self, Path(checkpoint))

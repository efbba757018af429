"""The trainer: equal to TRL where it must be, and by hand where it differs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import GRPOTrainer

sys.path.insert(0, str(Path(__file__).parent))

import rl_toy

from hwgen.errors import HwgenError, UsageError
from hwgen.training.policy.sample import Drawing, decode
from hwgen.training.rl import Answer, RlConfig, sbw
from hwgen.training.rl import batches as tensors
from hwgen.training.rl.config import trl_arguments
from hwgen.training.rl.journal import Journal
from hwgen.training.rl.run import _restore
from hwgen.training.rl.trainer import ReinforceTrainer, Run

PLAIN = {"advantage": "group", "kl_weight": 0.0, "sbw_clip": (1.0, 1.0), "trl": {"optim": "sgd"}}


def ours(folder: Path, scoring: Any = None, lora: bool = False, **changes: Any) -> ReinforceTrainer:
    """A trainer on the toy policy, not yet run."""
    torch.set_num_threads(1)
    config = RlConfig(**{**rl_toy.BASE, **changes})
    args = trl_arguments(config, folder, 5, 1)
    journal = Journal(folder, config.updates, config.steps, lambda text: None)
    scoring = scoring or rl_toy.Letters()
    run = Run(config, 5, scoring, journal, folder / "checkpoints", {}, lambda text: None)
    rows = rl_toy.rows(config)
    table = Dataset.from_dict({"task": [r[0] for r in rows], "prompt": [r[1] for r in rows]})
    return ReinforceTrainer(rl_toy.policy(lora), run, args, table)


def stock(folder: Path, **changes: Any) -> GRPOTrainer:
    """TRL's own trainer on the same settings, its sampler replaced by ours."""
    config = RlConfig(**{**rl_toy.BASE, **changes})
    args = trl_arguments(config, folder, 5, 1)
    args.save_strategy = "no"
    made = rl_toy.policy()
    rows = rl_toy.rows(config)

    def letters(completions: list[str], **_: Any) -> list[float]:
        score = rl_toy.Letters().score
        return [score(Answer("", "", text)).reward or 0.0 for text in completions]

    class Stock(GRPOTrainer):
        def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
            step = self.state.global_step // config.updates
            drawing = Drawing(1.0, 1.0, 5 * 1_000_003 + step)
            groups = prompt_ids[:: config.samples]
            found = decode(made, groups, config.samples, drawing, max_new_tokens=10)
            return [answer for answers in found for answer in answers], None

    table = Dataset.from_dict({"prompt": [row[1] for row in rows]})
    return Stock(made.model, letters, args, table, processing_class=made.tokenizer)


def losses(trainer: GRPOTrainer) -> list[float]:
    return [line["loss"] for line in trainer.state.log_history if "loss" in line]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss_type": "grpo", "micro": 16, "trl": {"importance_sampling_level": "sequence"}},
        {"loss_type": "dr_grpo", "scale_rewards": "none", "num_iterations": 1},
        {"loss_type": "bnpo", "micro": 16, "scale_rewards": "batch"},
    ],
)
def test_weights_of_one_without_kl_are_stock_trl(tmp_path: Path, changes: dict[str, Any]):
    both = {**PLAIN, "learning_rate": 0.3, **changes}
    both["trl"] = {**PLAIN["trl"], **changes.get("trl", {})}
    a, b = ours(tmp_path / "a", **both), stock(tmp_path / "b", **both)
    a.train()
    b.train()
    assert losses(a) == pytest.approx(losses(b), abs=1e-6)
    start = rl_toy.policy().model
    moved = 0.0
    pairs = zip(a.model.parameters(), b.model.parameters(), start.parameters(), strict=True)
    for p, q, first in pairs:
        assert torch.allclose(p, q, atol=1e-6, rtol=0)
        moved = max(moved, float((p - first).detach().abs().max()))
    assert moved > 1e-3  # or equality would mean nothing


def filled(trainer: ReinforceTrainer) -> dict[str, Any]:
    """The first batch of answers of a trainer, all rows, weighed."""
    trainer.model.train()
    table = list(trainer.train_dataset)[: trainer.run.config.prompts]
    inputs = [row for row in table for _ in range(trainer.num_generations)]
    return trainer._generate_and_score_completions(inputs)


def test_weights_and_advantages_of_a_batch_by_hand(tmp_path: Path):
    trainer = ours(tmp_path)
    batch = filled(trainer)
    rewards = trainer._raw
    mask = batch["completion_mask"]
    p = ((batch["old_per_token_logps"] * mask).sum(1) / mask.sum(1)).exp()
    p, r = p / p.mean(), rewards / rewards.mean()
    assert torch.allclose(batch["alpha"], torch.maximum(p, r).clamp(0.25, 4))
    assert torch.allclose(batch["sbw_beta"], torch.minimum(p, r).clamp(0.25, 4))
    plain = (rewards - rewards.mean()) / rewards.std(correction=0)
    assert torch.allclose(batch["advantages"], plain * batch["alpha"], atol=1e-6)
    assert plain.view(-1, 4).mean(1).abs().max() > 0.05  # not less the mean of each group


@pytest.mark.parametrize("loss_type", ["dapo", "grpo", "bnpo", "dr_grpo", "luspo"])
def test_loss_is_trls_plus_weighed_distance(tmp_path: Path, loss_type: str):
    trainer = ours(tmp_path, loss_type=loss_type, micro=16, kl_weight=0.7)
    batch = filled(trainer)
    trainer.current_gradient_accumulation_steps = 1
    batch["old_per_token_logps"] = batch["old_per_token_logps"] - 0.3  # as after an update
    with torch.no_grad():
        trainer._fresh = torch.empty(0)
    loss = trainer._compute_loss(trainer.model, batch)
    plain = GRPOTrainer._compute_loss(trainer, trainer.model, batch)
    mask = batch["completion_mask"]
    new, old = trainer._fresh, batch["old_per_token_logps"]
    each = ((old - new).exp() - (old - new) - 1) * batch["sbw_beta"][:, None] * mask
    by_hand = {
        "dapo": each.sum() / mask.sum(),
        "bnpo": each.sum() / mask.sum(),
        "grpo": (each.sum(1) / mask.sum(1)).mean(),
        "dr_grpo": each.sum() / (16 * 10),
        "luspo": each.sum(1).mean(),
    }[loss_type]
    assert float((loss - plain).detach()) == pytest.approx(0.7 * float(by_hand), rel=1e-4)
    assert float(by_hand) > 0.01
    loss.backward()  # the distance has a gradient
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in trainer.model.parameters())


@pytest.mark.parametrize("loss_type", ["dapo", "grpo", "dr_grpo"])
def test_rows_without_reward_leave_every_sum(tmp_path: Path, loss_type: str):
    """A batch with a row that was not judged gives the loss and gradient of the batch without."""

    def gradient(trainer: ReinforceTrainer, batch: dict[str, Any]) -> torch.Tensor:
        trainer.current_gradient_accumulation_steps = 1
        trainer.model.zero_grad()
        trainer._compute_loss(trainer.model, batch).backward()
        return torch.cat([p.grad.flatten() for p in trainer.model.parameters()])

    first: list[str] = []

    def lost(answer: Answer) -> bool:
        first[:] = first or [answer.text]
        return answer.text == first[0]

    trainer = ours(tmp_path, rl_toy.Letters(lost), micro=16, loss_type=loss_type)
    batch = filled(trainer)
    gone = int(trainer._raw.isnan().nonzero())
    assert trainer._raw.isnan().sum() == 1
    assert batch["completion_mask"][gone].sum() == 0
    assert (batch["advantages"][gone], batch["num_items_in_batch"]) == (
        0.0,
        batch["completion_mask"].sum(),
    )
    rest = [n for n in range(16) if n != gone]
    less = {k: v[rest] if v.ndim else v for k, v in batch.items()}
    if loss_type != "dapo":  # means over rows: what the row's absence was made up for
        for key in ("advantages", "alpha", "sbw_beta"):
            less[key] = less[key] * 15 / 16
    whole, part = gradient(trainer, batch), gradient(trainer, less)
    assert whole.abs().max() > 1e-3
    assert torch.allclose(whole, part, atol=1e-6)


def test_trimming_changes_no_number(tmp_path: Path):
    trainer = ours(tmp_path, micro=4)
    batch = filled(trainer)
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1)
    keep = batch["completion_ids"].size(1)
    whole = GRPOTrainer._get_per_token_logps_and_entropies
    with torch.no_grad():
        a = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, mask, keep, 4, compute_entropy=True
        )
        b = whole(trainer, trainer.model, ids, mask, keep, compute_entropy=True)
    for mine, theirs in zip(a[:2], b[:2], strict=True):
        assert mine is not None
        assert theirs is not None
        assert torch.allclose(mine, theirs, atol=1e-6)
    assert sbw.chances(a[0], tensors.mask_of(batch)).min() > 0


def test_sorting_keeps_rows_together_and_in_their_minibatch():
    def part(rows: list[int]) -> dict[str, Any]:
        lengths = torch.tensor(rows)
        mask = (torch.arange(6) < lengths[:, None]).long()
        return {
            "prompt_mask": torch.ones(len(rows), 1), "completion_mask": mask,
            "advantages": lengths.float(), "num_items_in_batch": torch.tensor(9),
        }  # fmt: skip

    found = tensors.sorted_within([part([1, 5]), part([6, 2]), part([3, 3]), part([4, 1])], 2)
    assert [b["advantages"].tolist() for b in found] == [[6, 5], [2, 1], [4, 3], [3, 1]]
    assert all(torch.equal(b["completion_mask"].sum(1).float(), b["advantages"]) for b in found)
    assert all(b["num_items_in_batch"] == 9 for b in found)


def test_a_run_learns_and_says_so(tmp_path: Path):
    made = rl_toy.run(tmp_path, steps=12, prompts=7, samples=8, micro=56, learning_rate=1e-2)
    log = rl_toy.log_of(tmp_path)
    assert [line["step"] for line in log] == list(range(1, 13))
    assert sum(line["reward"] for line in log[-3:]) > 1.5 * sum(line["reward"] for line in log[:3])
    assert {"loss/1", "loss/2", "sbw/alpha", "reward/letters", "unique", "mixed_groups"} <= set(
        log[0]
    )
    assert log[0]["sbw/kl"] >= 0
    assert list((tmp_path / "tb").iterdir())
    assert (tmp_path / "policy" / "model.safetensors").is_file()
    assert "forward" not in vars(made.model)
    assert not made.model.training


def test_an_adapter_is_trained_and_nothing_else(tmp_path: Path):
    base = dict(rl_toy.policy(lora=True).model.named_parameters())
    made = rl_toy.run(tmp_path, lora=True, learning_rate=1e-2)
    for name, weight in made.model.named_parameters():
        kept = torch.equal(weight, base[name].detach())
        assert kept != ("lora" in name), name
    assert (tmp_path / "policy" / "adapter_model.safetensors").is_file()


def test_too_many_failures_of_ours_stop_a_run(tmp_path: Path):
    scoring = rl_toy.Letters(lambda answer: answer.task in ("t1", "t2"))
    with pytest.raises(HwgenError, match="8 of 16 answers have no verdict"):
        rl_toy.run(tmp_path, scoring)


def test_a_policy_that_never_passes_is_told_why(tmp_path: Path):
    class Never(rl_toy.Letters):
        def score(self, answer: Answer) -> Any:
            return rl_toy.Score(0.2, False)

    with pytest.raises(UsageError, match="reinforcement learning cannot start"):
        rl_toy.run(tmp_path, Never(), steps=5)


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path: Path):
    rl_toy.run(tmp_path, steps=1)
    with pytest.raises(UsageError, match="holds a run already"):
        rl_toy.run(tmp_path, steps=1)
    with pytest.raises(UsageError, match="of another run"):
        rl_toy.run(tmp_path, steps=2, resume=True)


def test_kl_to_the_first_policy(tmp_path: Path):
    rl_toy.run(tmp_path, reference_kl=0.5, learning_rate=1e-2)
    log = rl_toy.log_of(tmp_path)
    assert log[0]["reference_kl"] < log[-1]["reference_kl"]


def test_the_model_is_given_back_as_it_was(tmp_path: Path):
    trainer = ours(tmp_path)
    assert "forward" in vars(trainer.policy.model)
    _restore(trainer.policy.model)
    assert "forward" not in vars(trainer.policy.model)


def test_a_loss_that_is_no_number_stops(tmp_path: Path):
    trainer = ours(tmp_path, micro=16)
    batch = filled(trainer)
    batch["advantages"][3] = torch.nan
    trainer.current_gradient_accumulation_steps = 1
    with pytest.raises(HwgenError, match="the loss of update 1 is nan"):
        trainer._compute_loss(trainer.model, batch)

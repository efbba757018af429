"""A reward model in use: scores in (0, 1) for answers to prompts."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from hwgen.errors import Problem, UsageError
from hwgen.training.checkpoint import write_text
from hwgen.training.policy import Policy

FILE = "scorer.json"
ROWS = 32  # answers scored side by side


@dataclass
class Scorer:
    """A model with a scalar head. `score` is sigmoid(R - centre): the centre is where R of good and
    bad training answers meet, so that 0.5 is the border. `report` is what was measured of it.
    """

    policy: Policy
    centre: float = 0.0
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def auc(self) -> float | None:
        """AUC on held-out pairs, None where none were held out."""
        held_out = self.report.get("held_out")
        return held_out["auc"] if held_out else None

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """Scores in (0, 1), in order: how likely an answer is a good one."""
        return self.chances(self.raw(prompts, completions))

    def chances(self, raw: Sequence[float]) -> list[float]:
        """Scores that these R stand for."""
        found: list[float] = torch.sigmoid(
            torch.tensor(raw, dtype=torch.float64) - self.centre
        ).tolist()
        return found

    def raw(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """R of each answer, any real number. Answers that do not fit the context are cut off."""
        rows = [ids_of(self.policy, p, c) for p, c in zip(prompts, completions, strict=True)]
        order = sorted(range(len(rows)), key=lambda n: (len(rows[n]), n))
        found = [0.0] * len(rows)
        trained = self.policy.model.training
        self.policy.model.eval()
        for start in range(0, len(order), ROWS):
            batch = order[start : start + ROWS]
            for number, value in zip(batch, self._batch([rows[n] for n in batch]), strict=True):
                found[number] = value
        self.policy.model.train(trained)
        return found

    @torch.inference_mode()
    def _batch(self, rows: Sequence[Sequence[int]]) -> list[float]:
        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), self.policy.pad)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        device = self.policy.device
        logits = self.policy.model(
            input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False
        ).logits
        return [float(value) for value in logits[:, 0].double().cpu()]

    def save(self, folder: Path) -> None:
        """Write model, tokenizer, centre and report to `folder`."""
        self.policy.model.save_pretrained(folder)
        self.policy.tokenizer.save_pretrained(folder)
        facts = {"centre": self.centre, "chat": self.policy.chat, "report": self.report}
        write_text(folder / FILE, json.dumps(facts, indent=2, sort_keys=True) + "\n")


def load_scorer(folder: Path) -> Scorer:
    """The scorer that `Scorer.save` wrote. Raises UsageError where there is none."""
    try:
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
        centre, chat, report = float(facts["centre"]), bool(facts["chat"]), facts["report"]
        model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            Problem(
                f"{folder} holds no reward model",
                f"a reward model is a folder with {FILE}, weights and a tokenizer",
                "give the folder that a reward-model stage wrote",
            )
        ) from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Scorer(Policy(model.to(device).eval(), tokenizer, chat=chat), centre, report)


def ids_of(policy: Policy, prompt: str, completion: str) -> list[int]:
    """Tokens of a prompt with an answer, EOS at the end; as many as the context holds."""
    ids = [*policy.prompt_ids(prompt), *policy.answer_ids(completion)]
    return ids if len(ids) <= policy.context else [*ids[: policy.context - 1], policy.eos]


def headed(base: Policy, seed: int, dtype: torch.dtype | None = None) -> Policy:
    """A copy of a policy's body with a scalar head in place of its words, its weights as `dtype`
    (None: as they are); `base` stays as it is. An adapter is merged into the copy. Raises
    UsageError where transformers has no such model.
    """
    causal = base.model
    if hasattr(causal, "peft_config"):
        causal = copy.deepcopy(causal).merge_and_unload()
    config = copy.deepcopy(causal.config)
    config.num_labels, config.pad_token_id = 1, base.pad
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = AutoModelForSequenceClassification.from_config(
                config, dtype=dtype or causal.dtype
            )
    except ValueError as error:
        raise UsageError(
            Problem(
                f"models of the kind '{config.model_type}' cannot become reward models",
                "transformers has no sequence classifier of this kind",
                "take the judge's reward: reward: judge",
            )
        ) from error
    model.base_model.load_state_dict(causal.base_model.state_dict())
    return Policy(model.to(base.device).eval(), base.tokenizer, chat=base.chat, source=base.source)

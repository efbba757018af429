"""The variants that a bench compares: a recipe with one thing changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.spec import overlay
from hwgen.tasks.library import get_task
from hwgen.training.configs.read import recipe_of
from hwgen.training.driver.plan import Step
from hwgen.training.driver.run import Run, Stage
from hwgen.training.driver.stages import STAGES, tasks_of
from hwgen.training.driver.state import Outcome
from hwgen.training.recipe import Recipe
from hwgen.training.text import completion_of, prompt_of

BARE: Mapping[str, Any] = {"tbr": None, "reward_model": None, "rejection": None}
SFT_ONLY: Mapping[str, Any] = {**BARE, "rl": None}
PAIRS: Mapping[str, Any] = {"rejection": None}


@dataclass(frozen=True)
class Variant:
    """`first` are settings of round 1 laid over the recipe's (None leaves a stage out), `whole`
    those of the recipe. `again`: a second round of SFT alone, on what rejection sampling kept.
    `share` of the judge calls of the recipe's RL go to RL, the rest to rejection sampling, so that
    variants are equal in calls. `references`: the rows of the second SFT are the references of the
    tasks instead, which no fair run may read: a bound. `against` names what it is compared with.
    """

    name: str
    what: str
    first: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    share: float = 1.0
    references: bool = False
    against: str = ""

    @property
    def folder(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name).strip("-")


def _rl(**settings: Any) -> dict[str, Any]:
    return {**PAIRS, "rl": settings}


VARIANTS = (
    Variant("sft", "SFT alone", SFT_ONLY),
    Variant("rejection", "rejection sampling and SFT on it", {"tbr": None, "reward_model": None,
            "rl": None}, again=True, share=0.0, against="sft"),
    Variant("rl", "RL on the judge", BARE, against="sft"),
    Variant("rl and rejection", "half the calls for each", {"tbr": None, "reward_model": None},
            again=True, share=0.5, against="sft"),
    Variant("references", "SFT with the references of the RL tasks, a bound", {"tbr": None,
            "reward_model": None, "rl": None}, again=True, references=True, against="sft"),
    Variant("plain", "RL on judge and reward model, pairs without reflection, no weights",
            {**_rl(reward="both", sbw=False), "tbr": {"levels": 0}}, against="sft"),
    Variant("tbr", "plain, pairs with reflection", _rl(reward="both", sbw=False),
            against="plain"),
    Variant("sbw", "plain, with SbW", {**_rl(reward="both", sbw=True), "tbr": {"levels": 0}},
            against="plain"),
    Variant("tbr and sbw", "plain, with both", _rl(reward="both", sbw=True), against="plain"),
    Variant("reward model", "RL on the reward model alone", _rl(reward="model"), against="rl"),
    Variant("binary", "RL paid for passes alone", {**BARE, "rl": {"scheme": "binary"}},
            against="rl"),
    Variant("weak judge", "RL paid by simulation alone", {**BARE, "rl": {"scheme": "weak"}},
            {"judging": {"until": "simulate"}}, against="rl"),
    Variant("noisy", "SFT on a set with wrong labels", SFT_ONLY, {"data": {"noise": 0.3}},
            against="sft"),
    Variant("noisy and judged", "the same set, filtered by the judge", SFT_ONLY,
            {"data": {"noise": 0.3, "judge": "all"}}, against="noisy"),
)  # fmt: skip
"""In the order in which they run: one comes behind those that it is compared with."""


def recipe_for(base: Recipe, variant: Variant, seed: int) -> Recipe:
    """The recipe of a variant and a seed. Raises UsageError where `base` lacks what is compared."""
    _check(base)
    data = base.model_dump(mode="json")
    first, second = data["rounds"][0], (data["rounds"] + [{}])[1]
    if variant.again:
        first["rejection"] = _rejection(data, variant)
    rounds = [_laid(first, variant.first)]
    if variant.again:
        rounds.append({"sft": second.get("sft") or first["sft"]})
    calls = variant.share if variant.again else 1.0
    rl = rounds[0].get("rl")
    if rl:
        rl["steps"] = max(1, round(rl["steps"] * calls))
    data = overlay(data, variant.whole) | {
        "name": f"{base.name} {variant.name}", "seed": seed, "rounds": rounds,
    }  # fmt: skip
    last = "sft-2" if variant.again else "rl-1" if rounds[0].get("rl") else "sft-1"
    data["evaluate"]["after"] = [last]
    return recipe_of(data)


def stages_for(variant: Variant) -> Mapping[str, Stage]:
    """The functions of a variant's stages."""
    return {**STAGES, "rejection": _references} if variant.references else STAGES


def _laid(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `top` over it; a stage that `base` lacks is not made up."""
    return {
        kind: overlay(config, top[kind]) if config and top.get(kind) else config
        for kind, config in base.items()
        if kind not in top or top[kind] is not None
    }


def _rejection(data: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Rejection sampling that costs what is left of the RL stage's judge calls, on its tasks."""
    first = data["rounds"][0]
    rl, given = first["rl"], first["rejection"] or {}
    tasks = sum(rl["specs"].values())
    calls = rl["steps"] * rl["prompts"] * rl["samples"] * (1 - variant.share)
    samples = max(1, round(calls / tasks)) if not variant.references else 1
    return {
        **given, "specs": rl["specs"], "samples": samples,
        "max_new_tokens": rl["max_new_tokens"], "temperature": rl["temperature"],
    }  # fmt: skip


def _check(base: Recipe) -> None:
    missing = []
    first = base.rounds[0]
    for kind in ("sft", "tbr", "reward_model", "rl"):
        if getattr(first, kind) is None:
            missing.append(f"rounds.1.{kind}")
    if base.evaluate is None:
        missing.append("evaluate")
    if base.data is None:
        missing.append("data")
    if missing:
        raise UsageError(
            Problem(
                f"recipe {base.name} cannot be benched: it has no {', '.join(missing)}",
                "a bench takes parts out of a recipe that has them all",
                "take the recipe tiny",
            )
        )


def _references(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """References in place of the policy's own answers."""
    from datasets import Dataset

    found = []
    for name in tasks_of(run, step):
        task = get_task(name)
        if task.reference:
            family = name.partition("@")[0].partition(":")[0]
            found.append({
                "id": name, "family": family, "kind": "write", "digest": task.digest,
                "prompt": prompt_of(task), "completion": completion_of(task.reference),
                "complexity": "", "bench_killed": 0, "bench_total": 0,
            })  # fmt: skip
    Dataset.from_list(found).save_to_disk(str(folder / "rows"))
    return Outcome({"rows": len(found)}, {"rows": "rows"})

"""Recipes: one YAML file says everything that a run of the learning part does.

A recipe is strict: an unknown key or a value outside its range is an error, and all of them are
reported at once. Each stage's settings are the stage's own configuration; here they are put
together, with the tasks that a stage works on beside them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from hwgen.errors import UsageError
from hwgen.training.data.config import DataConfig
from hwgen.training.data.splits import Split
from hwgen.training.policy import SIZES
from hwgen.training.rejection import RejectionConfig
from hwgen.training.reward_model import RewardModelConfig
from hwgen.training.rl import RlConfig
from hwgen.training.sft import SftConfig
from hwgen.training.tbr import TbrConfig

Count = Annotated[int, Field(ge=1)]
Specs = dict[Literal["train", "P-rl", "C-rl"], Count]
"""How many distinct specifications of each split a stage trains on; tests have other splits."""


OURS = "refused"  # kind of error that carries problems of ours


class Strict(BaseModel):
    """Frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SizeConfig(Strict):
    """Shape of a policy from scratch; `width` is a multiple of twice the heads."""

    layers: int = Field(ge=1, le=64)
    width: int = Field(ge=32, le=4096)
    heads: int = Field(ge=1, le=64)
    vocab: int = Field(960, ge=300, le=65536)
    context: int = Field(1024, ge=128, le=32768)


class LoraConfig(Strict):
    """Low-rank adapter on all linear layers (Hu et al., 2021)."""

    rank: int = Field(16, ge=1, le=1024)
    alpha: int = Field(32, ge=1, le=4096)
    dropout: float = Field(0.0, ge=0, lt=1)


class ModelConfig(Strict):
    """The policy: one from scratch (`size`: smoke, tiny, shipped or a shape), or any causal
    language model of transformers by folder or name (`path`), adapted by `lora` or trained whole.
    """

    size: SizeConfig | None = None
    path: str | None = None
    lora: LoraConfig | None = None

    @field_validator("size", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value not in SIZES:
            raise ValueError(f"sizes are {', '.join(SIZES)}, or a shape: layers, width, heads")
        return asdict(SIZES[value])

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.size is None) == (self.path is None):
            raise ValueError("give either size (from scratch) or path (a model that exists)")
        if self.size is not None and self.lora is not None:
            raise ValueError("a policy from scratch has nothing to adapt: leave lora out")
        return self


class SftStage(SftConfig):
    """Supervised fine-tuning. Round 1 learns the data set; later rounds the rows that rejection
    sampling kept, and `replay` rows of the data set for each of them.
    """

    replay: float = Field(1.0, ge=0, le=100)


class TbrStage(TbrConfig):
    """Candidates, traced back: preference pairs."""

    specs: Specs


class RlStage(RlConfig):
    """Reinforcement learning on prompts of `specs`."""

    specs: Specs

    @model_validator(mode="wrap")
    @classmethod
    def _collected(cls, data: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Its own refusals become part of the list of all problems."""
        try:
            return validate(data)
        except UsageError as error:
            raise PydanticCustomError(OURS, "{said}", {"said": error.problems}) from error


class RejectionStage(RejectionConfig):
    """Rejection sampling on `specs`."""

    specs: Specs


class Round(Strict):
    """One round of co-evolution; a stage that is absent is left out."""

    sft: SftStage | None = None
    tbr: TbrStage | None = None
    reward_model: RewardModelConfig | None = None
    rl: RlStage | None = None
    rejection: RejectionStage | None = None


class JudgingConfig(Strict):
    """The judge behind rewards: its last stage, its workers (0: one more than cores)."""

    until: Literal["simulate", "synthesise", "prove"] = "prove"
    jobs: int = Field(0, ge=0, le=1024)


class Draw(Strict):
    """One way to ask: `samples` answers to each task; temperature 0 is greedy."""

    samples: int = Field(1, ge=1, le=1000)
    temperature: float = Field(0.0, ge=0, le=2)


class EvaluateConfig(Strict):
    """Held-out tasks, asked after the stages named in `after` (such as sft-1, rl-2). `seed` picks
    them; runs with other seeds are asked the same.
    """

    specs: dict[Split, Count]
    draws: dict[str, Draw] = Field(min_length=1)
    after: tuple[str, ...]
    seed: int = Field(0, ge=0)


class Recipe(Strict):
    """A whole run. `families` restricts tasks to these (empty: all); `threads` is torch's (0: the
    machine's cores).
    """

    name: str
    summary: str
    seed: int = Field(0, ge=0)
    threads: int = Field(0, ge=0, le=1024)
    families: tuple[str, ...] = ()
    model: ModelConfig
    data: DataConfig | None = None
    judging: JudgingConfig = JudgingConfig()
    rounds: tuple[Round, ...]
    evaluate: EvaluateConfig | None = None

    def digest(self) -> str:
        """sha256 of every value: equal recipes, equal digests, whatever they are called."""
        data = self.model_dump(mode="json", exclude={"name", "summary"})
        text = json.dumps(data, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

"""Who answers: a policy, or anything else that can write samples to prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hwgen.errors import Problem, UsageError

if TYPE_CHECKING:
    from hwgen.training.policy import Policy, Sample

PROBED = 64  # numbers of each weight tensor that a fingerprint covers


@dataclass(frozen=True)
class Asking:
    """How samples are drawn: `samples` for each prompt, of at most `max_new_tokens` tokens, at
    `temperature` (0: greedy) with `top_p` in (0, 1]; `batch` rows at a time.

    Raises UsageError for what cannot be drawn, all problems at once.
    """

    samples: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_new_tokens: int = 768
    batch: int = 64

    def __post_init__(self) -> None:
        problems = []
        if self.samples < 1:
            problems.append(Problem(f"{self.samples} samples are too few", "at least one is drawn"))
        if not 0 <= self.temperature < float("inf"):
            what = f"temperature {self.temperature} is not usable"
            problems.append(Problem(what, "it is 0 for greedy answers, or more"))
        if not 0 < self.top_p <= 1:
            what = f"top-p {self.top_p} is not usable"
            problems.append(Problem(what, "it is above 0 and at most 1"))
        if not 0 <= self.seed < 1 << 63:
            problems.append(Problem(f"seed {self.seed} is not usable", "it is 0 to 2^63 - 1"))
        if self.samples > 1 and self.temperature == 0:
            what = f"{self.samples} samples at temperature 0 would all be the same"
            rule = "pass@k is estimated from samples that were drawn apart"
            problems.append(Problem(what, rule, "give a temperature above 0, or one sample"))
        if problems:
            raise UsageError(*problems)

    def as_dict(self) -> dict[str, Any]:
        """What samples depend on; the batch is none of it."""
        return {key: value for key, value in asdict(self).items() if key != "batch"}


class Writer(Protocol):
    """Whoever answers prompts: `hwgen.training.policy.generate` as a method.

    `identity`, where there is one, says in a word who it is: answers of another are not mixed in.
    """

    def generate(
        self,
        prompts: Sequence[str],
        *,
        samples: int,
        temperature: float,
        top_p: float,
        seed: int,
        batch: int,
        max_new_tokens: int,
    ) -> list[list[Sample]]: ...


def ask(writer: Policy | Writer, prompts: Sequence[str], asking: Asking) -> list[list[Sample]]:
    """The samples of a policy or writer to each prompt."""
    if hasattr(writer, "tokenizer"):
        from hwgen.training.policy import generate

        return generate(writer, prompts, batch=asking.batch, **asking.as_dict())
    return writer.generate(prompts, batch=asking.batch, **asking.as_dict())


def length_of(writer: Policy | Writer, prompt: str) -> int:
    """How long a prompt is for this writer: in tokens for a policy, else in characters."""
    if hasattr(writer, "tokenizer"):
        return len(writer.prompt_ids(prompt))
    return len(prompt)


def room_for(writer: Policy | Writer, length: int) -> bool:
    """Whether a prompt of that length leaves room for an answer."""
    return not hasattr(writer, "tokenizer") or length < writer.context


def identity_of(writer: Policy | Writer) -> str:
    """16 hexadecimal digits that change with any training step: names and shapes of the weights,
    and the first numbers of each. For other writers their `identity`, or "".
    """
    if not hasattr(writer, "tokenizer"):
        return str(getattr(writer, "identity", ""))
    digest = hashlib.sha256()
    for name, weight in writer.model.state_dict().items():
        first = weight.detach().flatten()[:PROBED].float().cpu().numpy()
        digest.update(f"{name} {tuple(weight.shape)} ".encode() + first.tobytes())
    return digest.hexdigest()[:16]


def name_of(writer: Policy | Writer) -> str:
    """What people call it: the last two parts of the folder or name that it was loaded from."""
    parts = [p for p in Path(str(getattr(writer, "source", ""))).parts if p.strip("/.")]
    return "/".join(parts[-2:])

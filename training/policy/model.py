"""A policy as a value, and our own tiny one from scratch: a Qwen decoder of a few million
parameters, trained by the same recipes as any other causal language model.

It is a Qwen3 (Qwen2 with normalised queries and keys), not a Qwen2, to which transformers gives
Qwen2's own splitting of text into words, whatever the folder's tokenizer.json says.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Qwen3Config, Qwen3ForCausalLM
from transformers.utils import logging

from hwgen.errors import Problem, UsageError
from hwgen.training.policy.tokens import new_tokenizer


@dataclass(frozen=True)
class Size:
    """Shape of our own policy. `width` is `heads` times an even number; `vocab` and `context` are
    in tokens. Raises UsageError.
    """

    layers: int = 4
    width: int = 192
    heads: int = 6
    vocab: int = 960
    context: int = 1024

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 2 or self.layers < 1:
            raise UsageError(
                Problem(
                    f"a policy of {self.layers} layers, width {self.width} and {self.heads} heads "
                    "cannot be built",
                    "the width must be heads times an even number",
                    "take layers=4, width=192, heads=6",
                )
            )

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values. Half of the heads save half of the cache."""
        return self.heads // 2 if self.heads % 2 == 0 else self.heads


SIZES = {
    "smoke": Size(layers=2, width=96, heads=3, vocab=640),
    "tiny": Size(layers=4, width=192, heads=6),
    "shipped": Size(layers=6, width=256, heads=8),
}
"""0.30, 1.96 and 4.97 million parameters."""


@dataclass
class Policy:
    """A causal language model with its tokenizer. `chat`: prompts are wrapped as the tokenizer's
    chat template says. `source` is where it was loaded from.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    chat: bool = False
    source: str = ""

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        return int(getattr(self.model.config, "max_position_embeddings", 0) or 2048)

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    @property
    def eos(self) -> int:
        assert self.tokenizer.eos_token_id is not None
        return int(self.tokenizer.eos_token_id)

    @property
    def pad(self) -> int:
        assert self.tokenizer.pad_token_id is not None
        return int(self.tokenizer.pad_token_id)

    def framed(self, prompt: str) -> str:
        """`prompt` as this model must see it."""
        if not self.chat:
            return prompt
        turns = [{"role": "user", "content": prompt}]
        said = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return str(said)

    def prompt_ids(self, prompt: str) -> list[int]:
        """Tokens of a framed prompt, without EOS."""
        return self._ids(self.framed(prompt))

    def answer_ids(self, completion: str) -> list[int]:
        """Tokens of an answer, EOS at its end: what a policy is trained to write."""
        return [*self._ids(completion), self.eos]

    def _ids(self, text: str) -> list[int]:
        said = self.tokenizer(text, add_special_tokens=False, verbose=False)
        return list(said["input_ids"])


def new_policy(size: Size, texts: Iterable[str], seed: int) -> Policy:
    """A policy with random weights (float32, from `seed`) and a tokenizer trained on `texts`
    (prompts and completions). The same arguments give the same policy. Raises UsageError.
    """
    tokenizer = new_tokenizer(texts, size.vocab, size.context)
    config = Qwen3Config(
        vocab_size=size.vocab,
        hidden_size=size.width,
        intermediate_size=size.width * 3,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.kv_heads,
        head_dim=size.width // size.heads,
        max_position_embeddings=size.context,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    return Policy(model.eval(), tokenizer)


def save_policy(policy: Policy, folder: Path) -> None:
    """Write weights (bf16 safetensors; of an adapted model the adapter alone), config and
    tokenizer to `folder`. The weights in memory stay as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = policy.model
    if not hasattr(model, "peft_config") and model.dtype != torch.bfloat16:
        model = copy.deepcopy(model).to(torch.bfloat16)
    with quiet():
        model.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars of transformers: those of a tiny model are all noise."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()

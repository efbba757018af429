"""Loading a policy: any causal language model by folder or name, with a LoRA adapter or whole."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from hwgen.errors import Problem, UsageError
from hwgen.training.policy.memory import FLOAT32_UP_TO, Need, dtype_of, free_bytes, need_of, size
from hwgen.training.policy.model import Policy, quiet

ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class Lora:
    """A low-rank adapter (Hu et al., 2021) on all linear layers but the head; only it is trained.
    `seed` is that of its random half.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    seed: int = 0


def _stderr(text: str) -> None:
    print(text, file=sys.stderr)


def load_policy(
    path: Path | str,
    *,
    lora: Lora | None = None,
    device: str | None = None,
    say: Callable[[str], None] = _stderr,
) -> Policy:
    """The policy in a folder, or of a name that transformers knows; on the first GPU if there is
    one. Small models are computed in float32, others as they are stored. A folder with an adapter
    is loaded with its base model and goes on training that adapter.

    The memory it needs is computed from its configuration and said before anything is loaded.
    Raises UsageError: nothing there, no causal model, no EOS or pad, not enough memory.
    """
    name, place = (
        str(path),
        torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")),
    )
    adapter = name if (Path(name) / ADAPTER).is_file() else None
    base = _read(name, PeftConfig).base_model_name_or_path if adapter else name
    config = _read(base, AutoConfig)
    tokenizer = _read(name, AutoTokenizer)
    check_tokenizer(tokenizer, name)
    need = _need(config, base, lora.rank if lora else 0)
    say(need.sentence(name))
    _check_memory(need, name, place, lora is not None or adapter is not None)
    dtype = dtype_of(config, need.parameters)
    with quiet() if need.parameters <= FLOAT32_UP_TO else nullcontext():
        model = _read(base, AutoModelForCausalLM, dtype=dtype).to(place)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter, is_trainable=True)
    elif lora:
        model = _adapted(model, lora)
    chat = bool(getattr(tokenizer, "chat_template", None))
    return Policy(model.eval(), tokenizer, chat=chat, source=name)


def _read(name: str, kind: Any, **options: Any) -> Any:
    """What transformers reads of a folder or name; its refusal in our words."""
    try:
        return kind.from_pretrained(name, local_files_only=Path(name).is_dir(), **options)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UsageError(
            Problem(
                f"{name} is not a language model that can be loaded",
                f"a policy is a folder, or a name, with config, weights and tokenizer: {reason}",
                "give the folder that a recipe or save_pretrained wrote",
            )
        ) from error


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Raises UsageError where answers could not end (no EOS) or batches not be padded (no pad)."""
    problems = []
    for kind, what in (("eos", "an answer could never end"), ("pad", "batches cannot be padded")):
        if getattr(tokenizer, f"{kind}_token_id", None) is None:
            fix = f"set {kind}_token in its tokenizer_config.json"
            problems.append(Problem(f"{name}: the tokenizer has no {kind} token", what, fix))
    if problems:
        raise UsageError(*problems)


def _need(config: Any, name: str, rank: int) -> Need:
    try:
        return need_of(config, rank)
    except ValueError as error:
        raise UsageError(
            Problem(
                f"{name} is no causal language model",
                f"its configuration is of the kind '{getattr(config, 'model_type', 'unknown')}'",
                "take a model that writes text from left to right",
            )
        ) from error


def _check_memory(need: Need, name: str, device: torch.device, adapted: bool) -> None:
    free = free_bytes(device)
    if need.to_load <= free:
        return
    fix = "take a smaller model or a machine with more memory"
    raise UsageError(
        Problem(
            f"{name} is too large for this machine's {device.type} memory",
            f"it needs {size(need.to_load)}, {size(free)} are free",
            fix if adapted else f"{fix}; an adapter makes training, not loading, smaller",
        )
    )


def _adapted(model: Any, lora: Lora) -> Any:
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng():
        torch.manual_seed(lora.seed)
        return get_peft_model(model, config)

"""Supervised fine-tuning: a policy learns to write the completions of a set, and to end them.

A plain loop over batches of like length. The loss counts the tokens of completions and their EOS,
never the prompt. Everything that a step depends on (weights, moments, random state, the order of
rows) is in a checkpoint or follows from the seed, so that a run which was killed goes on with the
losses it would have had. Under `accelerate launch` each process takes its share of every batch.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from accelerate import Accelerator
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from hwgen.errors import HwgenError, Problem
from hwgen.training import checkpoint
from hwgen.training.policy import Policy, check_adapter, save_policy
from hwgen.training.policy.optimiser import Optimiser
from hwgen.training.policy.pairs import Pair, batches, digest_of, pairs_of
from hwgen.training.policy.steplog import StepLog

Positive = Annotated[int, Field(ge=1)]


class SftConfig(BaseModel):
    """Settings of a fine-tuning run; tokens count prompt, completion and padding."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: Positive = 800
    batch_tokens: Positive = 4096  # of one update
    micro_tokens: Positive = 16384  # of one forward pass; a batch is cut into such pieces
    optimiser: Literal["muon", "adamw"] = "muon"
    lr: Annotated[float, Field(gt=0)] = 8e-3  # for our own policy; an adapter takes about 2e-4
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.03  # share of the steps
    weight_decay: Annotated[float, Field(ge=0)] = 0.1
    clip: Annotated[float, Field(gt=0)] = 1.0  # norm of the gradient
    recompute: bool = False  # activations again in the backward pass: slower, less memory
    save_every: Positive = 200
    say_every: Positive = 50


@dataclass
class _Run:
    """What a step needs."""

    policy: Policy
    pairs: Sequence[Pair]
    config: SftConfig
    seed: int
    accelerator: Accelerator
    model: Any
    optimiser: Optimiser


def sft(
    policy: Policy,
    rows: Iterable[Mapping[str, Any]],
    config: SftConfig,
    folder: Path,
    *,
    seed: int,
    resume: bool,
    say: Callable[[str], None],
) -> Policy:
    """Train `policy` on `rows` (columns id, prompt, completion) for `config.steps` updates.

    Writes log.jsonl, tb/ and checkpoints/ into `folder`, and at the end the policy itself into
    policy/. The policy that comes back has the weights that lie there: rounded to bfloat16. With
    `resume` the newest complete checkpoint goes on; without, the run begins anew. Rows that the
    context does not hold are left out and counted. Raises UsageError for a row without prompt or
    completion (the row named), a checkpoint of another run; HwgenError for a loss that is no
    number (rows named) and for a policy whose trained weights have no effect.
    """
    pairs = pairs_of(policy, rows, say)
    meta = _meta(policy, pairs, config, seed)
    found = checkpoint.latest(folder / "checkpoints", meta) if resume else None
    check_adapter(policy)
    with torch.random.fork_rng():
        run = _start(policy, pairs, config, seed)
        first = _restore(run, found) if found else 0
        if found:
            say(f"going on after step {first} of {config.steps}")
        try:
            _train(run, first, folder, meta, say)
        finally:
            policy.model.eval()
            if config.recompute:
                policy.model.gradient_checkpointing_disable()
    if run.accelerator.is_main_process:
        save_policy(policy, folder / "policy")
    if not hasattr(policy.model, "peft_config"):
        _round(policy)
    return policy


def _train(
    run: _Run, first: int, folder: Path, meta: Mapping[str, Any], say: Callable[[str], None]
) -> None:
    config, where = run.config, folder / "checkpoints"
    main = run.accelerator.is_main_process
    run.policy.model.train()
    with StepLog(folder, first, write=main) as log:
        for step, batch in _from(first, run):
            began = time.monotonic()
            loss, norm, tokens = _update(run, step, batch)
            seconds = time.monotonic() - began
            log.add(step, loss=loss, lr=_lr(config, step), norm=norm, tokens=tokens, time=seconds)
            done = step + 1
            if done % config.say_every == 0 or done == config.steps:
                say(f"sft step {done}/{config.steps}: loss {loss:.4f}")
            if main and (done % config.save_every == 0 or done == config.steps):
                log.flush()
                checkpoint.save(where, done, lambda path: _write(run, path), meta, keep=2)


def _meta(policy: Policy, pairs: Sequence[Pair], config: SftConfig, seed: int) -> dict[str, Any]:
    trained = [(n, tuple(p.shape)) for n, p in policy.model.named_parameters() if p.requires_grad]
    return {
        "stage": "sft",
        "format": 1,  # of state.pt
        "config": config.model_dump(exclude={"say_every", "save_every"}),
        "seed": seed,
        "data": digest_of(pairs),
        "weights": hashlib.sha256(repr(trained).encode()).hexdigest(),
    }


def _start(policy: Policy, pairs: Sequence[Pair], config: SftConfig, seed: int) -> _Run:
    if config.recompute:
        policy.model.gradient_checkpointing_enable({"use_reentrant": False})
        policy.model.enable_input_require_grads()
    accelerator = Accelerator(cpu=policy.device.type == "cpu")
    model = accelerator.prepare_model(policy.model) if accelerator.num_processes > 1 else None
    torch.manual_seed(seed)  # dropout is what draws; saved and restored with a checkpoint
    optimiser = Optimiser(policy.model, config.optimiser, config.weight_decay)
    return _Run(policy, pairs, config, seed, accelerator, model or policy.model, optimiser)


def _from(first: int, run: _Run) -> Iterator[tuple[int, list[int]]]:
    """(step, rows) of every step from `first` on; epochs are shuffled, each in its own way."""
    lengths = [len(pair) for pair in run.pairs]
    step = epoch = 0
    while step < run.config.steps:
        for batch in batches(lengths, run.config.batch_tokens, f"{run.seed}/{epoch}"):
            if step >= run.config.steps:
                return
            if step >= first:
                yield step, batch
            step += 1
        epoch += 1


def _lr(config: SftConfig, step: int) -> float:
    """Linear up, then linear down to 0 behind the last step."""
    up = max(1, round(config.warmup * config.steps))
    down = (config.steps - step) / max(1, config.steps - up)
    return config.lr * min((step + 1) / up, down, 1.0)


def _update(run: _Run, step: int, batch: Sequence[int]) -> tuple[float, float, int]:
    """One update; returns (loss a token, norm of the gradient, tokens of the batch)."""
    pairs = [run.pairs[n] for n in batch]
    answered = sum(len(pair.answer) for pair in pairs)
    world = run.accelerator.num_processes
    total = torch.zeros((), device=run.policy.device)
    for piece in _pieces(run, pairs):
        # Gradients are averaged over processes, so each counts as many times as there are.
        loss = _loss(run, piece or pairs[:1]) * (world / answered if piece else 0.0)
        run.accelerator.backward(loss)
        total += loss.detach() / world
    value = float(run.accelerator.reduce(total, "sum"))
    if not math.isfinite(value):
        raise _no_number(value, step, pairs, run.config)
    trained = [p for p in run.policy.model.parameters() if p.requires_grad]
    norm = float(torch.nn.utils.clip_grad_norm_(trained, run.config.clip))
    run.optimiser.step(_lr(run.config, step))
    return value, norm, sum(len(pair) for pair in pairs)


def _no_number(loss: float, step: int, pairs: Sequence[Pair], config: SftConfig) -> HwgenError:
    named = ", ".join(pair.id for pair in pairs[:8])
    return HwgenError(
        Problem(
            f"the loss of step {step + 1} is {loss}",
            f"rows of this step: {named}",
            f"take a smaller lr than {config.lr}; the last checkpoint is sound",
        )
    )


def _pieces(run: _Run, pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    """This process's share of a batch, a forward pass at a time; every process gets equally many
    pieces, some of them empty: they wait for one another at each.
    """
    world, rank = run.accelerator.num_processes, run.accelerator.process_index
    width = max(1, run.config.micro_tokens // max(len(pair) for pair in pairs))
    mine, most = pairs[rank::world], -(-len(pairs) // world)
    for start in range(0, most, width):
        yield mine[start : start + width]


def _loss(run: _Run, pairs: Sequence[Pair]) -> Tensor:
    """Sum of the negative log-likelihood of all tokens of answers.

    Padding stands on the right, where causal attention never looks: no mask is needed.
    """
    longest = max(len(pair) for pair in pairs)
    first = min(len(pair.prompt) for pair in pairs)
    ids = torch.full((len(pairs), longest), run.policy.pad)
    labels = torch.full((len(pairs), longest), -100)
    for row, pair in enumerate(pairs):
        start, end = len(pair.prompt), len(pair)
        ids[row, :end] = torch.tensor([*pair.prompt, *pair.answer])
        labels[row, start:end] = torch.tensor(pair.answer)
    device = run.policy.device
    kept = longest - first + 1
    logits = run.model(input_ids=ids.to(device), logits_to_keep=kept, use_cache=False).logits
    told = logits[:, :-1].float().flatten(0, 1)
    return functional.cross_entropy(told, labels[:, first:].to(device).flatten(), reduction="sum")


def _write(run: _Run, path: Path) -> None:
    weights = {n: p for n, p in run.policy.model.named_parameters() if p.requires_grad}
    state = {
        "weights": {name: p.detach().cpu() for name, p in weights.items()},
        "optimiser": run.optimiser.state_dict(),
        "random": torch.get_rng_state(),
        "random_gpu": torch.cuda.get_rng_state_all(),
    }
    torch.save(state, path / "state.pt")


def _restore(run: _Run, path: Path) -> int:
    state = torch.load(path / "state.pt", map_location="cpu", weights_only=True)
    weights = dict(run.policy.model.named_parameters())
    with torch.no_grad():
        for name, saved in state["weights"].items():
            weights[name].copy_(saved)
    run.optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["random"])
    torch.cuda.set_rng_state_all(state["random_gpu"])
    return checkpoint.step_of(path)


@torch.no_grad()
def _round(policy: Policy) -> None:
    for p in policy.model.parameters():
        if p.requires_grad:
            p.copy_(p.to(torch.bfloat16).to(p.dtype))

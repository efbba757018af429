"""Sampling from a policy: batches of like length, a random stream for each sample of its own.

A sample's random numbers follow from the seed, its prompt and its number among the samples of
that prompt, so that neither the order of prompts nor the batch they fall into changes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hwgen.errors import Problem, UsageError
from hwgen.training.policy.decoder import Decoder, decoder_of
from hwgen.training.policy.model import Policy

SHRINK = 0.8  # share of running rows below which the ended ones are dropped from the cache


@dataclass(frozen=True)
class Sample:
    """An answer: its text without special tokens, whether it ended by itself (EOS), and the
    number of its tokens, EOS among them.
    """

    text: str
    ended: bool
    tokens: int


@dataclass(frozen=True)
class Drawing:
    """How tokens are drawn. Temperature 0 is greedy; `top_p` in (0, 1]."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


def generate(
    policy: Policy,
    prompts: Sequence[str],
    *,
    samples: int = 1,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    batch: int = 64,
    max_new_tokens: int = 768,
) -> list[list[Sample]]:
    """`samples` answers to each prompt, in the order of the prompts. At most `batch` rows at a
    time; an answer ends at EOS, after `max_new_tokens`, or where the context is full. Greedy
    answers to a prompt are all the same and computed once. Raises UsageError (a prompt that
    fills the context, a temperature below 0, a top_p outside (0, 1]).
    """
    ids = [policy.prompt_ids(prompt) for prompt in prompts]
    drawing = Drawing(temperature, top_p, seed)
    found = decode(policy, ids, samples, drawing, batch=batch, max_new_tokens=max_new_tokens)
    texts = policy.tokenizer.batch_decode(
        [answer for answers in found for answer in answers], skip_special_tokens=True
    )
    flat = [
        Sample(text, answer[-1] == policy.eos, len(answer))
        for text, answer in zip(texts, (a for answers in found for a in answers), strict=True)
    ]
    return [flat[i * samples : (i + 1) * samples] for i in range(len(prompts))]


def decode(
    policy: Policy,
    prompts: Sequence[Sequence[int]],
    samples: int,
    drawing: Drawing,
    *,
    batch: int = 64,
    max_new_tokens: int = 768,
) -> list[list[list[int]]]:
    """As `generate`, on token ids: for each prompt the tokens of its answers, EOS included."""
    _check(policy, prompts, drawing)
    repeat = samples if drawing.temperature > 0 else 1
    model = policy.model
    trained = model.training
    model.eval()
    try:
        decoder = decoder_of(model)
        found: list[list[list[int]]] = [[] for _ in prompts]
        for numbers, first, count in _batches(prompts, repeat, batch):
            group = [prompts[n] for n in numbers]
            rows = [(prompt, first + k) for prompt in group for k in range(count)]
            rooms = [min(max_new_tokens, policy.context - len(prompt)) for prompt, _ in rows]
            uniform = _uniform(rows, drawing, max(rooms))
            answers = _answers(decoder, group, rooms, uniform, drawing, policy.eos)
            for place, number in enumerate(numbers):
                found[number] += answers[place * count : (place + 1) * count]
    finally:
        model.train(trained)
    return found if repeat == samples else [answers * samples for answers in found]


def _check(policy: Policy, prompts: Sequence[Sequence[int]], drawing: Drawing) -> None:
    if drawing.temperature < 0 or not 0 < drawing.top_p <= 1:
        raise UsageError(
            Problem(
                f"temperature {drawing.temperature} with top_p {drawing.top_p} is not usable",
                "the temperature must be 0 (greedy) or more, top_p above 0 and at most 1",
            )
        )
    for number, prompt in enumerate(prompts):
        if not 0 < len(prompt) < policy.context:
            raise UsageError(
                Problem(
                    f"prompt {number} has {len(prompt)} tokens",
                    f"the policy's context holds {policy.context}, and an answer needs room in it",
                    "shorten the prompt, or take a policy with a longer context",
                )
            )


def _batches(
    prompts: Sequence[Sequence[int]], repeat: int, batch: int
) -> Iterator[tuple[list[int], int, int]]:
    """(numbers of prompts, first sample, samples of each): prompts of like length together."""
    order = sorted(range(len(prompts)), key=lambda n: (len(prompts[n]), n))
    width = max(1, batch // repeat)
    for start in range(0, len(order), width):
        for first in range(0, repeat, batch):
            yield order[start : start + width], first, min(batch, repeat - first)


def _uniform(rows: Sequence[tuple[Sequence[int], int]], drawing: Drawing, room: int) -> Tensor:
    """(rows, room) numbers in [0, 1): one stream for each (prompt, number of the sample)."""
    if drawing.temperature == 0:
        return torch.zeros(len(rows), room)
    drawn = np.empty((len(rows), room))
    for row, (prompt, number) in enumerate(rows):
        said = hashlib.sha256(np.asarray(prompt, dtype=np.int64).tobytes()).digest()
        key = [drawing.seed, number, *np.frombuffer(said[:16], dtype=np.uint32).tolist()]
        drawn[row] = np.random.Generator(np.random.Philox(key)).random(room)
    return torch.from_numpy(drawn)


def _answers(
    decoder: Decoder,
    prompts: Sequence[Sequence[int]],
    rooms: Sequence[int],
    uniform: Tensor,
    drawing: Drawing,
    eos: int,
) -> list[list[int]]:
    """Tokens of the answers of one batch, at most `rooms` each; rows that ended leave it now and
    then.
    """
    answers: list[list[int]] = [[] for _ in rooms]
    rows, ends = torch.arange(len(rooms)), torch.tensor(rooms)  # ends: of the answers still open
    logits = decoder.begin(prompts, len(rooms) // len(prompts), max(rooms))
    for place in range(max(rooms)):
        tokens = pick(logits, uniform[rows, place].to(logits.device), drawing).cpu()
        for row, token, end in zip(rows.tolist(), tokens.tolist(), ends.tolist(), strict=True):
            if place < end:
                answers[row].append(token)
        ends[tokens == eos] = 0
        running = ends > place + 1
        count = int(running.sum())
        if not count:
            break
        if count <= SHRINK * len(rows):
            left = running.nonzero()[:, 0]
            decoder.keep(left.to(logits.device))
            rows, tokens, ends = rows[left], tokens[left], ends[left]
        logits = decoder.step(tokens.to(logits.device))
    return answers


def pick(logits: Tensor, uniform: Tensor, drawing: Drawing) -> Tensor:
    """(rows,) tokens of (rows, vocab) logits: the best, or the one in whose share of the
    cumulative probability the row's uniform number falls.
    """
    if drawing.temperature == 0:
        return logits.argmax(-1)
    chances = torch.softmax(logits.double() / drawing.temperature, -1)
    if drawing.top_p < 1:
        ordered, order = chances.sort(dim=-1, descending=True, stable=True)
        outside = ordered.cumsum(-1) - ordered >= drawing.top_p
        chances = chances.scatter(-1, order, ordered.masked_fill(outside, 0))
    total = chances.cumsum(-1)
    drawn = torch.searchsorted(total, (uniform * total[:, -1])[:, None], right=True)[:, 0]
    return drawn.clamp(max=logits.shape[-1] - 1)

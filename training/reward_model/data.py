"""Preference pairs: read, checked, divided by spec, as tokens."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from hwgen.errors import Problem, UsageError
from hwgen.training.reward_model.calibration import measured_pairs

if TYPE_CHECKING:
    from hwgen.training.reward_model.scorer import Scorer

WINDOW = 16  # runs of like length are taken from this many shuffled ones
NAMED = 10  # problems that are printed, at most
TEXTS = ("id", "prompt", "chosen", "rejected")


@dataclass(frozen=True)
class Pair:
    """Two answers to a prompt; `margin` is the distance of their scores, 0 where none is known."""

    id: str
    prompt: str
    chosen: str
    rejected: str
    margin: float = 0.0


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a JSONL file. Raises UsageError: no file, lines that are no pairs (named), or
    no pair at all.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            Problem(f"{path} cannot be read: {error}", "pairs are a JSONL file of a tbr stage")
        ) from error
    found, problems = [], []
    for number, line in enumerate(lines, 1):
        pair = _pair(line)
        if isinstance(pair, Pair):
            found.append(pair)
        else:
            rule = "a line is {id, prompt, chosen, rejected, scores: [a, b]}"
            problems.append(Problem(f"{path}, line {number}: {pair}", rule))
    if problems:
        rest = len(problems) - NAMED
        raise UsageError(*problems[:NAMED], *([f"and {rest} more lines"] if rest > 0 else []))
    if not found:
        raise UsageError(
            Problem(
                f"{path} holds no preference pair: there is nothing to learn a reward from",
                "a pair needs a candidate that passed and one that did not, for the same task",
                "let the policy solve some tasks first (more steps of sft), take more tasks or "
                "samples in tbr, or leave the reward model out: reward: judge",
            )
        )
    return found


def _pair(line: str) -> Pair | str:
    """The pair of a line, or what is wrong with it."""
    try:
        data = json.loads(line)
    except ValueError:
        return "it is not JSON"
    if not isinstance(data, dict):
        return "it is no object"
    for column in TEXTS:
        if not isinstance(data.get(column), str):
            return f"its {column} is missing or not text"
    scores = data.get("scores", [0.0, 0.0])
    if not _numbers(scores):
        return "its scores are not two numbers"
    return Pair(*(data[column] for column in TEXTS), margin=float(scores[0] - scores[1]))


def _numbers(scores: Any) -> bool:
    return (
        isinstance(scores, list)
        and len(scores) == 2
        and all(isinstance(n, int | float) and math.isfinite(n) for n in scores)
    )


def divided(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """(for training, held out): about `share` of the specs, whatever their phrasing, are held out;
    which ones follows from `seed` and the spec alone.
    """
    names = sorted({_spec(pair.id) for pair in pairs}, key=lambda name: _draw(name, seed))
    kept = set(names[: math.ceil(share * len(names))] if len(names) > 1 else [])
    train = [pair for pair in pairs if _spec(pair.id) not in kept]
    return train, [pair for pair in pairs if _spec(pair.id) in kept]


def _spec(task_id: str) -> str:
    return task_id.partition("@")[0]


def _draw(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def sides(scorer: Scorer, pairs: Sequence[Pair]) -> dict[str, Any]:
    """What a scorer makes of pairs."""
    prompts = [pair.prompt for pair in pairs]
    chosen = scorer.score(prompts, [pair.chosen for pair in pairs])
    rejected = scorer.score(prompts, [pair.rejected for pair in pairs])
    return measured_pairs(chosen, rejected)


class ByLength(torch.utils.data.Sampler[int]):
    """Every row once an epoch, in runs of `size` rows of like length; the order follows from the
    seed and the epoch alone, so that a run that goes on sees the same.
    """

    def __init__(self, lengths: Sequence[int], size: int, seed: int) -> None:
        self.lengths, self.size, self.seed, self.epoch = lengths, size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """The epoch that the next iteration is for, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"rows {self.seed} {self.epoch}")
        order = list(range(len(self.lengths)))
        rng.shuffle(order)
        window = WINDOW * self.size
        runs: list[list[int]] = []
        for start in range(0, len(order), window):
            rows = sorted(order[start : start + window], key=lambda n: (self.lengths[n], n))
            runs += [rows[at : at + self.size] for at in range(0, len(rows), self.size)]
        short = [run for run in runs if len(run) < self.size]  # a short one shifts all behind it
        whole = [run for run in runs if len(run) == self.size]
        rng.shuffle(whole)
        return iter([row for run in [*whole, *short] for row in run])

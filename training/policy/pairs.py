"""Rows of a set as token ids, checked; and batches of like length in an order that a seed gives."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.training.policy.model import Policy

NAMED = 10  # problems that are printed, at most
WINDOW = 8  # batches whose rows are sorted by length together: more pads less, and mixes less


@dataclass(frozen=True)
class Pair:
    """A prompt and its answer, EOS included, in token ids."""

    id: str
    prompt: tuple[int, ...]
    answer: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


def pairs_of(
    policy: Policy, rows: Iterable[Mapping[str, Any]], say: Callable[[str], None]
) -> list[Pair]:
    """The rows as token ids. Those longer than the context are left out and counted by `say`.
    Raises UsageError for rows without text, each named, and when nothing is left.
    """
    pairs, problems, long = [], [], []
    for number, row in enumerate(rows):
        fault = _fault(row)
        if fault:
            name = row.get("id") if isinstance(row, Mapping) else None
            said = f"row {number}" + (f" ({name})" if name else "")
            problems.append(Problem(f"{said}: {fault}", "a row has an id, a prompt, a completion"))
            continue
        prompt, answer = policy.prompt_ids(row["prompt"]), policy.answer_ids(row["completion"])
        pair = Pair(str(row.get("id", number)), tuple(prompt), tuple(answer))
        if len(pair) > policy.context:
            long.append(pair.id)
        else:
            pairs.append(pair)
    if problems:
        rest = len(problems) - NAMED
        raise UsageError(*problems[:NAMED], *([f"and {rest} more rows"] if rest > 0 else []))
    if long:
        what, rest = ("row" if len(long) == 1 else "rows"), (", ..." if len(long) > 3 else "")
        named = ", ".join(long[:3]) + rest
        say(f"left out {len(long)} {what} longer than {policy.context} tokens: {named}")
    if not pairs:
        raise UsageError(
            Problem(
                "there is no row to learn from",
                f"{len(long)} rows are longer than the context of {policy.context} tokens",
                "build a set first: hwgen data build -o DIR",
            )
        )
    return pairs


def _fault(row: Any) -> str:
    if not isinstance(row, Mapping):
        return "it is no table row"
    for column in ("prompt", "completion"):
        if column not in row:
            return f"it has no column '{column}'"
        if not isinstance(row[column], str) or not row[column].strip():
            return f"its {column} is not text or is empty"
    return ""


def digest_of(pairs: Sequence[Pair]) -> str:
    """sha256 of everything that training on these pairs depends on."""
    found = hashlib.sha256()
    for pair in pairs:
        found.update(repr((pair.prompt, pair.answer)).encode())
    return found.hexdigest()


def batches(lengths: Sequence[int], tokens: int, seed: str) -> Iterator[list[int]]:
    """Every row once, in batches of at most `tokens` tokens, padding counted (a longer row is a
    batch alone). Rows of like length come together, batches in any order.
    """
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    window = max(1, WINDOW * tokens * len(lengths) // sum(lengths))
    for start in range(0, len(order), window):
        rows = sorted(order[start : start + window], key=lambda n: (lengths[n], n))
        found: list[list[int]] = [[]]
        for n in rows:  # rising, so that the last row's length is the batch's
            if found[-1] and (len(found[-1]) + 1) * lengths[n] > tokens:
                found.append([])
            found[-1].append(n)
        rng.shuffle(found)
        yield from found

"""Batches of answers as tensors: what counts in them, and forward passes without empty columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

Batch = dict[str, Any]
Said = tuple[Tensor, Tensor | None, Tensor | None]


def mask_of(batch: Batch) -> Tensor:
    """(B, T): 1 for tokens that the policy wrote and that count."""
    mask = batch["completion_mask"]
    return mask * batch["tool_mask"] if "tool_mask" in batch else mask


def by_length(
    read: Callable[[Tensor, Tensor, int], Said],
    ids: Tensor,
    mask: Tensor,
    keep: int,
    size: int | None,
) -> Said:
    """What `read(ids, mask, keep)` says of (B, L) rows, `size` at a time: (B, keep) each, 0 in
    columns where no row has a token. Rows of like length are read together when there is more than
    one pass; prompts are padded on the left, answers on the right, of which the last `keep`
    columns are.
    """
    size = min(size or len(ids), len(ids))
    order = torch.arange(len(ids), device=ids.device)
    if size < len(ids):
        order = mask.sum(1).argsort(descending=True, stable=True)
    passes = [_trimmed(read, ids[part], mask[part], keep) for part in order.split(size)]
    back = order.argsort()
    logps = torch.cat([p[0] for p in passes])[back]
    entropies, others = [p[1] for p in passes], [p[2] for p in passes]
    return (
        logps,
        None if entropies[0] is None else torch.cat([e for e in entropies if e is not None])[back],
        None if others[0] is None else torch.stack([o for o in others if o is not None]).mean(),
    )


def _trimmed(
    read: Callable[[Tensor, Tensor, int], Said], ids: Tensor, mask: Tensor, keep: int
) -> Said:
    used = mask.any(0).nonzero()[:, 0]
    split = ids.size(1) - keep  # where answers begin
    left = min(int(used[0]), split - 1) if len(used) else 0
    right = max(int(used[-1]) + 1, split + 1) if len(used) else split + 1
    logps, entropies, other = read(ids[:, left:right], mask[:, left:right], right - split)
    empty = (0, ids.size(1) - right)
    return pad(logps, empty), None if entropies is None else pad(entropies, empty), other


def sorted_within(slices: list[Batch], count: int) -> list[Batch]:
    """The same rows in the same minibatches, each of `count` consecutive slices, but within one the
    longest rows first, so that a forward pass holds rows of like length.
    """
    result: list[Batch] = []
    for start in range(0, len(slices), count):
        part = slices[start : start + count]
        rows = [len(batch["advantages"]) for batch in part]
        lengths = torch.cat([b["completion_mask"].sum(1) + b["prompt_mask"].sum(1) for b in part])
        order = lengths.argsort(descending=True, stable=True).split(rows)
        merged = {key: _merged([batch[key] for batch in part]) for key in part[0]}
        result += [
            {key: value[places] if _by_row(value) else value for key, value in merged.items()}
            for places in order
        ]
    return result


def _by_row(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim > 0


def _merged(values: list[Any]) -> Any:
    return torch.cat(values) if _by_row(values[0]) else values[0]

"""What a data set is built from, as the data section of a recipe and the options of hwgen data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SAMPLED = 300
"""Rows that are judged with `judge: sampled`."""


class DataConfig(BaseModel):
    """Settings of a data set.

    rows: of the task families, `write` and `repair` together; repair: share of the latter.
    judge: `all` simulates every row of the families, `sampled` some of each family.
    noise: share of the references that are swapped for wrong twins before the judge looks.
    local: JSONL or Parquet files with rows of others. leak_check: folders of VerilogEval or RTLLM.
    held_out: specs listed for each held-out split. jaccard: from where two codes are near-
    duplicates. jobs: workers of the judge (0: one more than cores).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(4000, ge=1, le=1_000_000)
    repair: float = Field(0.12, ge=0, le=0.5)
    seed: int = Field(0, ge=0)
    judge: Literal["sampled", "all"] = "sampled"
    noise: float = Field(0.0, ge=0, le=1)
    local: tuple[Path, ...] = ()
    leak_check: tuple[Path, ...] = ()
    drop_leaks: bool = False
    held_out: int = Field(100, ge=1, le=100_000)
    jaccard: float = Field(0.9, gt=0, le=1)
    jobs: int = Field(0, ge=0, le=1024)

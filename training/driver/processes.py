"""A run on several processes: who writes, and how the others learn what was written.

`accelerate launch` and `torchrun` start one process a GPU and number them. The first one writes the
state and does the stages that are not shared; the others wait for its records. They watch the state
file rather than a collective operation, whose patience ends after minutes.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from hwgen.training.driver.state import FILE

TOGETHER = ("sft", "rl")
"""Stages that all processes run together."""

_TICK = 0.5  # seconds between two looks


def rank() -> int:
    """This process's number, 0 for the first or the only one."""
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    """How many processes this run has."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def launch() -> str:
    """What tells this launch from an earlier one in the same folder: all its processes know it."""
    names = ("TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT")
    return ":".join([*(os.environ.get(name, "") for name in names), str(_parent())])


def await_launch(folder: Path) -> None:
    """Wait until the first process of this launch has opened the run in `folder`."""
    while (_read(folder) or {}).get("launch") != launch():
        time.sleep(_TICK)


def await_stage(folder: Path, name: str) -> None:
    """Wait until the first process has noted that a stage is finished."""
    while not any(s["name"] == name for s in (_read(folder) or {}).get("stages", ())):
        time.sleep(_TICK)


def _parent() -> int:
    """The launcher's process, where all of a node's processes have one parent; several nodes share
    a folder, but not a launcher, and are told apart by the address alone.
    """
    return os.getppid() if int(os.environ.get("GROUP_WORLD_SIZE", "1")) == 1 else 0


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found

"""What a stage did, a line a step: log.jsonl, and the same numbers for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter


class StepLog:
    """Appends to `folder`/log.jsonl and `folder`/tb; a context manager. Lines of steps from
    `first` on, which a run that was stopped left behind its checkpoint, are taken out.
    """

    def __init__(self, folder: Path, first: int, *, write: bool = True) -> None:
        self.write = write
        if not write:
            return
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "log.jsonl"
        kept = [line for line in _lines(path) if json.loads(line)["step"] <= first]
        new = folder / "log.jsonl.new"
        new.write_text("".join(line + "\n" for line in kept))
        new.replace(path)
        self.file = path.open("a")
        self.board = SummaryWriter(str(folder / "tb"), purge_step=first + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.write:
            self.file.close()
            self.board.close()

    def add(self, step: int, **values: Any) -> None:
        """The numbers of the step with this index (from 0); the log counts steps from 1."""
        if not self.write:
            return
        self.file.write(json.dumps({"step": step + 1, **values}) + "\n")
        for name, value in values.items():
            self.board.add_scalar(name, value, step + 1)

    def flush(self) -> None:
        if self.write:
            self.file.flush()


def _lines(path: Path) -> list[str]:
    """Whole lines of the log; the last may be cut off."""
    if not path.exists():
        return []
    text = path.read_text()
    return text[: text.rfind("\n") + 1].splitlines()

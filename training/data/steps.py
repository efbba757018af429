"""The steps of a build: what was left after each, said as it happens and kept for the card."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from hwgen.training.data.rows import Row


class Steps:
    """A list of steps. `judged` and `benches` are sentences about what the judge was asked."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.list: list[dict[str, Any]] = []
        self.judged = self.benches = ""
        self._rows = 0
        self._since = time.monotonic()

    def note(self, name: str, rows: Sequence[Row], note: str = "") -> list[Row]:
        """Record that `rows` are left after this step, and return them."""
        self.step(name, len(rows), max(self._rows - len(rows), 0), note)
        return list(rows)

    def step(self, name: str, rows: int, out: int, note: str = "") -> None:
        """Record a step by its numbers."""
        self.list.append({"step": name, "rows": rows, "out": out, "note": note})
        now = time.monotonic()
        left = f", {out} out" if out else ""
        said = f" ({note})" if note else ""
        self.say(f"{name}: {rows} rows{left}{said}, {now - self._since:.1f} s")
        self._rows, self._since = rows, now

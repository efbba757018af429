"""Features of many texts, found by a process of its own while the judge is at work.

`python -m hwgen.training.data.ahead` reads a list of [code, module] as JSON and writes the list of
their features.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from hwgen.training.data.complexity import Features, features_of
from hwgen.training.data.dataflow import Flow
from hwgen.training.data.syntax import syntax_hash


class Ahead:
    """The process; a context manager, so that it does not outlive a build that fails."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self._shapes: dict[str, tuple[str, str]] = {}
        for code, module in texts:
            self._shapes.setdefault(syntax_hash(code, numbers=False), (code, module))
        self._in = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by __exit__)
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        json.dump(list(self._shapes.values()), self._in)
        self._in.seek(0)
        command = [sys.executable, "-m", "hwgen.training.data.ahead"]
        self._process = subprocess.Popen(command, stdin=self._in, stdout=self._out)

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()

    def features(self) -> dict[str, Features]:
        """Features by shape, when the process has ended; none if it failed, which costs time."""
        if self._process.wait() != 0:
            return {}
        self._out.seek(0)
        said = json.load(self._out)
        return {shape: _read(one) for shape, one in zip(self._shapes, said, strict=True)}


def _read(said: dict[str, Any]) -> Features:
    flow = said.pop("flow")
    return Features(**said, flow=Flow(**flow) if flow else None)


def main() -> None:
    """Standard input to standard output."""
    texts = json.load(sys.stdin)
    json.dump([asdict(features_of(code, module)) for code, module in texts], sys.stdout)


if __name__ == "__main__":
    main()

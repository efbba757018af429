"""The recipes that come with hwgen, by name. Light: no learning library is imported for a list."""

from __future__ import annotations

import difflib
from pathlib import Path

from hwgen.emit.config import read_config
from hwgen.errors import Problem, UsageError
from hwgen.resources import folder


def names() -> dict[str, str]:
    """Name of every recipe, and one line about it."""
    found = sorted((folder("training") / "configs").glob("*.yaml"))
    return {path.stem: str(read_config(path).get("summary", "")) for path in found}


def path_of(said: str) -> Path:
    """The YAML file of a recipe's name, or the file that `said` is. Raises UsageError."""
    if said.endswith((".yaml", ".yml")) or "/" in said:
        return Path(said)
    path = folder("training") / "configs" / f"{said}.yaml"
    if not path.is_file():
        near = difflib.get_close_matches(said, names(), 1)
        raise UsageError(
            Problem(
                f"there is no recipe '{said}'",
                f"known: {', '.join(names())}; or a YAML file",
                f"did you mean {near[0]}?" if near else "see: hwgen list recipes",
            )
        )
    return path

"""A problem of a suite as a value, and how files of a suite are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hwgen.errors import Problem as Trouble
from hwgen.errors import UsageError

LARGEST = 4 << 20  # bytes of a file of a suite


@dataclass(frozen=True)
class Problem:
    """One problem: what is asked, the bench that upstream judges with, and a right answer.

    bench, reference: Verilog texts, byte for byte (read as Latin-1); an empty one is missing.
    module: what the bench instantiates, "" where only the bench says it. opening: text in front
    of a solution that holds no module of its own. data: files that the bench reads, by name.
    """

    id: str
    prompt: str
    bench: str
    reference: str
    module: str = ""
    opening: str = ""
    data: dict[str, str] = field(default_factory=dict)


def read_source(path: Path) -> str:
    """A file's bytes as text, one character each, so that it can be handed on unchanged.

    Raises UsageError for a file that is too large or cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(Trouble(f"{path} has more than {LARGEST >> 20} MiB"))
        return path.read_bytes().decode("latin-1")
    except OSError as error:
        raise UsageError(Trouble(f"{path} cannot be read: {error.strerror}")) from error


def read_prompt(path: Path) -> str:
    """A description; what is not UTF-8 in it is replaced."""
    return read_source(path).encode("latin-1").decode("utf-8", "replace")

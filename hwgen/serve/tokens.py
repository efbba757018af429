"""Who may talk to the service: names and tokens in a file that nobody else can read."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from hwgen.errors import Problem, UsageError


def read_tokens(path: Path) -> dict[str, str]:
    """Token by name. A file that does not exist is made, with one token. Raises UsageError."""
    if not path.exists():
        _make(path)
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            Problem(
                f"{path} can be read by others (mode {stat.S_IMODE(mode):04o})",
                "whoever knows a token may have candidates judged",
                f"chmod 600 {path}",
            )
        )
    tokens: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) != 2 or len(words[1]) < 32 or words[0] in tokens:
            rule = "each line is a name of its own and a token of 32 characters or more"
            raise UsageError(Problem(f"{path}: line {number} is not usable", rule))
        tokens[words[0]] = words[1]
    if not tokens:
        raise UsageError(Problem(f"{path} holds no token", fix="remove it to have one made"))
    return tokens


def owner_of(tokens: Mapping[str, str], given: str) -> str | None:
    """Name whose token was given; every token is compared, each in constant time."""
    found = None
    for name, token in tokens.items():
        if hmac.compare_digest(token.encode(), given.encode()):
            found = name
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(f"default {secrets.token_urlsafe(32)}\n")

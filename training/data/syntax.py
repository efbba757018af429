"""Texts made comparable: Verilog without names and layout, descriptions as runs of words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from hwgen.training.text import completion_of
from hwgen.verify.screen.lexer import Refusal, tokenise
from hwgen.verify.screen.words import KEYWORDS

WORDS_IN_A_ROW = 13
"""Words of an n-gram, as in the contamination check of GPT-3 (Brown et al., 2020, appendix C)."""

_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}
_WORD = re.compile(r"[a-z0-9_]+")


def tokens(code: str) -> list[str]:
    """The tokens of Verilog text without comments and scene-setting directives, numbers as their
    size and value; words of a text that does not lex.
    """
    try:
        found = tokenise(completion_of(code))
    except Refusal:
        return code.split()
    return [_plain(text) if kind == "n" else text for kind, text, _ in found]


def anonymous(code: str, *, numbers: bool = True) -> list[str]:
    """Tokens with every name replaced by the place of its first use, and, unless `numbers`, every
    number by 0. Equal for texts that differ in names and layout alone.
    """
    names: dict[str, str] = {}
    result = []
    for token in tokens(code):
        if (token[0].isalpha() or token[0] in "_\\") and token not in KEYWORDS:
            token = names.setdefault(token, f"v{len(names)}")
        elif not numbers and (token[0].isdigit() or token[0] == "'"):
            token = "0"
        result.append(token)
    return result


def syntax_hash(code: str, *, numbers: bool = True) -> str:
    """sha256 of `anonymous`: 64 hexadecimal digits."""
    return hashlib.sha256(" ".join(anonymous(code, numbers=numbers)).encode()).hexdigest()


def runs_of_words(text: str, length: int = WORDS_IN_A_ROW) -> Iterator[str]:
    """Every run of `length` words of a text, in lower case, without what stands between them."""
    words = _WORD.findall(text.lower())
    for at in range(len(words) - length + 1):
        yield " ".join(words[at : at + length])


def _plain(number: str) -> str:
    """A number by size, sign and value, as far as it has a value: 8'h0a and 8'd10 are the same."""
    text = re.sub(r"[\s_]", "", number).lower()
    size, mark, rest = text.partition("'")
    signed, base, digits = (
        ("s", rest[1:2], rest[2:]) if rest[:1] == "s" else ("", rest[:1], rest[1:])
    )
    try:
        value = int(digits, _BASES[base]) if mark else int(text)
    except (KeyError, ValueError):
        return text
    return f"{size}'{signed}{value}" if mark else str(value)

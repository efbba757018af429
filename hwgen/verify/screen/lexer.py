"""Tokens of a candidate, in linear time, before any parser of others sees a byte.

Nothing here trusts the text: every pattern is possessive or anchored by its first character, so a
megabyte of quotes costs a megabyte of steps. Standard library only: it runs in the jail.
"""

from __future__ import annotations

import re

Token = tuple[str, str, int]
"""Kind, text, line (1-based). Kinds: w word, n number, s string, y system name, e escaped name,
d directive or macro use, f head of a macro with arguments, o operator, c continued line, r real
number, x what no token starts with."""


class Refusal(Exception):
    """A candidate is refused: cause (of the closed set), line (0: none), what, as a sentence."""

    def __init__(self, cause: str, line: int, what: str) -> None:
        super().__init__(cause, line, what)
        self.cause, self.line, self.what = cause, line, what


_BASED = r"'[sS]?(?:[bB][ \t]*+[01xXzZ?_]*+|[oO][ \t]*+[0-7xXzZ?_]*+|[hH][ \t]*+[0-9a-fA-FxXzZ?_]*+"
_BASED += r"|[dD][ \t]*+(?:[0-9][0-9_]*+|[xXzZ?]_*+)?)"
_OPERATORS = (
    "<<<= >>>= <<< >>> === !== ==? !=? <<= >>= && || == != <= >= << >> ** ++ -- += -= *= /= %= &= "
    "|= ^= ~& ~| ~^ ^~ <-> ->> -> +: -: :: '{ .* (* *) ## #-# #=# |-> |=> @@ := :/ ."
)
_TOKEN = re.compile(
    r"(?P<l>\n)"
    r"|(?P<w>[A-Za-z_][A-Za-z0-9_$]*+)"
    r"|(?P<q>//[^\n]*+|/\*)"
    r"|(?P<o>\(\*[ \t]*+\)|(?:"
    + "|".join(map(re.escape, _OPERATORS.split()))
    + r")|[-+*/%&|^~!<>=?:;,.()\[\]{}#@])"
    r"|(?P<r>[0-9][0-9_]*+\.[0-9][0-9_]*+(?:[eE][-+]?[0-9_]++)?)"
    r"|(?P<n>[0-9][0-9_]*+(?:[ \t]*+" + _BASED + r")?|" + _BASED + r"|'[01xXzZ])"
    r"|(?P<b>[ \t\f\v]++)"
    r"|(?P<t>')"
    r"|(?P<s>\"(?:[^\"\\\n]|\\[^\n])*+\")"
    r"|(?P<y>\$[A-Za-z0-9_$]*+)"
    r"|(?P<f>`define[ \t]++[A-Za-z_][A-Za-z0-9_$]*+\()"
    r"|(?P<d>`[A-Za-z_][A-Za-z0-9_$]*+)"
    r"|(?P<c>\\[ \t]*+\n)"
    r"|(?P<e>\\[!-~]++)"
    r"|(?P<x>`[`\"\\]?|.)"
)


def decode(name: str, text: str) -> str:
    """The text without byte order mark and carriage returns.

    Refuses NUL, other control characters and what was not UTF-8 (lone surrogates): `encoding`.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    odd = re.search("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]", text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        sort = "a NUL" if odd[0] == "\0" else "a control character" if odd[0] < "\x80" else ""
        raise Refusal("encoding", line, f"{name} holds {sort or 'bytes that are not UTF-8'}")
    return text


def tokenise(text: str) -> list[Token]:
    """All tokens of decoded text; comments and blanks are gone. Linear in its length.

    Kind x (a character that starts no token) is left to the caller: code that a conditional
    directive leaves out may hold anything. Refuses a comment that never ends.
    """
    tokens: list[Token] = []
    add = tokens.append
    line, at, end, match = 1, 0, len(text), _TOKEN.match
    while at < end:
        found = match(text, at)
        assert found is not None  # kind x takes any character
        kind, at = found.lastgroup or "x", found.end()
        if kind == "l":
            line += 1
        elif kind == "q":
            if found[0] == "/*":
                at = text.find("*/", at) + 2
                if at == 1:
                    raise Refusal("syntax", line, "a comment is never closed")
                line += text.count("\n", found.start(), at)
        elif kind != "b":
            add(("o" if kind == "t" else kind, found[0], line))
            if kind == "c":
                line += 1
    return tokens

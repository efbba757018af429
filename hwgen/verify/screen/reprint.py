"""The text that every later stage sees: made from tokens alone, one line for each source line.

Comments, directives, macros and attributes are gone, escaped names are plain, tokens stand one
blank apart. Bounds that need no grammar are checked here: nesting, length of statements, width of
literals, system names. The parser reads exactly this text, so nothing is screened that is not
passed on, and nothing is passed on that was not screened.
"""

from __future__ import annotations

import re

from hwgen.verify.screen.lexer import Refusal, Token
from hwgen.verify.screen.words import KEYWORDS, SYSTEM, TRUSTED_SYSTEM

MAX_NESTING = 64  # brackets and blocks
MAX_STATEMENT = 1000  # tokens; elements of a list are counted apart, they do not nest
MAX_CHAIN = 500  # else if after else if
MAX_BITS = 4096  # of a literal
MAX_NAME = 1024  # characters
RESERVED = "hwgen_"

_OPEN = frozenset(("(", "[", "{", "'{", "begin", "case", "casex", "casez"))
_CLOSE = frozenset((")", "]", "}", "end", "endcase"))
_ENDS = frozenset((";", "end", "endcase"))
_DROPPED = {"(*": "*)", "timeunit": ";", "timeprecision": ";"}  # up to what
_CHOICES = frozenset(("unique", "unique0", "priority"))
_CHOSEN = frozenset(("if", "case", "casex", "casez"))
_DIGIT_BITS = {"b": 1, "o": 3, "h": 4}
_SIZE = re.compile("[0-9_]+")
_DIGITS = re.compile("[0-9a-fA-FxXzZ_]+")
_BASES = tuple(f"'{sign}{base}" for sign in ("", "s", "S") for base in "bodhBODH")
_STRING = re.compile(r'"(?:[ !#-\[\]-~]|\\[nt"\\])*+"')


def reprint(tokens: list[Token], *, trusted: bool = False) -> str:
    """Verilog text of preprocessed tokens, each on its line.

    Raises Refusal: forbidden system names, reals, names `hwgen_*` and strings with odd escapes;
    expansion for nesting deeper than 64, statements longer than 1,000 tokens and literals wider
    than 4,096 bits. A trusted text may have more system tasks, reals and long statements.
    """
    tokens = _plain(_without_attributes(tokens))
    _words(tokens, trusted)
    _nesting(tokens, MAX_STATEMENT * (64 if trusted else 1))
    lines: list[str] = []
    row: list[str] = []
    now, before = 1, ""
    for kind, text, line in tokens:
        while now < line:
            lines.append(" ".join(row))
            row = []
            now += 1
        if kind == "n" and before.endswith(_BASES) and row:
            kind = "w"
        elif kind == "n":
            text = _number(text, line, before, row)
        if kind == "w" and row and row[-1].endswith(_BASES) and _DIGITS.fullmatch(text):
            text = _number(row.pop() + text, line, "", row)
        row.append(text)
        before = text
    lines.append(" ".join(row))
    return "\n".join(lines) + "\n"


def _words(tokens: list[Token], trusted: bool) -> None:
    """Refuses names and values that nothing honest needs: forbidden."""
    system = TRUSTED_SYSTEM if trusted else SYSTEM
    for kind, text, line in tokens:
        if kind in "on":
            continue
        short = text[:64]
        if kind == "w":
            if text.startswith(RESERVED) and not trusted:
                raise Refusal("forbidden", line, f"{short}: names {RESERVED}* are the judge's")
            if len(text) > MAX_NAME:
                raise Refusal("forbidden", line, f"a name is longer than {MAX_NAME} characters")
        elif kind == "y" and text not in system:
            raise Refusal("forbidden", line, f"{short} is not allowed")
        elif kind == "s" and not _STRING.fullmatch(text):
            raise Refusal("forbidden", line, "a string holds more than plain characters")
        elif kind == "r" and not trusted:
            raise Refusal("forbidden", line, f"{short}: real numbers are not allowed")


def _nesting(tokens: list[Token], most: int) -> None:
    """Refuses what would nest deeply in a parser: expansion.

    Counts the tokens on the longest path of a statement: the elements of a list stand beside each
    other, so each counts from where its bracket opened.
    """
    depth = [(0, 0)]  # tokens before the bracket, longest path in it so far
    chains = [0]  # else after else, by bracket
    count, before = 0, ""
    for _, text, line in tokens:
        count += 1
        if text == "else":
            chains[-1] += 1
        elif before in _ENDS:
            chains[-1] = 0
        before = text
        if text in _OPEN:
            if len(depth) > MAX_NESTING:
                raise Refusal("expansion", line, f"nested deeper than {MAX_NESTING}")
            depth.append((count, count))
            chains.append(0)
        elif text in _CLOSE and len(depth) > 1:
            chains.pop()
            count = max(count, depth.pop()[1])
        if text in _ENDS or text == ",":
            base, longest = depth[-1]
            depth[-1] = base, max(longest, count) if base else 0
            count = base
        if chains[-1] > MAX_CHAIN:
            raise Refusal("expansion", line, f"more than {MAX_CHAIN} else follow each other")
        if count > most:
            raise Refusal("expansion", line, f"a statement is longer than {MAX_STATEMENT} tokens")


def _number(text: str, line: int, before: str, row: list[str]) -> str:
    """A literal without blanks, joined to the size that stands before it; its width is bounded."""
    text = "".join(text.split())
    size, quote, rest = text.partition("'")
    if quote and not size and rest[:1] not in "01xXzZ" and _SIZE.fullmatch(before):
        size = before
        if row:
            text = row.pop() + text
    digits = rest.lstrip("sS")[1:] if quote else size
    bits = _DIGIT_BITS.get(rest.lstrip("sS")[:1].lower(), 10 / 3) * len(digits)
    wide = bits > MAX_BITS + 4 or (quote and size and len(size) > 9)
    if wide or (quote and size and int(size) > MAX_BITS):
        raise Refusal("expansion", line, f"a literal is wider than {MAX_BITS} bits")
    return text


def _without_attributes(tokens: list[Token]) -> list[Token]:
    """Tokens without attributes, the promises unique and priority, and units of time.

    The first two change what synthesis makes of a case statement, not what it means; without
    delays, units mean nothing. `@(*)` becomes `@*`, which no tool takes for an attribute.
    """
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        text = token[1]
        at += 1
        if text in _DROPPED:
            while at < len(tokens) and tokens[at][1] != _DROPPED[text]:
                at += 1
            if at == len(tokens):
                raise Refusal("syntax", token[2], f"{text} is never closed")
            at += 1
        elif text == "@" and at < len(tokens):
            out.append(token)
            star = _star(tokens, at)
            if star:
                out.append(("o", "*", token[2]))
                at += star
        elif text in _CHOICES and at < len(tokens) and tokens[at][1] in _CHOSEN:
            continue
        else:
            out.append(token)
    return out


def _star(tokens: list[Token], at: int) -> int:
    """How many tokens from `at` on are `(*)`, however it is spaced; 0: they are not."""
    texts = [token[1] for token in tokens[at : at + 3]]
    if "".join(texts[0].split()) == "(*)":
        return 1
    for length in (2, 3):
        if "".join(texts[:length]) == "(*)":
            return length
    return 0


def _plain(tokens: list[Token]) -> list[Token]:
    """Tokens with escaped names made plain: the same name where it is one, else a new one."""
    if all(token[0] != "e" for token in tokens):
        return tokens
    taken = {token[1] for token in tokens if token[0] == "w"}
    plain: dict[str, str] = {}
    out: list[Token] = []
    for kind, text, line in tokens:
        if kind == "e":
            name = text[1:]
            if name not in plain:
                plain[name] = _new_name(name, taken)
                taken.add(plain[name])
            kind, text = "w", plain[name]
        out.append((kind, text, line))
    return out


def _new_name(name: str, taken: set[str]) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", name) and name not in KEYWORDS:
        return name
    base = "esc_" + re.sub(r"[^A-Za-z0-9_]", "_", name)[:200]
    number = 0
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"

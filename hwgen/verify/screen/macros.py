"""Directives and macros of a candidate: all are gone afterwards, none reaches a tool.

The judge expands macros itself: later stages then see one text, whatever each tool predefines, and
a macro bomb ends when its budget does. Work is counted before it is done: an expansion that would
exceed the budget is refused before it is copied.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.verify.screen.lexer import Refusal, Token
from hwgen.verify.screen.words import BARE, DIRECTIVES

MAX_EXPANDED = 256 * 1024  # bytes of text after expansion
STEPS = 128 * 1024  # tokens looked at while expanding
MAX_DEPTH = 64  # macros in macros, conditionals in conditionals

_NETS = ("none", "wire", "tri")


@dataclass(frozen=True)
class _Macro:
    """A macro: its arguments with their defaults (None: used without brackets) and its tokens."""

    arguments: dict[str, list[Token] | None] | None
    body: list[Token]


class Preprocessor:
    """Applies directives to the tokens of files; `scale` multiplies what macros may make in all."""

    def __init__(self, scale: int = 1) -> None:
        self._macros: dict[str, _Macro] = {}
        self._known: dict[str, list[Token]] = {}  # expansions of macros without arguments
        self._active: list[str] = []
        self._bytes, self._steps = MAX_EXPANDED * scale, STEPS * scale

    def run(self, tokens: list[Token]) -> list[Token]:
        """Tokens of one file without directives and macros; macros of other files are not known.

        What a macro gives stands on the line of its use.

        Refuses directives that are not allowed (forbidden), what is not well formed (syntax) and
        expansions beyond the budget (expansion).
        """
        self._macros.clear()
        self._known.clear()
        out: list[Token] = []
        branches: list[tuple[bool, bool, bool]] = []  # live, one branch was taken, else was seen
        live, at, end = True, 0, len(tokens)
        while at < end:
            token = tokens[at]
            kind, text, _ = token
            at += 1
            if kind in "df":
                if text in _CONDITIONS:
                    at = self._branch(tokens, at - 1, branches)
                    live = all(branch[0] for branch in branches)
                elif live:
                    at = self._directive(tokens, at - 1, out)
            elif live:
                if kind in "xc":
                    raise _odd(token)
                out.append(token)
        if branches:
            raise Refusal("syntax", tokens[-1][2], "`ifdef is never closed by `endif")
        return out

    def _branch(self, tokens: list[Token], at: int, branches: list[tuple[bool, bool, bool]]) -> int:
        """One conditional directive; the position after it."""
        _, text, line = tokens[at]
        if text in ("`ifdef", "`ifndef"):
            if len(branches) == MAX_DEPTH:
                raise Refusal("expansion", line, f"conditionals are nested deeper than {MAX_DEPTH}")
            live = (_name(tokens, at + 1, line) in self._macros) == (text == "`ifdef")
            branches.append((live, live, False))
            return at + 2
        if not branches or (branches[-1][2] and text != "`endif"):
            raise Refusal("syntax", line, f"{text} has no `ifdef")
        _, taken, _ = branches.pop()
        if text == "`elsif":
            live = not taken and _name(tokens, at + 1, line) in self._macros
            branches.append((live, taken or live, False))
            return at + 2
        if text == "`else":
            branches.append((not taken, True, True))
        return at + 1

    def _directive(self, tokens: list[Token], at: int, out: list[Token]) -> int:
        """One directive or macro use in live code; the position after it."""
        kind, text, line = tokens[at]
        if text == "`define" or kind == "f":
            return self._define(tokens, at)
        if text == "`undef":
            self._macros.pop(_name(tokens, at + 1, line), None)
            self._known.clear()
            return at + 2
        if text == "`timescale":
            if [t[0] + t[1] * (t[0] == "o") for t in tokens[at + 1 : at + 6]] != _TIMESCALE:
                raise Refusal("syntax", line, "`timescale wants two times, as in 1ns/1ps")
            return at + 6
        if text == "`default_nettype":
            if (net := _name(tokens, at + 1, line)) not in _NETS:
                raise Refusal("forbidden", line, f"`default_nettype {net} is not allowed")
            return at + 2
        if text in BARE:
            if text == "`undefineall":
                self._macros.clear()
                self._known.clear()
            return at + 1
        try:
            made, at = self._use(tokens, at)
        except Refusal as no:  # points into a macro: name the line of its use
            raise Refusal(no.cause, line, no.what) from None
        self._bytes -= sum(len(t[1]) + 1 for t in made)
        if self._bytes < 0:
            raise Refusal("expansion", line, f"macros expand to more than {MAX_EXPANDED} bytes")
        out.extend((kind, text, line) for kind, text, _ in made)
        return at

    def _define(self, tokens: list[Token], at: int) -> int:
        kind, text, line = tokens[at]
        arguments: dict[str, list[Token] | None] | None = None
        if kind == "f":
            name = text[7:-1].strip()
            arguments, at = _arguments(tokens, at + 1, line)
        else:
            name = _name(tokens, at + 1, line)
            at += 2
        if "`" + name in DIRECTIVES:
            raise Refusal("forbidden", line, f"`define {name}: a directive has this name")
        body: list[Token] = []
        last = tokens[at - 1][2]
        while at < len(tokens) and tokens[at][2] == last:
            if tokens[at][0] == "c":
                last += 1
            elif tokens[at][0] in "xf" or tokens[at][1] in DIRECTIVES:
                raise _odd(tokens[at])
            else:
                body.append(tokens[at])
            at += 1
        self._macros[name] = _Macro(arguments, body)
        self._known.clear()
        return at

    def _use(self, tokens: list[Token], at: int) -> tuple[list[Token], int]:
        """What the macro use at `at` stands for, and the position after it."""
        _, text, line = tokens[at]
        name = text[1:]
        macro = self._macros.get(name)
        if macro is None:
            if text in DIRECTIVES:
                raise _odd(tokens[at])
            raise Refusal("syntax", line, f"macro {text} is not defined")
        if name in self._active or len(self._active) == MAX_DEPTH:
            raise Refusal("expansion", line, f"macro {text} expands itself or is nested too deeply")
        if macro.arguments is None:
            if name not in self._known:
                self._known[name] = self._inside(name, macro.body)
            return self._known[name], at + 1
        values, at = self._values(name, macro.arguments, tokens, at + 1, line)
        body: list[Token] = []
        for token in macro.body:
            part = values.get(token[1]) if token[0] == "w" else None
            self._spend(1 if part is None else len(part), line)
            body.extend([token] if part is None else part)
        return self._inside(name, body), at

    def _inside(self, name: str, body: list[Token]) -> list[Token]:
        self._active.append(name)
        out = self._expand(body)
        self._active.pop()
        return out

    def _expand(self, tokens: list[Token]) -> list[Token]:
        """Tokens with the macros in them expanded."""
        out: list[Token] = []
        at = 0
        self._spend(len(tokens), tokens[0][2] if tokens else 0)
        while at < len(tokens):
            token = tokens[at]
            at += 1
            if token[0] == "d":
                made, at = self._use(tokens, at - 1)
                self._spend(len(made), token[2])
                out.extend(made)
            elif token[0] in "xcf":
                raise _odd(token)
            else:
                out.append(token)
        return out

    def _spend(self, steps: int, line: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise Refusal("expansion", line, f"macros expand to more than {MAX_EXPANDED} bytes")

    def _values(
        self,
        name: str,
        arguments: dict[str, list[Token] | None],
        tokens: list[Token],
        at: int,
        line: int,
    ) -> tuple[dict[str, list[Token]], int]:
        """Values of a macro's arguments by name, expanded, and the position after the bracket."""
        if at >= len(tokens) or tokens[at][1] != "(":
            raise Refusal("syntax", line, f"macro `{name} wants arguments in brackets")
        parts, at = _split(tokens, at + 1, line)
        if len(parts) > max(len(arguments), 1):
            raise Refusal("syntax", line, f"macro `{name} takes {len(arguments)} arguments")
        values: dict[str, list[Token]] = {}
        for place, (argument, default) in enumerate(arguments.items()):
            part = parts[place] if place < len(parts) else None
            if not part and default is not None:
                part = default
            if part is None:
                raise Refusal("syntax", line, f"macro `{name} takes {len(arguments)} arguments")
            values[argument] = self._expand([t for t in part if t[0] != "c"])
        return values, at


_CONDITIONS = ("`ifdef", "`ifndef", "`elsif", "`else", "`endif")
_TIMESCALE = ["n", "w", "o/", "n", "w"]


def _name(tokens: list[Token], at: int, line: int) -> str:
    """The name after a directive, on its line."""
    if at >= len(tokens) or tokens[at][0] != "w" or tokens[at][2] != line:
        raise Refusal("syntax", line, f"{tokens[at - 1][1]} wants a name after it")
    return tokens[at][1]


def _odd(token: Token) -> Refusal:
    """Why this token cannot stand in live code."""
    kind, text, line = token
    if text.startswith(("``", '`"', "`\\")):
        return Refusal("forbidden", line, "pasting and quoting in macros are not allowed")
    if kind in "df":
        return Refusal("forbidden", line, f"{text.split()[0]} is not allowed here")
    if text == '"':
        return Refusal("syntax", line, "a string is not closed on its line")
    return Refusal("syntax", line, f"{ascii(text.strip() or text)[1:-1]} starts nothing")


def _split(tokens: list[Token], at: int, line: int) -> tuple[list[list[Token]], int]:
    """Parts between commas up to the closing bracket, and the position after it."""
    parts: list[list[Token]] = [[]]
    depth = 0
    while at < len(tokens):
        text = tokens[at][1]
        if tokens[at][0] == "o":
            if depth == 0 and text in (",", ")"):
                if text == ")":
                    return parts, at + 1
                parts.append([])
                at += 1
                continue
            depth += (text in _OPEN) - (text in _CLOSE)
        parts[-1].append(tokens[at])
        at += 1
    raise Refusal("syntax", line, "the arguments of a macro are never closed")


_OPEN, _CLOSE = ("(", "[", "{", "'{"), (")", "]", "}")


def _arguments(
    tokens: list[Token], at: int, line: int
) -> tuple[dict[str, list[Token] | None], int]:
    """Arguments of a macro's definition with their defaults, and the position after them."""
    parts, at = _split(tokens, at, line)
    arguments: dict[str, list[Token] | None] = {}
    for part in parts if parts != [[]] else []:
        words = [token for token in part if token[0] != "c"]
        fine = words and words[0][0] == "w" and words[0][1] not in arguments
        if not fine or (len(words) > 1 and words[1][1] != "="):
            raise Refusal("syntax", line, "the arguments of a macro are not well formed")
        arguments[words[0][1]] = words[2:] if len(words) > 1 else None
    return arguments, at

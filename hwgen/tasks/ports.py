"""Ports from words: `s_data<8` goes into a block, `level>4` leaves it, `acc<s32` is signed."""

from __future__ import annotations

import re

from hwgen.tasks.task import Port

_WORD = re.compile(r"(\w+)([<>])(s?)(\d*)")


def ports(*lines: str) -> tuple[Port, ...]:
    """The ports that the words of `lines` name, in order; without a number they have one bit.

    Raises ValueError for anything that is no such word.
    """
    found = []
    for word in " ".join(lines).split():
        match = _WORD.fullmatch(word)
        if not match:
            raise ValueError(f"{word!r} is no port")
        name, way, signed, bits = match.groups()
        found.append(
            Port(
                name=name,
                dir="in" if way == "<" else "out",
                width=int(bits or 1),
                signed=bool(signed),
            )
        )
    return tuple(found)

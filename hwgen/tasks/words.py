"""Words that prompts share."""

from __future__ import annotations


def bits(width: int) -> str:
    """A width with its article: "an 8-bit", "a 16-bit"."""
    article = "an" if width in (8, 11, 18) or 80 <= width < 90 else "a"
    return f"{article} {width}-bit"


def sentence(text: str) -> str:
    """`text` with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]

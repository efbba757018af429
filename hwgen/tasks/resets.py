"""The four resets that families come with, as an option of one word."""

from __future__ import annotations

from hwgen.tasks.task import Port, Reset

RESETS = ("sync_high", "sync_low", "async_high", "async_low")
"""Values of the option `reset`."""


def reset_of(word: str) -> Reset:
    """The reset that a word of `RESETS` means; active low ones are called rst_n."""
    style, active = word.split("_")
    port = "rst" if active == "high" else "rst_n"
    return Reset.model_validate({"port": port, "style": style, "active": active})


def clock_and_reset(word: str) -> list[Port]:
    """The two ports that a sequential block begins with."""
    return [Port(name="clk", dir="in"), Port(name=reset_of(word).port, dir="in")]


def reset_words(word: str) -> str:
    """The reset in English: "an asynchronous active-low reset rst_n"."""
    reset = reset_of(word)
    style = {"sync": "a synchronous", "async": "an asynchronous"}[reset.style]
    return f"{style} active-{reset.active} reset {reset.port}"


def reset_view(word: str) -> dict[str, str]:
    """What templates need: `reset_edge` for the sensitivity list, `in_reset` as a condition."""
    reset = reset_of(word)
    low = reset.active == "low"
    edge = f" or {'negedge' if low else 'posedge'} {reset.port}" if reset.style == "async" else ""
    return {"reset_edge": edge, "in_reset": f"!{reset.port}" if low else reset.port}

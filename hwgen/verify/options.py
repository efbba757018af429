"""How to judge, and what is judged: values that every part of the judge shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Lane = Literal["vector", "cocotb"]
Simulator = Literal["icarus", "verilator"]

Files = Mapping[str, str | bytes]
"""Text of a candidate by file name; most have one file."""


@dataclass(frozen=True)
class Options:
    """How to judge. `seed` is the run's secret: stimulus follows from it and the candidate. The
    default is known to everybody; draw one where candidates must not foretell.

    `until` is the last stage. Profile `trusted` is for files that hwgen emitted itself. `audit`
    is the share of passes that the other lane must confirm under a second secret.
    """

    lane: Lane = "vector"
    sim: Simulator = "icarus"
    until: Literal["simulate", "synthesise", "prove"] = "prove"
    profile: Literal["untrusted", "trusted"] = "untrusted"
    seed: int = 0
    audit: float = 0.0


DEFAULTS = Options()

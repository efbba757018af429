"""Verdicts: what people, CI and rewards read of one candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, Self

Outcome = Literal["PASS", "FAIL", "ERROR", "SKIP"]
Stage = Literal["screen", "elaborate", "simulate", "synthesise", "prove"]
Assurance = Literal["", "simulated", "netlist-simulated", "bounded", "proved"]

SCHEMA = 1

SENTENCES: Mapping[str, str] = {
    "empty": "The source is empty.",
    "too-large": "The source is too large.",
    "encoding": "The source is not text.",
    "syntax": "The source does not parse.",
    "forbidden": "The source uses a construct that synthesisable modules do not need.",
    "interface": "The ports differ from those that the task asks for.",
    "no-module": "The module that the task asks for is not defined exactly once.",
    "undefined-module": "A module is instantiated that the source does not define.",
    "recursion": "A module or function contains itself.",
    "expansion": "Macros, instances, loops or constants expand beyond the limits.",
    "memory": "The memories are larger than the task allows.",
    "elaborate": "The design does not elaborate.",
    "compile": "The simulator does not compile the design.",
    "mismatch": "An output differs from the expected value.",
    "x": "An output is undefined where a value is expected.",
    "protocol": "A stream breaks the rules of valid and ready.",
    "stall": "A stream makes no progress.",
    "early-end": "The simulation ended before all checks were made.",
    "crash": "A tool crashed on the design.",
    "cpu-limit": "The design exceeds the time limit of a stage.",
    "memory-limit": "The design exceeds the memory limit of a stage.",
    "output-limit": "The design exceeds the output limit of a stage.",
    "latch": "The design infers a latch.",
    "loop": "The design has a combinational loop.",
    "unsynthesisable": "The design cannot be synthesised.",
    "netlist-mismatch": "The synthesised netlist behaves otherwise than the source.",
    "refuted": "A proof found inputs for which an output is wrong.",
    "not-proved": "The design has more state than the task needs and could not be proved.",
    "wall-clock": "The judge ran out of wall-clock time.",
    "tool": "A tool of the judge failed.",
    "jail": "The jail failed.",
    "golden": "The golden model failed.",
    "internal": "The judge failed.",
    "lost": "A worker of the judge was lost.",
}
"""Every cause with its sentence: the closed set that a model may be told."""

OURS = frozenset({"wall-clock", "tool", "jail", "golden", "internal", "lost"})
"""Causes that are our failures: outcome ERROR, never a reward."""


@dataclass(frozen=True)
class Mismatch:
    """The first wrong output. `cycle` counts from the start of the run, `case` from 0."""

    case: int
    cycle: int
    port: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Verdict:
    """What the judge found. `stage` is the last one reached; `cause` is empty for a PASS.

    `cases` are sequences from reset, passed and in total; `checks` are cycles compared, done and
    planned. `state_bits` and `cells` are of the synthesised candidate (None if it was not),
    `state_limit` the state that needs no proof. `bound` is k of assurance bounded(k). `worthy`
    says whether a reward may pay for this pass (`hwgen.verify.worth`). `line` and
    `what` are for people: the place in the source and the detail, empty where there is none.
    """

    outcome: Outcome
    stage: Stage
    cause: str = ""
    assurance: Assurance = ""
    bound: int = 0
    worthy: bool = False
    mismatch: Mismatch | None = None
    cases: tuple[int, int] = (0, 0)
    checks: tuple[int, int] = (0, 0)
    state_bits: int | None = None
    state_limit: int | None = None
    cells: int | None = None
    seed: int = 0
    seconds: float = 0.0
    tools: Mapping[str, str] = field(default_factory=dict)
    line: int = 0
    what: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome == "PASS"

    @classmethod
    def stopped(cls, stage: Stage, cause: str, what: str = "", line: int = 0) -> Self:
        """A verdict that ends at `stage`: ERROR for causes of ours, else FAIL."""
        assert cause in SENTENCES, cause
        outcome: Outcome = "ERROR" if cause in OURS else "FAIL"
        return cls(outcome, stage, cause, what=what, line=line)

    def with_(self, **changes: Any) -> Self:
        """This verdict with some fields changed."""
        return replace(self, **changes)

    def same_as(self, other: Verdict) -> bool:
        """Whether both say the same of the candidate; times and tools aside."""
        ours, theirs = (v.with_(seconds=0.0, tools={}) for v in (self, other))
        return ours == theirs

    def as_dict(self) -> dict[str, Any]:
        """JSON values; the published form of `hwgen judge --json`."""
        data = asdict(self)
        data["cases"] = {"passed": self.cases[0], "total": self.cases[1]}
        data["checks"] = {"done": self.checks[0], "planned": self.checks[1]}
        if self.assurance == "bounded":
            data["assurance"] = f"bounded({self.bound})"
        data["tools"] = dict(self.tools)
        return {"schema": SCHEMA, **data}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The verdict that `as_dict` made `data` of."""
        kept = {k: v for k, v in data.items() if k != "schema"}
        kept["assurance"] = kept["assurance"].partition("(")[0]
        kept["cases"] = (data["cases"]["passed"], data["cases"]["total"])
        kept["checks"] = (data["checks"]["done"], data["checks"]["planned"])
        kept["mismatch"] = Mismatch(**data["mismatch"]) if data["mismatch"] else None
        kept["tools"] = _shared(tuple(data["tools"].items()))
        return cls(**kept)


@lru_cache(64)
def _shared(tools: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """One mapping for many verdicts: they are kept by the thousand."""
    return dict(tools)


def feedback(verdict: Verdict) -> str:
    """What a model may be told: a sentence of the closed set, and numbers."""
    if verdict.passed:
        return "All checks passed."
    words = [SENTENCES[verdict.cause]]
    if verdict.line:
        words.append(f"Line {verdict.line}.")
    if verdict.mismatch:
        words.append(f"Cycle {verdict.mismatch.cycle}.")
    if verdict.cases[1]:
        words.append(f"{verdict.cases[0]} of {verdict.cases[1]} cases passed.")
    return " ".join(words)

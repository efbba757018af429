"""What a verdict is worth: pure functions of it, in [0, 1].

Nothing is paid for trying our patience: where the judge failed, the reward is None, and whoever
trains leaves the sample out. How a candidate is paid never depends on the order, the time or the
place in which it was judged.
"""

from __future__ import annotations

from typing import Literal, get_args

from hwgen.verify.verdict import Verdict

Scheme = Literal["shaped", "binary", "weak", "cases"]
"""How verdicts are paid.

`shaped`: rises with how far a candidate came; 1.0 for a worthy PASS alone. `binary`: 1.0 for a
worthy PASS, else 0. `weak`: as `shaped`, but any PASS pays 1.0 and nothing behind the simulation
counts: what a bench alone would pay, for comparisons. `cases`: share of the cases that passed, 0
for what does not compile (the r of VeriRL, Teng et al., ICCAD 2025).
"""
SCHEMES: tuple[str, ...] = get_args(Scheme)

UNREADABLE = frozenset({"empty", "too-large", "encoding", "syntax"})

# the steps of the shaped reward
PARSES = 0.02  # small steps: a reward for compiling alone saturates early
ELABORATES = 0.05
SIMULATES = 0.10
FUNCTION = 0.60  # the most that a wrong design can earn
PASSES = 0.70  # a PASS that is not worthy: right as far as was seen
MOST_PPA = 0.2  # so that the largest worthy PASS still earns more than any other verdict


def reward(
    verdict: Verdict,
    scheme: Scheme = "shaped",
    *,
    ppa: float = 0.0,
    reference_cells: int | None = None,
) -> float | None:
    """The reward of a verdict in [0, 1]; None exactly where there is no judgement of the
    candidate: ERROR (our failure), and SKIP (a tool that the user excluded).

    `ppa` (0 to `MOST_PPA`) is the share of a worthy PASS's reward that depends on its size: see
    `size_term`. It is paid behind a worthy PASS alone, and only where `reference_cells` is known.
    Raises ValueError for another scheme or share.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"there is no reward scheme {scheme!r}: one of {', '.join(SCHEMES)}")
    if not 0.0 <= ppa <= MOST_PPA:
        raise ValueError(f"the share of size in a reward is 0 to {MOST_PPA}, not {ppa}")
    if verdict.outcome in ("ERROR", "SKIP"):
        return None
    if scheme == "cases":
        return cases_passed(verdict)
    if scheme == "weak":
        return 1.0 if simulated(verdict) else shaped(verdict)
    if verdict.passed and verdict.worthy:
        if reference_cells is None or verdict.cells is None:
            return 1.0
        return 1.0 - ppa + ppa * size_term(verdict.cells, reference_cells)
    return shaped(verdict) if scheme == "shaped" else 0.0


def shaped(verdict: Verdict) -> float:
    """How far a candidate came, below 1 unless it is a worthy PASS. Not for an ERROR."""
    if verdict.passed:
        return 1.0 if verdict.worthy else PASSES
    if verdict.stage == "screen":
        return 0.0 if verdict.cause in UNREADABLE else PARSES
    if verdict.stage == "elaborate":
        return ELABORATES
    return SIMULATES + (FUNCTION - SIMULATES) * cases_passed(verdict)


def cases_passed(verdict: Verdict) -> float:
    """Share of the cases (sequences from reset) in which every cared-for bit was right; 0 where
    none was run. A candidate that failed after its simulation may have 1.0: look at `passed` too.
    """
    passed, total = verdict.cases
    return passed / total if total else 0.0


def simulated(verdict: Verdict) -> bool:
    """Whether the simulation found nothing wrong, whatever the stages behind it found."""
    if verdict.passed:
        return True
    return verdict.stage in ("synthesise", "prove") and cases_passed(verdict) == 1.0


def size_term(cells: int, reference_cells: int) -> float:
    """What size is worth, in [0, 1]: 0.5 for the reference's number of cells, 1 for half of it or
    less, 0 for half as much again or more. One is added to both, for blocks that are wires.
    """
    return min(1.0, max(0.0, 1.5 - (cells + 1) / (reference_cells + 1)))


def components(verdict: Verdict, reference_cells: int | None = None) -> dict[str, float]:
    """The parts that rewards are made of, each in [0, 1], to be logged apart from one another.

    `error` is 1 for a failure of ours, which has no other part. `size` (`size_term`) is there for
    a worthy PASS of known size alone, so that its mean is over those.
    """
    if verdict.outcome in ("ERROR", "SKIP"):
        return {"error": 1.0}
    screened = verdict.stage != "screen"
    found = {
        "error": 0.0,
        "parses": float(screened or verdict.cause not in UNREADABLE),
        "interface": float(screened),
        "elaborates": float(screened and verdict.stage != "elaborate"),
        "cases": cases_passed(verdict),
        "simulated": float(simulated(verdict)),
        "passes": float(verdict.passed),
        "proved": float(verdict.passed and verdict.assurance == "proved"),
        "worthy": float(verdict.passed and verdict.worthy),
    }
    if found["worthy"] and verdict.cells is not None and reference_cells is not None:
        found["size"] = size_term(verdict.cells, reference_cells)
    return found

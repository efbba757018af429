"""What a pass is worth: whether it rules out what a simulation cannot see.

Triggers wait in state that no test reaches, or in one value of a wide input. A proof sees them all;
a simulation sees those of a block so small that it was seen whole.
"""

from __future__ import annotations

from hwgen.tasks.task import TaskSpec
from hwgen.verify.stimulus import EXHAUSTIVE
from hwgen.verify.verdict import Verdict

SEEN_STATE = 12  # state bits of which stimulus reaches every reachable state


def weighed(spec: TaskSpec, verdict: Verdict) -> Verdict:
    """The verdict with `worthy`; a pass with more state than the task needs fails unless proved."""
    limit, used = verdict.state_limit, verdict.state_bits or 0
    if verdict.passed and limit is not None and used > limit and verdict.assurance != "proved":
        end = Verdict.stopped("prove", "not-proved", f"{used} state bits where {limit} do")
        return verdict.with_(
            outcome=end.outcome, stage=end.stage, cause=end.cause, what=end.what, assurance=""
        )
    return verdict.with_(worthy=verdict.passed and _worthy(spec, verdict))


def _worthy(spec: TaskSpec, verdict: Verdict) -> bool:
    if verdict.assurance == "proved":
        return True
    bits = verdict.state_bits
    limit = 0 if spec.kind == "comb" else verdict.state_limit
    if bits is None or limit is None or bits > limit:
        return False
    if verdict.assurance == "bounded":
        return spec.kind == "stream" or bits <= SEEN_STATE
    inputs = sum(port.width for port in spec.inputs)
    small = bits <= SEEN_STATE and inputs <= EXHAUSTIVE
    return verdict.assurance == "netlist-simulated" and spec.kind != "stream" and small

"""What a writer gives, judged: every candidate of every block, and what replaces what.

Candidates go through the whole judge, in the jail, as anybody's would. Nothing is believed: what
counts is a proof against the task's reference, and the size of the block that is replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from hwgen.emit.bundle import Bundle
from hwgen.tasks.leaves import Leaf, leaf_sources
from hwgen.tasks.library import get_task
from hwgen.tasks.task import Task, TaskSpec
from hwgen.verify.options import Files, Options
from hwgen.verify.pool import Pool
from hwgen.verify.verdict import SENTENCES, Verdict

Writer = Callable[[Task, int], Iterable[str]]
"""Gives up to so many Verilog texts for a task, the likeliest first. It need not be trusted."""

LARGER = 1.1  # times the cells of the block it replaces
LEAST_CELLS = 10  # below, there is nothing to write


@dataclass
class Attempt:
    """A candidate and what the judge found."""

    text: str
    verdict: Verdict | None = None


@dataclass
class Tries:
    """What was tried for a block. `cells` are those of hwgen's own (None: it has no netlist)."""

    leaf: Leaf
    attempts: list[Attempt] = field(default_factory=list)
    cells: int | None = None

    @property
    def task(self) -> Task:
        return get_task(self.leaf.task)

    def ranked(self) -> list[Attempt]:
        """Those that may replace the block, the smallest first, then the shortest, then the first.
        """  # fmt: skip
        fit = [a for a in self.attempts if not self.unfit(a)]
        return sorted(fit, key=lambda a: (a.verdict.cells if a.verdict else 0, len(a.text)))

    def unfit(self, attempt: Attempt) -> str:
        """Why a candidate may not replace the block, empty if it may."""
        found = attempt.verdict
        if found is None or not found.passed:
            cause = found.cause if found else "lost"
            return SENTENCES[cause].rstrip(".").lower()
        if not proved(self.task.spec, found):
            return "right in all tests, but not proved"
        if (found.cells or 0) < LEAST_CELLS:
            return f"fewer than {LEAST_CELLS} cells: nothing to write"
        if self.cells is None:
            return "the block it replaces has no netlist to compare it with"
        if (found.cells or 0) > LARGER * self.cells:
            return f"proved, but larger than {LARGER} times the block it replaces"
        return ""

    def reason(self) -> str:
        """Why none of them replaces the block, the commonest reason first."""
        if not self.attempts:
            return "nothing was written"
        reasons = Counter(self.unfit(attempt) for attempt in self.attempts)
        return "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common())


def proved(spec: TaskSpec, verdict: Verdict) -> bool:
    """Whether a pass is a proof of equivalence: for all time, of a stream for so many cycles as
    two of its beats may take.
    """
    if not verdict.passed:
        return False
    if spec.kind == "stream" and verdict.assurance == "bounded":
        return verdict.worthy and verdict.bound >= 2 * spec.latency.most
    return verdict.assurance == "proved"


def try_blocks(
    leaves: Sequence[Leaf], writer: Writer, samples: int, pool: Pool, done: Callable[[], None]
) -> list[Tries]:
    """Up to `samples` candidates of each block, judged while the writer goes on; `done` is called
    for each block that has been written.
    """
    tries = [Tries(leaf) for leaf in leaves]
    flat: list[Attempt] = []

    def candidates() -> Iterator[tuple[Task, Files]]:
        for one in tries:
            for text in islice(writer(one.task, samples), samples):
                attempt = Attempt(text)
                one.attempts.append(attempt)
                flat.append(attempt)
                yield one.task, {"block.v": text}
            done()

    for number, verdict in pool.judge_many(candidates()):
        flat[number].verdict = verdict
    return tries


def measure(tries: Sequence[Tries], bundle: Bundle, options: Options) -> None:
    """Fill in the cells of hwgen's own blocks where a candidate has been proved.

    They are synthesised as synthesis tools see them: with SYNTHESIS defined.
    """
    wanted = [t for t in tries if any(a.verdict and a.verdict.passed for a in t.attempts)]
    with Pool(options) as pool:
        found = pool.judge_many((t.task, _own(bundle, t.leaf)) for t in wanted)
        for number, verdict in found:
            wanted[number].cells = verdict.cells


def _own(bundle: Bundle, leaf: Leaf) -> Mapping[str, str]:
    texts = leaf_sources(bundle, leaf.module)
    return {path: f"`define SYNTHESIS\n{text}" for path, text in texts.items()}

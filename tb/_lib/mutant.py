"""A mutant: one deliberate mistake in one source file that a bench must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """Replace `old` (which stands exactly once in `file`) by `new`; bench `bench` must fail.

    `what` says the mistake in words. `equivalent` gives the proof or argument where no input can
    tell the mutant from the original; such a mutant is listed, not run.
    """

    bench: str
    file: str
    old: str
    new: str
    what: str
    equivalent: str = ""

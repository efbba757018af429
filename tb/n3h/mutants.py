"""Deliberate mistakes in the blocks of n3h; each must make its bench fail. Append rows."""

from _lib.mutant import Mutant
from n3h import mutants_fill

MUTANTS: tuple[Mutant, ...] = (*mutants_fill.MUTANTS,)

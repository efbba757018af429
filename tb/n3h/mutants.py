"""Deliberate mistakes in the blocks of n3h; each must make its bench fail. Append rows."""

from _lib.mutant import Mutant

from n3h.mutants_bus import BUS
from n3h.mutants_control import CONTROL
from n3h.mutants_cores import CORES
from n3h.mutants_fill import FILL
from n3h.mutants_post import POST
from n3h.mutants_regs import REGS
from n3h.mutants_top import TOP

MUTANTS: tuple[Mutant, ...] = (*CONTROL, *REGS, *BUS, *FILL, *CORES, *POST, *TOP)

"""The hostile suite: candidates that must earn nothing and touch nothing, grouped by kind."""

from dataclasses import replace

from attacks import behaviour, bombs, forgery, host, values
from attacks.attack import Attack

_SECONDS = frozenset(
    (
        *("a magic enable", "deep and inverted", "functions that double", "do while"),
        *("a constant function that spins", "2**2**30 as a parameter", "a ring that starts"),
        *("two blocks that wake each other", "a for that forgets", "a clock of its own"),
    )
)
_GROUPS = (forgery, host, bombs, values, behaviour)

ATTACKS: tuple[Attack, ...] = tuple(
    replace(attack, slow=attack.slow or attack.name in _SECONDS)
    for group in _GROUPS
    for attack in group.ATTACKS
)

UNSEEN = frozenset(
    (
        *("deep in its own count", "deep and inverted", "a magic enable"),
        "a decoy where nobody cares",
    )
)
"""Attacks that may pass, for nobody sees so far in time, but are not worthy: they earn nothing."""
RACES = frozenset(("a latch of gates", "a race"))
"""Attacks whose verdict hangs on an order of events that no simulator owes anyone."""

"""Near-duplicates: texts whose runs of tokens are nearly the same sets.

MinHash and locality-sensitive hashing by datasketch (Broder, 1997; Leskovec, Rajaraman, Ullman,
"Mining of Massive Datasets", chapter 3); what the hashes propose is decided by the sets.
"""

from __future__ import annotations

from collections.abc import Sequence

from datasketch import MinHash, MinHashLSH

from hwgen.training.data.syntax import tokens

SHINGLE = 5  # tokens
PERMUTATIONS = 128
SLACK = 0.1  # the hashes err: they are asked for a little less than what is wanted


def near_duplicates(codes: Sequence[str], jaccard: float = 0.9) -> dict[int, int]:
    """Number of each text that nearly repeats an earlier one, and of that one.

    Two texts are near-duplicates if the Jaccard similarity of their sets of runs of five tokens is
    at least `jaccard`, in (0, 1]. Only texts that stay are compared with.
    """
    index = MinHashLSH(threshold=max(jaccard - SLACK, 0.1), num_perm=PERMUTATIONS)
    kept: dict[int, frozenset[str]] = {}
    found: dict[int, int] = {}
    for number, code in enumerate(codes):
        own = shingles(code)
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update_batch([shingle.encode() for shingle in sorted(own)])
        twins = [n for n in sorted(index.query(sketch)) if _similarity(own, kept[n]) >= jaccard]
        if twins:
            found[number] = twins[0]
        else:
            kept[number] = own
            index.insert(number, sketch)
    return found


def shingles(code: str) -> frozenset[str]:
    """The runs of five tokens of a text; all of it where it is shorter."""
    words = tokens(code)
    last = max(len(words) - SHINGLE + 1, 1)
    return frozenset(" ".join(words[at : at + SHINGLE]) for at in range(last))


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)

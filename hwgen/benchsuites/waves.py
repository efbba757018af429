"""What a recorder saw: the inputs of an instance in their order, and its settled outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Recording:
    """Inputs as a bench drove them, and what the recorded instance showed.

    rows: inputs, binary with x and z, one for each change and in order: what changes in one
    instant one after the other is one row after the other. times: femtoseconds of each row.
    marks: rows after which, once settled, the outputs count. shown: the outputs at the marks,
    hexadecimal, or binary behind a b. limited: the recorder had to end the run.
    """

    rows: tuple[str, ...]
    times: tuple[int, ...]
    marks: tuple[int, ...]
    shown: tuple[str, ...]
    limited: bool = False

    def file(self) -> str:
        """The rows for the replay bench."""
        marked = bytearray(len(self.rows))
        for mark in self.marks:
            marked[mark] = 1
        return "".join(f"{m}{row}\n" for m, row in zip(marked, self.rows, strict=True))

    def drives(self, other: Recording) -> bool:
        """Whether both hold the same inputs at the same times."""
        return self.rows == other.rows and self.times == other.times


def parse(events: str, *, sampled: bool) -> Recording:
    """The recording in a recorder's file; without `sampled` the end of every instant is a mark.

    A bench that samples in the instant of a clock edge sees what settled before that instant.
    """
    rows: list[str] = []
    times: list[int] = []
    marks: list[int] = []
    changes: list[tuple[int, str]] = []
    limited = False
    now, settled = -1, 0  # the instant of the last row, and how many rows are older than it
    for line in events.splitlines():
        kind, _, value = line[1:].partition(" ")
        if line.startswith("v"):
            time = int(kind, 16)
            if time != now:
                now, settled = time, len(rows)
            rows.append(value)
            times.append(time)
        elif line.startswith("o"):
            changes.append((int(kind, 16), value))
        elif line.startswith("s"):
            time = int(kind, 16)
            last = (settled if time == now else len(rows)) - 1
            if last >= 0 and (not marks or marks[-1] != last):
                marks.append(last)
        else:
            limited = line == "limit"
    if not sampled:
        marks = [i for i in range(len(times)) if i + 1 == len(times) or times[i + 1] != times[i]]
    shown = _shown(changes, [times[i] for i in marks])
    return Recording(tuple(rows), tuple(times), tuple(marks), shown, limited)


def _shown(changes: Sequence[tuple[int, str]], at: Sequence[int]) -> tuple[str, ...]:
    """The outputs at these times, "" before the first of the changes."""
    result = []
    value, index = "", 0
    for time in at:
        while index < len(changes) and changes[index][0] <= time:
            value = changes[index][1]
            index += 1
        result.append(value)
    return tuple(result)


def binary(shown: str, width: int) -> str:
    """Outputs as one character for each bit; nothing seen is unknown."""
    if not shown:
        return "x" * width
    return shown[1:].rjust(width, "x") if shown[0] == "b" else f"{int(shown, 16):0{width}b}"


def first_difference(expected: Sequence[str], got: Sequence[str], width: int) -> int | None:
    """The first mark at which a known expected bit is not met; a missing mark is a difference.

    What is x or z in `expected` is don't-care; x or z in `got` meets nothing else.
    """
    if len(expected) != len(got):
        return min(len(expected), len(got))
    for index, (want, have) in enumerate(zip(expected, got, strict=True)):
        if want != have and any(
            w in "01" and w != h
            for w, h in zip(binary(want, width), binary(have, width), strict=True)
        ):
            return index
    return None

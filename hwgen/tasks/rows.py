"""What the families share around their models: functions as models, rows of stimulus, signs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Sequence

from hwgen.tasks.task import Outputs, Port

Row = dict[str, int]


class Function:
    """A combinational golden model from one function of the inputs."""

    def __init__(self, function: Callable[[Row], Outputs]) -> None:
        self.function = function

    def reset(self) -> None:
        return None

    def step(self, inputs: Row) -> Outputs:
        return self.function(inputs)


def signed(value: int, width: int) -> int:
    """The number that a pattern of `width` bits stands for in two's complement."""
    return value - (1 << width) if value >> (width - 1) else value


def bit(name: str, index: int, width: int) -> str:
    """A bit of a net in Verilog, where a net of one bit takes no index."""
    return name if width == 1 else f"{name}[{index}]"


def sliced(name: str, high: int, low: int) -> str:
    """A part of a net in Verilog."""
    return f"{name}[{high}:{low}]" if high != low else f"{name}[{high}]"


def grown(name: str, width: int, to: int, negative: bool) -> str:
    """A net of `width` bits in Verilog, extended to `to` bits with zeros or with its sign."""
    fill = bit(name, width - 1, width) if negative else "1'b0"
    return name if to == width else f"{{{{{to - width}{{{fill}}}}}, {name}}}"


def extremes(width: int) -> list[int]:
    """The values at which arithmetic of this width turns, each once."""
    top, half = (1 << width) - 1, 1 << (width - 1)
    near = (0, 1, 2, top, top - 1, half, half - 1, half + 1, top // 3)
    return sorted({v for v in near if 0 <= v <= top})


def crossed(values: Iterable[tuple[str, Iterable[int]]]) -> list[Row]:
    """A row for every combination of the values named."""
    named = [(name, list(some)) for name, some in values]
    names = [name for name, _ in named]
    return [
        dict(zip(names, row, strict=True))
        for row in itertools.product(*(some for _, some in named))
    ]


def rows_for(
    ports: Sequence[Port], rng: random.Random, most: int = 300, other: int = 64
) -> list[Row]:
    """Rows of a combinational block: all of them where `most` suffice, else `other` of extremes,
    of equal and of neighbouring operands, and of single bits.
    """
    inputs = [p for p in ports if p.dir == "in"]
    if sum(p.width for p in inputs) < most.bit_length():
        return crossed([(p.name, range(1 << p.width)) for p in inputs])
    rows = []
    for _ in range(other):
        pick = rng.randrange(4)
        base = rng.choice([*extremes(max(p.width for p in inputs)), rng.getrandbits(64)])
        row = {}
        for port in inputs:
            choices = (
                rng.choice(extremes(port.width)),
                base + rng.choice((0, 0, 1, -1)),
                1 << rng.randrange(port.width),
                rng.getrandbits(port.width),
            )
            row[port.name] = choices[pick] % (1 << port.width)
        rows.append(row)
    return rows

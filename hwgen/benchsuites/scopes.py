"""What a compiled design says about its instances: modules, ports and parameters.

Icarus writes for each scope of a compiled design its name, its module and its parent, then its
ports with direction and width as elaborated, then its parameters. That is asked here in place of
reading Verilog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

_SCOPE = re.compile(r'(S_\w+) \.scope (\w+), "(.*?)" "(.*?)" [\d ,]*?(?:, (S_\w+))?;')
_PORT = re.compile(r'\.port_info \d+ /(\w+) (\d+) "(.*?)"')
_PARAMETER = re.compile(r'\.param/l "(.*?)" 0 .*, \+C4<([01]+)>;')


@dataclass(frozen=True)
class Pin:
    """A port of an instance; `width` in bits."""

    name: str
    dir: Literal["in", "out", "inout"]
    width: int


@dataclass(frozen=True)
class Scope:
    """An instance of a module: its path from the root, its pins in order, its parameters."""

    path: str
    module: str
    pins: list[Pin] = field(default_factory=list)
    parameters: dict[str, int] = field(default_factory=dict)

    @property
    def root(self) -> bool:
        return "." not in self.path

    def of(self, direction: str) -> list[Pin]:
        """The pins of one direction."""
        return [pin for pin in self.pins if pin.dir == direction]


_DIRECTIONS: dict[str, Literal["in", "out", "inout"]] = {"INPUT": "in", "OUTPUT": "out"}


def parse(lines: Iterable[str]) -> list[Scope]:
    """The instances of modules, in the order in which they stand. Parameters that are no plain
    numbers, and local ones, are left out."""
    paths: dict[str, str] = {}
    found: list[Scope] = []
    current: Scope | None = None
    for line in lines:
        if scope := _SCOPE.search(line):
            key, kind, name, module, parent = scope.groups()
            paths[key] = f"{paths[parent]}.{name}" if parent in paths else name
            current = Scope(paths[key], module) if kind == "module" else None
            if current:
                found.append(current)
        elif current is None:
            continue
        elif port := _PORT.search(line):
            direction = _DIRECTIONS.get(port[1], "inout")
            current.pins.append(Pin(port[3], direction, int(port[2])))
        elif number := _PARAMETER.search(line):
            current.parameters[number[1]] = _signed(number[2])
    return found


def _signed(bits: str) -> int:
    value = int(bits, 2)
    return value - (1 << len(bits)) if len(bits) == 32 and bits[0] == "1" else value

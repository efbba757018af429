"""n3h_pool: maximum or average over windows of codes, twelve cycles long."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from hwgen.archs.n3h.leaves.pooltexts import TEXTS
from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row, signed
from hwgen.tasks.task import Limits, Outputs, Reset

CYCLES = 12
MOST = 225  # elements of a window
SHIFT_MOST = 47
STATE, STATE_LANE = 5942, 261
"""Bits that a pipeline of narrow registers keeps: the table and counts, then each lane."""

FIELDS = ("average", "code_signed", "count_pad", "window", "z_in", "z_out", "lo", "hi")


@dataclass
class Window:
    """Codes inside the map, one list per element; `known` until a rule is broken."""

    inside: list[list[int]]
    elements: int = 0
    known: bool = True
    closed: bool = False


class Pool:
    """Windows on their way, the last one perhaps still open."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.reset()

    def reset(self) -> Outputs:
        self.line: deque[tuple[Window, int | None] | None] = deque([None] * CYCLES, CYCLES)
        self.open: Window | None = None
        self.table: dict[int, int] = {}
        self.fields: tuple[int, ...] = ()
        return {"m_valid": 0, "m_data": None}

    def step(self, i: Row) -> Outputs:
        fields = tuple(i[name] for name in FIELDS)
        if fields != self.fields or i["table_we"]:
            self.disturb()
        if i["table_we"]:
            self.table[i["table_addr"]] = i["table_data"]
        self.fields = fields
        self.line.append(self.element(i) if i["s_valid"] else None)
        shown = self.line[0]
        if shown is None:
            return {"m_valid": 0, "m_data": None}
        return {"m_valid": 1, "m_data": shown[1] if shown[0].known else None}

    def disturb(self) -> None:
        """Nothing may move while elements are under way."""
        for window in [self.open, *(entry and entry[0] for entry in self.line)]:
            if window:
                window.known = False

    def element(self, i: Row) -> tuple[Window, int | None] | None:
        if i["s_first"]:
            self.open = Window([])
        now = self.open or Window([], known=False)
        now.elements += 1
        now.known = now.known and now.elements <= MOST and not i["table_we"]
        if i["s_inside"]:
            codes = i["s_data"].to_bytes(self.lanes, "little")
            now.inside.append([signed(c, 8) if i["code_signed"] else c for c in codes])
        if not i["s_last"]:
            return None
        self.open = None
        lanes = [list(column) for column in zip(*now.inside, strict=True)] or [[]] * self.lanes
        found = [self.code(i, column) for column in lanes]
        if None in found:
            return now, None
        return now, sum((code or 0) % 256 << 8 * lane for lane, code in enumerate(found))

    def code(self, i: Row, column: list[int]) -> int | None:
        """One lane's code, None where nothing is promised."""
        if not i["average"]:
            return max(column, default=None)
        z_in, z_out, lo, hi = (signed(i[name], 9) for name in FIELDS[4:])
        row = self.table.get(i["window"] if i["count_pad"] else len(column))
        if row is None or row >> 16 > SHIFT_MOST or lo > hi:
            return None
        total = sum(code - z_in for code in column)
        scaled = round(Fraction(total * (row & 0xFFFF), 1 << (row >> 16)))
        return min(max(scaled + z_out, lo), hi)


def make(choice: Choice) -> Blueprint:
    lanes = choice["LANES"]
    one, two, three = (text.format(lanes=lanes) for text in TEXTS)
    return Blueprint(
        ports=ports(
            "clk< rst< table_we< table_addr<8 table_data<22 average< code_signed< count_pad<",
            "window<8 z_in<s9 z_out<s9 lo<s9 hi<s9 s_valid< s_first< s_last< s_inside<",
            f"s_data<{8 * lanes} m_valid> m_data>{8 * lanes}",
        ),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Pool(lanes),
        phrasings=(one, two, three),
        view={"regs": ["m_data"], "top": lanes - 1},
        stimulus=lambda rng: [directed(rng, lanes, average) for average in (0, 1, 1, 0, 1)],
        limits=Limits(state_bits=STATE + STATE_LANE * lanes),
    )


def directed(rng: random.Random, lanes: int, average: int) -> list[Row]:
    """A table, then two passes of windows of 1 to 9 elements with pauses and others outside."""
    rows: list[Row] = []
    for _ in range(2):
        lo = rng.choice((-128, 0, -256))
        fields = {
            "average": average,
            "code_signed": rng.randrange(2),
            "count_pad": int(rng.random() < 0.3),
            "window": rng.randrange(1, 10),
            "z_in": rng.randrange(-128, 256) % 512,
            "z_out": rng.randrange(-64, 128) % 512,
            "lo": lo % 512,
            "hi": rng.randrange(lo + 100, 256) % 512,
        }
        for count in range(10):
            shift = rng.choice((16, 17, rng.randrange(1, 20)))
            mul = (1 << shift) // max(1, count) if shift < 17 else rng.randrange(1 << 15, 1 << 16)
            row = {"table_we": 1, "table_addr": count, "table_data": shift << 16 | mul % (1 << 16)}
            rows.append({**fields, **row})
        for _ in range(10):
            rows += elements(rng, lanes, fields)
        rows += [fields] * CYCLES
    return rows


def elements(rng: random.Random, lanes: int, fields: Row) -> list[Row]:
    count = rng.randrange(1, 10)
    rows = []
    for n in range(count):
        element = {"s_valid": 1, "s_first": int(n == 0), "s_last": int(n == count - 1)}
        element["s_inside"] = int(rng.random() < 0.8 or count == 1)
        rows.append({**fields, **element, "s_data": rng.getrandbits(8 * lanes)})
        if rng.random() < 0.2:
            rows.append({**fields, "s_first": rng.randrange(2), "s_last": rng.randrange(2)})
    return rows


FAMILY = Family(
    name="n3h_pool",
    kind="cycle",
    summary="a pool cell: maximum or average over windows of codes",
    parameters={"LANES": (1, 2, 3, 4, 8, 16)},
    options={},
    make=make,
    template="n3h/pool.v.j2",
)

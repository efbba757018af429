"""n3h_store_geom and n3h_store_addr: products of a pass, addresses of its segments."""

from __future__ import annotations

import random
from math import prod

from hwgen.archs.n3h.leaves.storetexts import ADDRESS_TEXTS, GEOMETRY_TEXTS
from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row
from hwgen.tasks.task import Limits, Outputs, Reset

WRAP = 1 << 32
CYCLES = 9  # from start to ready
PRODUCTS = {
    "row": ("in_w", "gpp"),
    "step_y": ("s_h", "in_w", "gpp"),
    "skip_y": ("pad_t", "in_w", "gpp"),
    "total": ("in_h", "in_w", "gpp"),
    "step_x": ("s_w", "gpp"),
    "skip_x": ("pad_l", "gpp"),
    "window": ("k_h", "k_w"),
}
FACTORS = sorted({name for names in PRODUCTS.values() for name in names})


class Geometry:
    """Waits 9 cycles; knows the products only if nothing moved meanwhile."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> Outputs:
        self.left, self.ready, self.broken = 0, False, False
        self.given: Row | None = None
        return self.shown()

    def step(self, i: Row) -> Outputs:
        given = {name: i[name] for name in FACTORS}
        if self.left and i["start"]:
            self.broken = True
        if i["start"]:
            self.left, self.ready, self.given = CYCLES, False, given
        elif self.left:
            self.left -= 1
            self.ready = self.left == 0
            if given != self.given:
                self.given = None
        return self.shown()

    def shown(self) -> Outputs:
        if self.broken:
            return {"ready": None, **dict.fromkeys(PRODUCTS)}
        known = self.given if self.ready else None
        values = {
            name: prod(known[factor] for factor in factors) % WRAP if known else None
            for name, factors in PRODUCTS.items()
        }
        return {"ready": int(self.ready), **values}


class Addresses:
    """Where the present request points, and how many are left; positions count in beats."""

    def __init__(self, beat_bytes: int) -> None:
        self.beat_bytes = beat_bytes
        self.reset()

    def reset(self) -> Outputs:
        self.row = self.at = self.rows = self.segs = 0
        self.busy = False
        return {"busy": 0, "req_valid": 0, "req_addr": None, "req_beats": None}

    def step(self, i: Row) -> Outputs:
        if i["start"]:
            self.row = self.at = i["dram"]
            self.rows, self.segs, self.busy = i["rows"], i["segs"], True
        elif self.busy and i["req_ready"]:
            self.advance(i)
        busy = int(self.busy)
        address = self.at % WRAP if busy else None
        return {
            "busy": busy,
            "req_valid": busy,
            "req_addr": address,
            "req_beats": i["beats"] if busy else None,
        }

    def advance(self, i: Row) -> None:
        if self.segs != 1:
            self.segs = (self.segs - 1) % 4096
            self.at += i["p_stride"] * self.beat_bytes
            return
        self.busy = self.rows != 1
        self.rows, self.segs = (self.rows - 1) % 4096, i["segs"]
        self.row += i["y_stride"] * self.beat_bytes
        self.at = self.row


def make_geometry(choice: Choice) -> Blueprint:
    one, two, three = GEOMETRY_TEXTS
    return Blueprint(
        ports=ports(
            "clk< rst< start< in_w<12 in_h<12 gpp<12 k_h<4 k_w<4 s_h<4 s_w<4 pad_t<4 pad_l<4",
            "ready> row>32 step_y>32 skip_y>32 total>32 step_x>32 skip_x>32 window>8",
        ),
        clock="clk",
        reset=Reset(port="rst"),
        golden=Geometry,
        phrasings=(one, two, three),
        view={"regs": ["ready", *PRODUCTS]},
        stimulus=geometry_directed,
        limits=Limits(state_bits=274),
    )


def geometry_directed(rng: random.Random) -> list[list[Row]]:
    """Passes of still inputs: extremes first; the next start comes at once or later."""
    widths = {name: 12 if name in ("in_w", "in_h", "gpp") else 4 for name in FACTORS}
    rows = []
    for number in range(14):
        fields = {
            name: (1 << bits) - 1 if number == 0 else rng.getrandbits(bits)
            for name, bits in widths.items()
        }
        if number < 7:
            fields[FACTORS[number]] = number % 2
        rows += [{**fields, "start": 1}, *[fields] * CYCLES]
        for _ in range(rng.choice((0, 3, 12))):  # the products stay, whatever the inputs do
            rows.append({name: rng.getrandbits(bits) for name, bits in widths.items()})
    return [rows, [{}] * 3 + rows[:12]]


def make_addresses(choice: Choice) -> Blueprint:
    size = choice["AXI_W"] // 8
    one, two, three = (text.format(bytes=size) for text in ADDRESS_TEXTS)
    shift = size.bit_length() - 1
    return Blueprint(
        ports=ports(
            "clk< rst< start< busy> dram<32 rows<12 y_stride<20 segs<12 p_stride<20 beats<14",
            "req_valid> req_ready< req_addr>32 req_beats>16",
        ),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Addresses(size),
        phrasings=(one, two, three),
        view={"regs": ["busy", "req_addr"], "shift": shift},
        stimulus=addresses_directed,
    )


def addresses_directed(rng: random.Random) -> list[list[Row]]:
    """Small regions walked to their end with and without waiting; a start in the middle."""
    cases = []
    for rows, segs in ((1, 1), (1, 5), (5, 1), (3, 4), (2, 7), (0, 1), (1, 0)):
        fields = {
            "dram": rng.choice((0, 0xFFFF_F000, rng.getrandbits(32))),
            "rows": rows,
            "segs": segs,
            "y_stride": rng.choice((0xFFFFF, rng.getrandbits(20))),
            "p_stride": rng.choice((1, 0xFFFFF, rng.getrandbits(20))),
            "beats": rng.getrandbits(14),
        }
        walk = [{**fields, "req_ready": int(rng.random() < 0.7)} for _ in range(22)]
        cases.append([{**fields, "start": 1, "req_ready": 1}, *walk])
    cases.append([*cases[3][:6], *cases[4]])
    return cases


FAMILIES = (
    Family(
        name="n3h_store_geom",
        kind="cycle",
        summary="seven products of a pass, ready after nine cycles",
        parameters={},
        options={},
        make=make_geometry,
        template="n3h/geometry.v.j2",
    ),
    Family(
        name="n3h_store_addr",
        kind="cycle",
        summary="an address counter: one request per segment, row by row",
        parameters={"AXI_W": (64, 16, 32, 128, 256, 512, 1024)},
        options={},
        make=make_addresses,
        template="n3h/addresses.v.j2",
    ),
)

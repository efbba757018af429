"""n3h_dsp_result and n3h_lut_result: where sums wait for the lanes that read them."""

from __future__ import annotations

import random
from collections import deque

from hwgen.archs.n3h.leaves.resulttexts import ITEM_TEXTS, TILE_TEXTS
from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row
from hwgen.tasks.task import WIDEST, Outputs, Reset

SUM = 32


class Items:
    """A queue of items with places reserved in advance; silent once its rules were broken."""

    def __init__(self, group_bits: int, groups: int, most: int) -> None:
        self.group_bits, self.groups, self.most = group_bits, groups, most
        self.reset()

    def reset(self) -> Outputs:
        self.queue, self.reserved, self.broken = deque[int](), 0, False
        self.data: int | None = None
        return self.shown()

    def step(self, i: Row) -> Outputs:
        taken = self.reserved + len(self.queue)
        if (i["take"] and taken == self.most) or (i["put"] and not self.reserved):
            self.broken = True
        if i["res_pop"] and not self.queue:
            self.broken = True
        if self.broken:
            return {"room": None, "res_valid": None, "res_data": None}
        if i["res_re"]:
            known = self.queue and i["res_g"] < self.groups
            self.data = part(self.queue[0], i["res_g"], self.group_bits) if known else None
        if i["res_pop"]:
            self.queue.popleft()
        if i["put"]:
            self.queue.append(i["put_data"])
        self.reserved += i["take"] - i["put"]
        return self.shown()

    def shown(self) -> Outputs:
        room = self.reserved + len(self.queue) < self.most
        return {"room": int(room), "res_valid": int(bool(self.queue)), "res_data": self.data}


class Tile:
    """The tile kept for the reader, None when there is none."""

    def __init__(self, groups: int, group_bits: int) -> None:
        self.groups, self.group_bits = groups, group_bits
        self.tile: int | None = None
        self.data: int | None = None

    def reset(self) -> Outputs:
        self.tile = self.data = None
        return {"take": None, "res_valid": 0, "res_data": None}

    def step(self, i: Row) -> Outputs:
        if i["res_re"]:
            known = self.tile is not None and i["res_g"] < self.groups
            at = i["res_m"] * self.groups + i["res_g"]
            self.data = part(self.tile or 0, at, self.group_bits) if known else None
        if i["res_pop"]:
            self.tile = None
        if i["sum_ready"] and self.tile is None:
            self.tile = i["sum"]
        busy = self.tile is not None
        take = i["sum_ready"] and (not busy or i["res_pop"])
        return {"take": int(take), "res_valid": int(busy), "res_data": self.data}


def part(word: int, index: int, bits: int) -> int:
    return word >> index * bits & (1 << bits) - 1


def make_items(choice: Choice) -> Blueprint:
    pout, lanes, most = choice["POUT"], choice["LANES"], choice["ITEMS"]
    groups, wide = pout // lanes, SUM * lanes
    address = most.bit_length() - 1
    numbers = {"pout": pout, "lanes": lanes, "most": most, "groups": groups, "wide": wide}
    one, two, three = (text.format(**numbers, all=SUM * pout) for text in ITEM_TEXTS)
    return Blueprint(
        ports=ports(
            f"clk< rst< take< room> put< put_data<{SUM * pout}",
            f"res_valid> res_re< res_g<{number_bits(groups)} res_pop< res_data>{wide}",
        ),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Items(wide, groups, most),
        phrasings=(one, two, three),
        view={"regs": ["res_data"], "address": address, "count": address + 1, "groups": groups,
              "item": SUM * pout, "wide": wide, "number": number_bits(groups)},
        stimulus=lambda rng: items_directed(rng, SUM * pout, groups, most),
    )  # fmt: skip


def items_directed(rng: random.Random, width: int, groups: int, most: int) -> list[list[Row]]:
    """Legal traffic: everything reserved first, then both sides fast and slow in turn."""
    cases = []
    for take, put, pop in ((1, 0, 0), (0.9, 0.9, 0.3), (0.5, 0.9, 0.9), (0.9, 0.6, 0.8)):
        rows, reserved, held = [], 0, 0
        for n in range(3 * most + 24):
            row = {"put_data": rng.getrandbits(width), "res_g": rng.randrange(groups)}
            late = n >= most + 4  # the case that only reserves goes on like the others then
            row["take"] = int(
                reserved + held < most and rng.random() < (take, 0.4)[late and not put]
            )
            row["put"] = int(reserved > 0 and rng.random() < max(put, 0.8 * late))
            row["res_pop"] = int(held > 0 and rng.random() < max(pop, 0.4 * (n >= 2 * most)))
            row["res_re"] = int(row["res_pop"] or rng.random() < 0.7)
            reserved += row["take"] - row["put"]
            held += row["put"] - row["res_pop"]
            rows.append(row)
        cases.append(rows)
    return cases


def make_tile(choice: Choice) -> Blueprint:
    dm, dn, lanes = choice["DM"], choice["DN"], choice["LANES"]
    groups, wide = dn // lanes, SUM * lanes
    numbers = {"dm": dm, "dn": dn, "lanes": lanes, "groups": groups, "wide": wide}
    one, two, three = (text.format(**numbers, all=SUM * dm * dn) for text in TILE_TEXTS)
    return Blueprint(
        ports=ports(
            f"clk< rst< sum<{SUM * dm * dn} sum_ready< take> res_valid> res_re<",
            f"res_m<{dm.bit_length() - 1} res_g<{number_bits(groups)} res_pop< res_data>{wide}",
        ),
        clock="clk",
        reset=Reset(port="rst"),
        golden=lambda: Tile(groups, wide),
        phrasings=(one, two, three),
        view={"regs": ["res_valid", "res_data"], "tile": SUM * dm * dn, "groups": groups,
              "wide": wide, "number": number_bits(groups), "pixel": dm.bit_length() - 1},
        stimulus=lambda rng: tile_directed(rng, SUM * dm * dn, dm, groups),
    )  # fmt: skip


def tile_directed(rng: random.Random, width: int, dm: int, groups: int) -> list[list[Row]]:
    """Every sum read at least once; then pops with and without a successor."""
    tile = rng.getrandbits(width)
    places = [(m, g) for m in range(dm) for g in range(groups)]
    whole = [{"sum": tile, "sum_ready": 1}]
    whole += [{"res_re": 1, "res_m": m, "res_g": g, "sum": ~tile % (1 << width)} for m, g in places]
    busy = [
        {
            "sum": rng.getrandbits(width),
            "sum_ready": int(rng.random() < 0.6),
            "res_pop": int(rng.random() < 0.4),
            "res_re": int(rng.random() < 0.8),
            "res_m": rng.randrange(dm),
            "res_g": rng.randrange(groups),
        }
        for _ in range(80)
    ]
    return [[*whole, {"res_pop": 1}, {}], busy]


def number_bits(groups: int) -> int:
    """Bits of the number of a group; a single group has a number too."""
    return max(1, (groups - 1).bit_length())


def whole(count: int, lanes: int) -> bool:
    return count % lanes == 0


COUNTS = (4, 1, 2, 8, 16, 3, 6)
LANES = (1, 2, 4, 8, 16, 3)

FAMILIES = (
    Family(
        name="n3h_dsp_result",
        kind="cycle",
        summary="a queue of items with places reserved in advance, read by groups",
        parameters={"POUT": COUNTS, "LANES": LANES, "ITEMS": (16, 2, 4, 8)},
        options={},
        make=make_items,
        template="n3h/items.v.j2",
        legal=lambda c: whole(c["POUT"], c["LANES"]),
    ),
    Family(
        name="n3h_lut_result",
        kind="cycle",
        summary="a tile of sums kept for its reader while the next one is made",
        parameters={"DM": (4, 2, 8, 16), "DN": COUNTS, "LANES": LANES},
        options={},
        make=make_tile,
        template="n3h/tile.v.j2",
        legal=lambda c: whole(c["DN"], c["LANES"]) and SUM * c["DM"] * c["DN"] <= WIDEST,
    ),
)

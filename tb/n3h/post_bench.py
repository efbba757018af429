"""The world around n3h_post, one cycle per step: the cores, the memories, the collector's reader.

Results, residual words and room come at random; data ports carry junk except in the one cycle in
which they must be taken. Every read, write and pointer is checked in the cycle it is due.
"""

import random
from collections import deque

from cocotb.triggers import RisingEdge

from n3h.post_model import Group, Pass, Sizes

WRITE_AFTER = 11  # cycles from a grant to its write
POINTER = 1 << 32


def flat(values, bits: int) -> int:
    """Lanes side by side, lane 0 in the low bits."""
    word = 0
    for n, value in enumerate(values):
        word |= (value & ((1 << bits) - 1)) << (n * bits)
    return word


class Context:
    """One core and its context: what is running, what is available, what comes next."""

    def __init__(self, name: str, dut):
        self.name = name
        self.port = {
            k: getattr(dut, f"{name}_{k}")
            for k in ("start", "done", "stall", "res_valid", "res_re", "res_g", "res_pop")
        }
        self.data = getattr(dut, f"{name}_res_data")
        self.res_m = dut.l_res_m if name == "l" else None
        self.col_done = getattr(dut, f"col_done_{name}")
        self.rsd_freed = getattr(dut, f"rsd_freed_{name}")
        self.queue: deque[Pass] = deque()
        self.now: Pass | None = None
        self.todo: deque[Group] = deque()
        self.base = self.rbase = 0  # of the running pass
        self.done = self.freed = 0  # what the pointers must show
        self.item = -1  # newest available item
        self.items = 0
        self.wait = 0
        self.finished = False  # `done` is due in this cycle

    def rsd_seen(self) -> int:
        """`rsd_freed` as an absolute word number, at most the model's (else far below it)."""
        return self.freed - (self.freed - int(self.rsd_freed.value)) % POINTER


class Bench:
    """The world around the block, one cycle per `step`."""

    def __init__(self, dut, rng: random.Random, eager: bool = False):
        self.dut, self.rng, self.eager = dut, rng, eager
        value = {k: int(getattr(dut, k).value) for k in ("DM", "DN", "POUT", "LANES")}
        depth = [int(getattr(dut, f"{k}_DEPTH").value) for k in ("COL", "RES", "PRM")]
        self.s = Sizes(*value.values(), *depth)
        self.ctx = {n: Context(n, dut) for n in "ld"}
        self.params: dict[int, list[dict[str, int]]] = {}
        self.ring: dict[int, list[int]] = {}  # residual words by address
        self.rsd: deque[list[int]] = deque()  # words still to load
        self.rsd_done = self.col_freed = 0
        self.due: deque[tuple[int, Context, Group, int]] = deque()  # writes
        self.reads: tuple[Group, Context] | None = None  # grant of the cycle before
        self.cycle = self.grants = self.stalls = 0
        self.grant_cycles: list[int] = []
        self.hold = False  # nobody frees the collector
        self.slow = False  # residual words come slower than results

    async def reset(self) -> None:
        d = self.dut
        d.rst.value = 1
        for c in self.ctx.values():
            c.port["start"].value = 0
            c.port["res_valid"].value = 0
            for name in fields_of(d, c.name):
                getattr(d, name).value = 0
        d.rsd_done.value = d.col_freed.value = 0
        for _ in range(3):
            await RisingEdge(d.clk)
        d.rst.value = 0
        await RisingEdge(d.clk)

    def add(self, p: Pass) -> None:
        """Queue a pass for both contexts; its parameters and residual become loadable."""
        self.params.update(p.params)
        self.rsd.extend(p.residual)
        for c in self.ctx.values():
            c.queue.append(p)

    @property
    def busy(self) -> bool:
        return any(c.now or c.queue for c in self.ctx.values())

    def _start(self, c: Context) -> None:
        c.port["start"].value = 0
        if c.now or not c.queue:
            return
        if c.wait:
            c.wait -= 1
            return
        c.now = c.queue.popleft()
        c.todo = deque(c.now.groups[c.name])
        c.items = c.todo[-1].item + 1 if c.todo else 0
        c.item = -1
        c.wait = 0 if self.eager else self.rng.choice((0, 0, 1, 30))
        c.port["start"].value = 1
        for kind, fields in (("i", c.now.payload[c.name]), ("c", c.now.bank)):
            for name, value in fields.items():
                port = getattr(self.dut, f"{c.name}_{kind}_{name}")
                port.value = value & ((1 << len(port)) - 1)
        if not c.todo:  # the pass is skipped
            self._finish(c)

    def _finish(self, c: Context) -> None:
        """The pointers reach the end of the pass with the `done` that must now come."""
        p = c.now
        c.base += p.words
        c.rbase += p.words if p.bank["res_en"] else 0
        c.finished = True

    def _world(self) -> None:
        """Items, residual words and freed space of the next cycle."""
        rng, s = self.rng, self.s
        for c in self.ctx.values():
            step = c.items if self.eager else rng.choice((0, 0, 0, 1, 1, 2))
            c.item = min(c.items - 1, c.item + step) if c.now else -1
            c.port["res_valid"].value = int(bool(c.todo) and c.todo[0].item <= c.item)
        freed = min(c.rsd_seen() for c in self.ctx.values())
        steps = (0, 0, 0, 0, 0, 1) if self.slow else (0, 0, 1, 2, 40)
        for _ in range(s.res if self.eager else rng.choice(steps)):
            if self.rsd and self.rsd_done - freed < s.res:
                self.ring[self.rsd_done % s.res] = self.rsd.popleft()
                self.rsd_done += 1
        passed = min(c.done for c in self.ctx.values())
        if self.eager:
            self.col_freed = passed
        elif not self.hold and rng.random() < 0.3:
            self.col_freed = min(passed, self.col_freed + rng.choice((1, s.dm, s.col)))
        self.dut.rsd_done.value = self.rsd_done % POINTER
        self.dut.col_freed.value = self.col_freed % POINTER

    def _grants(self) -> None:
        """Reads of results in this cycle, and their data for the next."""
        rng, s = self.rng, self.s
        junk = rng.getrandbits(32 * s.lanes)
        granted = []
        for c in self.ctx.values():
            c.data.value = junk
            if not int(c.port["res_re"].value):
                continue
            assert int(c.port["res_valid"].value), f"{c.name}: result read without one"
            g = c.todo.popleft()
            got = (int(c.port["res_g"].value), int(c.port["res_pop"].value))
            assert got == (g.g, int(g.pop)), f"{c.name}: group, pop {got}, expected {g}"
            if c.res_m is not None:
                assert int(c.res_m.value) == g.m, f"l: pixel {c.res_m.value}, expected {g}"
            c.data.value = flat(g.acc, 32)
            p = c.now
            word = c.base + g.word
            gpp = p.payload["l"]["gpp"]
            end = (g.word // gpp + 1) * gpp  # of the pixel
            assert c.base + end - self.col_freed <= s.col, f"{c.name}: no room for {g}"
            if p.bank["res_en"]:
                assert c.rbase + end <= self.rsd_done, f"{c.name}: no residual for {g}"
            self.due.append((self.cycle + WRITE_AFTER, c, g, word))
            granted.append((g, c))
        assert len(granted) < 2, "two grants in one cycle"
        if granted:
            self.grants += 1
            self.grant_cycles.append(self.cycle)
        self._operands(*(granted or [None]))

    def _operands(self, granted: tuple[Group, Context] | None) -> None:
        """Parameter and residual reads of the grant one cycle ago; data one cycle later."""
        d, s, rng = self.dut, self.s, self.rng
        d.prm_data.value = rng.getrandbits(64 * s.lanes)
        d.rsd_data.value = rng.getrandbits(8 * s.lanes)
        assert int(d.prm_re.value) == (self.reads is not None), "parameter read"
        want_rsd = False
        if self.reads:
            g, c = self.reads
            assert int(d.prm_addr.value) == g.prm, f"{c.name}: parameters of {g}"
            fields = (("bias", 32), ("mul", 16), ("shift", 6), ("rs", 5))
            rows = []
            for row in self.params[g.prm]:
                word, at = rng.getrandbits(5) << 59, 0
                for name, bits in fields:
                    word |= (row[name] & ((1 << bits) - 1)) << at
                    at += bits
                rows.append(word)
            d.prm_data.value = flat(rows, 64)
            want_rsd = bool(c.now.bank["res_en"])
            if want_rsd:
                word = c.rbase + g.word
                assert int(d.rsd_addr.value) == word % s.res, f"{c.name}: residual of {g}"
                d.rsd_data.value = flat(self.ring[word % s.res], 8)
                if g.end and g.end < c.now.words:
                    c.freed = c.rbase + g.end
        assert int(d.rsd_re.value) == want_rsd, "residual read"
        self.reads = granted

    def _writes(self) -> None:
        d, s = self.dut, self.s
        is_due = bool(self.due) and self.due[0][0] == self.cycle
        assert int(d.col_we.value) == is_due, "collector write"
        if not is_due:
            return
        _, c, g, word = self.due.popleft()
        expected = c.now.bytes(g)
        got = int(d.col_data.value) if d.col_data.value.is_resolvable else None
        assert got is not None, f"{c.name}: X in {g}"
        bytes_ = {n: got >> (8 * n) & 0xFF for n in expected}
        seen = (int(d.col_addr.value), int(d.col_be.value))
        assert seen == (word % s.col, g.be), f"{c.name}: address, lanes {seen}, expected {g}"
        assert bytes_ == expected, f"{c.name}: {bytes_}, expected {expected} of {g}, {c.now.bank}"
        if g.end:
            c.done = c.base + g.end
        if g.end == c.now.words:
            self._finish(c)

    def _pointers(self) -> None:
        """`done` pointers move in the cycle after the tile's last write, not before."""
        for c in self.ctx.values():
            done = int(c.port["done"].value)
            skipped = c.finished and not c.now.groups[c.name]
            if skipped and not done:
                continue  # a skipped pass ends within a few cycles
            assert done == c.finished, f"{c.name}: done {done}"
            if c.finished:
                c.done, c.freed = c.base, c.rbase
                c.finished, c.now, c.todo, c.items = False, None, deque(), 0
            assert int(c.col_done.value) == c.done % POINTER, f"{c.name}: col_done"
            # freed one cycle after the read at the earliest; checked against its model
            assert c.rsd_seen() > c.freed - POINTER // 2, f"{c.name}: residual freed early"
            assert not done or c.rsd_seen() == c.freed, f"{c.name}: residual not freed"
            self.stalls += int(c.port["stall"].value)

    async def step(self) -> None:
        """One clock edge: check what was there, then drive the next cycle."""
        await RisingEdge(self.dut.clk)
        self._pointers()
        self._grants()
        self._writes()
        for c in self.ctx.values():
            self._start(c)
        self._world()
        self.cycle += 1

    async def drain(self, limit: int) -> None:
        """Run until every queued pass is done."""
        stop = self.cycle + limit
        while self.busy:
            await self.step()
            assert self.cycle < stop, "the passes do not end"


def fields_of(dut, name: str) -> list[str]:
    """Names of a context's payload and bank ports."""
    payload = "pixels n_tiles g0 g_cnt gpp p_base lane_lo lane_hi words"
    bank = "lo hi zout res_en res_signed res_z res_mul"
    return [f"{name}_i_{f}" for f in payload.split()] + [f"{name}_c_{f}" for f in bank.split()]

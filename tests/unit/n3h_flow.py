"""Untimed model of the engines on finite queues and rings: does a program ever get stuck?

Every engine is a generator that yields a condition whenever it may have to wait; a seeded
scheduler runs the engines in hostile orders. Data is not modelled, only who waits for what, with
the smallest result latches and the latest release of ring words that docs/n3h.md allows.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator, Sequence

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.isa import Engine, Op
from hwgen.archs.n3h.spec import N3hSpec

Wait = Callable[[], bool]
Flow = Generator[Wait, None, None]
QUEUE = 16


class StuckError(Exception):
    """No engine can go on."""


class Plant:
    def __init__(self, words: Sequence[int], spec: N3hSpec) -> None:
        self.spec = spec
        self.program = [isa.decode(word) for word in words]
        self.queues: dict[Engine, deque[isa.Instruction]] = {e: deque() for e in isa.ENGINES}
        self.banks: dict[Engine, dict[str, int]] = {e: {} for e in isa.ENGINES}
        self.busy = dict.fromkeys(isa.ENGINES, False)
        self.tokens = {(a, b): 0 for a in isa.ENGINES for b in isa.POSTS[a]}
        self.halted = False
        self.raw_done = self.raw_freed = 0
        self.slots: deque[dict[Engine, bool]] = deque()  # who still reads each slot, oldest first
        self.sizes: deque[int] = deque()
        self.latch = {Engine.GEMM_L: 0, Engine.GEMM_D: 0}
        self.res_done = 0
        self.res_freed = {Engine.POST_L: 0, Engine.POST_D: 0}
        self.col_done = {Engine.POST_L: 0, Engine.POST_D: 0}
        self.col_base = {Engine.POST_L: 0, Engine.POST_D: 0}
        self.col_freed = self.col_row = 0
        self.most = dict.fromkeys(isa.ENGINES, 0)  # words ever queued at once

    def run(self, rng: random.Random) -> None:
        """Run to HALT. Raises StuckError."""
        flows: dict[str, Flow] = {e.name: self._engine(e) for e in isa.ENGINES}
        flows["dispatch"] = self._dispatch()
        waits: dict[str, Wait] = {name: next(flow) for name, flow in flows.items()}
        while not self.halted:
            ready = [name for name, wait in waits.items() if wait()]
            if not ready:
                busy = [e.name for e in isa.ENGINES if self.busy[e] or self.queues[e]]
                raise StuckError(f"{', '.join(busy)} wait")
            name = rng.choice(ready)
            for _ in range(rng.choice([1, 3, 100])):  # bursts, so that engines run far ahead
                waits[name] = next(flows[name])
                if not waits[name]():
                    break

    def _dispatch(self) -> Flow:
        for instruction in self.program:
            if instruction.op is Op.HALT:
                yield lambda: not any(self.queues.values()) and not any(self.busy.values())
                self.halted = True
                break
            queue = self.queues[instruction.engine]
            yield lambda queue=queue: len(queue) < QUEUE
            queue.append(instruction)
            self.most[instruction.engine] = max(self.most[instruction.engine], len(queue))
        while True:
            yield lambda: False

    def _engine(self, engine: Engine) -> Flow:
        work = {
            Engine.LOAD_X: self._load_x,
            Engine.LOAD_R: self._load_r,
            Engine.FILL: self._fill,
            Engine.GEMM_L: self._gemm,
            Engine.GEMM_D: self._gemm,
            Engine.POST_L: self._post,
            Engine.POST_D: self._post,
            Engine.STORE: self._store,
        }
        while True:
            yield lambda: bool(self.queues[engine])
            instruction = self.queues[engine].popleft()
            self.busy[engine] = True
            edges = [(source, engine) for source in instruction.wait]
            yield lambda edges=edges: all(self.tokens[edge] for edge in edges)
            for edge in edges:
                self.tokens[edge] -= 1
            if instruction.op is Op.CFG:
                self.banks[engine] |= instruction.fields
            elif engine in work:
                yield from work[engine](engine, {**self.banks[engine], **instruction.fields})
            for sink in instruction.post:
                self.tokens[engine, sink] += 1
            self.busy[engine] = False

    def _load_x(self, engine: Engine, f: dict[str, int]) -> Flow:
        words, depth = f["row_words"], self.spec.buffers.raw
        for _ in range(f["y_cnt"]):
            yield lambda: self.raw_done + words - self.raw_freed <= depth
            self.raw_done += words

    def _load_r(self, engine: Engine, f: dict[str, int]) -> Flow:
        for _ in range(f["y_cnt"] * f["segs"] * f["seg_words"]):
            yield (
                lambda: (
                    self.res_done + 1 - min(self.res_freed.values()) <= self.spec.buffers.residual
                )
            )
            self.res_done += 1

    def _fill(self, engine: Engine, f: dict[str, int]) -> Flow:
        base, words, slot = self.raw_freed, f["row_words"], f["slot"]
        users = {Engine.GEMM_L: bool(f["use_l"]), Engine.GEMM_D: bool(f["use_d"])}
        idle = [e for e, used in users.items() if not used]
        yield lambda: not any(s[e] for s in self.slots for e in idle)
        dm = self.spec.lut_core.dm
        for first in range(0, f["pixels"], dm):
            yield lambda: sum(self.sizes) + slot <= self.spec.buffers.ring
            for pixel in range(first, min(first + dm, f["pixels"])):
                oy = pixel // f["out_w"]
                top = oy * f["s_h"] - f["pad_t"]
                rows = [top + ky * f["d_h"] for ky in range(f["k_h"])]
                last = max((r for r in rows if 0 <= r < f["in_h"]), default=-1)
                need = base + (last + 1) * words
                yield lambda need=need: self.raw_done >= need
                if (pixel + 1) % f["out_w"] == 0 and not f["keep"]:
                    yield from self._free_raw(base, min(top + f["s_h"], f["in_h"]) * words)
            self.slots.append(dict(users))
            self.sizes.append(slot)
        if not f["keep"]:
            yield from self._free_raw(base, f["in_h"] * words)

    def _free_raw(self, base: int, words: int) -> Flow:
        """Free up to base + words, never beyond what has arrived."""
        while self.raw_freed < base + words:
            goal = base + words
            yield lambda: self.raw_done > self.raw_freed
            self.raw_freed = min(goal, self.raw_done)

    def _gemm(self, engine: Engine, f: dict[str, int]) -> Flow:
        dm = self.spec.lut_core.dm
        pixels = f.get("pixels", 0)
        tiles = f.get("m_tiles") or -(-pixels // dm)
        for tile in range(tiles):
            yield lambda: any(s[engine] for s in self.slots)
            items = 1 if engine is Engine.GEMM_L else min(dm, pixels - tile * dm)
            for _ in range(f["n_tiles"] * items):
                yield lambda: self.latch[engine] == 0
                self.latch[engine] = 1
            next(s for s in self.slots if s[engine])[engine] = False
            while self.slots and not any(self.slots[0].values()):
                self.slots.popleft()
                self.sizes.popleft()

    def _post(self, engine: Engine, f: dict[str, int]) -> Flow:
        core = Engine.GEMM_L if engine is Engine.POST_L else Engine.GEMM_D
        dm, gpp, base = self.spec.lut_core.dm, f["gpp"], self.col_base[engine]
        residual = self.res_freed[engine]
        for first in range(0, f["pixels"] if f["n_tiles"] else 0, dm):
            last = min(first + dm, f["pixels"])
            for _ in range(f["n_tiles"]):
                for pixel in range(first, last):
                    if engine is Engine.POST_D or pixel == first:
                        yield lambda: self.latch[core] == 1
                    word = pixel * gpp + gpp - 1
                    at = base + word
                    yield lambda at=at: at - self.col_freed < self.spec.buffers.collector
                    if f["res_en"]:
                        yield lambda word=word: self.res_done > residual + word
                    if engine is Engine.POST_D or pixel == last - 1:
                        self.latch[core] = 0
            self.col_done[engine] = base + last * gpp
            if f["res_en"]:
                self.res_freed[engine] = residual + last * gpp
        self.col_base[engine] = self.col_done[engine] = base + f["words"]
        if f["res_en"]:
            self.res_freed[engine] = residual + f["words"]

    def _store(self, engine: Engine, f: dict[str, int]) -> Flow:
        base, row = self.col_row, f["in_w"] * f["gpp"]
        kernel, stride = (f["k_h"], f["s_h"]) if f["mode"] else (1, 1)
        pad = f["pad_t"] if f["mode"] else 0
        for oy in range(f["rows"]):
            top = oy * stride - pad
            need = base + min(top + kernel, f["in_h"]) * row
            yield lambda need=need: min(self.col_done.values()) >= need
            yield from self._free_collector(base, max(0, min(top + stride, f["in_h"])) * row)
        yield from self._free_collector(base, f["in_h"] * row)
        self.col_row = base + f["in_h"] * row

    def _free_collector(self, base: int, words: int) -> Flow:
        while self.col_freed < base + words:
            yield lambda: min(self.col_done.values()) > self.col_freed
            self.col_freed = min(base + words, *self.col_done.values())

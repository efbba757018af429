"""The world around n3h_store, one cycle per step: POST's side, the collector, the write port."""

import random
from collections import deque

from cocotb.triggers import RisingEdge

from n3h.store_model import Pass, Sizes

POINTER = 1 << 32
AHEAD = 32  # beats that the write port takes before their request
PAYLOAD = ("dram", "rows", "y_stride", "segs", "p_stride", "cont")
BANK = (
    *("in_w", "in_h", "out_w", "gpp", "seg_words", "seg_beats", "mode", "k_h", "k_w", "s_h"),
    *("s_w", "pad_t", "pad_l", "code_signed", "count_pad", "z_in", "z_out", "lo", "hi"),
)


class Bench:
    """Checks every read, request and beat; `eager`: nothing ever waits for the bench."""

    def __init__(self, dut, rng: random.Random, eager: bool = False):
        self.dut, self.rng, self.eager = dut, rng, eager
        names = ("LANES", "AXI_W", "COL_DEPTH")
        self.s = Sizes(*(int(getattr(dut, n).value) for n in names))
        self.queue: deque[Pass] = deque()
        self.now: Pass | None = None
        self.rows: deque[tuple[int, tuple[int, int]]] = deque()  # table rows to write
        self.wait = 0
        self.base = 0  # first word of the running pass
        self.made = 0  # words that the queued passes have in all
        self.words: dict[int, list[int]] = {}  # the words to come, by absolute number
        self.ring: dict[int, tuple[int, list[int]]] = {}
        self.done = [0, 0]
        self.passed = 0  # words in the ring: below both `done`
        self.freed = 0
        self.reads: deque[int] = deque()
        self.requests: deque[tuple[int, int]] = deque()
        self.beats: deque[int] = deque()
        self.asked = self.got = self.answered = 0  # beats requested, taken, answered
        self.cycle = self.stalls = 0
        self.read_cycles: list[int] = []
        self.start_cycle = self.end_cycle = 0
        self.hold = self.blocked = False  # POST stands still; the bus stands still
        self.most = 1 << 40  # POST goes no further

    async def reset(self) -> None:
        d = self.dut
        d.rst.value = 1
        for name in ("start", "table_we", "req_ready", "w_ready", "col_done_l", "col_done_d"):
            getattr(d, name).value = 0
        for name in (*(f"i_{n}" for n in PAYLOAD), *(f"c_{n}" for n in BANK)):
            getattr(d, name).value = 0
        d.idle.value = 1
        for _ in range(3):
            await RisingEdge(d.clk)
        d.rst.value = 0
        await RisingEdge(d.clk)

    def add(self, p: Pass) -> None:
        for word in p.codes:
            self.words[self.made] = word
            self.made += 1
        self.queue.append(p)

    @property
    def busy(self) -> bool:
        return bool(self.now or self.queue)

    def _pointers(self) -> None:
        """`freed` never goes back, never passes a context."""
        d = self.dut
        freed = self.freed + (int(d.col_freed.value) - self.freed) % POINTER
        assert freed <= min(self.done), f"freed {freed} beyond {self.done}"
        self.freed = freed
        if not int(d.done.value):
            return
        p = self.now
        assert p is not None, "done without a pass"
        left = (len(self.reads), len(self.requests), len(self.beats))
        assert left == (0, 0, 0), f"done with {left} reads, requests, beats to go: {p.label}"
        assert self.answered == self.asked == self.got, "done before the last answer"
        self.base += len(p.codes)
        assert freed == self.base, f"done with {freed} freed of {self.base}"
        self.now = None
        self.end_cycle = self.cycle

    def _read(self) -> None:
        d, rng = self.dut, self.rng
        d.col_data.value = rng.getrandbits(8 * self.s.lanes)
        if not int(d.col_re.value):
            return
        assert self.reads, f"a read too many: {self.now and self.now.label}"
        word = self.base + self.reads.popleft()
        assert int(d.col_addr.value) == word % self.s.col, f"address of word {word}"
        assert self.freed <= word < min(self.done), f"word {word} is not there"
        number, codes = self.ring[word % self.s.col]
        assert number == word, f"word {word} was overwritten by {number}"
        d.col_data.value = int.from_bytes(bytes(codes), "little")
        self.read_cycles.append(self.cycle)

    def _bus(self) -> None:
        d, rng = self.dut, self.rng
        if int(d.req_valid.value) and int(d.req_ready.value):
            assert self.requests, "a request too many"
            want = self.requests.popleft()
            got = (int(d.req_addr.value), int(d.req_beats.value))
            assert got == want, f"request {got}, expected {want}: {self.now.label}"
            self.asked += want[1]
        if int(d.w_valid.value) and int(d.w_ready.value):
            assert d.w_data.value.is_resolvable, f"X in a beat: {self.now.label}"
            assert self.beats, "a beat too many"
            want = self.beats.popleft()
            got = int(d.w_data.value)
            assert got == want, f"beat {got:x}, expected {want:x}: {self.now.label}"
            self.got += 1
        if self.answered < min(self.asked, self.got) and (self.eager or rng.random() < 0.2):
            self.answered = min(self.asked, self.got)
        room = self.got < self.asked + AHEAD and not self.blocked
        d.req_ready.value = int(self.eager or rng.random() < 0.3)
        d.w_ready.value = int(room and (self.eager or rng.random() < 0.6))
        d.idle.value = int(self.answered == self.asked)

    def _post(self) -> None:
        """Both contexts move on within the ring; words appear when both have passed them."""
        rng = self.rng
        room = min(self.made, self.freed + self.s.col, self.most)
        for n in (0, 1):
            if self.hold:
                break
            step = self.s.col if self.eager else rng.choice((0, 0, 1, 2, 9))
            self.done[n] = max(self.done[n], min(room, self.done[n] + step))
            if not self.eager and rng.random() < 0.002 and self.done[1 - n] <= room:
                self.done[n] = min(
                    self.made, self.most
                )  # a context without filters passes over the words
        while self.passed < min(self.done):
            self.ring[self.passed % self.s.col] = (self.passed, self.words.pop(self.passed))
            self.passed += 1
        self.dut.col_done_l.value = self.done[0] % POINTER
        self.dut.col_done_d.value = self.done[1] % POINTER

    def _start(self) -> None:
        d = self.dut
        d.start.value = 0
        d.table_we.value = 0
        if self.now or not self.queue:
            return
        if self.rows:
            count, (mul, shift) = self.rows.popleft()
            d.table_we.value, d.table_addr.value = 1, count
            d.table_data.value = shift << 16 | mul
            if self.rows:
                return
            self.wait = 1
            return
        if self.wait:
            self.wait -= 1
            if not self.wait:
                self._launch()
            return
        self.rows = deque(self.queue[0].table.items())
        self.wait = 1 if self.eager else self.rng.choice((1, 1, 2, 20))

    def _launch(self) -> None:
        p = self.now = self.queue.popleft()
        self.reads.extend(p.reads)
        self.requests.extend(p.beats)
        self.beats.extend(p.data)
        for kind, names, values in (("i", PAYLOAD, p.payload), ("c", BANK, p.bank)):
            for name in names:
                port = getattr(self.dut, f"{kind}_{name}")
                port.value = values[name] & ((1 << len(port)) - 1)
        self.dut.start.value = 1
        self.start_cycle = self.cycle

    async def step(self) -> None:
        """One clock edge: check what was there, then drive the next cycle."""
        await RisingEdge(self.dut.clk)
        self._pointers()
        self._read()
        self._bus()
        self._post()
        self._start()
        self.stalls += int(self.dut.stall.value)
        self.cycle += 1

    async def drain(self, limit: int) -> None:
        """Run until every queued pass is done."""
        stop = self.cycle + limit
        while self.busy:
            await self.step()
            assert self.cycle < stop, f"no end: {self.now and self.now.label}"

    async def jump(self, in_w: int, in_h: int) -> None:
        """A pass that stores the first word of a map of in_w x in_h words, all of them there."""
        d = self.dut
        fields = dict.fromkeys(BANK, 1) | {"in_w": in_w, "in_h": in_h, "pad_t": 0, "pad_l": 0}
        fields["seg_beats"] = -(-self.s.lanes * 8 // self.s.axi)
        for name, value in fields.items():
            getattr(d, f"c_{name}").value = value
        for name in PAYLOAD:
            getattr(d, f"i_{name}").value = 3 if name == "cont" else 1
        self.base += in_w * in_h
        self.made = self.passed = self.freed = self.base
        self.done = [self.base, self.base]
        d.col_done_l.value = d.col_done_d.value = self.base % POINTER
        d.col_data.value = self.rng.getrandbits(8 * self.s.lanes)
        d.req_ready.value = d.w_ready.value = d.idle.value = d.start.value = 1
        await RisingEdge(d.clk)
        d.start.value = 0
        for _ in range(100):
            await RisingEdge(d.clk)
            if int(d.done.value):
                break
        assert int(d.done.value), "the jump does not end"
        assert int(d.col_freed.value) == self.base % POINTER, "the map is not freed"
        d.req_ready.value = d.w_ready.value = 0

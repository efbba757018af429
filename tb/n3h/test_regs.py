"""n3h_regs against the register map as it is promised, written down here by hand."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ReadOnly, RisingEdge

OKAY, SLVERR = 0, 2
QUEUES = 9
HELD = {0x18: ("cfg_irq_en", 1), 0x20: ("cfg_prog_base", 32), 0x24: ("cfg_prog_words", 32),
        0x30: ("cfg_wd_limit", 32)}  # fmt: skip
RESET = {0x18: 0, 0x20: 0, 0x24: 0, 0x30: 1_000_000}
STROBES = {0x10: (("sw_start", 0, 1), ("sw_soft_reset", 1, 1)), 0x1C: (("sw_irq_ack", 0, 1),),
           0x28: (("sw_error_clear", 0, 6),)}  # fmt: skip
CONSTANT = {0x00: 0x4E334831}
STATUS = ("hw_status_busy", "hw_status_done", "hw_status_error", "hw_status_irq",
          "hw_status_resetting")  # fmt: skip
WHOLE = {0x2C: "hw_error_info", 0x38: "hw_cycles", 0x190: "hw_fetch_beats"}
VECTORS = ("hw_q_run", "hw_q_wait", "hw_q_stall", "hw_q_beats")
FIXED = {0x04, 0x08, 0x0C, 0x3C}  # constants of the generator or the specification
MAPPED = (
    {*HELD, *STROBES, *CONSTANT, *WHOLE, *FIXED, 0x14, 0x34}
    | {0x100 + 4 * i for i in range(4 * QUEUES)}
)  # fmt: skip


class Bench:
    """AXI4-Lite master with idle and back-pressure, and the values the hardware side drives."""

    def __init__(self, dut, rng):
        self.dut, self.rng, self.hw = dut, rng, {}
        self.strobes = []

    async def start(self):
        dut = self.dut
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready"):
            getattr(dut, f"s_axil_{name}").value = 0
        self.drive()
        dut.rst.value = 1
        Clock(dut.clk, 10, unit="ns").start()
        for _ in range(3):
            await RisingEdge(dut.clk)
        dut.rst.value = 0
        cocotb.start_soon(self._watch())

    def drive(self):
        """New random values on every input from the hardware."""
        names = {
            **dict.fromkeys(STATUS, 1),
            "hw_errors": 6,
            "hw_wd_info_queue": 4,
            "hw_wd_info_state": 2,
            "hw_wd_info_pending": 4,
            **dict.fromkeys(WHOLE.values(), 32),
            **dict.fromkeys(VECTORS, 32 * QUEUES),
        }
        for name, width in names.items():
            self.hw[name] = self.rng.getrandbits(width)
            getattr(self.dut, name).value = self.hw[name]

    async def _watch(self):
        """Every cycle: outputs are 0 or 1; strobes are collected."""
        names = [name for group in STROBES.values() for name, _, _ in group]
        while True:
            await RisingEdge(self.dut.clk)
            await ReadOnly()
            for name in ("awready", "wready", "bvalid", "arready", "rvalid"):
                assert getattr(self.dut, f"s_axil_{name}").value.is_resolvable, name
            self.strobes += [(n, int(getattr(self.dut, n).value)) for n in names
                             if int(getattr(self.dut, n).value)]  # fmt: skip

    async def idle(self):
        for _ in range(self.rng.choice([0, 0, 1, 3])):
            await RisingEdge(self.dut.clk)

    async def offer(self, channel, **signals):
        """One beat on a channel that we master, after some idling; holds until it is taken."""
        await self.idle()
        for name, value in signals.items():
            getattr(self.dut, f"s_axil_{name}").value = value
        getattr(self.dut, f"s_axil_{channel}valid").value = 1
        while True:
            await ReadOnly()
            taken = int(getattr(self.dut, f"s_axil_{channel}ready").value)
            await RisingEdge(self.dut.clk)
            if taken:
                break
        getattr(self.dut, f"s_axil_{channel}valid").value = 0
        for name, value in signals.items():  # what is not valid must not matter
            getattr(self.dut, f"s_axil_{name}").value = ~value & 0xF

    async def accept(self, channel, *names):
        """One beat of an answer, after some back-pressure; its signals stand still."""
        valid = getattr(self.dut, f"s_axil_{channel}valid")
        ready = getattr(self.dut, f"s_axil_{channel}ready")
        wait, seen = self.rng.choice([0, 0, 1, 4]), None
        while True:
            ready.value = int(wait == 0)
            await ReadOnly()
            if int(valid.value):
                now = [int(getattr(self.dut, f"s_axil_{n}").value) for n in names]
                assert seen is None or now == seen, "changed under back-pressure"
                seen = now
                if wait == 0:
                    await RisingEdge(self.dut.clk)
                    ready.value = 0
                    return seen
                wait -= 1
            await RisingEdge(self.dut.clk)

    async def write(self, address, data, strobe=15):
        """The response; address and data in any order."""
        address_beat = cocotb.start_soon(self.offer("aw", awaddr=address))
        data_beat = cocotb.start_soon(self.offer("w", wdata=data, wstrb=strobe))
        (response,) = await self.accept("b", "bresp")
        await address_beat
        await data_beat
        return response

    async def read(self, address):
        """(response, data)."""
        address_beat = cocotb.start_soon(self.offer("ar", araddr=address))
        data, response = await self.accept("r", "rdata", "rresp")
        await address_beat
        return response, data

    def expected(self, address, held):
        """What a mapped register reads; None if it is a constant not known here."""
        if address in held:
            return held[address]
        if address in CONSTANT:
            return CONSTANT[address]
        if address in WHOLE:
            return self.hw[WHOLE[address]]
        if address == 0x14:
            return sum(self.hw[name] << bit for bit, name in enumerate(STATUS))
        if address == 0x28:
            return self.hw["hw_errors"]
        if address == 0x34:
            hw = self.hw
            return (hw["hw_wd_info_pending"] << 6 | hw["hw_wd_info_state"] << 4
                    | hw["hw_wd_info_queue"])  # fmt: skip
        if 0x100 <= address < 0x190:
            queue, kind = divmod((address - 0x100) // 4, 4)
            return self.hw[VECTORS[kind]] >> 32 * queue & 0xFFFFFFFF
        return None if address in FIXED else 0


def merge(old, data, strobe, width):
    mask = sum(0xFF << 8 * b for b in range(4) if strobe >> b & 1)
    return (old & ~mask | data & mask) & ((1 << width) - 1)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reads_the_whole_map(dut):
    """Every word address of the 4 KB: mapped ones answer OKAY with the right value."""
    bench = Bench(dut, random.Random(cocotb.RANDOM_SEED))
    await bench.start()
    for address in range(0, 4096, 4):
        bench.drive()
        response, data = await bench.read(address + bench.rng.randrange(4))
        if address not in MAPPED:
            assert (response, data) == (SLVERR, 0), hex(address)
            continue
        assert response == OKAY, hex(address)
        expected = bench.expected(address, RESET)
        assert expected is None or data == expected, hex(address)
    assert bench.strobes == []


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def writes_with_byte_strobes(dut):
    """Random writes anywhere: held values merge by byte, strobes last a cycle, the rest is deaf."""
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    held = dict(RESET)
    for _ in range(400):
        address = rng.choice([*HELD, *STROBES, rng.randrange(0, 4096, 4)])
        data, strobe = rng.getrandbits(32), rng.choice([15, 15, rng.randrange(16)])
        bench.strobes.clear()
        response = await bench.write(address, data, strobe)
        assert response == (OKAY if address in MAPPED else SLVERR), hex(address)
        if address in HELD:
            held[address] = merge(held[address], data, strobe, HELD[address][1])
        wanted = []
        for name, lsb, width in STROBES.get(address, ()):
            value = merge(0, data, strobe, 32) >> lsb & ((1 << width) - 1)
            wanted += [(name, value)] if value else []
        assert bench.strobes == wanted, hex(address)
        for at, (name, _) in HELD.items():
            assert int(getattr(dut, name).value) == held[at], name
            assert (await bench.read(at)) == (OKAY, held[at])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reads_and_writes_at_once(dut):
    """The two directions do not disturb one another."""
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()

    async def writer():
        for i in range(60):
            assert await bench.write(0x20, i) == OKAY

    writing = cocotb.start_soon(writer())
    last = 0
    for _ in range(60):
        response, data = await bench.read(0x20)
        assert response == OKAY
        assert data >= last
        last = data
    await writing
    assert (await bench.read(0x20)) == (OKAY, 59)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def requests_run_ahead_of_answers(dut):
    """A master need not wait for an answer before it asks again: none is lost or reordered."""
    rng = random.Random(cocotb.RANDOM_SEED)
    bench = Bench(dut, rng)
    await bench.start()
    count = 80

    async def ask(channel, beats):
        for beat in beats:
            await bench.offer(channel, **beat)

    known = sorted(a for a in MAPPED if bench.expected(a, RESET) is not None)
    addresses = [rng.choice(known) for _ in range(count)]
    asking = [
        cocotb.start_soon(ask("ar", [{"araddr": a} for a in addresses])),
        cocotb.start_soon(ask("aw", [{"awaddr": rng.choice([0x0, 0x800])} for _ in addresses])),
        cocotb.start_soon(ask("w", [{"wdata": i, "wstrb": 15} for i in range(count)])),
    ]

    async def answers():
        return [(await bench.accept("b", "bresp"))[0] for _ in range(count)]

    writes = cocotb.start_soon(answers())
    for address in addresses:
        data, response = await bench.accept("r", "rdata", "rresp")
        assert (response, data) == (OKAY, bench.expected(address, RESET)), hex(address)
    assert set(await writes) == {OKAY, SLVERR}
    for task in asking:
        await task
    for _ in range(10):
        await RisingEdge(dut.clk)
        await ReadOnly()
        assert not int(dut.s_axil_rvalid.value)
        assert not int(dut.s_axil_bvalid.value)

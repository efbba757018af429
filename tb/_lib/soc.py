"""The accelerator with its reference memory (tb_n3h) as a host sees it: registers and bytes."""

from __future__ import annotations

from cocotb.clock import Clock
from cocotb.handle import SimHandleBase
from cocotb.triggers import ReadOnly, RisingEdge, with_timeout

PERIOD_NS = 10


class Soc:
    """Handles of a tb_n3h instance: registers by coroutine, memory at once."""

    def __init__(self, dut: SimHandleBase, axi_bytes: int) -> None:
        self.dut = dut
        self.beat = axi_bytes

    async def power_up(self, stall_level: int = 0, stall_seed: int = 1) -> None:
        """Start the clock, reset for a few cycles; memory pauses in stall_level of 256 cycles."""
        dut = self.dut
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready"):
            getattr(dut, f"s_axil_{name}").value = 0
        dut.stall_level.value = stall_level
        dut.stall_seed.value = stall_seed
        dut.err_enable.value = 0
        dut.err_addr.value = 0
        dut.rst.value = 1
        Clock(dut.clk, PERIOD_NS, unit="ns").start()
        await self.cycles(5)
        dut.rst.value = 0
        await self.cycles(2)

    async def cycles(self, n: int) -> None:
        """Wait for n rising edges."""
        for _ in range(n):
            await RisingEdge(self.dut.clk)

    async def write32(self, offset: int, value: int) -> int:
        """AXI4-Lite write; the response (0: OKAY)."""
        dut = self.dut
        dut.s_axil_awaddr.value = offset
        dut.s_axil_wdata.value = value
        dut.s_axil_wstrb.value = 15
        dut.s_axil_awvalid.value = 1
        dut.s_axil_wvalid.value = 1
        dut.s_axil_bready.value = 1
        waiting = {"aw", "w", "b"}
        response = 0
        while waiting:
            await ReadOnly()
            ready = {c: self._handshake(c) for c in waiting}
            if ready.get("b"):
                response = int(dut.s_axil_bresp.value)
            await RisingEdge(dut.clk)
            for channel in [c for c, done in ready.items() if done]:
                waiting.remove(channel)
                if channel == "b":
                    dut.s_axil_bready.value = 0
                else:
                    getattr(dut, f"s_axil_{channel}valid").value = 0
        return response

    async def read32(self, offset: int) -> int:
        """AXI4-Lite read. Raises AssertionError unless the answer is OKAY."""
        dut = self.dut
        dut.s_axil_araddr.value = offset
        dut.s_axil_arvalid.value = 1
        dut.s_axil_rready.value = 1
        while True:
            await ReadOnly()
            taken, answered = self._handshake("ar"), self._handshake("r")
            value, response = dut.s_axil_rdata.value, dut.s_axil_rresp.value
            await RisingEdge(dut.clk)
            if taken:
                dut.s_axil_arvalid.value = 0
            if answered:
                dut.s_axil_rready.value = 0
                assert int(response) == 0, f"read of {offset:#x} answered {response}"
                return int(value)

    def _handshake(self, channel: str) -> bool:
        valid = getattr(self.dut, f"s_axil_{channel}valid").value
        ready = getattr(self.dut, f"s_axil_{channel}ready").value
        return bool(int(valid) and int(ready))

    async def interrupt(self, limit: int) -> None:
        """Wait for the interrupt for at most `limit` cycles."""
        if not int(self.dut.irq.value):
            await with_timeout(RisingEdge(self.dut.irq), limit * PERIOD_NS, "ns")
        await RisingEdge(self.dut.clk)

    def write_memory(self, address: int, data: bytes) -> None:
        """Whole beats into memory; the last one is filled up with zeros."""
        mem = self.dut.u_mem.mem
        for at in range(0, len(data), self.beat):
            word = data[at : at + self.beat].ljust(self.beat, b"\0")
            mem[(address + at) // self.beat].value = int.from_bytes(word, "little")

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes from memory, from a whole beat on. An X in them raises ValueError."""
        mem = self.dut.u_mem.mem
        first, end = address // self.beat, -(-(address + size) // self.beat)
        words = [int(mem[i].value).to_bytes(self.beat, "little") for i in range(first, end)]
        return b"".join(words)[:size]

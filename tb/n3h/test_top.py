"""The whole accelerator over AXI: compiled programs against the integer model, bit for bit.

Every layer's tensor in memory must equal the model's; cycles and counters of each case go to
cycles.json in the run's folder.
"""

import json
import random
from pathlib import Path

import cocotb

from n3h.top_bench import CASES, Host, limit_of


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def programs(dut):
    """Every case, one after the other on the same hardware."""
    assert CASES, "there is no case to run"
    host = await Host(dut).power_up()
    found = {}
    for folder in CASES:
        cycles = await host.run_case(folder)
        found[folder.name] = await host.call("counters")
        dut._log.info("%s: %d cycles", folder.name, cycles)
    Path("cycles.json").write_text(json.dumps(found, indent=2))


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def stalled_memory(dut):
    """The same results when memory pauses at random."""
    level, seed = random.choice((32, 128, 200)), random.randrange(1, 1 << 31)
    host = await Host(dut).power_up(level, seed)
    for folder in random.sample(CASES, k=min(4, len(CASES))):
        await host.run_case(folder)


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def reset_in_the_middle(dut):
    """A soft reset at a random moment of a job leaves the accelerator ready for the next."""
    host = await Host(dut).power_up(64, random.randrange(1, 1 << 31))
    for folder in random.choices(CASES, k=4):
        await host.load(folder)
        await host.call("start")
        await host.soc.cycles(random.randrange(1, 1500))
        await host.call("reset")
        assert await host.call("read", "STATUS", "busy") == 0
        await host.run_case(folder)


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def bus_error(dut):
    """An error answer of the memory stops the job, is named, and is gone after a reset."""
    host = await Host(dut).power_up()
    _, memory = await host.load(CASES[0])
    for base, kind in (
        (memory["program"]["base"], "read_bus"),
        (memory["weights"]["base"], "read_bus"),
        (memory["tensors"][memory["output"]]["base"], "write_bus"),
    ):
        dut.err_addr.value = base
        dut.err_enable.value = 1
        await host.call("start")
        await host.soc.interrupt(limit_of(CASES[0]))
        assert await host.call("read", "STATUS", "error") == 1
        assert await host.call("read", "ERROR", kind) == 1, (kind, await host.call("errors"))
        dut.err_enable.value = 0
        await host.recover()
        await host.run_case(CASES[0])

"""The whole accelerator over AXI: compiled programs against the integer model, bit for bit.

Each case is a program folder with case.json (network and input as plain numbers), from the folder
HWGEN_CASES or tb/n3h/cases. The host side is the emitted Python driver. Every layer's tensor in
memory must equal the model's; the cycles of each case go to cycles.json in the run's folder.
"""

import json
import os
import random
import sys
from pathlib import Path
from types import SimpleNamespace

import cocotb
import numpy as np
from _lib.soc import Soc
from cocotb.task import bridge, resume

from hwgen.archs.n3h import golden

HERE = Path(__file__).resolve().parent
PARAMS = json.loads(os.environ["BENCH_PARAMS"])
FOLDER = Path(os.environ.get("HWGEN_CASES", HERE / "cases"))
CASES = sorted(p.parent for p in FOLDER.rglob("case.json"))
LIMIT = 2_000_000  # cycles of one case

sys.path.insert(0, str(HERE.parents[1] / "sw"))
import n3h_driver  # noqa: E402


def plain(value):
    """JSON as the attributes that the model reads."""
    if isinstance(value, dict):
        return SimpleNamespace(**{k: plain(v) for k, v in value.items()})
    return value


def network(record):
    """Layers of case.json for the model: averaging tables keyed by count."""
    layers = []
    for item in record["layers"]:
        layer = plain(item)
        if item["pool"]:
            layer.pool.requant = {int(c): row for c, row in item["pool"]["requant"].items()}
        layers.append(layer)
    return layers


def pack(codes, tensor):
    """Codes [h, w, c] as the memory map lays them out; written apart from the compiler's packer."""
    data = bytearray(tensor["h"] * tensor["row_bytes"])
    size = tensor["container"]
    for y, row in enumerate(codes):
        number = 0
        for x, pixel in enumerate(row):
            for c, code in enumerate(pixel):
                at = (x * tensor["c_padded"] + c) * size
                number |= (code & ((1 << size) - 1)) << at
        raw = number.to_bytes(tensor["row_bytes"], "little")
        data[y * tensor["row_bytes"] : (y + 1) * tensor["row_bytes"]] = raw
    return bytes(data)


def unpack(data, tensor):
    """Codes [h, w, c] of a tensor's bytes."""
    codes = np.zeros((tensor["h"], tensor["w"], tensor["c"]), dtype=np.int64)
    size = tensor["container"]
    for y in range(tensor["h"]):
        row = data[y * tensor["row_bytes"] : (y + 1) * tensor["row_bytes"]]
        number = int.from_bytes(row, "little")
        for x in range(tensor["w"]):
            for c in range(tensor["c"]):
                code = number >> ((x * tensor["c_padded"] + c) * size) & ((1 << size) - 1)
                negative = tensor["signed"] and code >> (size - 1)
                codes[y, x, c] = code - (1 << size) if negative else code
    return codes


async def recover(driver):
    """After an error: soft reset, then forget the error and its interrupt."""
    await bridge(driver.reset)()
    await bridge(driver.clear_errors)()
    await bridge(driver.write)("IRQ_ACK", 1)


def driver_of(soc):
    """The emitted driver, its callbacks bridged into the simulation."""
    return n3h_driver.N3h(
        resume(soc.read32), resume(soc.write32), soc.read_memory, soc.write_memory
    )


async def run_case(soc, folder):
    """Load, run and check one case; returns its cycles."""
    record = json.loads((folder / "case.json").read_text())
    driver = driver_of(soc)
    memory = await bridge(driver.load)(folder)
    tensors = memory["tensors"]
    codes = record["input"]["codes"]
    soc.write_memory(tensors[memory["input"]]["base"], pack(codes, tensors[memory["input"]]))
    await bridge(driver.start)()
    await soc.interrupt(LIMIT)
    cycles = await bridge(driver.wait)(1)
    layers = network(record)
    expected = golden.run_layers(layers, record["input"]["name"], np.array(codes))
    for index, layer in enumerate(layers):
        t = tensors[layer.y]
        found = unpack(soc.read_memory(t["base"], t["h"] * t["row_bytes"]), t)
        bad = np.argwhere(found != expected[layer.y])
        assert not len(bad), (
            f"{folder.name}: layer {index} ({layer.name}) differs in {len(bad)} of {found.size} "
            f"codes, first at (y, x, c) = {bad[0].tolist()}: "
            f"{found[tuple(bad[0])]}, not {expected[layer.y][tuple(bad[0])]}"
        )
    assert int(soc.dut.axi_errors.value) == 0, f"{folder.name}: AXI protocol errors"
    return cycles


@cocotb.test(timeout_time=200, timeout_unit="ms")
async def identity(dut):
    """The registers say what the driver was made for; an unmapped register answers SLVERR."""
    soc = Soc(dut, PARAMS["AXI_W"] // 8)
    await soc.power_up()
    await bridge(driver_of(soc).identify)()
    assert await soc.write32(0xFFC, 1) == 2


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def programs(dut):
    """Every case, one after the other on the same hardware."""
    assert CASES, "there is no case to run"
    soc = Soc(dut, PARAMS["AXI_W"] // 8)
    await soc.power_up()
    found = {}
    for folder in CASES:
        found[folder.name] = await run_case(soc, folder)
        dut._log.info("%s: %d cycles", folder.name, found[folder.name])
    Path("cycles.json").write_text(json.dumps(found, indent=2))


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def stalled_memory(dut):
    """The same results when memory pauses at random."""
    soc = Soc(dut, PARAMS["AXI_W"] // 8)
    await soc.power_up(random.choice((32, 128, 200)), random.randrange(1, 1 << 31))
    for folder in CASES[:4]:
        await run_case(soc, folder)


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def reset_in_the_middle(dut):
    """A soft reset at a random moment of a job leaves the accelerator ready for the next."""
    soc = Soc(dut, PARAMS["AXI_W"] // 8)
    await soc.power_up(64, random.randrange(1, 1 << 31))
    driver = driver_of(soc)
    for folder in random.choices(CASES, k=4):
        await bridge(driver.load)(folder)
        await bridge(driver.start)()
        await soc.cycles(random.randrange(1, 1500))
        await bridge(driver.reset)()
        assert await bridge(driver.read)("STATUS", "busy") == 0
        await run_case(soc, folder)


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def bus_error(dut):
    """An error answer of the memory stops the job, is named, and is gone after a reset."""
    soc = Soc(dut, PARAMS["AXI_W"] // 8)
    await soc.power_up()
    driver = driver_of(soc)
    memory = await bridge(driver.load)(CASES[0])
    for base, kind in (
        (memory["program"]["base"], "read_bus"),
        (memory["weights"]["base"], "read_bus"),
        (memory["tensors"][memory["output"]]["base"], "write_bus"),
    ):
        dut.err_addr.value = base
        dut.err_enable.value = 1
        await bridge(driver.start)()
        await soc.interrupt(LIMIT)
        assert await bridge(driver.read)("STATUS", "error") == 1
        assert await bridge(driver.read)("ERROR", kind) == 1, (kind, await bridge(driver.errors)())
        dut.err_enable.value = 0
        await recover(driver)
        await run_case(soc, CASES[0])


@cocotb.test(timeout_time=2000, timeout_unit="ms")
async def illegal_word(dut):
    """A word that is no instruction stops the job and is named by its place."""
    soc = Soc(dut, PARAMS["AXI_W"] // 8)
    await soc.power_up()
    driver = driver_of(soc)
    memory = await bridge(driver.load)(CASES[0])
    last = memory["program"]["words"] - 1
    base = memory["program"]["base"]
    for place, word in ((0, (1 << 128) - 1), (last, 5 << 125)):
        await bridge(driver.load)(CASES[0])
        soc.write_memory(base + 16 * place, word.to_bytes(16, "little"))
        await bridge(driver.start)()
        await soc.interrupt(LIMIT)
        assert await bridge(driver.read)("ERROR", "illegal") == 1
        assert await bridge(driver.read)("ERROR_INFO") == place
        await recover(driver)
    await run_case(soc, CASES[0])

"""What the benches of the whole accelerator share: cases, the host, jobs checked bit for bit.

A case is a program folder with case.json (network and input as plain numbers), from the folder
HWGEN_CASES or tb/n3h/cases. The host side is the emitted Python driver.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from _lib.soc import Soc
from cocotb.task import bridge, resume

from hwgen.archs.n3h import golden

HERE = Path(__file__).resolve().parent
PARAMS = json.loads(os.environ["BENCH_PARAMS"])
FOLDER = Path(os.environ.get("HWGEN_CASES", HERE / "cases"))
CASES = sorted(p.parent for p in FOLDER.rglob("case.json"))
WATCHDOG = 20_000  # cycles without progress after which a case is given up

sys.path.insert(0, str(HERE.parents[1] / "sw"))
import n3h_driver  # noqa: E402


class Host:
    """A simulated accelerator after reset: `soc` in the simulation, `driver` on top of it."""

    def __init__(self, dut):
        self.dut = dut
        self.soc = Soc(dut, PARAMS["AXI_W"] // 8)
        self.driver = n3h_driver.N3h(
            resume(self.soc.read32),
            resume(self.soc.write32),
            self.soc.read_memory,
            self.soc.write_memory,
        )

    async def power_up(self, stall_level=0, stall_seed=1):
        """Reset; memory pauses in stall_level of 256 cycles. Returns self."""
        await self.soc.power_up(stall_level, stall_seed)
        await self.call("write", "WD_LIMIT", WATCHDOG)
        return self

    async def call(self, method, *args):
        """A method of the driver, which knows nothing of simulations."""
        return await bridge(getattr(self.driver, method))(*args)

    async def run(self, words, base=0, limit=WATCHDOG, **start):
        """Run instruction words until the interrupt comes; they lie at byte address `base`."""
        self.soc.write_memory(base, b"".join(w.to_bytes(16, "little") for w in words))
        await self.call("program", base, len(words))
        await bridge(self.driver.start)(**start)
        await self.soc.interrupt(limit)

    async def recover(self):
        """After an error: soft reset, then forget the error and its interrupt."""
        await self.call("reset")
        await self.call("clear_errors")
        await self.call("write", "IRQ_ACK", 1)

    async def load(self, folder):
        """A case's program, weights and input into memory; returns record and memory map."""
        record = json.loads((folder / "case.json").read_text())
        memory = await self.call("load", folder)
        source = memory["tensors"][memory["input"]]
        self.soc.write_memory(source["base"], pack(record["input"]["codes"], source))
        return record, memory

    async def run_case(self, folder):
        """Load, run and check one case; returns its cycles."""
        record, memory = await self.load(folder)
        await self.call("start")
        await self.soc.interrupt(limit_of(folder))
        cycles = await self.call("wait", 1)
        self.check(folder.name, record, memory)
        return cycles

    def check(self, name, record, memory):
        """Every layer's tensor in memory equals the model's, and the bus was used legally."""
        layers, tensors = network(record), memory["tensors"]
        codes = np.array(record["input"]["codes"])
        expected = golden.run_layers(layers, record["input"]["name"], codes)
        for index, layer in enumerate(layers):
            t = tensors[layer.y]
            found = unpack(self.soc.read_memory(t["base"], t["h"] * t["row_bytes"]), t)
            bad = np.argwhere(found != expected[layer.y])
            assert not len(bad), (
                f"{name}: layer {index} ({layer.name}) differs in {len(bad)} of {found.size} "
                f"codes, first at (y, x, c) = {bad[0].tolist()}: "
                f"{found[tuple(bad[0])]}, not {expected[layer.y][tuple(bad[0])]}"
            )
        assert int(self.dut.axi_errors.value) == 0, f"{name}: AXI protocol errors"


def limit_of(folder):
    """Cycles in which a case must end, however slow the memory is."""
    rows = json.loads((folder / "layers.json").read_text())
    return 2 * WATCHDOG + 20 * sum(int(row["estimate"]["cycles"]) for row in rows)


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

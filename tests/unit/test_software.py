"""C header, Python driver, SystemRDL and register block agree with the tables they come from."""

import importlib.util
import json
import random
import re
import shutil
import subprocess
import sys

import pytest

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.regblock import register_block
from hwgen.archs.n3h.regs import registers, to_systemrdl
from hwgen.archs.n3h.software import c_header, python_driver
from hwgen.archs.n3h.spec import N3hSpec

SPEC = N3hSpec.preset("z7020")


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """The emitted driver, imported from a folder of its own."""
    path = tmp_path_factory.mktemp("sw") / "n3h_driver.py"
    path.write_text(python_driver(SPEC))
    spec = importlib.util.spec_from_file_location("n3h_driver", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(rng):
    """(C expression, word) for every encoding function, with corner and random values."""
    pick = lambda f: rng.choice([f.lo, f.hi, rng.randint(f.lo, f.hi)])  # noqa: E731
    for engine in isa.ENGINES:
        waits, posts = isa.WAITS[engine], isa.POSTS[engine]
        wait = tuple(e for e in waits if rng.random() < 0.5)
        post = tuple(e for e in posts if rng.random() < 0.5)
        masks = " | ".join(["0", *(f"N3H_WAIT_{engine.name}_{e.name}" for e in wait)])
        masks += ", " + " | ".join(["0", *(f"N3H_POST_{engine.name}_{e.name}" for e in post)])
        irq = rng.randrange(2)
        values = {f.name: pick(f) for f in isa.PAYLOADS[engine]}
        arguments = ", ".join([masks, str(irq), *(f"(uint32_t){v}" for v in values.values())])
        word = isa.Instruction(isa.LEGAL_OPS[engine], engine, values, wait, post, bool(irq))
        yield f"n3h_{engine.name.lower()}({arguments})", word.encode()
        word = isa.Instruction(isa.Op.SYNC, engine, {}, wait, post, bool(irq))
        yield f"n3h_sync(N3H_{engine.name}, {masks}, {irq})", word.encode()
        for reg, fields in isa.BANKS[engine].items():
            values = {f.name: pick(f) for f in fields}
            word = isa.Instruction(isa.Op.CFG, engine, values, reg=reg)
            arguments = ", ".join(str(v) for v in values.values())
            yield f"n3h_cfg_{engine.name.lower()}_{reg}({arguments})", word.encode()
        tag = isa.Instruction(isa.Op.CFG, engine, {"tag": 0xA5C3}, reg=isa.TAG_REGISTER)
        yield f"n3h_cfg_tag(N3H_{engine.name}, 0xA5C3)", tag.encode()
    yield "n3h_halt()", isa.Instruction(isa.Op.HALT, isa.Engine.LOAD_X, {}).encode()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
@pytest.mark.parametrize("compiler", [["gcc", "-std=c99"], ["g++", "-std=c++11"]])
def test_the_c_header_encodes_what_the_assembler_encodes(tmp_path, compiler):
    rng = random.Random(7)
    pairs = [pair for _ in range(5) for pair in cases(rng)]
    regs = [(r.name, r.offset) for r in registers(SPEC)]
    masks = [(f"{r.name}_{b.name.upper()}", b) for r in registers(SPEC) for b in r.fields
             if b.width < 32]  # fmt: skip
    lines = ["#include <stdio.h>", '#include "n3h.h"', "int main(void) {", "n3h_word x;"]
    for expression, _ in pairs:
        lines.append(f"x = {expression};")
        lines.append('printf("%08x%08x%08x%08x\\n", x.w[3], x.w[2], x.w[1], x.w[0]);')
    lines += [f'printf("%u\\n", N3H_{name});' for name, _ in regs]
    lines += [f'printf("%u %u\\n", N3H_{name}_LSB, N3H_{name}_MASK);' for name, _ in masks]
    (tmp_path / "n3h.h").write_text(c_header(SPEC))
    (tmp_path / "probe.c").write_text("\n".join([*lines, "return 0;", "}", ""]))
    command = [*compiler, "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", "probe", "probe.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    said = subprocess.run(["./probe"], cwd=tmp_path, check=True, capture_output=True, text=True)
    expected = [f"{word:032x}" for _, word in pairs]
    expected += [str(offset) for _, offset in regs]
    expected += [f"{b.lsb} {b.mask}" for _, b in masks]
    assert said.stdout.splitlines() == expected


def test_systemrdl_agrees_with_the_driver(tmp_path, driver):
    systemrdl = pytest.importorskip("systemrdl")
    (tmp_path / "registers.rdl").write_text(to_systemrdl(SPEC))
    compiler = systemrdl.RDLCompiler()
    compiler.compile_file(str(tmp_path / "registers.rdl"))
    found = list(compiler.elaborate().top.registers())
    assert {r.inst_name: r.absolute_address for r in found} == driver.REGISTERS
    fields = {(r.inst_name, f.inst_name): (f.lsb, f.width) for r in found for f in r.fields()}
    assert fields == driver.FIELDS
    resets = {(r.inst_name, f.inst_name): f.get_property("reset") for r in found
              for f in r.fields()}  # fmt: skip
    assert resets["ID", "value"] == driver.ID == 0x4E334831
    assert resets["SPEC_DIGEST", "value"] == driver.SPEC_DIGEST == int(SPEC.digest()[:8], 16)
    assert (resets["CAPS0", "dm"], resets["CAPS0", "dk"], resets["CAPS0", "dn"]) == (8, 128, 16)
    assert resets["WD_LIMIT", "value"] == 1_000_000


def test_offsets_are_those_that_software_relies_on(driver):
    binding = {
        "ID": 0x00, "VERSION": 0x04, "CAPS0": 0x08, "CAPS1": 0x0C, "CTRL": 0x10, "STATUS": 0x14,
        "IRQ_EN": 0x18, "IRQ_ACK": 0x1C, "PROG_BASE": 0x20, "PROG_WORDS": 0x24, "ERROR": 0x28,
        "ERROR_INFO": 0x2C, "WD_LIMIT": 0x30, "WD_INFO": 0x34, "CYCLES": 0x38,
        "SPEC_DIGEST": 0x3C, "LOAD_X_RUN": 0x100, "STORE_BEATS": 0x17C, "POST_D_RUN": 0x180,
        "FETCH_BEATS": 0x190,
    }  # fmt: skip
    assert {name: driver.REGISTERS[name] for name in binding} == binding
    assert len(driver.REGISTERS) == 16 + 4 * 9 + 1


def test_the_register_block_decodes_every_register():
    text = register_block(SPEC).text
    for reg in registers(SPEC):
        assert re.search(rf"10'h{reg.offset // 4:03X}: rdata_d = .*// {reg.name}\n", text)


class Device:
    """A pretended accelerator: registers and memory behind the driver's four callbacks."""

    def __init__(self, driver):
        self.driver = driver
        self.regs = dict.fromkeys(driver.REGISTERS.values(), 0)
        self.regs[driver.REGISTERS["ID"]] = driver.ID
        self.regs[driver.REGISTERS["SPEC_DIGEST"]] = driver.SPEC_DIGEST
        self.memory = bytearray(4096)
        self.host = driver.N3h(self.regs.__getitem__, self.write, self.peek, self.poke)
        self.log = []

    def write(self, offset, value):
        names = {v: k for k, v in self.driver.REGISTERS.items()}
        self.log.append((names[offset], value))
        self.regs[offset] = value

    def set(self, name, value):
        self.regs[self.driver.REGISTERS[name]] = value

    def peek(self, address, size):
        return bytes(self.memory[address : address + size])

    def poke(self, address, data):
        self.memory[address : address + len(data)] = data


@pytest.fixture
def device(driver):
    return Device(driver)


@pytest.fixture
def program(tmp_path):
    memory = {
        "program": {"base": 0, "words": 2},
        "weights": {"base": 64, "bytes": 3},
        "tensors": {"x": {"base": 128, "h": 1, "row_bytes": 8},
                    "y": {"base": 192, "h": 2, "row_bytes": 8}},
        "input": "x",
        "output": "y",
    }  # fmt: skip
    (tmp_path / "memory.json").write_text(json.dumps(memory))
    (tmp_path / "program.json").write_text(json.dumps({"spec_digest": SPEC.digest()}))
    (tmp_path / "program.bin").write_bytes(bytes(range(32)))
    (tmp_path / "weights.bin").write_bytes(b"abc")
    return tmp_path


def test_the_driver_runs_a_program(device, program):
    host = device.host
    host.identify()
    memory = host.load(program)
    host.write_input(memory, b"12345678")
    host.start()
    device.set("STATUS", 0b10)
    device.set("CYCLES", 77)
    device.poke(192, bytes(range(16)))
    assert host.wait() == 77
    assert host.read_output(memory) == bytes(range(16))
    assert device.peek(0, 32) == bytes(range(32))
    assert device.peek(64, 3) == b"abc"
    assert device.peek(128, 8) == b"12345678"
    assert device.log == [
        ("PROG_BASE", 0), ("PROG_WORDS", 2), ("IRQ_EN", 1), ("CTRL", 1), ("IRQ_ACK", 1),
    ]  # fmt: skip


def test_the_driver_names_errors(device, driver):
    device.set("STATUS", 0b100)
    device.set("ERROR", 0b010001)
    device.set("ERROR_INFO", 5)
    device.set("WD_INFO", 4 | 1 << 4 | 0b0001 << 6)
    with pytest.raises(driver.N3hError) as caught:
        device.host.wait()
    assert str(caught.value) == (
        "illegal word; ERROR_INFO has its index; "
        "no progress for WD_LIMIT cycles; see WD_INFO; "
        "the illegal word is number 5; GEMM_L is waiting, token edges 0x1"
    )
    device.set("WD_INFO", 15)
    assert device.host.errors()[-1] == (
        "every engine is idle: the program fetch is held by the bus"
    )  # fmt: skip


def test_the_driver_refuses_strangers(device, driver, program):
    (program / "program.json").write_text(json.dumps({"spec_digest": "ab" * 32}))
    with pytest.raises(driver.N3hError, match="program is for specification abababab"):
        device.host.load(program)
    device.set("SPEC_DIGEST", 1)
    with pytest.raises(driver.N3hError, match="SPEC_DIGEST reads 0x00000001"):
        device.host.identify()
    device.set("ID", 0)
    with pytest.raises(driver.N3hError, match="no n3h accelerator here"):
        device.host.identify()
    with pytest.raises(driver.N3hError, match="no end after 3 polls"):
        device.host.wait(polls=3)
    device.set("STATUS", 0b10000)
    with pytest.raises(driver.N3hError, match="soft reset did not end"):
        device.host.reset(polls=3)


def test_the_driver_reads_counters(device, driver):
    device.set("FILL_STALL", 9)
    device.set("FETCH_BEATS", 4)
    counters = device.host.counters()
    assert list(counters) == [*driver.ENGINES, "fetch", "cycles"]
    assert counters["FILL"] == {"RUN": 0, "WAIT": 0, "STALL": 9, "BEATS": 0}
    assert counters["fetch"] == 4


def test_the_driver_needs_the_standard_library_only(tmp_path):
    (tmp_path / "n3h_driver.py").write_text(python_driver(SPEC))
    code = "import n3h_driver, sys; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, check=True)

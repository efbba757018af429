"""The control registers of n3h, once as data.

SystemRDL, C header, Python driver and the register block's RTL are made from `registers()`.
Offsets are byte offsets from the AXI4-Lite base; every register has 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen import __version__
from hwgen.archs.n3h.isa import ENGINES
from hwgen.archs.n3h.spec import N3hSpec

ID = 0x4E334831  # "N3H1"
WD_LIMIT_RESET = 1_000_000
COUNTERS = 0x100
COUNTER_NAMES = ("RUN", "WAIT", "STALL", "BEATS")
ADDRESS_BITS = 12

Access = Literal["const", "ro", "rw", "pulse", "w1c"]


@dataclass(frozen=True)
class Bits:
    """One field. Access: `const` reads `reset`; `ro` reads what the hardware drives; `rw` keeps
    what is written; `pulse` acts when 1 is written and reads 0; `w1c` is set by the hardware and
    cleared by writing 1."""

    name: str
    lsb: int
    width: int
    access: Access
    doc: str
    reset: int = 0

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.lsb


@dataclass(frozen=True)
class Register:
    """One 32-bit register at byte `offset`."""

    name: str
    offset: int
    doc: str
    fields: tuple[Bits, ...]


def _whole(name: str, offset: int, access: Access, doc: str, reset: int = 0) -> Register:
    return Register(name, offset, doc, (Bits("value", 0, 32, access, doc, reset),))


def registers(spec: N3hSpec) -> tuple[Register, ...]:
    """Every register of a design, by offset."""
    lut, dsp = spec.lut_core, spec.dsp_core
    major, minor, patch = (int(part) for part in __version__.split("."))
    fixed = (
        _whole("ID", 0x00, "const", "identifies the architecture: 'N3H1'", ID),
        Register(
            "VERSION",
            0x04,
            "version of the generator",
            (
                Bits("patch", 0, 8, "const", "patch", patch),
                Bits("minor", 8, 8, "const", "minor", minor),
                Bits("major", 16, 8, "const", "major", major),
            ),
        ),
        Register(
            "CAPS0",
            0x08,
            "sizes of the LUT core",
            (
                Bits("dm", 0, 8, "const", "pixels per row tile", lut.dm),
                Bits("dk", 8, 12, "const", "elements per dot product", lut.dk),
                Bits("dn", 20, 12, "const", "filters per column tile", lut.dn),
            ),
        ),
        Register(
            "CAPS1",
            0x0C,
            "sizes of the DSP core and of POST",
            (
                Bits("pin", 0, 8, "const", "elements per filter and cycle", dsp.pin),
                Bits("pout", 8, 8, "const", "filters per cycle", dsp.pout),
                Bits("pack", 16, 8, "const", "products per DSP and cycle", dsp.pack),
                Bits("lanes", 24, 8, "const", "POST results per cycle", spec.post.lanes),
            ),
        ),
        Register(
            "CTRL",
            0x10,
            "commands",
            (
                Bits("start", 0, 1, "pulse", "run the program; ignored while busy"),
                Bits("soft_reset", 1, 1, "pulse", "drain the bus, then reset the engines"),
            ),
        ),
        Register(
            "STATUS",
            0x14,
            "state of the accelerator",
            (
                Bits("busy", 0, 1, "ro", "a program runs"),
                Bits("done", 1, 1, "ro", "the last program ended; cleared by start and IRQ_ACK"),
                Bits("error", 2, 1, "ro", "a bit of ERROR is set"),
                Bits("irq", 3, 1, "ro", "an interrupt is pending"),
                Bits("resetting", 4, 1, "ro", "a soft reset is under way"),
            ),
        ),
        Register(
            "IRQ_EN",
            0x18,
            "interrupt enable",
            (Bits("enable", 0, 1, "rw", "drive the irq output while an interrupt is pending"),),
        ),
        Register(
            "IRQ_ACK",
            0x1C,
            "interrupt acknowledge",
            (Bits("ack", 0, 1, "pulse", "clear the pending interrupt and STATUS.done"),),
        ),
        _whole("PROG_BASE", 0x20, "rw", "byte address of the program; a multiple of the bus width"),
        _whole("PROG_WORDS", 0x24, "rw", "128-bit words of the program"),
        Register(
            "ERROR",
            0x28,
            "sticky errors; write 1 to clear",
            (
                Bits("illegal", 0, 1, "w1c", "illegal word; ERROR_INFO has its index"),
                Bits("read_bus", 1, 1, "w1c", "error response to a read"),
                Bits("write_bus", 2, 1, "w1c", "error response to a write"),
                Bits("token", 3, 1, "w1c", "a token counter would have passed 0 or its maximum"),
                Bits("watchdog", 4, 1, "w1c", "no progress for WD_LIMIT cycles; see WD_INFO"),
                Bits("no_halt", 5, 1, "w1c", "the program ended without HALT"),
            ),
        ),
        _whole("ERROR_INFO", 0x2C, "ro", "index of the program word that was illegal"),
        _whole("WD_LIMIT", 0x30, "rw", "watchdog limit in cycles; 0 = off", WD_LIMIT_RESET),
        Register(
            "WD_INFO",
            0x34,
            "what the watchdog found",
            (
                Bits("queue", 0, 4, "ro", "stuck queue; 15: all idle, the bus holds the fetch"),
                Bits("state", 4, 2, "ro", "0 idle, 1 waiting, 2 running, 3 stalled"),
                Bits("pending", 6, 4, "ro", "token edges that it waits for"),
            ),
        ),
        _whole("CYCLES", 0x38, "ro", "cycles from start to the end of the program"),
        _whole("SPEC_DIGEST", 0x3C, "const", "first 32 bits of the specification's digest",
               int(spec.digest()[:8], 16)),
    )  # fmt: skip
    return fixed + _counters()


def _counters() -> tuple[Register, ...]:
    docs = {
        "RUN": "cycles in which {} ran",
        "WAIT": "cycles in which {} waited for a token",
        "STALL": "cycles in which {} ran but was held",
        "BEATS": "bus beats moved by {}",
    }
    counters = [
        _whole(
            f"{engine.name}_{name}", COUNTERS + 16 * q + 4 * k, "ro", docs[name].format(engine.name)
        )
        for q, engine in enumerate(ENGINES)
        for k, name in enumerate(COUNTER_NAMES)
    ]
    offset = COUNTERS + 16 * len(ENGINES)
    return (*counters, _whole("FETCH_BEATS", offset, "ro", "bus beats of program fetches"))


def to_systemrdl(spec: N3hSpec) -> str:
    """The register map as SystemRDL 2.0, for PeakRDL and other readers."""
    software = {
        "const": "sw = r; hw = na;",
        "ro": "sw = r; hw = w;",
        "rw": "sw = rw; hw = r;",
        "pulse": "sw = w; hw = r; singlepulse;",
        "w1c": "sw = rw; woclr; hw = r; hwset;",
    }
    lines = [
        "addrmap n3h_regs {",
        '    name = "n3h control registers";',
        "    default regwidth = 32;",
        "    default accesswidth = 32;",
    ]
    for reg in registers(spec):
        lines += ["", "    reg {", f'        desc = "{reg.doc}";']
        for bits in reg.fields:
            lines.append(f'        field {{ desc = "{bits.doc}"; {software[bits.access]} }}')
            place = f"{bits.name}[{bits.lsb + bits.width - 1}:{bits.lsb}]"
            reset = "" if bits.access == "ro" else f" = {bits.width}'h{bits.reset:x}"
            lines.append(f"            {place}{reset};")
        lines.append(f"    }} {reg.name} @ 0x{reg.offset:03X};")
    return "\n".join([*lines, "};", ""])

"""RTL of the register block, from the same table as the register map."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwgen.archs.n3h.isa import ENGINES
from hwgen.archs.n3h.regs import ADDRESS_BITS, COUNTER_NAMES, Bits, Register, registers
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.emit.bundle import Module
from hwgen.emit.env import lit, render, vec

TEMPLATE = "n3h/n3h_regs.v.j2"


@dataclass(frozen=True)
class PortView:
    """One port to the control logic, with a comma after all but the last; an output's `source`."""

    name: str
    range: str
    source: str = ""
    comma: str = ","


@dataclass(frozen=True)
class HeldView:
    """A `rw` register: `enable` is its write strobe, `merge` what it holds after a write."""

    name: str
    range: str
    reset: str
    enable: str
    merge: str


@dataclass(frozen=True)
class PulseView:
    """A strobe: register `name` takes the written `bits` while `enable`, else `zero`."""

    name: str
    range: str
    enable: str
    bits: str
    zero: str


@dataclass(frozen=True)
class RowView:
    """One arm of the read multiplexer."""

    address: str
    value: str
    name: str


@dataclass(frozen=True)
class RegsView:
    arch: str
    digest16: str
    inputs: tuple[PortView, ...]
    outputs: tuple[PortView, ...]
    held: tuple[HeldView, ...]
    pulses: tuple[PulseView, ...]
    rows: tuple[RowView, ...]
    addr_msb: int
    word_msb: int


def register_block(spec: N3hSpec) -> Module:
    """n3h_regs: AXI4-Lite to the strobes and values that n3h_control and the dispatcher use."""
    regs = registers(spec)
    written = [reg for reg in regs if _access(reg) in ("rw", "pulse", "w1c")]
    held = tuple(_held(reg) for reg in written if _access(reg) == "rw")
    pulses = tuple(p for reg in written if _access(reg) != "rw" for p in _pulses(reg))
    view = RegsView(
        arch=spec.arch,
        digest16=spec.digest()[:16],
        inputs=_inputs(regs),
        outputs=_outputs(held, pulses),
        held=held,
        pulses=pulses,
        rows=tuple(RowView(_word(reg), _value(reg), reg.name) for reg in regs),
        addr_msb=ADDRESS_BITS - 1,
        word_msb=ADDRESS_BITS - 3,
    )
    return Module("n3h_regs", render(TEMPLATE, view), f"templates/{TEMPLATE}")


def _access(reg: Register) -> str:
    """Access of a register; all its fields have the same one."""
    (access,) = {bits.access for bits in reg.fields}
    return access


def _counter(reg: Register) -> tuple[str, int] | None:
    """(vector, queue) of a counter register."""
    for q, engine in enumerate(ENGINES):
        for name in COUNTER_NAMES:
            if reg.name == f"{engine.name}_{name}":
                return f"hw_q_{name.lower()}", q
    return None


def _signal(reg: Register, bits: Bits) -> str:
    """Port that a `ro` or `w1c` field is read from, or that a `pulse` or `w1c` field drives."""
    if bits.access == "w1c":
        return f"hw_{reg.name.lower()}s"
    name = reg.name if bits.name == "value" else f"{reg.name}_{bits.name}"
    return f"hw_{name.lower()}"


def _inputs(regs: tuple[Register, ...]) -> tuple[PortView, ...]:
    ports: dict[str, int] = {}
    for reg in regs:
        counter = _counter(reg)
        if counter:
            ports[counter[0]] = 32 * len(ENGINES)
        elif _access(reg) == "w1c":
            ports[_signal(reg, reg.fields[0])] = len(reg.fields)
        elif _access(reg) == "ro":
            ports.update({_signal(reg, b): b.width for b in reg.fields})
    return tuple(PortView(name, vec(width, 7)) for name, width in ports.items())


def _outputs(held: tuple[HeldView, ...], pulses: tuple[PulseView, ...]) -> tuple[PortView, ...]:
    ports = [PortView(f"cfg_{h.name.removesuffix('_q')}", h.range, h.name) for h in held]
    ports += [PortView(p.name.removesuffix("_q"), p.range, p.name) for p in pulses]
    return (*ports[:-1], replace(ports[-1], comma=""))


def _pulse(reg: Register, bits: Bits) -> str:
    """Name of a strobe: the field's, with its register's unless that is CTRL."""
    return bits.name if reg.name == "CTRL" else reg.name.lower()


def _held(reg: Register) -> HeldView:
    (bits,) = reg.fields
    name = f"{reg.name.lower()}_q"
    width = bits.width
    if width == 1:
        merge = f"mask[0] ? wdata_q[0] : {name}"
    else:
        merge = f"(wdata_q & mask) | ({name} & ~mask)"
    return HeldView(name, vec(width, 7), lit(bits.reset, width), f"write && {_at(reg)}", merge)


def _pulses(reg: Register) -> list[PulseView]:
    enable = f"write && {_at(reg)}"
    if _access(reg) == "w1c":
        msb, lsb = reg.fields[-1].lsb, reg.fields[0].lsb
        name, width = f"sw_{reg.name.lower()}_clear_q", msb - lsb + 1
        return [PulseView(name, vec(width, 7), enable, _bits(msb, lsb), lit(0, width))]
    return [
        PulseView(f"sw_{_pulse(reg, b)}_q", vec(1, 7), enable, _bits(b.lsb, b.lsb), lit(0, 1))
        for b in reg.fields
    ]


def _bits(msb: int, lsb: int) -> str:
    """Written bits whose byte strobe is set."""
    return f"wdata_q[{msb}:{lsb}] & mask[{msb}:{lsb}]"


def _at(reg: Register) -> str:
    return f"waddr_q == {_word(reg)}"


def _word(reg: Register) -> str:
    return lit(reg.offset // 4, ADDRESS_BITS - 2)


def _value(reg: Register) -> str:
    """The 32-bit expression that reading a register returns."""
    access = _access(reg)
    if access == "const":
        return lit(sum(b.reset << b.lsb for b in reg.fields), 32)
    if access == "pulse":
        return "32'd0"
    counter = _counter(reg)
    if counter:
        vector, q = counter
        return f"{vector}[{32 * q + 31}:{32 * q}]"
    used = sum(b.width for b in reg.fields)
    if access == "rw":
        parts = [f"{reg.name.lower()}_q"]
    elif access == "w1c":
        parts = [_signal(reg, reg.fields[0])]
    else:
        parts = [_signal(reg, b) for b in reversed(reg.fields)]
    if used < 32:
        parts.insert(0, f"{32 - used}'d0")
    return f"{{{', '.join(parts)}}}" if len(parts) > 1 else parts[0]

"""The top of n3h: its interface, and the view that its template reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.queues import EngineView, engines
from hwgen.archs.n3h.regs import ADDRESS_BITS
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.emit.bundle import Module
from hwgen.emit.env import render, vec
from hwgen.spec import Interface, Port

TOP = "n3h_top"
TEMPLATE = "n3h/n3h_top.v.j2"
TRACE_BITS = 18


def interface(spec: N3hSpec) -> Interface:
    """Ports of the top, in order."""
    width = spec.axi.data_w
    axil = _bus(
        "s_axil",
        "AXI4-Lite slave: control registers",
        "awaddr<12 awvalid< awready> wdata<32 wstrb<4 wvalid< wready> bresp>2 bvalid> bready< "
        "araddr<12 arvalid< arready> rdata>32 rresp>2 rvalid> rready<",
    )
    axi = _bus(
        "m_axi",
        "AXI4 master: memory",
        "awid>1 awaddr>32 awlen>8 awsize>3 awburst>2 awvalid> awready< "
        f"wdata>{width} wstrb>{width // 8} wlast> wvalid> wready< bid<1 bresp<2 bvalid< bready> "
        "arid>1 araddr>32 arlen>8 arsize>3 arburst>2 arvalid> arready< "
        f"rid<1 rdata<{width} rresp<2 rlast< rvalid< rready>",
    )
    assert ADDRESS_BITS == 12
    return Interface(
        TOP,
        (
            Port("clk", "input", 1, "clock"),
            Port("rst", "input", 1, "reset", "synchronous, active high"),
            *axil,
            *axi,
            Port("irq", "output", 1, "interrupt", "level; cleared through IRQ_ACK"),
            Port(
                "trace",
                "output",
                TRACE_BITS * len(isa.ENGINES),
                "trace",
                "per queue, queue 0 low: {tag[15:0], state[1:0]}",
            ),
        ),
    )


def _bus(prefix: str, role: str, signals: str) -> list[Port]:
    """Ports from words like `awaddr<12` (input of 12 bits) or `awready>` (output)."""
    ports = []
    for word in signals.split():
        sign = "<" if "<" in word else ">"
        name, width = word.split(sign)
        direction: Literal["input", "output"] = "input" if sign == "<" else "output"
        ports.append(Port(f"{prefix}_{name}", direction, int(width or 1), role))
    return ports


@dataclass(frozen=True)
class PortView:
    direction: str
    range: str
    name: str
    comma: str


@dataclass(frozen=True)
class MemoryView:
    """One hw_ram_sdp; its nets begin with `short`."""

    name: str
    short: str
    width: str
    depth: str
    slice: str
    enable: str
    data: str


@dataclass(frozen=True)
class TopView:
    """What n3h_top.v.j2 reads; `*_pins` are words `port` or `port=net`."""

    arch: str
    digest16: str
    ports: tuple[PortView, ...]
    parameters: dict[str, int]
    engines: dict[str, EngineView]
    axil_pins: str
    read_pins: str
    write_pins: str
    queue_pins: str
    post_pins: str
    memories: tuple[MemoryView, ...]


MEMORIES = (
    MemoryView("raw_ring", "raw", "RAW_W", "RAW_DEPTH", "AXI_W", "raw_slice_en",
               "{(RAW_W/AXI_W){raw_wdata}}"),
    MemoryView("lut_weights", "wl", "DN*DK", "WL_DEPTH", "AXI_W", "wl_slice_en",
               "{(DN*DK/AXI_W){w_wdata}}"),
    MemoryView("dsp_weights", "wd", "PIN*POUT*8", "WD_DEPTH", "AXI_W", "wd_slice_en",
               "{(PIN*POUT*8/AXI_W){w_wdata}}"),
    MemoryView("parameters", "prm", "LANES*64", "PRM_DEPTH", "P_W", "prm_slice_en",
               "{(LANES*64/P_W){prm_wdata}}"),
    MemoryView("residual_ring", "rsd", "LANES*8", "RES_DEPTH", "LANES*8", "1'b1", "rsd_wdata"),
    MemoryView("collector", "col", "LANES*8", "COL_DEPTH", "8", "col_be", "col_wdata"),
)  # fmt: skip


def top(spec: N3hSpec) -> Module:
    """n3h_top."""
    ports = interface(spec).ports
    names = [p.name for p in ports]
    units = engines()
    post = [f"{x}_{pin}" for x in "ld" for pin in units[f"post_{x}"].pins.split()]
    view = TopView(
        arch=spec.arch,
        digest16=spec.digest()[:16],
        ports=tuple(
            PortView(p.direction, vec(p.width, 7), p.name, "" if p is ports[-1] else ",")
            for p in ports
        ),
        parameters=spec.parameters,
        engines=units,
        axil_pins=" ".join(n for n in names if n.startswith("s_axil_")),
        read_pins=" ".join(n for n in names if n.startswith(("m_axi_ar", "m_axi_r"))),
        write_pins=" ".join(n for n in names if n.startswith(("m_axi_aw", "m_axi_w", "m_axi_b"))),
        queue_pins=" ".join(e.queue_pins for e in units.values()),
        post_pins=" ".join(post),
        memories=MEMORIES,
    )
    return Module(TOP, render(TEMPLATE, view), f"templates/{TEMPLATE}")

"""RTL between dispatcher and engines: issue units, tokens and the check of legality."""

from __future__ import annotations

from dataclasses import dataclass

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.decode import TABLES, bank_name, dec_name, field_views, held
from hwgen.emit.bundle import Module
from hwgen.emit.env import render, vec

QUEUE_DEPTH = 16
LEGAL = "n3h/n3h_legal.v.j2"
QUEUES = "n3h/n3h_queues.v.j2"


@dataclass(frozen=True)
class SignalView:
    """One value handed to an engine: a payload (i_) or configuration (c_) field, a table port."""

    name: str
    range: str
    comma: str


@dataclass(frozen=True)
class EngineView:
    """One engine: its slices of the queue vectors, its modules, and pins as words `port=net`."""

    queue: int
    nibble: str
    pair: str
    half: str
    fields: tuple[SignalView, ...]
    dec: str
    dec_pins: str
    bank: str
    bank_pins: str
    pins: str
    queue_pins: str
    comma: str = ","


@dataclass(frozen=True)
class QueuesView:
    """What n3h_queues.v.j2 reads."""

    arch: str
    digest16: str
    engines: dict[str, EngineView]
    bits: str
    pairs: str
    nibbles: str
    halves: str
    depth: int
    count: int
    edges: int
    token_max: int
    wait_edge: str
    post_edge: str


@dataclass(frozen=True)
class LegalEngine:
    name: str
    code: int
    op: str
    takes: str
    gives: str
    banks: int


@dataclass(frozen=True)
class LegalView:
    """What n3h_legal.v.j2 reads."""

    arch: str
    digest16: str
    ops: tuple[tuple[str, int], ...]
    engines: tuple[LegalEngine, ...]
    reg_msb: int
    reg_lsb: int
    reg_above: int
    reg_below: int
    tag_register: int


def queues(arch: str, digest16: str) -> Module:
    """n3h_queues."""
    count = len(isa.ENGINES)
    waits, posts, edges = _edges()
    view = QueuesView(
        arch=arch,
        digest16=digest16,
        engines=engines(),
        bits=vec(count),
        pairs=vec(2 * count),
        nibbles=vec(4 * count),
        halves=vec(16 * count),
        depth=QUEUE_DEPTH,
        count=count,
        edges=edges,
        token_max=isa.TOKEN_MAX,
        wait_edge=waits,
        post_edge=posts,
    )
    return Module("n3h_queues", render(QUEUES, view), f"templates/{QUEUES}")


def legality(arch: str, digest16: str) -> Module:
    """n3h_legal: the same rule as `isa.decode`."""
    lsb = sum(f.bits for f in isa.CFG[: [f.name for f in isa.CFG].index("reg")])
    width = next(f.bits for f in isa.CFG if f.name == "reg")
    rows = []
    for engine in isa.ENGINES:
        registers = sorted(isa.BANKS[engine])
        assert registers == list(range(len(registers))), "registers of a bank are consecutive"
        rows.append(
            LegalEngine(
                name=engine.name,
                code=int(engine),
                op=isa.LEGAL_OPS[engine].name,
                takes=f"{(1 << len(isa.WAITS[engine])) - 1:04b}",
                gives=f"{(1 << len(isa.POSTS[engine])) - 1:04b}",
                banks=len(registers),
            )
        )
    view = LegalView(
        arch=arch,
        digest16=digest16,
        ops=tuple((op.name, int(op)) for op in isa.Op),
        engines=tuple(rows),
        reg_msb=lsb + width - 1,
        reg_lsb=lsb,
        reg_above=lsb + width,
        reg_below=lsb - 1,
        tag_register=isa.TAG_REGISTER,
    )
    return Module("n3h_legal", render(LEGAL, view), f"templates/{LEGAL}")


def engines() -> dict[str, EngineView]:
    """The nine engines by name in lower case, in queue order."""
    return {e.name.lower(): _engine(q, e) for q, e in enumerate(isa.ENGINES)}


def _engine(q: int, engine: isa.Engine) -> EngineView:
    name = engine.name.lower()
    payload = [(f"i_{f.name}", f.bits) for f in field_views({0: isa.PAYLOADS[engine]})]
    config = [(f"c_{f.name}", f.bits) for f in field_views(held(engine))]
    config += _table_ports(engine)
    last = payload + config
    fields = tuple(
        SignalView(port, vec(bits), "" if engine is isa.ENGINES[-1] and i == len(last) - 1 else ",")
        for i, (port, bits) in enumerate(last)
    )
    ports = ["start", "done", "stall", *(f.name for f in fields)]
    return EngineView(
        queue=q,
        nibble=f"{4 * q + 3}:{4 * q}",
        pair=f"{2 * q + 1}:{2 * q}",
        half=f"{16 * q + 15}:{16 * q}",
        fields=fields,
        dec=dec_name(engine),
        dec_pins=_pins(name, [port for port, _ in payload]),
        bank=bank_name(engine) if config else "",
        bank_pins=_pins(name, [port for port, _ in config]),
        pins=_pins(name, ports),
        queue_pins=" ".join(f"{name}_{port}" for port in ports),
    )


def _table_ports(engine: isa.Engine) -> list[tuple[str, int]]:
    if engine not in TABLES:
        return []
    row, *data = isa.BANKS[engine][TABLES[engine]]
    return [
        ("table_we", 1), ("table_addr", row.bits), ("table_data", sum(f.bits for f in data))
    ]  # fmt: skip


def _pins(prefix: str, ports: list[str]) -> str:
    return " ".join(f"{port}={prefix}_{port}" for port in ports)


def _edges() -> tuple[str, str, int]:
    """Edge number behind every wait and post bit, one hexadecimal digit each, and how many.

    Edges are numbered by taker in queue order; f stands for no edge.
    """
    pairs = [(source, sink) for sink in isa.ENGINES for source in isa.WAITS[sink]]
    number = {pair: f"{i:x}" for i, pair in enumerate(pairs)}
    waits = [[number[s, e] for s in isa.WAITS[e]] for e in isa.ENGINES]
    posts = [[number[e, s] for s in isa.POSTS[e]] for e in isa.ENGINES]

    def literal(table: list[list[str]]) -> str:
        groups = ["".join(reversed(row)).rjust(4, "f") for row in reversed(table)]
        return f"{16 * len(table)}'h{'_'.join(groups)}"

    return literal(waits), literal(posts), len(pairs)

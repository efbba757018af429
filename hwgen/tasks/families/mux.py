"""Multiplexers and demultiplexers, with binary or one-hot selects."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, bit, extremes, rows_for
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

COUNTS = (4, 2, 3, 5, 6, 7, 8, 9, 12, 16)


def chosen(sel: int, count: int, onehot: bool) -> list[int]:
    """The ways that a select names."""
    if onehot:
        return [i for i in range(count) if sel >> i & 1]
    return [sel] if sel < count else []


def mux(inputs: Row, count: int, width: int, onehot: bool) -> dict[str, int]:
    """The selected input, or what several selected ones give when combined by or."""
    y = 0
    if inputs.get("en", 1):
        for i in chosen(inputs["sel"], count, onehot):
            y |= inputs[f"d{i}"] if "d0" in inputs else inputs["d"] // 2 ** (i * width) % 2**width
    return {"y": y}


def demux(inputs: Row, count: int, width: int, onehot: bool, flat: bool) -> dict[str, int]:
    """The input on every selected output, 0 on the others."""
    ways = chosen(inputs["sel"], count, onehot) if inputs.get("en", 1) else []
    lanes = [inputs["d"] if i in ways else 0 for i in range(count)]
    if flat:
        return {"y": sum(lane * 2 ** (i * width) for i, lane in enumerate(lanes))}
    return {f"y{i}": lane for i, lane in enumerate(lanes)}


def _many(name: str, way: str, choice: Choice) -> list[Port]:
    count, width = choice["ways"], choice["width"]
    if choice["bus"] == "flat":
        return [Port.model_validate({"name": name, "dir": way, "width": count * width})]
    return [
        Port.model_validate({"name": f"{name}{i}", "dir": way, "width": width})
        for i in range(count)
    ]


def _words(choice: Choice, many: str) -> dict[str, str]:
    """The parts of speech that both blocks share."""
    count, width, onehot = choice["ways"], choice["width"], choice["select"] == "onehot"
    last, selw = count - 1, count if onehot else (count - 1).bit_length()
    flat = f"{many} of {count * width} bits, lane i in bits i*{width} to i*{width}+{width - 1}"
    where = flat if choice["bus"] == "flat" else f"{many}0 to {many}{last}, {width} bits each"
    select = f"one-hot select sel of {count} bits" if onehot else f"{bits(selw)} select sel"
    return {
        "where": where,
        "select": select.replace("a one-hot", "one-hot"),
        "enable": ", and enable en" if choice["enable"] else "",
        "off": " While en is 0 every output bit is 0." if choice["enable"] else "",
        "past": f" A select above {last} gives 0." if not onehot and count < 1 << selw else "",
    }


def _view(choice: Choice, lanes: str) -> dict[str, object]:
    """For each way: its index, its input or output, and the condition that selects it."""
    count, width, selw = choice["ways"], choice["width"], (choice["ways"] - 1).bit_length()
    rows = []
    for i in range(count):
        low, onehot = i * width, choice["select"] == "onehot"
        part = f"{lanes}[{low + width - 1}:{low}]" if width > 1 else f"{lanes}[{low}]"
        net = part if choice["bus"] == "flat" else f"{lanes}{i}"
        hit = f"sel[{i}]" if onehot else f"{bit('sel', 0, selw)} == 1'd{i}"
        rows.append((i, net, hit if onehot or selw == 1 else f"sel == {selw}'d{i}"))
    return {"rows": rows, "selw": selw, "onehot": choice["select"] == "onehot"}


def _ports(choice: Choice) -> list[Port]:
    """The select and the enable."""
    count = choice["ways"]
    width = count if choice["select"] == "onehot" else (count - 1).bit_length()
    enable = [Port(name="en", dir="in")] if choice["enable"] else []
    return [Port(name="sel", dir="in", width=width), *enable]


def _sweep(ports: list[Port], choice: Choice, rng: random.Random) -> list[list[Row]]:
    """Every select once with random data, enabled; then any mixture."""
    sel = next(p for p in ports if p.name == "sel")
    values = range(1 << sel.width) if sel.width <= 6 else [1 << i for i in range(sel.width)]
    rows = [
        {p.name: rng.getrandbits(p.width) for p in ports if p.dir == "in"}
        | {"sel": v} | ({"en": 1} if choice["enable"] else {})
        for v in [*values, *extremes(sel.width)]
    ]  # fmt: skip
    return [[*rows, *rows_for(ports, rng)]]


def make_mux(choice: Choice) -> Blueprint:
    count, width, onehot = choice["ways"], choice["width"], choice["select"] == "onehot"
    ports = [*_many("d", "in", choice), *_ports(choice), Port(name="y", dir="out", width=width)]
    said = _words(choice, "d")
    rule = (
        "y is the bitwise OR of all inputs d whose bit of sel is 1 (bit i selects input i), 0 when"
        " no bit is set"
        if onehot
        else "y is the input d whose number is sel"
    )
    tail = f"{said['past']}{said['off']}"
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: mux(inputs, count, width, onehot)),
        phrasings=(
            f"Combinational {count}-to-1 multiplexer for {width}-bit data. Inputs: {said['where']};"
            f" {said['select']}{said['enable']}. {sentence(rule)}.{tail}",
            f"Select one of {count} words. The data inputs are {said['where']}; there is"
            f" {said['select']}{said['enable']}. Output: {rule}. No clock.{tail}",
            f"{sentence(bits(width))} output y of a {count}-way selector, without registers:"
            f" {rule}. Ports besides y: {said['where']}, {said['select']}{said['enable']}.{tail}",
        ),
        view={"regs": [] if onehot else ["y"], "width": width, "enable": choice["enable"] == 1}
        | _view(choice, "d"),
        stimulus=lambda rng: _sweep(ports, choice, rng),
    )


def make_demux(choice: Choice) -> Blueprint:
    count, width, onehot = choice["ways"], choice["width"], choice["select"] == "onehot"
    flat = choice["bus"] == "flat"
    data = Port(name="d", dir="in", width=width)
    ports = [data, *_ports(choice), *_many("y", "out", choice)]
    said = _words(choice, "y")
    rule = (
        "output i shows d when bit i of sel is 1, else 0 (several outputs may be selected at once)"
        if onehot
        else "the output whose number is sel shows d, all others show 0"
    )
    past = f" A select above {count - 1} leaves all outputs 0." if said["past"] else ""
    tail = f"{past}{said['off']}"
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: demux(inputs, count, width, onehot, flat)),
        phrasings=(
            f"Combinational 1-to-{count} demultiplexer with {bits(width)} input d and"
            f" {said['select']}{said['enable']}. Outputs: {said['where']}. {sentence(rule)}.{tail}",
            f"Route the word d ({width} bits) to one of {count} places: {rule}. The outputs are"
            f" {said['where']}. Steered by {said['select']}{said['enable']}. No clock.{tail}",
            f"A distributor without registers. Given d of {width} bits, {said['select']}"
            f"{said['enable']}, it drives {said['where']}: {rule}.{tail}",
        ),
        view={"regs": [], "width": width, "enable": choice["enable"] == 1} | _view(choice, "y"),
        stimulus=lambda rng: _sweep(ports, choice, rng),
    )


_PARAMETERS = {"width": (8, *range(1, 8), *range(9, 17), 20, 24, 32, 48, 64), "ways": COUNTS}
_OPTIONS: dict[str, tuple[str | int, ...]] = {
    "select": ("binary", "onehot"),
    "bus": ("ports", "flat"),
    "enable": (0, 1),
}

FAMILIES = (
    Family(
        name="mux",
        kind="comb",
        summary="multiplexers",
        parameters=_PARAMETERS,
        options=_OPTIONS,
        make=make_mux,
        template="mux.v.j2",
    ),
    Family(
        name="demux",
        kind="comb",
        summary="demultiplexers",
        parameters=_PARAMETERS,
        options=_OPTIONS,
        make=make_demux,
        template="demux.v.j2",
    ),
)

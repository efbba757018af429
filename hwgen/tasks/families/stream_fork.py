"""Forks and routers: one stream to several, every beat to all of them or to the one it names."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

BEAT = dict[str, int]


class Fork:
    """Every beat leaves on each of `ways` outputs."""

    def __init__(self, ways: int) -> None:
        self.ways = ways

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, BEAT]) -> dict[str, list[BEAT]]:
        return {f"m{i}": [{f"m{i}_data": inputs["s"]["s_data"]}] for i in range(self.ways)}


class Route:
    """Every beat leaves on the output that it names, or nowhere if there is none."""

    def __init__(self, ways: int) -> None:
        self.ways = ways

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, BEAT]) -> dict[str, list[BEAT]]:
        way = inputs["s"]["s_dest"]
        return {f"m{way}": [{f"m{way}_data": inputs["s"]["s_data"]}]} if way < self.ways else {}


def outputs(choice: Choice) -> tuple[str, list[Link]]:
    """The names of the output streams in words, and the streams."""
    names = [f"m{i}" for i in range(choice["ways"])]
    said = f"{', '.join(names[:-1])} and {names[-1]}"
    return said, [Link(name, "out", {"data": choice["width"]}) for name in names]


def registers(choice: Choice) -> dict[str, tuple[int, int | None]]:
    """An output register for each way."""
    found: dict[str, tuple[int, int | None]] = {}
    for way in range(choice["ways"]):
        found |= {f"m{way}_valid": (1, 0), f"m{way}_data": (choice["width"], None)}
    return found


def make_fork(choice: Choice) -> Blueprint:
    width, ways = choice["width"], choice["ways"]
    said, links = outputs(choice)
    alone = (
        "The outputs take a beat independently of each other and in different cycles; no output"
        " valid waits for another output's ready."
    )
    return streaming(
        choice,
        links=[Link("s", "in", {"data": width}), *links],
        golden=lambda: Fork(ways),
        says=(
            f"Fork stream s to {ways} streams: each beat s_data ({width} bits) leaves once on each"
            f" of {said} (ports m<i>_data). {alone} The next beat of s may wait until every output"
            " has taken the one before.",
            f"Copy every beat of s ({width}-bit s_data) to the {ways} output streams {said},"
            f" payload m<i>_data. {alone}",
            f"A broadcaster of {width}-bit beats with one input stream s and {ways} outputs {said}:"
            " on each of them all values of s_data appear, once and in order, as m<i>_data."
            f" {alone}",
        ),
        registers=registers(choice),
        view={"outs": range(ways)},
    )


def make_route(choice: Choice) -> Blueprint:
    width, ways = choice["width"], choice["ways"]
    said, links = outputs(choice)
    dest = (ways - 1).bit_length()
    rest = (
        f" Beats with s_dest of {ways} or more are taken and dropped." if ways & (ways - 1) else ""
    )
    return streaming(
        choice,
        links=[Link("s", "in", {"data": width, "dest": dest}), *links],
        golden=lambda: Route(ways),
        says=(
            f"Route stream s to one of {ways} output streams {said}: a beat with s_dest = i"
            f" ({dest} bits, unsigned) leaves on stream mi only, s_data ({width} bits) as"
            f" mi_data.{rest} A beat at the input may wait until all outputs have been taken.",
            f"A stream demultiplexer. The payload of s is {width}-bit s_data and {dest}-bit s_dest,"
            f" the number of the output stream ({said}) that gets s_data on its port m<i>_data; the"
            f" others get nothing.{rest} An output that stalls may hold up the beats behind it.",
            f"Send each beat of s to the output that its field s_dest ({dest} bits) names: 0 is m0,"
            f" 1 is m1 and so on, {ways} outputs {said}. m<i>_data is s_data, {width} bits; each"
            f" output keeps the order of its beats.{rest} Head-of-line blocking is allowed.",
        ),
        registers=registers(choice),
        view={"outs": range(ways), "bits": dest},
        stimulus=lambda rng: {
            "beats": {"s": [{"s_data": rng.getrandbits(width), "s_dest": i % 2**dest}
                            for i in range(3 << dest)]},
        },
    )  # fmt: skip


AXES = {"width": (8, *range(1, 8), *range(9, 65)), "ways": (2, 3, 4)}
FAMILIES = (
    Family(
        name="stream_fork",
        kind="stream",
        summary="a fork of one stream to several",
        parameters=AXES,
        options={"reset": RESETS},
        make=make_fork,
        template="stream_fork.v.j2",
    ),
    Family(
        name="stream_route",
        kind="stream",
        summary="a router that sends each beat to the output that it names",
        parameters=AXES,
        options={"reset": RESETS},
        make=make_route,
        template="stream_route.v.j2",
    ),
)

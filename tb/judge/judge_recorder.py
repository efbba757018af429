"""Generic driver and recorder of the judge's cocotb lane; runs in the jail, beside the candidate.

It knows no block and compares nothing: it drives recorded stimulus into the ports that plan.json
names and writes what it sees into trace.txt, at its end. What cocotb makes of the run is not read.
Timing and format are those of the benches in templates/judge.
"""

from __future__ import annotations

import json
from pathlib import Path

import cocotb
from cocotb.handle import Immediate
from cocotb.triggers import Timer


class Driver:
    """The input ports as one vector, the first port on top."""

    def __init__(self, dut, ports: list[tuple[str, int]]) -> None:
        self.fields, at = {}, sum(width for _, width in ports)
        for name, width in ports:
            at -= width
            self.fields[name] = (dut[name], at, (1 << width) - 1)
        self.shown: dict[str, int] = {}

    def drive(self, word: int) -> None:
        """Put `word` on the ports; those that show it already are left alone."""
        for name, (port, low, mask) in self.fields.items():
            value = word >> low & mask
            if self.shown.get(name) != value:
                self.shown[name] = port.value = value

    def get(self, word: int, name: str) -> int:
        """The value of port `name` in `word`."""
        _, low, mask = self.fields[name]
        return word >> low & mask

    def put(self, word: int, name: str, value: int) -> int:
        """`word` with another value of port `name`."""
        _, low, mask = self.fields[name]
        return word & ~(mask << low) | value << low


class Source:
    """A stream into the block: what it offers in each cycle, and whether that is accepted."""

    def __init__(self, dut, index: int, plan: dict) -> None:
        self.valid, self.payload = plan["valid"], plan["payload"]
        self.ready = dut[plan["ready"]] if plan["ready"] else None
        self.mask = (1 << sum(width for _, width in self.payload)) - 1
        words = Path(f"beats{index}.hex").read_text().split()[: plan["beats"]]
        self.beats = [int(word, 16) for word in words]
        self.at, self.held, self.offered = 0, False, False

    def offer(self, driver: Driver, row: int, active: bool) -> int:
        """The row with this stream's part; a payload that is not valid is the wrong way round."""
        left = self.at < len(self.beats)
        self.offered = not active and (self.held or (left and bool(driver.get(row, self.valid))))
        beat = self.beats[self.at] ^ (0 if self.offered else self.mask) if left else 0
        row = driver.put(row, self.valid, int(self.offered))
        for name, width in reversed(self.payload):
            row = driver.put(row, name, beat & (1 << width) - 1)
            beat >>= width
        return row

    def accepted(self) -> bool:
        """Whether the edge that comes accepts what is offered."""
        return self.offered and (self.ready is None or str(self.ready.value) == "1")

    def edge(self, accepted: bool) -> None:
        """After the edge."""
        self.at += accepted
        self.held = self.offered and not accepted


def widths(dut, ports: list[tuple[str, int]]) -> list[str]:
    """Bits of each port as the simulator sees it, "-" where there is none of that name."""
    found = []
    for name, _ in ports:
        try:
            found.append(str(len(dut[name]) if hasattr(dut[name], "__len__") else 1))
        except KeyError:
            found.append("-")
    return found


class Recorder:
    """One run of the stimulus; `lines` is the trace so far."""

    def __init__(self, dut, plan: dict) -> None:
        self.plan, self.dut = plan, dut
        self.driver = Driver(dut, plan["inputs"])
        self.outputs = [dut[name] for name, _ in plan["outputs"]]
        self.digits = max(1, -(-sum(width for _, width in plan["inputs"]) // 4))
        self.words = [
            tuple(int(word, 16) for word in line.split())
            for line in Path("stimulus.hex").read_text().splitlines()
        ]
        self.lines: list[str] = []

    def record(self, row: int) -> None:
        """Write a line: what is driven, what is seen."""
        seen = "".join(str(port.value) for port in self.outputs).lower()
        self.lines.append(f"{row:0{self.digits}x} {seen or 'x'}\n")

    async def comb(self, step: Timer) -> None:
        """A row in, a line out."""
        for row, _ in self.words:
            self.driver.drive(row)
            await step
            self.record(row)

    async def cycle(self, step: Timer) -> None:
        """A row in, an edge, a line out; the inputs also move while the clock is high."""
        clock = self.dut[self.plan["clock"]]
        for moved, row in self.words:
            self.driver.drive(moved)
            await step
            clock.value = 0
            await step
            if moved != row:
                self.driver.drive(row)
                await step
            clock.value = 1
            await step
            self.record(row)

    async def stream(self, step: Timer) -> None:
        """Beats in under valid and ready, a line before each edge."""
        clock, driver = self.dut[self.plan["clock"]], self.driver
        sources = [Source(self.dut, n, plan) for n, plan in enumerate(self.plan["sources"])]
        reset, level = self.plan["reset"]
        for row, flip in self.words:
            active = reset is not None and driver.get(row, reset) == level
            for source in sources:
                row = source.offer(driver, row, active)
            driver.drive(row ^ flip)
            await step
            clock.value = 0
            await step
            driver.drive(row)
            await step
            self.record(row)
            accepted = [source.accepted() for source in sources]
            clock.value = 1
            await step
            for source, taken in zip(sources, accepted, strict=True):
                source.edge(taken)


@cocotb.test()
async def record(dut) -> None:
    """Drive everything, then write the trace."""
    plan = json.loads(Path("plan.json").read_text())
    found = widths(dut, plan["ports"])
    head, lines = " ".join(["ports", *found]), []
    if found == [str(width) for _, width in plan["ports"]]:
        if plan["clock"]:
            dut[plan["clock"]].set(Immediate(0))  # before anything looks for its edges
        step = Timer(1, "step")
        await step  # what waits for changes waits by now
        recorder = Recorder(dut, plan)
        await getattr(recorder, plan["kind"])(step)
        lines = recorder.lines
    Path("trace.txt").write_text(f"{head}\n{''.join(lines)}end {plan['cycles']}\n")

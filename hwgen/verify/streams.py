"""Streams against their golden model: order and content of beats, and the rules of the handshake.

Checked in every cycle outside reset: valid and ready are defined; valid, once up, stays up with
the same payload until taken; every beat that is offered is the next one owed; a beat that is owed
is offered within the task's latency, whether or not anybody is ready for it; a beat is taken within
it while everybody else is ready.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from hwgen.tasks.task import Stream, Task
from hwgen.verify.compare import (
    Compared,
    GoldenError,
    Layout,
    Results,
    Sample,
    TraceError,
    ended,
    guarded,
    sample,
)
from hwgen.verify.stimulus import Stimulus, resting


class _Blind(Exception):
    """After an undefined handshake nobody knows which beats went in."""


class _Sink:
    """What one stream out of the block owes, and how long it has owed it."""

    def __init__(self, stream: Stream, layout: Layout) -> None:
        self.stream = stream
        self.ports = Layout([p for p in layout.ports if p.name in stream.payload])
        self.clear()

    def clear(self) -> None:
        self.owed: deque[tuple[Mapping[str, Any], int]] = deque()
        self.held: str | None = None  # payload bits of a beat that waits
        self.silent = 0  # cycles in which a beat was owed and not offered


class _Streams:
    """The check of one run, cycle by cycle."""

    def __init__(self, task: Task, stimulus: Stimulus) -> None:
        self.task, self.spec, self.stimulus = task, task.spec, stimulus
        self.inputs, self.outputs = Layout(self.spec.inputs), Layout(self.spec.outputs)
        self.results = Results(stimulus.starts)
        self.model = guarded(task.golden)
        self.sinks = {s.name: _Sink(s, self.outputs) for s in self.spec.sinks}
        self.refused = dict.fromkeys((s.name for s in self.spec.sources), 0)
        self.index = dict.fromkeys(self.refused, 0)
        self.offered = dict.fromkeys(self.refused, False)
        self.ready = self.spec.reset is None
        self.lost = False  # out of step with the golden model until the next reset
        self.pulses = self.spec.reset is not None and self.spec.reset.style == "async"

    def in_reset(self, row: int) -> bool:
        reset = self.spec.reset
        return reset is not None and self.inputs.get(row, reset.port) == resting(self.spec, True)

    def cycle(self, number: int, given: int, shown: str) -> None:
        """One sample, taken just before the edge."""
        self.results.at(number)
        row, seen = self.stimulus.rows[number], sample(shown)
        self._planned(number, given, row)
        if self.in_reset(row):
            self._reset()
            self.offered = dict.fromkeys(self.refused, False)
            return
        if self.pulses and self.in_reset(row ^ self.stimulus.flips[number]):
            self._reset()  # between the edges; what is offered stays so
        beats = self._taken(given, seen)
        if self.lost:
            self.results.failed.add(self.results.case)
        elif self.ready:
            self._defined(number, seen)
            self._golden(number, beats)
            for sink in self.sinks.values():
                self._leave(number, row, seen, shown, sink)
            self._progress(number, row, given, seen)

    def _reset(self) -> None:
        guarded(self.model.reset)
        for sink in self.sinks.values():
            sink.clear()
        self.refused = dict.fromkeys(self.refused, 0)
        self.ready, self.lost = True, False

    def _planned(self, number: int, given: int, row: int) -> None:
        """The inputs that the simulator says are those that the driver's rules give."""
        word = row
        for s in self.spec.sources:
            beats = self.stimulus.beats[s.name]
            at = self.index[s.name]
            wanted = bool(self.inputs.get(row, s.valid)) or self.offered[s.name]
            valid = wanted and at < len(beats) and not self.in_reset(row)
            word = self._put(word, s.valid, int(valid))
            ports = [self.spec.port(name) for name in s.payload]
            beat = beats[at] if at < len(beats) else 0
            width = sum(p.width for p in ports)
            bits = beat if valid or at >= len(beats) else ~beat & (1 << width) - 1
            for port in reversed(ports):
                word = self._put(word, port.name, bits & (1 << port.width) - 1)
                bits >>= port.width
        if word != given:
            if self.results.cause == "x":
                raise _Blind  # Verilator shows several runs at once, and they have parted
            raise TraceError(f"cycle {number}: other inputs than were planned")

    def _put(self, word: int, name: str, value: int) -> int:
        shift, mask = self.inputs.at[name]
        return word & ~(mask << shift) | value << shift

    def _defined(self, number: int, seen: Sample) -> None:
        names = [s.valid for s in self.spec.sinks] + [s.ready for s in self.spec.sources if s.ready]
        for name in names:
            if self.outputs.get(seen.undefined, name):
                self._fail("x", number, name, "0 or 1", self.outputs.shown(seen, name))

    def _taken(self, given: int, seen: Sample) -> dict[str, dict[str, int]]:
        """Beats that the block accepted in this cycle, by stream."""
        beats = {}
        for s in self.spec.sources:
            valid = self.inputs.get(given, s.valid)
            taken = valid and (s.ready is None or self.outputs.get(seen.value, s.ready))
            self.offered[s.name] = bool(valid and not taken)
            if taken:
                self.index[s.name] += 1
                beats[s.name] = {name: self.inputs.get(given, name) for name in s.payload}
        return beats

    def _golden(self, number: int, beats: Mapping[str, Any]) -> None:
        if not beats:
            return
        answer = guarded(self.model.step, beats)
        if not isinstance(answer, Mapping) or not set(answer) <= set(self.sinks):
            known = ", ".join(self.sinks)
            raise GoldenError(f"step must return beats by stream ({known}), not {answer!r:.80}")
        for name, owed in answer.items():
            self.sinks[name].owed.extend((beat, number) for beat in owed)

    def _leave(self, number: int, row: int, seen: Sample, shown: str, sink: _Sink) -> None:
        s, bits = sink.stream, self._payload(shown, sink)
        if not self.outputs.get(seen.value, s.valid):
            if sink.held is not None:
                self._fail("protocol", number, s.valid, "1 until taken", "0")
            sink.held = None
            return
        if sink.held is not None and sink.held != bits:
            self._fail("protocol", number, s.payload[0], f"{sink.held}, stable", bits)
        if not sink.owed:
            self._fail("mismatch", number, s.valid, "0, no beat is owed", "1")
            return
        beat, since = sink.owed[0]
        word, care = sink.ports.expected(beat)
        got = sample(bits) if bits else Sample(0, 0)
        wrong = (got.value ^ word | got.undefined) & care
        if wrong:
            cause = "x" if wrong & got.undefined else "mismatch"
            name = next(n for n, (at, m) in sink.ports.at.items() if wrong >> at & m)
            wanted = sink.ports.shown(Sample(word, 0), name)
            self._fail(cause, number, name, wanted, sink.ports.shown(got, name))
        if number - since < self.spec.latency.least:
            least = f"{self.spec.latency.least} cycles after its beat"
            self._fail("protocol", number, s.valid, f"0 until {least}", "1")
        taken = s.ready is None or self.inputs.get(row, s.ready)
        sink.held = None if taken else bits
        if taken:
            sink.owed.popleft()

    def _payload(self, shown: str, sink: _Sink) -> str:
        """The payload's bits as text, in the order of the sink's layout."""
        parts = []
        for port in sink.ports.ports:
            shift, _ = self.outputs.at[port.name]
            end = len(shown) - shift
            parts.append(shown[end - port.width : end])
        return "".join(parts)

    def _progress(self, number: int, row: int, given: int, seen: Sample) -> None:
        most = self.spec.latency.most
        ready = {s.name: s.ready is None or bool(self.inputs.get(row, s.ready))
                 for s in self.spec.sinks}  # fmt: skip
        for name, sink in self.sinks.items():
            others = all(r for n, r in ready.items() if n != name)
            silent = sink.owed and not self.outputs.get(seen.value, sink.stream.valid)
            sink.silent = (sink.silent + int(others)) if silent else 0
            if sink.silent > most:
                self._fail("stall", number, sink.stream.valid, f"1 within {most} cycles", "0")
        offers = all(self.inputs.get(given, s.valid) for s in self.spec.sources)
        for s in self.spec.sources:
            if not self.offered[s.name]:
                self.refused[s.name] = 0
            elif offers and all(ready.values()):
                self.refused[s.name] += 1
                if self.refused[s.name] > most and s.ready:
                    self._fail("stall", number, s.ready, f"1 within {most} cycles", "0")

    def _fail(self, cause: str, cycle: int, port: str, expected: str, actual: str) -> None:
        if not self.lost:
            self.results.fail(cause, cycle, port, expected, actual)
        self.lost = True


def compare_streams(task: Task, stimulus: Stimulus, lines: Sequence[tuple[int, str]]) -> Compared:
    """What the golden model says of a trace of streams. Raises GoldenError, TraceError."""
    check = _Streams(task, stimulus)
    for number, (given, shown) in enumerate(lines):
        try:
            check.cycle(number, given, shown)
        except _Blind:
            check.results.failed |= set(range(check.results.case, len(stimulus.starts)))
            return check.results.compared(number)
    return ended(check.results, len(lines), stimulus)

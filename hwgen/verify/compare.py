"""The golden model against a trace: runs in the parent, outside every jail.

A trace is text of a simulator that ran a candidate, and as such not to be trusted: it must have
a line for every row of the stimulus, with the inputs that were planned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwgen.tasks.task import Port, Task, TaskSpec
from hwgen.verify.stimulus import Stimulus, resting
from hwgen.verify.verdict import Mismatch

_UNDEFINED = str.maketrans("xzXZ", "0000")
_HEX = re.compile("[0-9a-f]+")
_WHERE = str.maketrans("01xzXZ", "001111")


class GoldenError(Exception):
    """The golden model raised, or returned what no wires can show."""


class TraceError(Exception):
    """The trace is not one of this stimulus: a fault of ours, or a forged one."""


@dataclass(frozen=True)
class Compared:
    """Cycles checked, cases passed of all, and the first failure (cause empty: none)."""

    done: int
    passed: int
    total: int
    cause: str = ""
    mismatch: Mismatch | None = None


@dataclass(frozen=True)
class Sample:
    """Ports as a simulator showed them at one instant: values, and masks of undefined bits."""

    value: int
    undefined: int


class Results:
    """Failures by case: the first one counts, and fails its case."""

    def __init__(self, starts: Sequence[int]) -> None:
        self.starts, self.case = starts, -1
        self.failed: set[int] = set()
        self.cause, self.first = "", None  # type: tuple[str, Mismatch | None]

    def at(self, cycle: int) -> None:
        """Go on to `cycle`, which may begin a case."""
        if self.case + 1 < len(self.starts) and cycle == self.starts[self.case + 1]:
            self.case += 1

    def fail(self, cause: str, cycle: int, port: str, expected: str, actual: str) -> None:
        self.failed.add(self.case)
        if not self.cause:
            self.cause = cause
            self.first = Mismatch(self.case, cycle, port, expected, actual)

    def compared(self, done: int) -> Compared:
        """The result after `done` cycles; a case that was not finished did not pass."""
        total = len(self.starts)
        return Compared(done, total - len(self.failed), total, self.cause, self.first)


class Layout:
    """Where ports lie in concatenated bits: port -> (shift, mask), the first one on top."""

    def __init__(self, ports: Sequence[Port]) -> None:
        self.ports, self.at, shift = tuple(ports), {}, 0
        for port in reversed(self.ports):
            self.at[port.name] = (shift, (1 << port.width) - 1)
            shift += port.width
        self.width = shift

    def get(self, word: int, name: str) -> int:
        shift, mask = self.at[name]
        return word >> shift & mask

    def shown(self, sample: Sample, name: str) -> str:
        """A port's value for people: hexadecimal, or bits where some are undefined."""
        shift, mask = self.at[name]
        value, undefined = sample.value >> shift & mask, sample.undefined >> shift & mask
        width = mask.bit_length()
        if not undefined:
            return f"{width}'h{value:x}"
        bits = (
            "x" if undefined >> n & 1 else str(value >> n & 1) for n in range(width - 1, -1, -1)
        )
        return f"{width}'b{''.join(bits)}"

    def expected(self, outputs: Mapping[str, Any] | None) -> tuple[int, int]:
        """Values and cared-for bits of what a golden model returned. Raises GoldenError."""
        if outputs is None:
            return 0, 0
        word = care = 0
        for port in self.ports:
            if port.name not in outputs:
                raise GoldenError(f"no value for output {port.name}")
            shift, mask = self.at[port.name]
            value, cared = outputs[port.name], mask
            if value is None:
                continue
            if isinstance(value, tuple):
                value, cared = value
            if not -(mask + 1) >> 1 <= value <= mask or cared & ~mask:
                raise GoldenError(f"{value} does not fit the {port.width} bits of {port.name}")
            word |= (value & mask) << shift
            care |= cared << shift
        return word, care


def lines_of(trace: str, spec: TaskSpec, stimulus: Stimulus) -> list[tuple[int, str]]:
    """Inputs and outputs of each cycle that the trace holds. Raises TraceError if malformed."""
    header, *rest = trace.splitlines() or [""]
    if not header.startswith("ports "):
        raise TraceError("the trace has no header")
    if rest and rest[-1].startswith("end ") and rest.pop() != f"end {len(rest)}":
        raise TraceError("the trace has not the length it says")
    width = sum(p.width for p in spec.outputs)
    found = []
    for line in rest[: len(stimulus.rows)]:
        given, _, shown = line.partition(" ")
        if len(shown) != width or not _HEX.fullmatch(given):
            raise TraceError("a line of the trace is malformed")
        found.append((int(given, 16), shown))
    return found


def sample(bits: str) -> Sample:
    """One instant from its bits; x and z are undefined. Raises TraceError for anything else."""
    try:
        return Sample(int(bits, 2), 0)
    except ValueError:
        pass
    try:
        return Sample(int(bits.translate(_UNDEFINED), 2), int(bits.translate(_WHERE), 2))
    except ValueError as error:
        raise TraceError("the trace holds something that is no bit") from error


def compare(task: Task, stimulus: Stimulus, trace: str) -> Compared:
    """What the golden model says of a trace. Raises GoldenError, TraceError."""
    lines = lines_of(trace, task.spec, stimulus)
    if task.spec.kind == "stream":
        from hwgen.verify.streams import compare_streams

        return compare_streams(task, stimulus, lines)
    inputs, outputs = Layout(task.spec.inputs), Layout(task.spec.outputs)
    results = Results(stimulus.starts)
    model = Stepper(task)
    for cycle, (given, shown) in enumerate(lines):
        results.at(cycle)
        row = stimulus.rows[cycle]
        if given != row:
            raise TraceError(f"cycle {cycle}: other inputs than were planned")
        values = {name: row >> shift & mask for name, (shift, mask) in inputs.at.items()}
        word, care = outputs.expected(model.step(values, row ^ stimulus.flips[cycle]))
        seen = sample(shown)
        wrong = (seen.value ^ word | seen.undefined) & care
        if wrong:
            cause = "x" if wrong & seen.undefined else "mismatch"
            name = next(n for n, (s, m) in outputs.at.items() if wrong >> s & m)
            wanted = outputs.shown(Sample(word, 0), name)
            results.fail(cause, cycle, name, wanted, outputs.shown(seen, name))
    return ended(results, len(lines), stimulus)


def leaves_open(task: Task, stimulus: Stimulus) -> bool:
    """Whether the golden model leaves an output bit open in any of these rows; not for streams."""
    inputs, outputs, model = Layout(task.spec.inputs), Layout(task.spec.outputs), Stepper(task)
    whole = (1 << outputs.width) - 1
    for row in stimulus.rows:
        values = {name: row >> shift & mask for name, (shift, mask) in inputs.at.items()}
        if outputs.expected(model.step(values, row))[1] != whole:
            return True
    return False


def ended(results: Results, done: int, stimulus: Stimulus) -> Compared:
    """Cases that the trace does not reach to the end of failed too."""
    ends = [*stimulus.starts[1:], len(stimulus.rows)]
    results.failed |= {case for case, end in enumerate(ends) if end > done}
    if done < len(stimulus.rows) and not results.cause:
        results.cause = "early-end"
    return results.compared(done)


class Stepper:
    """A golden model under the task's reset; silent before the first reset."""

    def __init__(self, task: Task) -> None:
        self.model, spec = guarded(task.golden), task.spec
        self.ready = spec.reset is None
        self.reset_at, self.active, self.pulses = "", 0, False
        if spec.reset:
            self.reset_at, self.active = spec.reset.port, resting(spec, True)
            self.pulses = spec.reset.style == "async"
            self.shift, _ = Layout(spec.inputs).at[self.reset_at]

    def step(self, values: Mapping[str, int], between: int) -> Mapping[str, Any] | None:
        """Outputs after the next edge; `between` is the inputs' word before it."""
        if self.reset_at:
            if self.pulses and between >> self.shift & 1 == self.active:
                guarded(self.model.reset)
                self.ready = True
            if values[self.reset_at] == self.active:
                self.ready = True
                found: Mapping[str, Any] | None = guarded(self.model.reset)
                return found
            if not self.ready:
                return None
        outputs = guarded(self.model.step, values)
        if not isinstance(outputs, Mapping):
            raise GoldenError(f"step returned {type(outputs).__name__}, not a mapping of outputs")
        return outputs


def guarded(call: Any, *values: Any) -> Any:
    try:
        return call(*values)
    except Exception as error:
        raise GoldenError(f"{type(error).__name__}: {error}") from error

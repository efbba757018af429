"""Two machines side by side on the same inputs, and the literal that must never be true.

The candidate's unknowns (power-up state, x) may be anything: it must be right for all of them.
The reference is three-valued: where its own unknowns reach an output, that bit is not compared.
So a data register that the reference leaves without a reset asks nothing of the candidate.

A cheaper way to the same end, tried first: twins. Each unknown of the reference is taken to be the
candidate's unknown at the same place. If they are equal then, then for every run of the candidate
there is a run of the reference with the same outputs, which has all its known bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hwgen.verify.formal.aig import FALSE, TRUE, Aig, Machine

Rail = tuple[int, int]  # "is one", "is zero"


@dataclass
class Problem:
    """A sequential problem: can `bad` ever be true? All other literals are over `aig`.

    `inputs` are read anew in each cycle, the task's first; `first` are the task's inputs in the
    reset cycle, which comes before cycle 0 (None: there is none). Latches start at `inits`.
    """

    aig: Aig
    inputs: list[int] = field(default_factory=list)
    task_inputs: list[int] = field(default_factory=list)
    first: list[int] | None = None
    latches: list[int] = field(default_factory=list)
    inits: list[int] = field(default_factory=list)
    nexts: list[int] = field(default_factory=list)
    bad: int = FALSE
    _places: dict[int, int] = field(default_factory=dict)
    _started: int | None = None

    def input(self) -> int:
        """A value that is free in each cycle."""
        literal = self.aig.input()
        self.inputs.append(literal)
        return literal

    def latch(self, init: int) -> int:
        """A register that starts at 0 or 1; its next value is given to `drive`."""
        literal = self.aig.input()
        self._places[literal] = len(self.latches)
        self.latches.append(literal)
        self.inits.append(init)
        self.nexts.append(literal)
        return literal

    def drive(self, latch: int, value: int) -> None:
        """Says what the register holds in the next cycle."""
        self.nexts[self._places[latch]] = value

    def register(self, init: int) -> tuple[int, int]:
        """A register that starts at any literal: the latch, and the value it shows."""
        if init <= TRUE:
            literal = self.latch(init)
            return literal, literal
        literal = self.latch(FALSE)
        return literal, self.aig.mux(self.started(), init, literal)

    def started(self) -> int:
        """False in cycle 0 only."""
        if self._started is None:
            self._started = self.latch(FALSE)
            self.drive(self._started, TRUE)
        return self._started


@dataclass(frozen=True)
class Question:
    """How the two meet: the reset's bit among the inputs and its active value, or no reset.

    `initial`: without a reset, initial values are the state at the start. `after_edge`: compare
    what the outputs show after an edge with that edge's inputs still applied, else for any inputs.
    """

    reset: tuple[int, int] | None
    initial: bool = False
    after_edge: bool = False
    twins: bool = False


def alike(candidate: Machine, reference: Machine) -> bool:
    """Whether there are unknowns, and as many on both sides: twins are worth a try."""
    ours, theirs = (len(m.inits) for m in (candidate, reference))
    return ours == theirs and candidate.free == reference.free and bool(ours or reference.free)


def mitre(candidate: Machine, reference: Machine, question: Question) -> Problem:
    """The problem "an output differs". The machines' ports are equal and in the same order."""
    problem = Problem(Aig())
    problem.task_inputs = [problem.input() for _ in range(candidate.input_bits)]
    problem.first = first_inputs(problem, candidate, question)
    ours = Side(problem, candidate, question)
    theirs = other_side(ours, reference, question)
    outs = ours.step(problem.task_inputs, question.after_edge)
    rails = theirs.step(problem.task_inputs, question.after_edge)
    problem.bad = differ(problem.aig, outs, rails)
    return problem


def first_inputs(problem: Problem, machine: Machine, question: Question) -> list[int] | None:
    """The inputs of the reset cycle: free, but for the reset."""
    if question.reset is None:
        return None
    bit, active = question.reset
    return [problem.input() if n != bit else active for n in range(machine.input_bits)]


def differ(aig: Aig, outs: list[int], rails: list[Rail]) -> int:
    """Whether a bit is not what the reference knows it to be."""
    return aig.any(
        aig.lor(aig.land(out, zero), aig.land(out ^ 1, one))
        for out, (one, zero) in zip(outs, rails, strict=True)
    )


class Side:
    """The candidate in the problem: unknowns are free, or those of a `twin`."""

    def __init__(
        self, problem: Problem, machine: Machine, question: Question, twin: Side | None = None
    ) -> None:
        self.problem, self.machine = problem, machine
        settled = question.initial and problem.first is None
        self.power_up: list[int] = [
            init
            if init is not None and settled
            else problem.input()
            if twin is None
            else twin.power_up[n]
            for n, init in enumerate(machine.inits)
        ]
        count = range(machine.free)
        self.early: list[int] = [problem.input() for _ in count] if twin is None else twin.early
        self.free: list[int] = [problem.input() for _ in count] if twin is None else twin.free
        inits = self.power_up
        if problem.first is not None:
            _, inits = problem.aig.embed(machine, problem.first + self.early + inits)
        registers = [problem.register(init) for init in inits]
        self.latches = [latch for latch, _ in registers]
        self.state = [shown for _, shown in registers]
        self._nexts: list[int] = []

    def step(self, inputs: list[int], after_edge: bool = False) -> list[int]:
        """Drives the registers; gives the outputs (with `after_edge` those after it)."""
        problem, machine = self.problem, self.machine
        leaves = inputs + self.free
        outs, nexts = problem.aig.embed(machine, leaves + self.state)
        self._nexts = nexts
        for latch, value in zip(self.latches, nexts, strict=True):
            problem.drive(latch, value)
        if after_edge:
            outs, _ = problem.aig.embed(machine, leaves + nexts)
        return outs

    def resting(self) -> int:
        """Whether the last step leaves every register as it is."""
        aig = self.problem.aig
        pairs = zip(self.state, self._nexts, strict=True)
        return aig.all(aig.xor(now, then) ^ 1 for now, then in pairs)


class Twin:
    """The reference with the candidate's unknowns, its outputs written as rails."""

    def __init__(self, ours: Side, machine: Machine, question: Question) -> None:
        self._side = Side(ours.problem, machine, question, ours)

    def step(self, inputs: list[int], after_edge: bool = False) -> list[Rail]:
        """Drives the registers; gives the outputs' rails."""
        return _sure(self._side.step(inputs, after_edge))


def other_side(ours: Side, reference: Machine, question: Question) -> Twin | Rails:
    """The reference next to the candidate."""
    if question.twins:
        return Twin(ours, reference, question)
    return Rails(ours.problem, reference, question)


class Rails:
    """The reference in the problem, three-valued where it has unknowns."""

    def __init__(self, problem: Problem, machine: Machine, question: Question) -> None:
        self.problem, self.machine = problem, machine
        first = problem.first
        none = (FALSE, FALSE)
        inits: list[Rail] = [
            (init, init ^ 1) if init is not None and question.initial and first is None else none
            for init in machine.inits
        ]
        if first is not None:
            leaves = _sure(first) + [none] * machine.free + inits
            _, inits = problem.aig.embed_rails(machine, leaves)
        unknown = _unknown(machine, [one != zero ^ 1 for one, zero in inits])
        self.latches: list[tuple[int, int | None]] = []
        self.state: list[Rail] = []
        self._nexts: list[Rail] = []
        for (one, zero), rails in zip(inits, unknown, strict=True):
            latch, shown = problem.register(one)
            other, hidden = problem.register(zero) if rails else (None, shown ^ 1)
            self.latches.append((latch, other))
            self.state.append((shown, hidden))

    def step(self, inputs: list[int], after_edge: bool = False) -> list[Rail]:
        """Drives the registers; gives the outputs' rails."""
        problem, machine = self.problem, self.machine
        leaves = _sure(inputs) + [(FALSE, FALSE)] * machine.free
        outs, nexts = problem.aig.embed_rails(machine, leaves + self.state)
        for (latch, other), (one, zero) in zip(self.latches, nexts, strict=True):
            problem.drive(latch, one)
            if other is not None:
                problem.drive(other, zero)
        self._nexts = nexts
        if after_edge:
            outs, _ = problem.aig.embed_rails(machine, leaves + nexts)
        return outs

    def resting(self) -> int:
        """Whether the last step leaves every register as it is."""
        aig = self.problem.aig
        return aig.all(
            aig.xor(now, then) ^ 1
            for pair, after in zip(self.state, self._nexts, strict=True)
            for now, then in zip(pair, after, strict=True)
        )


def _sure(literals: list[int]) -> list[Rail]:
    return [(literal, literal ^ 1) for literal in literals]


def _unknown(machine: Machine, unknown: list[bool]) -> list[bool]:
    """Which latches may ever be unknown: those at the start, and all that hang on them."""
    first = machine.input_bits + machine.free
    doubt = ((1 << machine.free) - 1) << machine.input_bits
    _, reads = machine.reads()
    while True:
        mask = doubt | sum(1 << (first + n) for n, is_so in enumerate(unknown) if is_so)
        grown = [was or bool(read & mask) for was, read in zip(unknown, reads, strict=True)]
        if grown == unknown:
            return unknown
        unknown = grown

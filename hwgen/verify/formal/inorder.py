"""Streams side by side, each at its own pace: the same beats in the same order.

A fixed unknown sequence of beats goes into both; the reference takes and gives at once, the
candidate is held up at will. The n-th beat out, for an unknown n, must be the reference's n-th; the
candidate keeps valid and payload while it waits. Once the reference has come to rest with nothing
left to take, the candidate has given no beat more, and no beat less if it rests as well.
"""

from __future__ import annotations

from typing import Any

from hwgen.verify.formal.aig import FALSE, Aig, Machine
from hwgen.verify.formal.beats import Flow, Ports, flows
from hwgen.verify.formal.mitre import Problem, Question, Rail, Rails, Side, differ, first_inputs


class InOrder:
    """The second problem, and how its trace is read."""

    def __init__(
        self,
        candidate: Machine,
        reference: Machine,
        question: Question,
        streams: list[dict[str, Any]],
        beats: int,
    ) -> None:
        self.problem = problem = Problem(Aig())
        self.question, self.beats = question, beats
        self.ins, self.outs = flows(Ports.of(candidate), streams)
        problem.task_inputs = [problem.input() for _ in range(candidate.input_bits)]
        problem.first = self._first(candidate)
        if question.reset is not None:
            bit, active = question.reset
            problem.task_inputs[bit] = 1 - active  # no reset any more
        self.sent = [
            [[self._constant() for _ in flow.payload] for _ in range(beats)] for flow in self.ins
        ]
        size = beats.bit_length()
        self.totals = [self._count_below(beats, size) for _ in self.ins]
        ours, theirs = Side(problem, candidate, question), Rails(problem, reference, question)
        slow = _Upstream(self, [problem.task_inputs[flow.valid] for flow in self.ins])
        fast = _Upstream(self, [1] * len(self.ins))
        mine = ours.step(slow.driven(problem.task_inputs))
        ready = list(problem.task_inputs)
        for flow in self.outs:
            if flow.ready is not None:
                ready[flow.ready] = 1
        rails = theirs.step(fast.driven(ready))
        slow.accept(mine)
        fast.accept([one for one, _ in rails])
        aig = problem.aig
        asked = [problem.task_inputs[f.ready] for f in self.outs if f.ready is not None]
        done = aig.land(theirs.resting(), fast.empty)
        over = aig.all([done, ours.resting(), slow.empty, *asked])
        problem.bad = self._wrong(mine, rails, done, over)

    def _first(self, machine: Machine) -> list[int] | None:
        first = first_inputs(self.problem, machine, self.question)
        for flow in self.ins if first else ():
            assert first
            first[flow.valid] = FALSE
        return first

    def _constant(self) -> int:
        """An unknown bit that never changes."""
        latch, shown = self.problem.register(self.problem.input())
        self.problem.drive(latch, shown)
        return shown

    def _count_below(self, most: int, size: int) -> list[int]:
        """An unknown number up to `most`, least significant bit first."""
        aig, bits = self.problem.aig, [self._constant() for _ in range(size)]
        over = less(aig, number(most, size), bits)
        return [aig.mux(over, bit, most >> n & 1) for n, bit in enumerate(bits)]

    def _wrong(self, mine: list[int], rails: list[Rail], done: int, over: int) -> int:
        problem, aig = self.problem, self.problem.aig
        size = self.beats.bit_length() + 2
        faults = []
        for flow in self.outs:
            asked = problem.task_inputs[flow.ready] if flow.ready is not None else 1
            nth = [self._constant() for _ in range(size)]
            got = aig.land(mine[flow.valid], asked)
            count, has, data = self._catch(got, nth, [(mine[b], mine[b] ^ 1) for b in flow.payload])
            known = rails[flow.valid][0]
            other, theirs, wanted = self._catch(known, nth, [rails[b] for b in flow.payload])
            values = [one for one, _ in data]
            faults.append(aig.all((has, theirs, differ(aig, values, wanted))))
            faults.append(aig.land(done, less(aig, other, count)))
            faults.append(aig.all((over, mine[flow.valid] ^ 1, less(aig, count, other))))
            if flow.ready is not None:
                faults.append(self._unsteady(mine, flow, asked))
        return aig.any(faults)

    def _catch(
        self, moves: int, nth: list[int], rails: list[Rail]
    ) -> tuple[list[int], int, list[Rail]]:
        """Counts beats and keeps the n-th: the count, whether it is there, and its payload."""
        problem, aig = self.problem, self.problem.aig
        count = [problem.latch(FALSE) for _ in nth]
        full = aig.all(count)
        step = aig.land(moves, full ^ 1)
        for latch, value in zip(count, increment(aig, count, step), strict=True):
            problem.drive(latch, value)
        now = aig.all([step, *(aig.xor(a, b) ^ 1 for a, b in zip(count, nth, strict=True))])
        has = problem.latch(FALSE)
        problem.drive(has, aig.lor(has, now))
        kept = []
        for pair in rails:
            both = (problem.latch(FALSE), problem.latch(FALSE))
            for latch, value in zip(both, pair, strict=True):
                problem.drive(latch, aig.mux(now, latch, value))
            kept.append(both)
        return count, has, kept

    def _unsteady(self, mine: list[int], flow: Flow, ready: int) -> int:
        """Valid that drops, or a payload that changes, while nobody takes the beat."""
        problem, aig = self.problem, self.problem.aig
        stalled = problem.latch(FALSE)
        problem.drive(stalled, aig.land(mine[flow.valid], ready ^ 1))
        moved = []
        for bit in flow.payload:
            before = problem.latch(FALSE)
            problem.drive(before, mine[bit])
            moved.append(aig.xor(before, mine[bit]))
        return aig.land(stalled, aig.lor(mine[flow.valid] ^ 1, aig.any(moved)))

    def watched(self) -> list[int]:
        """The literals that `beats_of` wants the values of."""
        return [bit for bits in self.totals for bit in bits] + [
            bit for sent in self.sent for beat in sent for bit in beat
        ]

    def beats_of(self, values: list[int]) -> list[list[int]]:
        """The beats of each stream that goes in, as integers, from the watched values."""
        told = iter(values)
        counts = [sum(next(told) << n for n in range(len(bits))) for bits in self.totals]
        rows = [
            [int("".join(str(next(told)) for _ in beat) or "0", 2) for beat in sent]
            for sent in self.sent
        ]
        return [beats[:count] for beats, count in zip(rows, counts, strict=True)]


class _Upstream:
    """Offers the beats to one side, in order, each until it is taken."""

    def __init__(self, order: InOrder, offers: list[int]) -> None:
        problem, aig = order.problem, order.problem.aig
        self.order, self.offers = order, offers
        size = order.beats.bit_length()
        self.places = [[problem.latch(FALSE) for _ in range(size)] for _ in order.ins]
        self.held = [problem.latch(FALSE) for _ in order.ins]
        left = [less(aig, p, t) for p, t in zip(self.places, order.totals, strict=True)]
        self.empty = aig.any(left) ^ 1
        self.valid = [
            aig.land(there, aig.lor(held, offer))
            for there, held, offer in zip(left, self.held, offers, strict=True)
        ]

    def driven(self, inputs: list[int]) -> list[int]:
        """The inputs with this side's valid and payload."""
        order, aig = self.order, self.order.problem.aig
        driven = list(inputs)
        lanes = zip(order.ins, order.sent, self.places, self.valid, strict=True)
        for flow, sent, place, valid in lanes:
            chosen = choose(aig, place, sent)
            driven[flow.valid] = valid
            for bit, value in zip(flow.payload, chosen, strict=True):
                driven[bit] = aig.xor(value, valid ^ 1)  # no beat: the inverse of the next one
        return driven

    def accept(self, outs: list[int]) -> None:
        """Goes on to the next beat where this one is taken."""
        problem, aig = self.order.problem, self.order.problem.aig
        lanes = zip(self.order.ins, self.places, self.held, self.valid, strict=True)
        for flow, place, held, valid in lanes:
            taken = aig.land(valid, outs[flow.ready] if flow.ready is not None else 1)
            problem.drive(held, aig.land(valid, taken ^ 1))
            for latch, value in zip(place, increment(aig, place, taken), strict=True):
                problem.drive(latch, value)


def number(value: int, size: int) -> list[int]:
    """A constant, least significant bit first."""
    return [value >> n & 1 for n in range(size)]


def less(aig: Aig, a: list[int], b: list[int]) -> int:
    """Whether a < b, unsigned."""
    below = FALSE
    for x, y in zip(a, b, strict=True):
        below = aig.mux(aig.xor(x, y), below, y)
    return below


def increment(aig: Aig, bits: list[int], carry: int) -> list[int]:
    """The number plus one where `carry`."""
    out = []
    for bit in bits:
        out.append(aig.xor(bit, carry))
        carry = aig.land(bit, carry)
    return out


def choose(aig: Aig, place: list[int], words: list[list[int]]) -> list[int]:
    """The word at an index; beyond the last, zeros."""
    zeros = [FALSE] * len(words[0])
    rows = words + [zeros] * ((1 << len(place)) - len(words))
    for bit in place:
        rows = [
            [aig.mux(bit, a, b) for a, b in zip(low, high, strict=True)]
            for low, high in zip(rows[::2], rows[1::2], strict=True)
        ]
    return rows[0]

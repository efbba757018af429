"""Order the passes' work into one program: tokens, weight prefetch, configuration changes.

Program order is what one processor could execute: nothing waits for an instruction behind it.
Together with rings that have room for a pass to flow (plan.py) this keeps the machine free of
deadlock: the dispatcher is in order, and the words of one pass fit the engines' queues, so that
the oldest unfinished pass is always dispatched as a whole.

Tokens stand for exactly one pair of instructions each. A token is posted only where a later
instruction waits for it, and a wait is left out where an earlier one of the same edge implies
it (engines work in order), so counters never pass 1 per pass under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.estimate import word_beats
from hwgen.archs.n3h.fields import Fields, Job, jobs
from hwgen.archs.n3h.isa import Engine, Op
from hwgen.archs.n3h.layout import ceil_div
from hwgen.archs.n3h.plan import LayerPlan
from hwgen.archs.n3h.spec import N3hSpec

LUT_WEIGHTS, DSP_WEIGHTS, PARAMETERS = 0, 1, 2  # LOAD_W's dst
READERS: dict[int, tuple[Engine, ...]] = {
    LUT_WEIGHTS: (Engine.GEMM_L,),
    DSP_WEIGHTS: (Engine.GEMM_D,),
    PARAMETERS: (Engine.POST_L, Engine.POST_D),
}
AHEAD = 2  # passes whose weights may be loaded before they start
QUEUE = 16  # words of an engine's queue
BEATS_MAX = (1 << 16) - 1


@dataclass
class Step:
    """One instruction whose tokens are still being collected. `index`: place in the program."""

    index: int
    op: Op
    engine: Engine
    fields: Fields
    reg: int = 0
    wait: set[Engine] = field(default_factory=set)
    post: set[Engine] = field(default_factory=set)

    def instruction(self) -> isa.Instruction:
        return isa.Instruction(
            self.op,
            self.engine,
            self.fields,
            wait=tuple(e for e in isa.WAITS[self.engine] if e in self.wait),
            post=tuple(e for e in isa.POSTS[self.engine] if e in self.post),
            irq=self.op is Op.HALT,
            reg=self.reg,
        )


class Emitter:
    """A growing program: writes only the registers that change, and pairs tokens."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._banks: dict[tuple[Engine, int, int], Fields] = {}
        self._tags: dict[Engine, int] = {}
        self._waited: dict[tuple[Engine, Engine], int] = {}

    def _add(self, op: Op, engine: Engine, fields: Fields, reg: int = 0) -> Step:
        self.steps.append(Step(len(self.steps), op, engine, fields, reg))
        return self.steps[-1]

    def job(self, job: Job, tag: int) -> Step:
        """Append `job` of the layer with trace tag `tag`, after the registers it needs."""
        if self._tags.get(job.engine) != tag:
            self._tags[job.engine] = tag
            self._add(Op.CFG, job.engine, {"tag": tag}, isa.TAG_REGISTER)
        for reg, values in job.bank:
            key = (job.engine, reg, values.get("count", 0))  # a table has many rows per register
            if self._banks.get(key) != values:
                self._banks[key] = values
                self._add(Op.CFG, job.engine, values, reg)
        return self._add(isa.LEGAL_OPS[job.engine], job.engine, dict(job.fields))

    def order(self, first: Step, then: Step) -> None:
        """Let `then` wait for `first`, unless an earlier wait of the same edge implies it."""
        edge = (first.engine, then.engine)
        if first.index <= self._waited.get(edge, -1):
            return
        self._waited[edge] = first.index
        first.post.add(then.engine)
        then.wait.add(first.engine)

    def halt(self) -> list[isa.Instruction]:
        """Close the program: HALT with the interrupt. Returns all of it."""
        self._add(Op.HALT, Engine.LOAD_X, {})
        return [step.instruction() for step in self.steps]


@dataclass(frozen=True)
class Image:
    """A pass's words for one buffer: byte address in DRAM, first word (absolute), their number."""

    dst: int
    dram: int
    first: int
    words: int


@dataclass(frozen=True)
class Part:
    """Words of an image that become free together: after pass `after` (-1: free from the start)."""

    image: Image
    offset: int
    words: int
    after: int


class Ring:
    """Circular allocation of one weight buffer: who used each word last."""

    def __init__(self, depth: int) -> None:
        self.depth, self.head = depth, 0
        self.used: list[tuple[int, int, int]] = []  # (first, end, pass), absolute words

    def allocate(self, words: int, owner: int) -> tuple[int, list[tuple[int, int, int]]]:
        """First word of the space for pass `owner`, and its parts (offset, words, after)."""
        first, end = self.head, self.head + words
        users = [-1] * words
        for begin, stop, user in self.used:
            low = max(begin + self.depth, first)
            for word in range(low, min(stop + self.depth, end)):
                users[word - first] = user
        # Waits that are certain to be over when the pass before last runs need no cut of their own
        kinds = [max(user, owner - AHEAD - 1) if user >= 0 else -1 for user in users]
        self.head = end
        self.used = [u for u in self.used if u[1] > end - self.depth] + [(first, end, owner)]
        parts = []
        start = 0
        for word in range(1, words + 1):
            if word == words or kinds[word] != kinds[start]:
                parts.append((start, word - start, max(users[start:word])))
                start = word
        return first, parts


@dataclass
class PassWork:
    """One pass in program order: its layer, its jobs, and the parts of its weights."""

    layer: int
    todo: list[Job]
    images: dict[int, Image]
    parts: list[Part]
    steps: dict[Engine, Step] = field(default_factory=dict)
    loaded: dict[int, Step] = field(default_factory=dict)


class Scheduler:
    """Emits the passes of a whole network."""

    def __init__(self, spec: N3hSpec, plans: list[LayerPlan], weights: list[list[int]]) -> None:
        """weights[i]: byte addresses of pass i's LUT, DSP and parameter images."""
        self.spec, self.plans = spec, plans
        lut, dsp, (bits, bus) = word_beats(spec)
        self.word_bits = {
            LUT_WEIGHTS: lut * bus,
            DSP_WEIGHTS: dsp * bus,
            PARAMETERS: bits,
        }
        self.emitter = Emitter()
        self.works = self._works(weights)
        self.stores: dict[str, Step] = {}

    def _works(self, weights: list[list[int]]) -> list[PassWork]:
        buffers = self.spec.buffers
        rings = [Ring(buffers.lut_weights), Ring(buffers.dsp_weights), Ring(buffers.parameters)]
        works: list[PassWork] = []
        for layer, plan in enumerate(self.plans):
            for index, p in enumerate(plan.passes):
                images, parts = {}, []
                for dst, words in enumerate((p.l_words, p.d_words, p.p_words)):
                    if not words:
                        continue
                    first, free = rings[dst].allocate(words, len(works))
                    image = Image(dst, weights[len(works)][dst], first, words)
                    images[dst] = image
                    parts += [Part(image, o, n, a) for o, n, a in free]
                parts.sort(key=lambda part: part.after)
                todo = jobs(self.spec, plan, index)
                works.append(PassWork(layer, todo, images, parts))
        return works

    def program(self) -> list[isa.Instruction]:
        """The whole program, HALT included."""
        for index, work in enumerate(self.works):
            self._loads(index)
            for job in work.todo:
                work.steps[job.engine] = self._job(work, job)
            plan = self.plans[work.layer]
            self.stores[plan.conv.y] = work.steps[Engine.STORE]
        return self.emitter.halt()

    def _job(self, work: PassWork, job: Job) -> Step:
        step = self.emitter.job(job, work.layer + 1)
        plan = self.plans[work.layer]
        if job.engine is Engine.LOAD_X:
            self._after_store(plan.conv.x, step)
        if job.engine is Engine.LOAD_R and plan.conv.residual is not None:
            self._after_store(plan.conv.residual.tensor, step)
        for dst, image in work.images.items():
            if job.engine in READERS[dst] and step.fields["n_tiles"]:
                depth = self._depth(dst)
                step.fields["p_base" if dst == PARAMETERS else "w_base"] = image.first % depth
                self.emitter.order(work.loaded[dst], step)
        return step

    def _after_store(self, tensor: str, step: Step) -> None:
        if tensor in self.stores:  # the network's input is there from the start
            self.emitter.order(self.stores[tensor], step)

    def _depth(self, dst: int) -> int:
        buffers = self.spec.buffers
        return (buffers.lut_weights, buffers.dsp_weights, buffers.parameters)[dst]

    def _loads(self, now: int) -> None:
        """Load what pass `now` still lacks, and of the next passes what is free already.

        Free means: last used before pass now-1, so that LOAD_W never holds up the dispatcher with
        words that wait for a pass still under way.
        """
        budget = QUEUE
        for index in range(now, min(now + AHEAD + 1, len(self.works))):
            work = self.works[index]
            while work.parts:
                part = work.parts[0]
                if index > now and (part.after >= max(0, now - 1) or budget <= 1):
                    return
                before = len(self.emitter.steps)
                self._load(work, work.parts.pop(0))
                budget -= len(self.emitter.steps) - before

    def _load(self, work: PassWork, part: Part) -> None:
        image, bus = part.image, self.spec.axi.data_w
        bits = self.word_bits[image.dst]
        for offset, words in self._chunks(part, bits, bus):
            word = part.offset + offset
            fields = {
                "dram": image.dram + word * bits // 8,
                "x_beats": ceil_div(words * bits, bus),
                "dst": image.dst,
                "sram": (image.first + word) % self._depth(image.dst),
            }
            step = self.emitter.job(Job(Engine.LOAD_W, fields), work.layer + 1)
            if offset == 0 and part.after >= 0:
                self._after_readers(image.dst, part.after, step)
            work.loaded[image.dst] = step

    def _after_readers(self, dst: int, after: int, step: Step) -> None:
        """Let `step` wait until the readers of `dst` have finished pass `after` and all before."""
        for engine in READERS[dst]:
            for work in reversed(self.works[: after + 1]):
                done = work.steps.get(engine)
                if done is not None and done.fields["n_tiles"]:
                    self.emitter.order(done, step)
                    break

    @staticmethod
    def _chunks(part: Part, bits: int, bus: int) -> Iterator[tuple[int, int]]:
        """(offset, words) of loads whose beats fit the instruction."""
        most = max(1, BEATS_MAX * bus // bits)
        most -= most % max(1, bus // bits)  # whole beats
        for offset in range(0, part.words, most):
            yield offset, min(most, part.words - offset)

"""A task as a value: the block that is asked for, and the golden model that knows the answer.

Three kinds. `comb`: outputs follow inputs. `cycle`: outputs follow the clock edges. `stream`: beats
go in and come out under valid and ready, and their order matters, not their cycle. Integers stand
for what the wires show: 0 <= v < 2**width, two's complement for signed ports.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

Kind = Literal["comb", "cycle", "stream"]
Value = int | None | tuple[int, int]
"""What an output must show: a value, None (don't care), or a value and its mask of cared bits."""

Outputs = Mapping[str, Value]
WIDEST = 4096  # bits of a port
Name = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
Count = Annotated[StrictInt, Field(ge=0)]


class Golden(Protocol):
    """A golden model.

    `reset()` puts it into its reset state and returns the outputs expected then, or None where
    nothing is compared. `step(inputs)` returns: for `comb` the outputs; for `cycle` the outputs
    after the edge at which `inputs` were sampled, these inputs still applied; for `stream`, where
    `inputs` holds the beats accepted in this cycle by stream, the beats that must leave now.
    """

    def reset(self) -> Outputs | None: ...

    def step(self, inputs: Any) -> Any: ...


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Port(_Value):
    """A port of the module; `width` in bits. `signed` says how people and models read it."""

    name: Name
    dir: Literal["in", "out"]
    width: Annotated[StrictInt, Field(ge=1, le=WIDEST)] = 1
    signed: StrictBool = False


class Reset(_Value):
    """The reset input. Style `any`: synchronous and asynchronous designs are both right."""

    port: Name
    style: Literal["sync", "async", "any"] = "sync"
    active: Literal["high", "low"] = "high"


class Stream(_Value):
    """Ports that move beats. Without `ready` each valid beat is taken at once."""

    name: Name
    valid: Name
    ready: Name | None = None
    payload: tuple[Name, ...]


class Limits(_Value):
    """What a candidate may use: cycles of stimulus, flip-flops (None: as the reference), bits."""

    vectors: Annotated[StrictInt, Field(ge=8, le=1_000_000)] = 300
    state_bits: Count | None = None
    memory_bits: Count = 65_536
    source_bytes: Annotated[StrictInt, Field(ge=1, le=65_536)] = 65_536
    initial: StrictBool = False


class Latency(_Value):
    """Cycles of a stream: the least from a beat to its answer, the most without progress."""

    least: Count = 0
    most: Annotated[StrictInt, Field(ge=1, le=100_000)] = 64


class TaskSpec(_Value):
    """Everything of a task but its golden model: the contents of task.yaml."""

    id: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    kind: Kind = "cycle"
    prompt: StrictStr
    module: Name
    clock: Name | None = None
    reset: Reset | None = None
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    parameters: dict[Name, StrictInt] = {}
    limits: Limits = Limits()
    split: StrictStr = ""
    latency: Latency = Latency()
    streams: tuple[Stream, ...] = ()

    @cached_property
    def inputs(self) -> tuple[Port, ...]:
        """All input ports but the clock, in order; the reset is one of them."""
        return tuple(p for p in self.ports if p.dir == "in" and p.name != self.clock)

    @cached_property
    def outputs(self) -> tuple[Port, ...]:
        """All output ports, in order."""
        return tuple(p for p in self.ports if p.dir == "out")

    @cached_property
    def sources(self) -> tuple[Stream, ...]:
        """Streams whose beats go into the block."""
        ins = {p.name for p in self.inputs}
        return tuple(s for s in self.streams if s.valid in ins)

    @cached_property
    def sinks(self) -> tuple[Stream, ...]:
        """Streams whose beats leave the block."""
        return tuple(s for s in self.streams if s not in self.sources)

    def port(self, name: str) -> Port:
        """The port called `name`."""
        return next(p for p in self.ports if p.name == name)

    def width(self, *names: str) -> int:
        """Bits of these ports together."""
        return sum(self.port(name).width for name in names)


@dataclass(frozen=True)
class Task:
    """A task: its specification, a maker of fresh golden models, and what may come with it.

    `golden_source` is the text that the digest covers. `stimulus(rng)` gives directed cases for
    comb and cycle, each a list of input rows from reset; for stream {"beats": {stream: [...]}}.
    `reference` is Verilog of a right answer, in a module named as the task asks.
    `phrasings` are the prompt in other words. `origin` is how another process finds the task: its
    id, or the folder it lies in.
    """

    spec: TaskSpec
    golden: Callable[[], Golden]
    golden_source: str
    stimulus: Callable[[random.Random], Any] | None = None
    reference: str | None = None
    phrasings: tuple[str, ...] = ()
    origin: str = ""

    @cached_property
    def digest(self) -> str:
        """sha256 of everything that a verdict depends on, 64 hexadecimal digits."""
        asked = self.spec.model_dump(exclude={"id", "prompt", "split"})
        parts = [json.dumps(asked, sort_keys=True), self.golden_source, self.reference or ""]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

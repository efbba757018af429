"""Task families: a block, the parameters and options it comes in, and how each one is made.

A family is one small file under `families/`. Its `make` turns a choice of parameters into a
`Blueprint`: ports, golden model, three phrasings, the view of its reference's template. The task's
id says the choice: `counter:width=8,dir=up,enable=1`.
"""

from __future__ import annotations

import inspect
import itertools
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwgen.emit.env import render
from hwgen.errors import Problem, UsageError
from hwgen.tasks.task import Golden, Kind, Latency, Limits, Port, Reset, Stream, Task, TaskSpec

Choice = Mapping[str, Any]
"""One value (a whole number or a word) for every parameter and option of a family."""


@dataclass(frozen=True)
class Blueprint:
    """What `make` returns. `phrasings` are three; `view` feeds the template of the reference."""

    ports: Sequence[Port]
    golden: Callable[[], Golden]
    phrasings: tuple[str, str, str]
    view: Mapping[str, Any]
    clock: str | None = None
    reset: Reset | None = None
    streams: tuple[Stream, ...] = ()
    stimulus: Callable[[random.Random], Any] | None = None
    limits: Limits = field(default_factory=Limits)
    latency: Latency = field(default_factory=Latency)


@dataclass(frozen=True)
class Family:
    """A family. `parameters` are numbers and `options` words or flags, each with its legal values;
    the first value of each is the default. `legal` says which combinations make sense.
    `template` is the reference's, below templates/tasks/, or below `base` for families outside.
    """

    name: str
    kind: Kind
    summary: str
    parameters: Mapping[str, Sequence[int]]
    options: Mapping[str, Sequence[Any]]
    make: Callable[[Choice], Blueprint]
    template: str
    legal: Callable[[Choice], bool] = lambda _: True
    base: Path | None = None

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        """Every parameter and option with its legal values."""
        return {**self.parameters, **self.options}

    def default(self) -> dict[str, Any]:
        """The first value of every axis."""
        return {name: values[0] for name, values in self.axes.items()}

    def choices(self) -> Iterator[dict[str, Any]]:
        """Every legal combination, in the order of the axes."""
        for values in itertools.product(*self.axes.values()):
            choice = dict(zip(self.axes, values, strict=True))
            if self.legal(choice):
                yield choice

    def sample(self, rng: random.Random) -> dict[str, Any]:
        """A random legal combination."""
        while True:
            choice = {name: rng.choice(list(values)) for name, values in self.axes.items()}
            if self.legal(choice):
                return choice

    def id_of(self, choice: Choice) -> str:
        """The id that says this choice."""
        said = ",".join(f"{name}={choice[name]}" for name in self.axes)
        return f"{self.name}:{said}" if said else self.name

    def choice_of(self, said: str) -> dict[str, Any]:
        """The choice that the part of an id after the colon says; what it leaves out is default.

        Raises UsageError with every problem.
        """
        choice, problems = self.default(), []
        for word in filter(None, said.split(",")):
            name, _, text = word.partition("=")
            values = {str(v): v for v in self.axes.get(name, ())}
            if name not in self.axes:
                rule = f"it has {', '.join(self.axes) or 'no parameters'}"
                problems.append(Problem(f"{self.name} has no parameter '{name}'", rule))
            elif text not in values:
                shown = ", ".join(list(values)[:12]) + (", ..." if len(values) > 12 else "")
                what = f"{self.name}: {name} = {text or 'nothing'} is not usable"
                problems.append(Problem(what, f"it is one of {shown}"))
            else:
                choice[name] = values[text]
        if not problems and not self.legal(choice):
            problems.append(
                Problem(
                    f"{self.id_of(choice)} does not fit together",
                    "some values of a family exclude each other",
                    f"see: hwgen tasks show {self.name}",
                )
            )
        if problems:
            raise UsageError(*problems)
        return choice

    def task(self, choice: Choice, phrasing: int = 0) -> Task:
        """The task of a choice, asked in one of its phrasings."""
        plan = self.make(choice)
        spec = TaskSpec(
            id=self.id_of(choice),
            kind=self.kind,
            prompt=plan.phrasings[phrasing],
            module=str(choice.get("module", self.name)),
            clock=plan.clock,
            reset=plan.reset,
            ports=tuple(plan.ports),
            limits=plan.limits,
            latency=plan.latency,
            streams=plan.streams,
        )
        view = {"module": spec.module, "ports": spec.ports, **choice, **plan.view}
        return Task(
            spec=spec,
            golden=plan.golden,
            golden_source=f"{self.id_of(choice)}\n{_source(self.make)}",
            stimulus=plan.stimulus,
            reference=render(f"tasks/{self.template}", view, self.base),
            phrasings=plan.phrasings,
            origin=f"{self.id_of(choice)}@{phrasing}",
        )


def _source(make: Callable[..., Any]) -> str:
    """Text of the file that a family is defined in: a change of it makes old verdicts void."""
    return inspect.getsource(sys.modules[make.__module__])

"""The loop: every stage once, in order, noted when it is finished."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from hwgen.errors import HwgenError
from hwgen.training.driver import processes
from hwgen.training.driver.plan import Step, plan
from hwgen.training.driver.state import Identity, Outcome, State, digest_of_data, locked, open_state

if TYPE_CHECKING:
    from hwgen.training.recipe import Recipe

Say = Callable[[str], None]
Begun = Callable[[int, int, Step], None]


class Run:
    """What the stages of a run share: recipe, state, data, and resources that are opened once."""

    def __init__(self, recipe: Recipe, state: State, data: Path | None, say: Say) -> None:
        self.recipe, self.state, self.data, self.say = recipe, state, data, say
        self._open = ExitStack()
        self._kept: dict[str, Any] = {}

    def shared(self, name: str, make: Callable[[], Any]) -> Any:
        """The resource `name`, a context manager that `make` builds at its first use and that is
        closed when the run ends.
        """
        if name not in self._kept:
            self._kept[name] = self._open.enter_context(make())
        return self._kept[name]

    def close(self) -> None:
        """Close what `shared` opened."""
        self._kept.clear()
        self._open.close()


Stage = Callable[[Run, Step, Path, bool], Outcome]
"""(run, step, the stage's folder, whether to resume) -> outcome. Must leave its outputs complete in
the folder, and go on from what an interrupted attempt left there when told to resume."""


def train(
    recipe: Recipe,
    folder: Path,
    stages: Mapping[str, Stage],
    *,
    data: Path | None = None,
    resume: bool = False,
    threads: int = 0,
    say: Say = print,
    begun: Begun = lambda number, count, step: None,
) -> State:
    """Run the recipe in `folder`; `stages` has a function for each kind of stage.

    data: a data set that stands in for the recipe's own. resume: go on with the run that is there.
    threads: of torch; noted, because results are equal to the bit only for the same number.
    begun(number, count, step) is called before each stage that runs. An interruption (Ctrl-C,
    SIGTERM) is noted and raised on as KeyboardInterrupt; everything finished stays. Raises
    UsageError as `open_state` and `locked` do, and what stages raise.
    """
    who = Identity(recipe.name, recipe.digest(), digest_of_data(data))
    if processes.rank():
        processes.await_launch(folder)
        run = Run(recipe, open_state(folder, who, True), data, _mute)
        return _all(run, stages, resume, begun)
    with locked(folder), _terminated_as_interrupted():
        state = open_state(folder, who, resume)
        if state.threads and threads and state.threads != threads:
            say(
                f"warning: this run was begun with {state.threads} threads, now there are "
                f"{threads}: its figures will differ in the last bits from an uninterrupted run"
            )
        state.threads, state.launch = state.threads or threads, processes.launch()
        state.write()
        return _all(Run(recipe, state, data, say), stages, resume, begun)


def _all(run: Run, stages: Mapping[str, Stage], resume: bool, begun: Begun) -> State:
    steps = plan(run.recipe)
    try:
        for number, step in enumerate(steps, start=1):
            if run.state.record_of(step.name):
                run.say(f"{step.name}: done before")
            elif processes.rank():
                _follow(run, step, stages[step.kind], resume)
            else:
                begun(number, len(steps), step)
                _lead(run, step, stages[step.kind], resume)
    finally:
        run.close()
    return run.state


def _follow(run: Run, step: Step, stage: Stage, resume: bool) -> None:
    """A stage in a process that is not the first."""
    folder = run.state.folder / step.name
    if step.kind in processes.TOGETHER:
        stage(run, step, folder, resume)
    processes.await_stage(run.state.folder, step.name)
    run.state = open_state(run.state.folder, run.state.who, True)


def _lead(run: Run, step: Step, stage: Stage, resume: bool) -> None:
    folder = run.state.folder / step.name
    started = time.monotonic()
    folder.mkdir(exist_ok=True)
    try:
        outcome = stage(run, step, folder, resume)
        _settle(folder)
    except BaseException:
        with suppress(
            OSError, HwgenError
        ):  # on a full disk the reason to stop counts, not the note
            run.state.stopped(step.name, time.monotonic() - started)
        raise
    record = run.state.finish(step.name, time.monotonic() - started, outcome)
    facts = ", ".join(f"{key} {shown(value)}" for key, value in record.numbers.items())
    run.say(f"{step.name}: {record.seconds:.0f} s" + (f", {facts}" if facts else ""))


def _mute(text: str) -> None:
    """What the processes other than the first say."""


def shown(value: Any) -> str:
    """A number as people read it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _settle(folder: Path) -> None:
    """Have everything in `folder` on the disk, before the state file calls it finished."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_file() or path.is_dir():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Treat SIGTERM, which schedulers send, like Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

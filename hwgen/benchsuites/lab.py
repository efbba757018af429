"""Runs of a worker in the jail, and their outcome as a value."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, Self

from hwgen.benchsuites.scopes import Scope, parse
from hwgen.errors import HwgenError, Problem
from hwgen.tasks.task import TaskSpec
from hwgen.verify.jail.cells import Caps, Cell, Jail, Reply
from hwgen.verify.lanes.simulators import find_icarus
from hwgen.verify.screen.screen import Refused, Screened, screen

COMPILE_S = 10.0  # of CPU; upstream sets no limit for the compiler
FILES = 128 << 20  # bytes that a run may leave: recordings of long benches
REPLY = 96 << 20
TRIES = 2
_OURS = {  # the job is our own code: what runs in it cannot make it end so
    "lost": "the jail lost a run",
    "wall": "a run outlasted its wall clock",
    "crash": "a job crashed",
}


@dataclass(frozen=True)
class Ran:
    """How a run ended (`ok`, `compile`, `cpu`, `memory`, `output`, `crash`) and what it left.

    log: what compiler and simulation said; kept: files by name; scopes: instances, of a compiled
    design that was not run; cpu_s: of compiler and run together.
    """

    status: str
    log: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    scopes: Sequence[Scope] = ()
    cpu_s: float = 0.0

    @property
    def why(self) -> str:
        """Why it is not ok, with the first line of the log that says something."""
        said = next(
            (line for line in self.log.splitlines() if "error" in line or "sorry" in line), ""
        )
        return f"{self.status}: {said[:160]}" if said else self.status


class Lost(HwgenError):
    """The jail or the machine failed, not what ran in it."""


class Lab:
    """The cells of one worker; a context manager. Not to be shared by threads."""

    def __init__(self, jail: Jail) -> None:
        self._jail = jail
        self._open = ExitStack()
        self._cells: dict[str, Cell] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
        self._cells.clear()

    def screen(self, spec: TaskSpec, text: str) -> Screened | Refused:
        """The screen's answer to a candidate (Latin-1 text)."""
        files = {"candidate.sv": text.encode("latin-1").decode("utf-8", "surrogateescape")}
        return screen(self._cell("screen"), spec, files, "untrusted")

    def run(
        self,
        files: Mapping[str, str],
        sources: Sequence[str],
        tops: Sequence[str],
        *,
        flags: Sequence[str] = ("-g2012",),
        run_s: float | None,
        keep: Sequence[str] = (),
    ) -> Ran:
        """Compile `sources` of `files` with roots `tops`; run unless `run_s` is None.

        run_s: CPU seconds of the simulation, which writes no VCD. Raises Lost.
        """
        payload = {
            "tools": find_icarus(),
            "files": dict(files),
            "sources": list(sources),
            "tops": list(tops),
            "flags": list(flags),
            "compile_s": COMPILE_S,
            "runtime": None if run_s is None else ["-none"],
            "run_s": run_s or 0.0,
            "keep": list(keep),
        }
        cpu_s = COMPILE_S + (run_s or 0.0) + 2.0
        caps = replace(Caps(cpu_s=cpu_s, wall_s=10 * cpu_s), files=FILES, reply=REPLY)
        reply = self._call(payload, caps)
        if reply.status != "ok":
            return Ran(reply.status, cpu_s=reply.cpu_s)
        data = reply.data
        return Ran(data["status"], data["log"], data["kept"], parse(data["scopes"]), reply.cpu_s)

    def _call(self, payload: dict[str, Any], caps: Caps) -> Reply:
        for _ in range(TRIES):
            reply = self._cell("sim").call("hwgen.benchsuites.jobs:run", payload, caps)
            if reply.status not in _OURS:
                return reply
        what = f"{_OURS[reply.status]} {TRIES} times"
        raise Lost(Problem(f"{what} {reply.data.get('error', '')}".strip()))

    def _cell(self, kind: Literal["screen", "sim"]) -> Cell:
        if kind not in self._cells:
            self._cells[kind] = self._open.enter_context(Cell(kind, self._jail))
        return self._cells[kind]


def fresh(prefix: str) -> str:
    """An identifier that nobody can foresee."""
    return f"{prefix}_{secrets.token_hex(8)}"

"""The jail from outside: found, started, and asked to run jobs on text that nobody trusts.

A `Cell` is one server inside walls that outlive its jobs (see `warden`); each job gets a child
with namespaces, a folder and limits of its own. Answers are treated as hostile.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from hwgen.errors import HwgenError, Problem, ToolMissing
from hwgen.verify.jail import walls
from hwgen.verify.jail.walls import Walls
from hwgen.verify.jail.warden import ANSWER, REQUEST, STATUSES

GRACE_S = 5.0  # a server that answers later than the wall limit by this is lost
_WARM = {
    "screen": "hwgen.verify.screen.screen",
    "sim": "hwgen.verify.lanes.jobs",
    "synth": "hwgen.verify.formal.yosysjobs",
}
"""The module that a server imports, and whose `warm()` it calls, before its first child."""

Kind = Literal["screen", "sim", "synth"]
Status = Literal["ok", "crash", "cpu", "memory", "output", "wall", "lost"]


@dataclass(frozen=True)
class Caps:
    """What a job may use; sizes in bytes.

    `cpu_s` binds each process and is rounded up to seconds; `memory` is the address space of each
    process; `files` binds each file and all of the folder; `reply` the job's answer.
    """

    cpu_s: float
    wall_s: float
    memory: int = 512 << 20
    files: int = 16 << 20
    inodes: int = 256
    reply: int = 8 << 20


@dataclass(frozen=True)
class Reply:
    """How a job ended. `data` is what it returned; with "crash" it may hold "error", a text.

    "lost": the cell died, or the job was killed from outside: our failure, to be tried again.
    """

    status: Status
    data: dict[str, Any] = field(default_factory=dict)
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Jail:
    """Which walls stand around a cell: bubblewrap's, our own, or none (only limits)."""

    walls: Walls

    @property
    def isolated(self) -> bool:
        return self.walls != "none"


def find_jail(*, unsafe: bool = False) -> Jail:
    """Walls that work here, tried by use. Raises ToolMissing if there are none.

    With `unsafe` there is a jail without walls in that case: jobs can then read this user's
    files and use the network.
    """
    try:
        return _found()
    except ToolMissing:
        if not unsafe:
            raise
        return Jail("none")


@cache
def _found() -> Jail:
    troubles = []
    for kind in ("bwrap", "unshare"):
        jail = Jail(kind)
        try:
            with Cell("sim", jail) as cell:
                reply = cell.call("hwgen.verify.jail.tool:ping", {"n": 1}, Caps(cpu_s=5, wall_s=20))
            if reply.status == "ok" and reply.data == {"payload": {"n": 1}, "first": True}:
                return jail
            troubles.append(f"{kind}: a job ended with {reply.status}")
        except HwgenError as error:
            troubles.append(f"{kind}: {error.problems[0].what}")
    raise ToolMissing(
        Problem(
            f"there is no jail on this machine ({'; '.join(troubles)})",
            "RTL from a model or a stranger runs only in a jail",
            "apt-get install bubblewrap, and let users make namespaces; or use --unsafe-no-jail",
        )
    )


class Cell:
    """One server in the jail; a context manager. Calls from several threads wait for each other.

    A server that died is started again by the next call. `shown` are more files or folders that
    jobs see, read-only; jobs can be imported from these folders.
    """

    def __init__(self, kind: Kind, jail: Jail, shown: Sequence[Path] = ()) -> None:
        self.jail = jail
        self._library = _WARM[kind]
        self._shown = tuple(str(path.resolve()) for path in shown)
        self._server: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process that, killed, takes the cell with it; None while there is none."""
        return self._server.pid if self._server else None

    def call(self, job: str, payload: dict[str, Any], caps: Caps) -> Reply:
        """Run `job`, "module:function", in a child inside, as function(payload) -> dict.

        Raises HwgenError if there is no such job, ToolMissing if the cell cannot be started.
        """
        order = json.dumps({"job": job, **asdict(caps)}).encode()
        body = json.dumps(payload).encode()
        request = REQUEST.pack(len(order), len(body)) + order + body
        with self._lock:
            try:
                status, cpu_s, data = self._exchange(request, caps)
            except BaseException as error:
                self._stop()  # what else it may still send belongs to no call
                if isinstance(error, _Lost):
                    return Reply("lost")
                raise
        if status == "order":
            raise HwgenError(f"the jail has no job {data.decode(errors='replace')}")
        return _judged(status, cpu_s, data)

    def close(self) -> None:
        """End the server and all that it started. The cell can be used again."""
        with self._lock:
            self._stop()

    def _exchange(self, request: bytes, caps: Caps) -> tuple[str, float, bytes]:
        server = self._server
        if server is None or server.poll() is not None:
            self._stop()
            server = self._server = walls.start(self.jail.walls, self._library, self._shown)
        talk = _Talk(server, caps.wall_s + GRACE_S)
        talk.write(request)
        code, cpu_s, size = ANSWER.unpack(talk.read(ANSWER.size))
        if code >= len(STATUSES) or size > caps.reply + 4096:
            raise _Lost
        return STATUSES[code], cpu_s, talk.read(size)

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        assert server.stdin
        assert server.stdout
        with suppress(OSError):
            server.stdin.close()  # asks it to leave
        try:
            server.wait(0.2)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        with suppress(_Lost):  # the last process inside closes the pipe
            _Talk(server, 1.0).drain()
        server.stdout.close()


class _Lost(Exception):
    """The server is gone, or does not keep to the protocol."""


class _Talk:
    """The two pipes of a server, with a deadline. Every method raises _Lost."""

    def __init__(self, server: subprocess.Popen[bytes], seconds: float) -> None:
        assert server.stdin
        assert server.stdout
        self._in, self._out = server.stdin, server.stdout
        self._end = time.monotonic() + seconds

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._in.fileno(), select.POLLOUT)
            try:
                view = view[os.write(self._in.fileno(), view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise _Lost from None

    def read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._some(min(size, 1 << 20))
            if not part:
                raise _Lost
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def drain(self) -> None:
        while self._some(1 << 16):
            continue

    def _some(self, most: int) -> bytes:
        self._wait(self._out.fileno(), select.POLLIN)
        return os.read(self._out.fileno(), most)

    def _wait(self, descriptor: int, event: int) -> None:
        events = select.poll()
        events.register(descriptor, event)
        left = self._end - time.monotonic()
        if left <= 0 or not events.poll(left * 1000):
            raise _Lost


def _judged(status: str, cpu_s: float, data: bytes) -> Reply:
    """The reply of a child, which may have written anything."""
    if status not in ("ok", "crash"):
        return Reply(status, {}, cpu_s)  # type: ignore[arg-type]
    try:
        value = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return Reply("crash", {}, cpu_s)
    return Reply(status, value, cpu_s) if data else Reply("crash", {}, cpu_s)  # type: ignore

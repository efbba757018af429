"""What a job finds inside the jail: programs to run.

A job is a function of a payload. It runs as the first process of a pid namespace, in an empty
folder of limited size, which is its current directory; when it ends, whatever it started ends
with it. It imports little, and runs programs with `tool`.
"""

from __future__ import annotations

import math
import os
import resource
import select
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_STDIN = ".stdin"  # without a name as soon as it exists
# A process that was killed at a CPU limit has used at least this part of it: the kernel limits
# by clock ticks and reports by run time, which on a busy machine differ.
SPENT = 0.5


class Killed(BaseException):
    """A tool was killed from outside the jail: nobody's verdict. Not for jobs to catch."""


@dataclass(frozen=True)
class Ran:
    """A program that ended: exit code or signal (the other is 0), what it said, cut or not."""

    code: int
    signal: int
    out: bytes
    cut: bool
    cpu_s: float = 0.0


def tool(
    argv: list[str],
    *,
    cpu_s: float,
    output: int,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: str = ".",
) -> Ran:
    """Run `argv` (an absolute path first) and read at most `output` bytes of what it says.

    Standard output and error come in one stream. A tool that says more is killed. `cpu_s` is
    rounded up to seconds; beyond it the tool dies of SIGXCPU. Whatever it leaves running is killed.
    Raises OSError if it cannot be started.
    """
    ours, theirs = os.pipe()
    source = _source(stdin)
    here = os.getcwd()
    os.chdir(cwd)
    try:
        pid = os.posix_spawn(
            argv[0],
            argv,
            dict(env or {}),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, source, 0),
                (os.POSIX_SPAWN_DUP2, theirs, 1),
                (os.POSIX_SPAWN_DUP2, theirs, 2),
            ],
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT],
        )
    except OSError:
        os.close(ours)
        raise
    finally:
        os.chdir(here)
        os.close(theirs)
        if stdin:
            os.close(source)
    seconds = max(1, math.ceil(cpu_s))
    _limit_cpu(pid, seconds)
    out, cut = _listen(ours, pid, output)
    os.close(ours)
    _, status, used = os.wait4(pid, 0)
    _sweep()
    spent = used.ru_utime + used.ru_stime
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL and not cut and spent < seconds * SPENT:
        raise Killed
    return Ran(max(code, 0), max(-code, 0), out, cut, spent)


def _source(stdin: bytes) -> int:
    """A descriptor to read `stdin` from; 0, which is empty, for nothing."""
    if not stdin:
        return 0
    with open(_STDIN, "w+b", 0) as held:
        os.unlink(_STDIN)
        held.write(stdin)
        held.seek(0)
        return os.dup(held.fileno())


def _limit_cpu(pid: int, seconds: int) -> None:
    hard = resource.prlimit(pid, resource.RLIMIT_CPU)[1]
    most = seconds + 1 if hard == resource.RLIM_INFINITY else min(seconds + 1, hard)
    resource.prlimit(pid, resource.RLIMIT_CPU, (min(seconds, most), most))


def _listen(pipe: int, pid: int, most: int) -> tuple[bytes, bool]:
    """What the tool says until it ends; True if that was more than `most`, and it was killed."""
    os.set_blocking(pipe, False)
    end = os.pidfd_open(pid)
    events = select.poll()
    events.register(pipe, select.POLLIN)
    events.register(end, select.POLLIN)
    chunks, size = [], 0
    try:
        while True:
            ready = {fd for fd, _ in events.poll()}
            if pipe in ready:
                try:
                    chunk = os.read(pipe, min(1 << 18, most - size + 1))
                except BlockingIOError:
                    chunk = None
                if chunk:
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > most:
                        os.kill(pid, signal.SIGKILL)
                        return b"".join(chunks)[:most], True
                    continue
                if chunk == b"":
                    events.unregister(pipe)
            if end in ready:
                return b"".join(chunks), False
    finally:
        os.close(end)


def _sweep() -> None:
    """Kill what a tool left behind; only the first process of a pid namespace may."""
    if os.getpid() != 1:
        return
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def ping(payload: dict[str, Any]) -> dict[str, Any]:
    """The smallest job: its payload, and whether it is the first process of its namespace."""
    return {"payload": payload, "first": os.getpid() == 1}

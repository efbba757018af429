"""The server inside the jail: it gives every job a child of its own.

It has its heavy library imported, reads requests from its standard input, and never looks at what
a job works on. A request is a length-prefixed order (JSON, from the parent) and a payload that
only the child parses; an answer is a status, the CPU time used and the child's reply, unread.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import math
import os
import select
import signal
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from hwgen.verify.jail import limits
from hwgen.verify.jail.enclose import enclose
from hwgen.verify.jail.tool import SPENT, Killed

FOLDER = "/hwgen-job"  # the job's folder; in an unsafe cell it is another, so use relative paths
READY = b"hwgen jail\n"
REQUEST = struct.Struct("!II")  # bytes of the order, of the payload
ANSWER = struct.Struct("!BdI")  # status, CPU seconds, bytes of the reply
STATUSES = ("ok", "crash", "cpu", "memory", "output", "wall", "lost", "order")
_OK, _CRASH, _CPU, _MEMORY, _OUTPUT, _WALL, _LOST, _ORDER = range(len(STATUSES))
_LEAVING_S = 2
_REPLY = 3  # the descriptor that a job answers on
_EXITS = {70 + code: code for code in (_CRASH, _MEMORY, _OUTPUT, _LOST)}


def boot(text: str) -> NoReturn:
    """Begin: `text` is what jail.py knows, as JSON. Never returns."""
    plan = json.loads(text)
    info, block = plan["pipes"] or (-1, -1)
    keep = {info, block} if plan["walls"] == "unshare" else set()
    for descriptor in range(3, limits.OPEN_FILES):
        if descriptor not in keep:
            _close(descriptor)
    if keep:

        def ask() -> None:
            os.write(info, json.dumps({"child-pid": os.getpid()}).encode())
            os.read(block, 1)
            os.closerange(3, limits.OPEN_FILES)

        enclose(plan["seen"], plan["links"], FOLDER, ask)
        importlib.invalidate_caches()
    serve(library=plan["library"], isolated=plan["walls"] != "none", uid=plan["uid"])


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)


def serve(*, library: str, isolated: bool, uid: int) -> NoReturn:
    """Answer requests on standard input until it ends. Never returns.

    `library` is imported before the first request, and its `warm()` called if it has one. `uid`
    is whom jobs run as, 0 for no change.
    """
    os.environ.clear()
    os.umask(0o077)
    if library:
        getattr(importlib.import_module(library), "warm", _nothing)()
    program = limits.filter_program() if limits.supported() else b""
    if isolated:
        limits.forget_bounding()
    os.write(1, READY)
    null = _nowhere()
    os.dup2(null, 2)
    frozen: set[str] = set()
    while True:
        heads = REQUEST.unpack(_exactly(REQUEST.size))
        order = json.loads(_exactly(heads[0]))
        body = _exactly(heads[1])
        try:
            module, function = order["job"].split(":")
            job = getattr(importlib.import_module(module), function)
        except Exception as error:
            _answer(_ORDER, 0.0, json.dumps({"error": f"{order['job']}: {error}"}).encode())
            continue
        if module not in frozen:
            frozen.add(module)
            gc.freeze()  # what the children share stays shared
        _answer(*_run(Order(job, order, isolated, uid, program, null), body))


def _nothing() -> None:
    """For modules that need no warming."""


def _nowhere() -> int:
    """The null device; for reading alone where a tool run by root has closed it for others."""
    try:
        return os.open("/dev/null", os.O_RDWR)
    except PermissionError:
        return os.open("/dev/null", os.O_RDONLY)


@dataclass(frozen=True)
class Order:
    """A job and what it may use."""

    job: Callable[[dict[str, Any]], dict[str, Any]]
    caps: dict[str, Any]
    isolated: bool
    uid: int
    program: bytes
    null: int


def _exactly(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(0, min(size, 1 << 20))
        if not part:
            os._exit(0)  # the parent is gone
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _answer(status: int, cpu_s: float, data: bytes) -> None:
    view = memoryview(ANSWER.pack(status, cpu_s, len(data)) + data)
    while view:
        view = view[os.write(1, view) :]


def _run(order: Order, body: bytes) -> tuple[int, float, bytes]:
    """One job from start to end: status, CPU seconds, reply."""
    place = "" if order.isolated else _folder()
    ours, theirs = os.pipe()
    spaces = limits.NEWPID | limits.NEWNS | limits.NEWIPC
    try:
        pid = limits.fork_into(spaces) if order.isolated else os.fork()
    except OSError:
        os.close(ours)
        os.close(theirs)
        return _LOST, 0.0, b""
    if pid == 0:
        _child(order, body, theirs, place)
    os.close(theirs)
    ended, data = _gather(ours, order)
    os.close(ours)
    if ended is None and not _leaves(pid):
        ended, data = _CRASH, b""
    if not order.isolated:
        _kill_group(pid)
    os.kill(pid, signal.SIGKILL)  # without effect on who is already leaving
    _, status, used = os.wait4(pid, 0)
    if place:
        _remove(place)
    spent = used.ru_utime + used.ru_stime
    code = os.waitstatus_to_exitcode(status)
    if ended == _ORDER:
        os._exit(0)
    if ended is None:
        ended = _meaning(code, spent, order.caps["cpu_s"])
    return ended, spent, data if ended in (_OK, _CRASH) else b""


def _leaves(pid: int) -> bool:
    """Whether a job that closed its pipe ends by itself, as every honest one does at once."""
    end = os.pidfd_open(pid)
    try:
        events = select.poll()
        events.register(end, select.POLLIN)
        return bool(events.poll(_LEAVING_S * 1000))
    finally:
        os.close(end)


def _folder() -> str:
    """A folder for a job without walls; the module is large, and children cost by size."""
    from tempfile import mkdtemp

    return mkdtemp(prefix="hwgen-job-")


def _remove(folder: str) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _meaning(code: int, spent: float, cpu_s: float) -> int:
    """Why a job that was not stopped here is over."""
    if code == 0:
        return _OK
    if code in (-signal.SIGKILL, -signal.SIGXCPU):
        # nobody inside can kill a job: it was its CPU limit, or somebody outside the jail
        return _CPU if spent >= max(1, math.ceil(cpu_s)) * SPENT else _LOST
    return _EXITS.get(code, _CRASH)


def _gather(pipe: int, order: Order) -> tuple[int | None, bytes]:
    """The job's reply up to its end; a status if it had to be stopped (_ORDER: no one asks)."""
    deadline = time.monotonic() + order.caps["wall_s"]
    most = order.caps["reply"]
    events = select.poll()
    events.register(pipe, select.POLLIN)
    events.register(0, 0)  # only: the parent is gone
    chunks: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return _WALL, b""
        for fd, _ in events.poll(math.ceil(left * 1000)):
            if fd == 0:
                return _ORDER, b""
            chunk = os.read(fd, 1 << 18)
            if not chunk:
                return None, b"".join(chunks)
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                return _OUTPUT, b""


def _child(order: Order, body: bytes, reply: int, place: str) -> NoReturn:
    """The job's process: shut in, then run. Never returns."""
    code = 70 + _LOST
    try:
        _shut_in(order, reply, place)
        code, data = _result(order, body)
        view = memoryview(data)
        while view:
            view = view[os.write(_REPLY, view) :]
    finally:
        os._exit(code)


def _shut_in(order: Order, reply: int, place: str) -> None:
    caps = order.caps
    for descriptor in (0, 1, 2):
        os.dup2(order.null, descriptor)
    os.dup2(reply, _REPLY, inheritable=False) if reply != _REPLY else None
    os.closerange(_REPLY + 1, limits.OPEN_FILES)
    if order.isolated:
        owner = order.uid or os.getuid()
        group = order.uid or os.getgid()
        options = f"size={caps['files']},nr_inodes={caps['inodes']},mode=0700"
        options += f",uid={owner},gid={group}"
        limits.mount("tmpfs", FOLDER, "tmpfs", limits.NOSUID_NODEV, options)
        os.chdir(FOLDER)
        limits.drop(order.uid)
    else:
        limits.die_with_parent()
        os.setsid()
        os.chdir(place)
        limits.no_new_privileges()
    counted = bool(order.uid) or limits.counts_processes_by_namespace()
    limits.cap(
        cpu_s=caps["cpu_s"],
        memory=caps["memory"],
        files=caps["files"],
        processes=order.isolated and counted,
    )
    if order.program:
        limits.install(order.program)


def _result(order: Order, body: bytes) -> tuple[int, bytes]:
    """Exit code and reply of the job."""
    try:
        data = json.dumps(order.job(json.loads(body)), separators=(",", ":")).encode()
    except MemoryError:
        return 70 + _MEMORY, b""
    except Killed:
        return 70 + _LOST, b""
    except BaseException as error:
        words = f"{type(error).__name__}: {error}"[:2000]
        return 70 + _CRASH, json.dumps({"error": words}).encode()
    return (0, data) if len(data) <= order.caps["reply"] else (70 + _OUTPUT, b"")

"""A job that tries the jail's doors: what it can open, the jail does not hold."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

_HIDDEN = (
    "/proc/self/status", "/etc/passwd", "/home", "/sys/kernel", "/dev/tty", "/var", "/run", "/tmp",
)  # fmt: skip
_PIDS = 4096


def look(payload: dict[str, Any]) -> dict[str, Any]:
    """The doors that are open, as sentences, in "open".

    `payload["files"]` are paths that exist outside and must not be seen, `payload["shown"]` those
    that may; `payload["written"]` are folders that must not be writable.
    """
    doors = {
        "it reaches the network": _network,
        "it keeps descriptors of its parent": _descriptors,
        "it sees other processes": _processes,
        "it can mount": _mounts,
        "it can make namespaces": _namespaces,
        "it has the parent's environment": lambda: bool(os.environ),
    }
    found = [sentence for sentence, opens in doors.items() if _opens(opens)]
    hidden = [*_HIDDEN, *payload["files"]]
    shown = payload["shown"]
    found += [f"it sees {stranger}" for path in hidden for stranger in _strangers(path, shown)]
    places = ["/", "/usr", *payload["written"]]
    found += [f"it can write in {path}" for path in places if _writes(path)]
    if not _writes("."):
        found.append("it cannot write in its own folder")
    return {"open": found}


def _strangers(path: str, shown: Sequence[str]) -> list[str]:
    """What is there at `path` besides the shown paths and the folders that lead to them."""
    if not os.path.lexists(path) or path in shown:
        return []
    if not any(way.startswith(f"{path}/") for way in shown):
        return [path]
    inside = (f"{path}/{name}" for name in os.listdir(path))
    return [stranger for place in inside for stranger in _strangers(place, shown)]


def _opens(door: Callable[[], bool]) -> bool:
    try:
        return door()
    except OSError:
        return False


def _network() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # a documentation address; sends nothing
    return True


def _descriptors() -> bool:
    """Whether any is open but the three standard ones, which lead nowhere, and the reply's."""
    kept = []
    for descriptor in range(1024):
        with suppress(OSError):
            kept.append((descriptor, os.fstat(descriptor).st_rdev))
    null = os.stat("/dev/null").st_rdev
    return kept != [(0, null), (1, null), (2, null), (3, 0)]


def _processes() -> bool:
    return os.getpid() != 1 or any(_exists(pid) for pid in range(2, _PIDS))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _mounts() -> bool:
    libc = ctypes.CDLL(None)
    return bool(libc.mount(b"tmpfs", os.getcwd().encode(), b"tmpfs", 0, None) == 0)


def _namespaces() -> bool:
    new_user = 0x10000000
    return bool(ctypes.CDLL(None).unshare(new_user) == 0)


def _writes(folder: str) -> bool:
    name = os.path.join(folder, "hwgen-probe")
    try:
        with open(name, "x"):
            os.unlink(name)
    except OSError:
        return False
    return True

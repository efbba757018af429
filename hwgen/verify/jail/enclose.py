"""The jail's walls without bubblewrap: namespaces and a root folder of our own.

For machines without `bwrap` that let a user (or only root) make namespaces; Linux 5.12 or later.
"""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Callable

from hwgen.verify.jail import limits

_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_ROOT = "/tmp"  # hidden below the new root while that is built; any folder would do
_OLD = "/old"


def enclose(seen: list[str], links: dict[str, str], folder: str, ask: Callable[[], None]) -> None:
    """Go on as the first process of new namespaces that see only `seen`, `links` and `folder`.

    `ask` has this process's user mapped by the one who started it, once the namespace exists.
    The calling process stays outside, waits and ends with the inner one. Raises OSError.
    """
    limits.unshare(limits.NEWUSER)
    ask()
    limits.unshare(limits.NEWNS | limits.NEWPID | limits.NEWIPC | limits.NEWUTS | limits.NEWNET)
    pid = os.fork()
    if pid:
        os.closerange(0, limits.OPEN_FILES)  # so that the inner end of the pipes is the only one
        status = os.waitpid(pid, 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) and 1)
    limits.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _build(seen, links, folder)


def _build(seen: list[str], links: dict[str, str], folder: str) -> None:
    limits.mount("none", "/", "", _RECURSIVE | _PRIVATE)
    limits.mount("tmpfs", _ROOT, "tmpfs", limits.NOSUID_NODEV, "mode=0755,size=1m")
    os.mkdir(_ROOT + _OLD)
    limits.syscall("pivot_root", _ROOT.encode(), (_ROOT + _OLD).encode())
    os.chdir("/")
    os.mkdir(folder)
    for name, target in links.items():
        os.makedirs(os.path.dirname(name), exist_ok=True)
        os.symlink(target, name)
    for path in seen:
        _show(path)
    os.mkdir("/dev")
    os.close(os.open("/dev/null", os.O_CREAT | os.O_WRONLY))
    read_only = struct.pack("QQQQ", 1 | 2 | 4, 0, 0, 0)  # and nosuid, nodev
    here, recursively = -100, 0x8000
    for path in seen:
        limits.syscall("mount_setattr", here, path.encode(), recursively, read_only, len(read_only))
    limits.mount(_OLD + "/dev/null", "/dev/null", "", _BIND)
    limits.unmount(_OLD)
    os.rmdir(_OLD)
    limits.syscall("mount_setattr", here, b"/", 0, read_only, len(read_only))


def _show(path: str) -> None:
    if os.path.isdir(_OLD + path):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    limits.mount(_OLD + path, path, "", _BIND | _RECURSIVE)

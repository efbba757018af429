"""What a process of the jail may do: namespaces, capabilities, a system call filter, rlimits.

Linux on x86_64 and aarch64, through ctypes: the jail's processes import as little as they can.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import platform
import resource
import signal
import struct

PROCESSES = 48  # of one job, with the few of its cell
OPEN_FILES = 256
_STACK = 16 << 20

NEWNS, NEWPID, NEWIPC = 0x20000, 0x20000000, 0x08000000
NEWUTS, NEWUSER, NEWNET, NEWCGROUP = 0x04000000, 0x10000000, 0x40000000, 0x02000000
NOSUID_NODEV = 2 | 4

_libc = ctypes.CDLL(None, use_errno=True)

# name -> number on x86_64, on aarch64
_NUMBERS = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "socket": (41, 198),
    "pivot_root": (155, 41),
    "mount_setattr": (442, 442),
}
# Doors that need no capability, or only one of a new user namespace; and memory that neither
# RLIMIT_AS nor the tmpfs counts.
_DENIED = (
    (272, 97), (308, 268),  # unshare, setns
    (165, 40), (166, 39), (155, 41), (161, 51),  # mount, umount2, pivot_root, chroot
    (428, 428), (429, 429), (430, 430), (431, 431), (432, 432), (433, 433), (442, 442),  # fsopen..
    (101, 117), (310, 270), (311, 271), (312, 272), (438, 438),  # ptrace, process_vm_*, pidfd_getfd
    (321, 280), (298, 241), (323, 282), (425, 425),  # bpf, perf, userfaultfd, io_uring_setup
    (248, 217), (249, 218), (250, 219),  # add_key, request_key, keyctl
    (303, 264), (304, 265), (103, 116), (300, 262),  # *_handle_at, syslog, fanotify_init
    (319, 279), (447, 447),  # memfd_create, memfd_secret
    (29, 194), (64, 190), (68, 186), (240, 180),  # shmget, semget, msgget, mq_open
    (246, 104), (175, 105), (313, 273), (176, 106),  # kexec_load, *_module
)  # fmt: skip
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_SPACES = NEWNS | NEWPID | NEWIPC | NEWUTS | NEWUSER | NEWNET | NEWCGROUP
_LOAD, _JEQ, _JSET, _JGE, _RET = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def supported() -> bool:
    """Whether the jail knows this machine's system calls."""
    return platform.system() == "Linux" and platform.machine() in _AUDIT


def number(name: str) -> int:
    """The number of a system call here. Raises OSError on a machine it is not known for."""
    if not supported():
        raise OSError(errno.ENOSYS, f"{platform.system()} on {platform.machine()} has no jail")
    return _NUMBERS[name][platform.machine() == "aarch64"]


def checked(result: int, what: str) -> int:
    """The result of a libc call. Raises OSError if it failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(name: str, *arguments: int | bytes | None) -> int:
    """A raw system call; integers are passed as longs. Raises OSError."""
    longs = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return checked(_libc.syscall(ctypes.c_long(number(name)), *longs), name)


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags`. Raises OSError."""
    checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2). Raises OSError."""
    words = [text.encode() for text in (source, target, kind, options)]
    checked(_libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), "mount")


def unmount(target: str) -> None:
    """Detach the mount at `target`. Raises OSError."""
    checked(_libc.umount2(target.encode(), 2), "umount")


def die_with_parent() -> None:
    """SIGKILL for this process when the one that made it ends."""
    checked(_libc.prctl(1, signal.SIGKILL, 0, 0, 0), "prctl")


def fork_into(flags: int) -> int:
    """fork(2) with new namespaces: 0 in the child, its pid in the parent. Raises OSError.

    Python has no clone(2), and unshare(2) makes only one pid namespace for each process.
    """
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = _libc.syscall(
        ctypes.c_long(number("clone")), ctypes.c_long(flags | signal.SIGCHLD),
        *[ctypes.c_long(0)] * 4,
    )  # fmt: skip
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    return checked(pid, "clone")


def forget_bounding() -> None:
    """Empty the bounding set, so that no program started later gains a capability."""
    capability = 0
    while _libc.prctl(24, capability, 0, 0, 0) == 0:
        capability += 1


def drop(uid: int) -> None:
    """Give up every capability for good; become `uid` unless it is 0. Raises OSError."""
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    checked(_libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24)), "capset")
    no_new_privileges()


def no_new_privileges() -> None:
    """No program started from here on gains a right."""
    checked(_libc.prctl(38, 1, 0, 0, 0), "no_new_privs")


def cap(*, cpu_s: float, memory: int, files: int, processes: bool) -> None:
    """Resource limits for this process and its children. `cpu_s` is rounded up to seconds."""
    seconds = max(1, math.ceil(cpu_s))
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: files,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_STACK: _STACK,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if processes:
        limits[resource.RLIMIT_NPROC] = PROCESSES
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def counts_processes_by_namespace() -> bool:
    """Since Linux 5.14 RLIMIT_NPROC counts within a user namespace, not over all of a user."""
    words = os.uname().release.split(".")
    return (int(words[0]), int("".join(c for c in words[1] if c.isdigit()))) >= (5, 14)


def filter_program() -> bytes:
    """The seccomp program: doors of the kernel that no tool of the jail needs are shut."""
    column = int(platform.machine() == "aarch64")
    refuse = _op(_RET, _ERRNO | errno.EPERM)
    program = [
        _op(_LOAD, 4), _op(_JEQ, _AUDIT[platform.machine()], 1, 0), _op(_RET, _KILL),
        _op(_LOAD, 0), _op(_JGE, _X32, 0, 1), refuse,
    ]  # fmt: skip
    for numbers in _DENIED:
        program += [_op(_JEQ, numbers[column], 0, 1), refuse]
    # clone3 hides its flags in memory; without it the C library falls back to clone
    program += [_op(_JEQ, number("clone3"), 0, 1), _op(_RET, _ERRNO | errno.ENOSYS)]
    first = _op(_LOAD, 16)
    program += [_op(_JEQ, number("clone"), 0, 4), first, _op(_JSET, _SPACES, 0, 1), refuse]
    program += [_op(_LOAD, 0)]
    program += [_op(_JEQ, number("socket"), 0, 4), first, _op(_JEQ, 1, 1, 0), refuse]
    program += [_op(_LOAD, 0), _op(_RET, _ALLOW)]
    return b"".join(program)


def _op(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", code, then, otherwise, value)


def install(program: bytes) -> None:
    """Bind this process and its children to a seccomp program. Raises OSError."""
    text = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(text))
    checked(_libc.prctl(22, 2, ctypes.c_char_p(header), 0, 0), "seccomp")

"""Hostile jobs: each is code of somebody who already runs inside the jail."""

import ctypes
import errno
import os
import signal
import socket
import sys
import time

from hwgen.verify.jail.tool import tool

CLONE, ADD_KEY = (56, 248) if os.uname().machine == "x86_64" else (220, 217)
LIBC = ctypes.CDLL(None, use_errno=True)
REPLY = 3


def _refused(action):
    """The name of the error that an action ends in; "" if it is allowed."""
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return ""


def _called(name, *arguments):
    def action():
        if getattr(LIBC, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    return action


def network(payload):
    return {
        "socket": _refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        "six": _refused(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
        "netlink": _refused(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    }


def read(payload):
    seen = {}
    for path in payload["paths"]:
        seen[path] = _refused(lambda path=path: os.close(os.open(path, os.O_RDONLY)))
    return seen


def write(payload):
    return {
        path: _refused(lambda path=path: os.close(os.open(f"{path}/x", os.O_CREAT | os.O_WRONLY)))
        for path in payload["paths"]
    }


def listing(payload):
    try:
        proc = os.listdir("/proc")
    except OSError:
        proc = []
    seen = {"root": os.listdir("/"), "proc": proc, "here": os.listdir(".")}
    return {**seen, "environment": dict(os.environ)}


def kill_others(payload):
    """Every process id that a signal reaches."""
    reached = [pid for pid in range(2, 70_000) if not _refused(lambda p=pid: os.kill(p, 0))]
    return {"reached": reached, "all": _refused(lambda: os.kill(-1, signal.SIGKILL))}


def powers(payload):
    """System calls that would widen the jail, in this process and in a program that it starts."""
    new_user, new_mounts = 0x10000000, 0x20000
    calls = {
        "mount": _called("mount", b"tmpfs", b".", b"tmpfs", 0, None),
        "unmount": _called("umount2", os.getcwd().encode(), 2),
        "remount": _called("mount", b"none", b"/", None, 0x20, None),
        "user": _called("unshare", new_user),
        "mounts": _called("unshare", new_mounts),
        "chroot": _called("chroot", b"."),
        "ptrace": _called("ptrace", 16, 2, 0, 0),
        "memfd": _called("memfd_create", b"x", 0),
        "keys": _called("syscall", ADD_KEY, 0, 0, 0, 0, 0),
        "root": lambda: os.setuid(0 if os.getuid() else 1),
        "clone": _called("syscall", CLONE, new_user | signal.SIGCHLD, 0),
    }
    return {name: _refused(call) for name, call in calls.items()}


def chown(payload):
    return {"nice": _refused(lambda: os.nice(-1)), "chown": _refused(lambda: os.chown(".", 1, 1))}


def huge_file(payload):
    def fill():
        with open("huge", "wb") as out:
            while True:
                out.write(bytes(1 << 20))

    return {"error": _refused(fill), "size": os.path.getsize("huge")}


def huge_folder(payload):
    """Files that are each small enough."""

    def fill():
        for number in range(100):
            with open(f"f{number}", "wb") as out:
                out.write(bytes(1 << 20))

    return {"error": _refused(fill), "size": sum(os.path.getsize(f) for f in os.listdir("."))}


def many_files(payload):
    def fill():
        for number in range(100_000):
            os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY))

    return {"error": _refused(fill), "count": len(os.listdir("."))}


def many_descriptors(payload):
    held = []

    def hold():
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))

    return {"error": _refused(hold), "count": len(held)}


def fork_bomb(payload):
    """Processes that could be made before the system refused."""
    made = 0
    while made < 2000:
        try:
            pid = os.fork()
        except OSError as error:
            return {"error": errno.errorcode[error.errno], "count": made}
        if pid == 0:
            time.sleep(600)
        made += 1
    return {"error": "", "count": made}


def endless_forks(payload):
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def hog(payload):
    return {"held": len([bytes(1 << 24) for _ in range(1000)])}


def hog_by_tool(payload):
    code = "x = [bytes(1 << 24) for _ in range(1000)]"
    ran = _python(code)
    return {"code": ran.code, "error": b"MemoryError" in ran.out}


def _python(code, cpu_s=2, output=1 << 16, stdin=b""):
    argv = [os.path.realpath(sys.executable), "-I", "-S", "-c", code]
    return tool(argv, cpu_s=cpu_s, output=output, stdin=stdin)


def says(payload):
    ran = _python(payload["code"], payload.get("cpu_s", 2), stdin=payload.get("stdin", "").encode())
    return {"code": ran.code, "signal": ran.signal, "out": ran.out.decode(), "cut": ran.cut}


def spin(payload):
    while True:
        pass


def sleep(payload):
    open("here", "w").close()
    time.sleep(600)


def close_pipe(payload):
    os.close(REPLY)
    time.sleep(600)


def leave(payload):
    os._exit(payload["code"])


def fault(payload):
    if payload["how"] == "abort":
        LIBC.abort()
    ctypes.string_at(0)


def suicide(payload):
    os.kill(os.getpid(), signal.SIGKILL)
    return {"alive": True}


def raises(payload):
    raise ValueError("\udcff" * 5000)


def garbage(payload):
    os.write(REPLY, bytes.fromhex(payload["hex"]))
    os._exit(0)


def deep(payload):
    os.write(REPLY, b"[" * 60_000)
    os._exit(0)


def giant(payload):
    data = b"x" * (1 << 20)
    while True:
        os.write(REPLY, data)


def large(payload):
    return {"text": "x" * payload["size"]}


def orphans(payload):
    """A tool that goes away and leaves a child, which holds the tool's output open."""
    away = "if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)"
    ran = _python(f"import os, time\n{away}\nprint('gone')")
    return {"out": ran.out.decode(), "left": _refused(lambda: os.kill(-1, 0))}

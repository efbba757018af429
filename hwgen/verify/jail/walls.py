"""Starting a server of the jail: what it sees, whom its jobs run as, and inside which walls."""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from hwgen.errors import HwgenError, Problem, ToolMissing
from hwgen.verify.jail import binds
from hwgen.verify.jail.warden import FOLDER, READY

Server = subprocess.Popen[bytes]
Walls = Literal["bwrap", "unshare", "none"]

_BEGIN = (
    "import sys; sys.path += sys.argv[2:];"
    " from hwgen.verify.jail.warden import boot; boot(sys.argv[1])"
)
_CAPABILITIES = ("SYS_ADMIN", "SETPCAP", "SETUID", "SETGID", "KILL")
_NOBODY = 65534
_START_S = 20.0


def start(walls: Walls, library: str, shown: Sequence[str] = ()) -> Server:
    """A server that has been told everything; its first words are `warden.READY`.

    Raises ToolMissing without bwrap or `library`, HwgenError if the walls cannot be built.
    """
    uid = _job_uid() if walls != "none" else 0
    seen = binds.outermost([*binds.seen(), *shown])
    with ExitStack() as open_pipes:
        mapped = walls == "unshare" or (uid and walls == "bwrap")
        pipes = _pipes(open_pipes) if mapped else None
        inner = pipes.inner if pipes else None
        plan = {
            "walls": walls, "library": library, "uid": uid, "pipes": inner,
            "seen": seen, "links": binds.links(),
        }  # fmt: skip
        folders = [*binds.packages(), str(binds.PACKAGE.parent), *shown]
        command = [binds.python(), "-I", "-S", "-B", "-c", _BEGIN, json.dumps(plan), *folders]
        if walls == "bwrap":
            command = [*_bubblewrap(seen, inner), "--", *command]
        server = _opened(command, inner or (), walls)
        try:
            if pipes:
                _let_in(server, pipes, uid)
            assert server.stdout
            if _heard(server.stdout) != READY:
                raise _failed(server)
        except BaseException:
            server.kill()
            server.wait()
            raise
    assert server.stderr
    assert server.stdin
    server.stderr.close()
    os.set_blocking(server.stdin.fileno(), False)
    return server


def _opened(command: list[str], inner: Sequence[int], walls: Walls) -> Server:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env=_environment() if walls != "bwrap" else {"PATH": os.environ.get("PATH", "")},
            pass_fds=inner,
            start_new_session=True,  # Ctrl-C is for the parent
        )
    except FileNotFoundError:
        raise ToolMissing(
            Problem(
                f"{Path(command[0]).name} is not on PATH",
                "RTL from a model or a stranger runs only in a jail",
                "apt-get install bubblewrap",
            )
        ) from None


def _environment() -> dict[str, str]:
    """Only what Python itself may need to start; the server forgets it."""
    shared = sysconfig.get_config_var("Py_ENABLE_SHARED") and sys.base_prefix != "/usr"
    return {"LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"} if shared else {}


def _bubblewrap(seen: Sequence[str], inner: tuple[int, int] | None) -> list[str]:
    command = ["bwrap", "--die-with-parent", "--clearenv"]
    for name in ("user", "pid", "net", "ipc", "uts"):
        command.append(f"--unshare-{name}")
    for name in _CAPABILITIES:
        command += ["--cap-add", f"CAP_{name}"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    for name, target in binds.links().items():
        command += ["--symlink", target, name]
    for folder in binds.parents([*seen, FOLDER, "/dev/null"]):
        command += ["--perms", "0755", "--dir", folder]  # else only root may pass through
    for path in seen:
        command += ["--ro-bind", path, path]
    command += ["--dir", FOLDER, "--dev-bind", "/dev/null", "/dev/null", "--remount-ro", "/"]
    if inner:
        command += ["--info-fd", str(inner[0]), "--userns-block-fd", str(inner[1])]
    return [*command, "--chdir", "/"]


def _job_uid() -> int:
    """A user that nobody else is, if we may become one: 0 unless root in a wide enough namespace.

    RLIMIT_NPROC does not bind root, and counts all processes of a user.
    """
    if os.geteuid() != 0:
        return 0
    kept = []
    for name in ("/proc/self/uid_map", "/proc/self/gid_map"):
        rows = [
            [int(word) for word in line.split()] for line in Path(name).read_text().splitlines()
        ]
        kept.append([range(first, first + count) for first, _, count in rows])
    for uid in ((1 << 30) + secrets.randbelow(1 << 29), _NOBODY):
        if all(any(uid in row for row in rows) for rows in kept):
            return uid
    return 0


@dataclass(frozen=True)
class _Pipes:
    """A pipe on which the server tells its pid, and one on which it is let go on."""

    heard: IO[bytes]
    telling: IO[bytes]
    waiting: IO[bytes]
    go: IO[bytes]

    @property
    def inner(self) -> tuple[int, int]:
        return self.telling.fileno(), self.waiting.fileno()


def _pipes(opened: ExitStack) -> _Pipes:
    ends = (*os.pipe(), *os.pipe())
    files = [os.fdopen(end, mode, 0) for end, mode in zip(ends, ("rb", "wb") * 2, strict=True)]
    return _Pipes(*map(opened.enter_context, files))


def _let_in(server: Server, pipes: _Pipes, uid: int) -> None:
    """Map users in the server's namespace: itself and, as root, the user that jobs run as."""
    pipes.telling.close()
    pipes.waiting.close()
    text = b""
    while not text.rstrip().endswith(b"}"):
        if not (part := _heard(pipes.heard)):
            raise _failed(server)
        text += part
    place = Path(f"/proc/{json.loads(text)['child-pid']}")
    me, group = os.geteuid(), os.getegid()
    extra = f"{uid} {uid} 1\n" if uid else ""
    try:
        if me != 0:
            (place / "setgroups").write_text("deny")
        (place / "uid_map").write_text(f"{me} {me} 1\n{extra}")
        (place / "gid_map").write_text(f"{group} {group} 1\n{extra}")
    except OSError as error:
        raise HwgenError(f"users of the jail cannot be mapped: {error.strerror}") from None
    pipes.go.write(b"1")


def _heard(pipe: IO[bytes]) -> bytes:
    """What comes next; empty at the end and if nothing comes for long."""
    if not select.select([pipe], [], [], _START_S)[0]:
        return b""
    return os.read(pipe.fileno(), 4096)


def _failed(server: Server) -> HwgenError:
    """Why there is no server, in its last words."""
    server.kill()
    said = server.communicate()[1].decode(errors="replace").strip().splitlines()
    last = said[-1] if said else "it does not answer"
    if last.startswith("ModuleNotFoundError: "):
        return ToolMissing(
            Problem(f"the jail's Python: {last[21:]}", fix="pip install 'hwgen[sim]'")
        )
    return HwgenError(f"the jail's server did not start: {last}")

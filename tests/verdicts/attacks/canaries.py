"""Things that no candidate may touch, put where attacks look for them, and watched."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from attacks.attack import SECRET

_ROOT = Path(__file__).parents[3]


class Canaries:
    """Files in the home folder, the folder for temporary files and the checkout, an environment
    variable, a listening socket and a sibling process; a context manager.

    `places` are the words that attacks use for them. `secret` must never be seen in an answer.
    """

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self.mark = f"canary-{secrets.token_hex(8)}"
        tops = (Path.home(), Path(tempfile.gettempdir()), _ROOT / "tests")
        self.folders = [top / f".{self.mark}" for top in tops]

    def __enter__(self) -> Self:
        for folder in self.folders:
            folder.mkdir()
            (folder / "secret").write_text(self.secret)
        self._times = self._seen()
        self._before = os.environ.get(SECRET)
        os.environ[SECRET] = self.secret
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        command = [sys.executable, "-I", "-S", "-c", "input()"]
        self.sibling = subprocess.Popen(command, stdin=subprocess.PIPE)
        self.places = {
            "READ": str(self.folders[0] / "secret"),
            "WRITE": str(self.folders[1] / "written"),
            "PORT": str(self._socket.getsockname()[1]),
            "SIBLING": str(self.sibling.pid),
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sibling.kill()
        assert self.sibling.stdin
        self.sibling.stdin.close()
        self.sibling.wait()
        self._socket.close()
        os.environ.pop(SECRET, None)
        if self._before is not None:
            os.environ[SECRET] = self._before
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def touched(self) -> list[str]:
        """What was touched since, as words; empty as long as the jail holds."""
        found = []
        if self._seen() != self._times:
            found.append("files")
        if os.environ.get(SECRET) != self.secret:
            found.append("environment")
        if self.sibling.poll() is not None:
            found.append("sibling")
        try:
            self._socket.accept()[0].close()
            found.append("socket")
        except BlockingIOError:
            pass
        return found

    def _seen(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the canaries' folders and whatever bears their mark beside them."""
        seen = {}
        for folder in self.folders:
            for path in folder.rglob("*"):
                data = path.read_bytes() if path.is_file() else b""
                seen[str(path)] = (path.stat().st_mtime_ns, data)
        beside = {*(folder.parent for folder in self.folders), Path.cwd(), _ROOT}
        for place in beside:
            seen.update({str(path): (0, b"") for path in place.glob(f"*{self.mark}*")})
        return seen


def descendants() -> set[int]:
    """Processes below this one."""
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                below = [int(word) for word in task.read_text().split()]
            except OSError:
                continue
            found.update(below)
            waiting += below
    return found

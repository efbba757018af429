"""The job of the benchmark suites in the simulation jail: compile, run, hand back what was left.

It knows nothing of what is right. Texts are Latin-1, one character for each byte of a file.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from hwgen.verify.jail.tool import Ran, tool

LOG = 1 << 20  # bytes that a tool may say
_KEPT = (".scope", ".port_info", ".param/l")
_KILLED = {signal.SIGXCPU: "cpu", signal.SIGKILL: "cpu", signal.SIGXFSZ: "output"}
_NO_MEMORY = (b"bad_alloc", b"annot allocate memory", b"ut of memory")


def run(payload: dict[str, Any]) -> dict[str, Any]:
    """Compile `sources` among `files` with roots `tops`, run, and read the files named in `keep`.

    Without `runtime` (the arguments of the run) nothing is run and the reply's `scopes` holds
    what the compiled design says about instances, ports and parameters. Reply: {"status", "log",
    "kept", "scopes"}; status is ok, compile, cpu, memory, output or crash; the log holds the
    compiler's words, then the simulation's.
    """
    for name, text in payload["files"].items():
        Path(name).write_bytes(text.encode("latin-1"))
    roots = [word for top in payload["tops"] for word in ("-s", top)]
    argv = [payload["tools"]["iverilog"], *payload["flags"], *roots, "-o", "suite.vvp"]
    # the driver pipes the preprocessor into the compiler and keeps its notes in TMPDIR
    env = {"PATH": os.defpath, "TMPDIR": "."}
    ran = tool([*argv, *payload["sources"]], cpu_s=payload["compile_s"], output=LOG, env=env)
    status = _stopped(ran) or ("compile" if ran.code or not os.path.exists("suite.vvp") else "")
    if status:
        return _reply(status, ran.out)
    if payload["runtime"] is None:
        return _reply("ok", ran.out, scopes=_scopes())
    second = tool(
        [payload["tools"]["vvp"], "-n", "suite.vvp", *payload["runtime"]],
        cpu_s=payload["run_s"],
        output=LOG,
    )
    log = ran.out + second.out
    return _reply(_ended(second), log, kept=_read(payload["keep"]))


def _ended(ran: Ran) -> str:
    return _stopped(ran) or ("compile" if b"Program not runnable" in ran.out else "ok")


def _stopped(ran: Ran) -> str:
    """What stopped a tool, "" if it ended by itself."""
    if ran.cut:
        return "output"
    if any(words in ran.out for words in _NO_MEMORY):
        return "memory"
    return _KILLED.get(signal.Signals(ran.signal), "crash") if ran.signal else ""


def _read(names: list[str]) -> dict[str, str]:
    """The files that the run left, those that exist."""
    return {n: Path(n).read_bytes().decode("latin-1") for n in names if os.path.isfile(n)}


def _scopes() -> list[str]:
    """Lines of the compiled design about scopes and what belongs to them."""
    with open("suite.vvp", "rb") as design:
        lines = (line.decode("latin-1").strip() for line in design)
        return [line for line in lines if any(word in line for word in _KEPT)]


def _reply(status: str, log: bytes, **more: Any) -> dict[str, Any]:
    said = {"status": status, "log": log.decode("latin-1"), "kept": {}, "scopes": []}
    return {**said, **more}

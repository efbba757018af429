"""The job of the benchmark suites in the simulation jail: compile, run, hand back what was left.

It knows nothing of what is right. Texts are Latin-1, one character for each byte of a file.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from hwgen.verify.jail.tool import Ran, tool
from hwgen.verify.lanes.jobs import icarus_settings

LOG = 1 << 20  # bytes that a tool may say
DESIGN = "design.vvp"  # where the compiler proper puts it by our settings, and the driver as well
WARNINGS = "nidRpsal"  # -Wall without those about time scales, as the driver spells it
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
    argv, modules = _compiler(payload)
    # the driver pipes the preprocessor into the compiler and keeps its notes in TMPDIR
    env = {"PATH": os.defpath, "TMPDIR": "."}
    ran = tool(argv, cpu_s=payload["compile_s"], output=LOG, env=env)
    status = _stopped(ran) or ("compile" if ran.code or not os.path.exists(DESIGN) else "")
    if status:
        return _reply(status, ran.out)
    if payload["runtime"] is None:
        return _reply("ok", ran.out, scopes=_scopes())
    second = tool(
        [payload["tools"]["vvp"], "-n", *modules, DESIGN, *payload["runtime"]],
        cpu_s=payload["run_s"],
        output=LOG,
    )
    log = ran.out + second.out
    return _reply(_ended(second), log, kept=_read(payload["keep"]))


def _compiler(payload: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The command that compiles, and the options of vvp that load what the result needs.

    One source without directives goes to the compiler proper, which saves a shell, the driver and
    the preprocessor.
    """
    sources, tops, folder = payload["sources"], payload["tops"], payload["tools"]["ivl"]
    if folder and len(sources) == len(tops) == 1 and "`" not in payload["files"][sources[0]]:
        for name, text in icarus_settings(folder, tops[0], {}, WARNINGS).items():
            Path(name).write_text(text)
        argv = [f"{folder}/ivl", "-C", "settings", "-C", f"{folder}/vvp.conf", "--", *sources]
        loaded = [f"{folder}/{name}.vpi" for name in ("system", "v2005_math")]
        return argv, [word for path in loaded for word in ("-m", path)]
    roots = [word for top in tops for word in ("-s", top)]
    argv = [payload["tools"]["iverilog"], *payload["flags"], *roots, "-o", DESIGN]
    return [*argv, *sources], []


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
    with open(DESIGN, "rb") as design:
        lines = (line.decode("latin-1").strip() for line in design)
        return [line for line in lines if any(word in line for word in _KEPT)]


def _reply(status: str, log: bytes, **more: Any) -> dict[str, Any]:
    said = {"status": status, "log": log.decode("latin-1"), "kept": {}, "scopes": []}
    return {**said, **more}

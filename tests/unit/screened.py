"""The screen's job as the tests call it, in this process: the jail has tests of its own."""

from __future__ import annotations

from typing import Any

from hwgen.verify.screen.screen import job


def port(name: str, side: str, width: int = 1) -> dict[str, Any]:
    """A port of a task as the job gets it."""
    return {"name": name, "dir": side, "width": width}


ADDER = (port("a", "in", 8), port("b", "in", 8), port("y", "out", 8))


def screened(
    source: str | dict[str, str],
    *,
    module: str = "top",
    ports: Any = (),
    parameters: dict[str, int] | None = None,
    profile: str = "untrusted",
    **limits: Any,
) -> dict[str, Any]:
    """The job's answer for a candidate whose task has these ports and limits."""
    files = {"top.v": source} if isinstance(source, str) else source
    spec = {
        "module": module,
        "ports": list(ports),
        "parameters": parameters or {},
        "limits": {"source_bytes": 65_536, "memory_bits": 65_536, "initial": False, **limits},
    }
    return job({"files": files, "spec": spec, "profile": profile})


def body(text: str, head: str = "") -> str:
    """`text` as the body of a module without ports."""
    return f"{head}module top;\n{text}\nendmodule\n"


def cause(source: str | dict[str, str], **more: Any) -> str:
    """The cause of a refusal, "" for a candidate that passes."""
    return str(screened(source, **more).get("cause", ""))

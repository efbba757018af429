"""The host of a design in Icarus Verilog: slow, for small programs; needs no compiler.

The memory travels through text files; `tb/n3h/run_n3h.v` does what the native host does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Generator, Sequence
from pathlib import Path

from hwgen.archs.n3h.host import (
    UNWRITTEN,
    Job,
    Progress,
    Settings,
    bench,
    cycle_limit,
    readable,
    results,
)
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.trace import records_of_changes, spans_of
from hwgen.errors import HwgenError, Problem, ToolMissing
from hwgen.numbers import Ints
from hwgen.resources import folder
from hwgen.verify import native


def on_icarus(
    program: Program, rtl: Sequence[Path], inputs: Sequence[Ints], work: Path, settings: Settings,
    say: native.Say, progress: Progress,
) -> Generator[Job, None, None]:  # fmt: skip
    """One `Job` per input (codes [h, w, c]), in order. Raises ToolMissing or HwgenError."""
    tools = [shutil.which(name) for name in ("iverilog", "vvp")]
    if None in tools:
        raise ToolMissing(
            Problem(
                "there is no Icarus Verilog",
                "iverilog and vvp must be on PATH",
                "apt-get install iverilog, or use --sim verilator or --sim isa",
            )
        )
    design = bench(program, rtl, "run_n3h")
    size = -(-program.memory.size // 4096) * 4096
    parameters = {**design.parameters, "BYTES": size}
    sources = [*design.sources, folder("tb") / "n3h" / "run_n3h.v"]
    say("compiling the design with Icarus Verilog")
    _command([
        str(tools[0]), "-g2005", "-o", str(work / "design.vvp"), "-s", design.top,
        *(f"-P{design.top}.{k}={v}" for k, v in parameters.items()), *map(str, sources),
    ])  # fmt: skip
    for index, codes in enumerate(inputs):
        progress(index, 0, 0)
        yield _job(program, codes, size, str(tools[1]), work, settings, index == 0)


def _job(
    program: Program, codes: Ints, size: int, vvp: str, work: Path, settings: Settings, first: bool
) -> Job:
    image = program.image()
    image += bytes(size - len(image))
    for name in results(program):
        t = program.memory.tensors[name]
        image[t.base : t.base + t.nbytes] = bytes([UNWRITTEN]) * t.nbytes
    program.write_input(image, codes)
    step = program.spec.axi.data_w // 8
    (work / "in.hex").write_text(
        "".join(f"{image[at : at + step][::-1].hex()}\n" for at in range(0, size, step))
    )
    arguments = {
        "mem": "in.hex", "out": "out.hex", "trace": "trace.txt",
        "base": program.memory.program_base, "words": len(program.words),
        "limit": settings.limit or cycle_limit(program),
        "level": settings.stall_level, "seed": settings.seed,
    }  # fmt: skip
    if settings.waves and first:
        arguments["waves"] = str(settings.waves.resolve())
    text = _command([vvp, "-n", "design.vvp", *(f"+{k}={v}" for k, v in arguments.items())], work)
    done = re.search(r"^DONE (\d) (\d+) (\d+)", text, re.M)
    if not done:
        raise HwgenError(Problem("Icarus ended without a result", text.strip()[-400:]))
    offsets = {offset: name for name, offset in readable(program).items()}
    values = {
        offsets[int(m[1])]: int(m[2])
        for m in re.finditer(r"^REG (\d+) (\d+)$", text, re.M)
        if int(m[1]) in offsets
    }
    memory = _read_hex(work / "out.hex")
    cycles = int(done[2])
    records = records_of_changes((work / "trace.txt").read_text().splitlines(), cycles)
    return Job(
        finished=done[1] == "1", axi_error=done[3] != "0",
        cycles=values["CYCLES"] if done[1] == "1" else cycles,
        registers=values, spans=spans_of(records), records=records, truncated=False, seconds=0.0,
        tensors={name: program.read_tensor(memory, name) for name in results(program)},
    )  # fmt: skip


def _read_hex(path: Path) -> bytes:
    """Bytes of a $writememh file; unknown bits count as 1."""
    words = (line.split("//")[0].strip() for line in path.read_text().splitlines())
    known = (re.sub("[xXzZ]", "f", word) for word in words if word and not word.startswith("@"))
    return b"".join(bytes.fromhex(word)[::-1] for word in known)


def _command(command: Sequence[str], work: Path | None = None) -> str:
    """Output of a command. Raises HwgenError, with its last words, if it fails."""
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        what = f"{Path(command[0]).name} failed: {said[-1] if said else done.returncode}"
        raise HwgenError(Problem(what, fix="run: hwgen doctor"))
    return done.stdout

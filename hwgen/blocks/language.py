"""Whether a candidate is Verilog-2005, the language of every emitted file.

The judge also takes SystemVerilog, and every tool lets some of it pass as Verilog: a compiler
is asked, and what it lets pass is looked for in the text.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

COMPILER_S = 60.0  # wall-clock time for one block
STRICT = ("-g2005", "-gno-xtypes", "-gno-icarus-misc")

_LATER = re.compile(
    r"(?<![\w'])'[01xzXZ](?!\w)"  # '0 without a size
    r"|\+\+|--|(?:[-+*/%&|^]|<<<?|>>>?)=(?!=)|[=!]=\?"  # counting, assigning and matching operators
    r"|\.\s*\*|\.\s*\w+\s*[,)]"  # ports connected by their own names
    r"|\b(?:inside|logic|byte|shortint|int|longint|bit|always_(?:comb|ff|latch)|return|void)\b"
)


def is_verilog_2005(text: str, files: Mapping[str, str], top: str) -> bool:
    """Whether screened `text`, and `files` (which hold it, by path) with module `top`, are
    Verilog-2005. What is compiled has passed the judge and been proved: it needs no jail more than
    the design that it becomes a part of. Needs Icarus Verilog.
    """
    return not _LATER.search(text) and _compiles(files, top)


def _compiles(files: Mapping[str, str], top: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="hwgen-block.") as work:
        names = []
        for path, text in sorted(files.items()):
            names.append(Path(path).name)
            (Path(work) / names[-1]).write_text(text, encoding="utf-8")
        command = ["iverilog", *STRICT, "-t", "null", "-s", top, *names]
        try:
            done = subprocess.run(
                command, cwd=work, capture_output=True, timeout=COMPILER_S, check=False
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0

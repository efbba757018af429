"""Verilog files that hold a model's block beside, or in place of, the block of hwgen's own.

The file of a block keeps its name, and a module of the old name and parameters stays its door:
whoever instantiates it need not know who wrote it (docs/decisions/010-model-written-blocks.md).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import indent
from typing import Any

from hwgen.emit.bundle import Module
from hwgen.emit.env import instance
from hwgen.errors import HwgenError, Problem
from hwgen.tasks.syntax import Node, span, walk

ASIDE = "_template"
"""What follows a block's name where hwgen's own text is kept for its other parameters."""

LINT = (
    "WIDTH UNUSED UNDRIVEN BLKSEQ CASEINCOMPLETE CASEOVERLAP CASEX CASEWITHX UNOPTFLAT PINMISSING"
    " SYNCASYNCNET VARHIDDEN GENUNNAMED PINCONNECTEMPTY ALWCOMBORDER COMBDLY INITIALDLY"
)
"""Style that a proof makes harmless: Verilator is told not to speak of it in a model's text."""

_DEFAULTS = "`resetall\n`timescale 1ns / 1ps\n"
_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|`\w+[^\n]*|(\w+|\S)", re.DOTALL)


@dataclass(frozen=True)
class Written:
    """A block that a model wrote for some values of the old block's parameters.

    `name` is the module that `text` defines; `overrides` are those parameters that it declares
    itself. `said` goes into the file as a comment.
    """

    name: str
    text: str
    parameters: Mapping[str, int]
    overrides: tuple[str, ...] = ()
    said: str = ""


def written(block: str, text: str, parameters: Mapping[str, int], overrides: Sequence[str],
            said: str) -> Written:  # fmt: skip
    """A screened text as a block: its module becomes `<block>_<digest8>`, its submodules
    `<block>_<digest8>_<name>`, so that no name meets one of the design.
    """
    name = f"{block}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return Written(name, renamed(text, block, name), dict(parameters), tuple(overrides), said)


def renamed(text: str, top: str, name: str) -> str:
    """The text with its module `top` called `name` and every other module `<name>_<module>`."""
    root, data = _parsed(text), text.encode()
    tokens = [n.name for n in walk(root) if n.kind.name == "ModuleHeader"]
    names = {t.valueText: name if t.valueText == top else f"{name}_{t.valueText}" for t in tokens}
    tokens += [n.type for n in walk(root) if n.kind.name == "HierarchyInstantiation"]
    for start, end, new in sorted(((*span(t), names[t.valueText]) for t in tokens), reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode()


def with_written(module: Module, parts: Sequence[Written]) -> Module:
    """The file of a block with models' blocks in it.

    Its module is a door that leads, by the values of its parameters, to one of `parts` or else to
    hwgen's own text, which is called `<block>_template` there. Where all values lead to a model's
    block hwgen's own text is left out. Raises HwgenError if the text is none of hwgen's style.
    """
    header = _header(module)
    own = all(part.parameters for part in parts)
    head = module.text[: module.text.index("`resetall")]
    kept = module.text[len(head) :]
    if own:
        start, end = span(header.name)
        data = module.text.encode()
        aside = f"{module.name}{ASIDE}".encode()
        kept = (data[:start] + aside + data[end:]).decode()[len(head) :].rstrip() + "\n"
    pieces = [
        f"{head.rstrip()}\n//\n// Not all of this is hwgen's own text: a model wrote the modules"
        f" named {module.name}_<digest>.\n",
        "// verilator lint_save\n// verilator lint_off DECLFILENAME",
        *([kept] if own else []),
        f"{_DEFAULTS}`default_nettype none\n\n{_door(module, header, parts, own)}",
        "".join(f"// verilator lint_off {code}\n" for code in LINT.split()),
        *(_piece(part) for part in parts),
        "`resetall\n// verilator lint_restore\n",
    ]
    return replace(module, text="\n".join(pieces))


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same words: comments, directives and blanks apart."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    return [word for word in _TOKEN.findall(text) if word]


def _piece(part: Written) -> str:
    said = "".join(f"// {line}\n" for line in part.said.splitlines())
    return f"{said}{_DEFAULTS}\n{part.text.strip()}\n"


def _door(module: Module, header: Node, parts: Sequence[Written], own: bool) -> str:
    """The module that everybody instantiates."""
    data = module.text.encode()
    start, end = span(header)
    text = re.sub(r"\boutput\s+reg\b", "output wire", data[start:end].decode())
    ports = [n.declarator.name.valueText for n in walk(header) if n.kind.name == "ImplicitAnsiPort"]
    if not own:
        return f"{text}\n\n{_inside(parts[0], ports)}\nendmodule\n"
    passed = " ".join(f"#{name}" for name in _parameters(header))
    rest = instance(f"{module.name}{ASIDE} u_template {passed} {' '.join(ports)}")
    lines, word = [], "if"
    for part in parts:
        tests = " && ".join(f"{name} == {value}" for name, value in part.parameters.items())
        lines += [f"        {word} ({tests}) begin : g_{part.name}", _deeper(_inside(part, ports))]
        word = "end else if"
    lines += ["        end else begin : g_template", _deeper(rest), "        end"]
    body = "\n".join(lines)
    return f"{text}\n\n    generate\n{body}\n    endgenerate\n\nendmodule\n"


def _parameters(header: Node) -> list[str]:
    """Names of a module's own parameters, each once though directives may choose between two."""
    found = [
        n.declarators[0].name.valueText
        for n in walk(header)
        if n.kind.name == "ParameterDeclaration" and n.keyword.valueText == "parameter"
    ]
    return list(dict.fromkeys(found))


def _deeper(text: str) -> str:
    return indent(text, " " * 8).rstrip("\n")


def _inside(part: Written, ports: Sequence[str]) -> str:
    passed = " ".join(f"#{name}={part.parameters[name]}" for name in part.overrides)
    return instance(f"{part.name} u_model {passed} {' '.join(ports)}")


def _header(module: Module) -> Node:
    found = [n for n in walk(_parsed(module.text)) if n.kind.name == "ModuleHeader"]
    if len(found) != 1 or "`resetall" not in module.text:
        what = f"{module.path} is not one module in hwgen's style, so that none can take its place"
        raise HwgenError(Problem(what, "a file holds one module and opens with `resetall"))
    return found[0]


def _parsed(text: str) -> Any:
    from hwgen.tasks.mutate import parsed  # imports pyslang at its first use

    return parsed(text)

"""Pyverilog's dataflow analysis of a module, bounded in work.

Takamaeda-Yamazaki, "Pyverilog: A Python-Based Hardware Design Processing Toolkit for Verilog HDL",
ARC 2015. The analysis can take exponentially long (choices inside a loop), so its calls are
counted: a bound in seconds would give other labels on another day.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

CALLS = 120_000  # and returns of Python functions, for one module
LONGEST = 20_000  # characters of a text that is analysed


@dataclass(frozen=True)
class Flow:
    """What flows: signals that are driven, the most operators and choices between a signal and
    what it follows from (`depth`), and the signals read by all of them (`links`).
    """

    signals: int
    depth: int
    links: int


def dataflow_of(code: str, module: str) -> Flow | None:
    """The dataflow of `module` in Verilog text without directives; None where Pyverilog does not
    know the language of the text, or the analysis takes too many steps.
    """
    if len(code) > LONGEST:
        return None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            tree = _parser().parse(code, debug=0)
            with _bounded(CALLS):
                return _flow(_binds(tree, module))
    except (Exception, RecursionError):  # it raises whatever its visitors run into
        return None


class _TooMuch(Exception):
    """The analysis called more functions than it may."""


@contextlib.contextmanager
def _bounded(calls: int) -> Iterator[None]:
    """End what runs inside by _TooMuch at its call number `calls`."""
    left = calls

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooMuch

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


def _binds(tree: Any, module: str) -> list[Any]:
    from pyverilog.dataflow.bindvisitor import BindVisitor
    from pyverilog.dataflow.modulevisitor import ModuleVisitor
    from pyverilog.dataflow.signalvisitor import SignalVisitor

    modules = ModuleVisitor()
    modules.visit(tree)
    table = modules.get_moduleinfotable()
    signals = SignalVisitor(table, module)
    signals.start_visit()
    visitor = BindVisitor(table, module, signals.getFrameTable(), noreorder=False)
    visitor.start_visit()
    found = visitor.getDataflows().getBinddict()
    return [bind for name in found for bind in found[name]]


def _flow(binds: Iterable[Any]) -> Flow:
    depth = links = 0
    names = set()
    for bind in binds:
        deep, read = _measured(bind.tree)
        depth, links = max(depth, deep), links + read
        names.add(str(bind.dest))
    return Flow(len(names), depth, links)


@cache
def _parser() -> Any:
    """Pyverilog's parser: its tables take a second, so there is one for the process."""
    from pyverilog.utils.scope import ScopeChain
    from pyverilog.vparser.parser import VerilogParser

    # its labels never change, and copying each of them deeply takes half of the time
    ScopeChain.__deepcopy__ = lambda chain, memo: ScopeChain(list(chain.scopechain))
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stderr(io.StringIO()):
        return VerilogParser(outputdir=scratch, debug=False)


def _measured(tree: Any) -> tuple[int, int]:
    """Depth in operators and choices, and signals read, of one signal's tree."""
    if tree is None:
        return 0, 0
    kind = type(tree).__name__
    below = [_measured(child) for child in _below(tree)]
    own = kind in ("DFOperator", "DFBranch")
    return own + max((d for d, _ in below), default=0), (kind == "DFTerminal") + sum(
        r for _, r in below
    )


def _below(tree: Any) -> Iterable[Any]:
    children = tree.children() if hasattr(tree, "children") else ()
    return [child for child in children if child is not None]

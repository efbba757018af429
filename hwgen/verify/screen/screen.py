"""Stage 1 of the judge: what a candidate may hold, and the one text that later stages see.

The job runs in the jail. Its order is the order of trust: bytes, tokens, macros, bounds, then the
parser, an allow-list of syntax, and counts of what would be elaborated; nothing is elaborated.
Standard library and pyslang only: the job's process starts from these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hwgen.verify.screen.census import Census
from hwgen.verify.screen.constants import Value
from hwgen.verify.screen.grammar import check
from hwgen.verify.screen.interface import compare, overridden
from hwgen.verify.screen.lexer import Refusal, Token, decode, tokenise
from hwgen.verify.screen.macros import Preprocessor
from hwgen.verify.screen.names import calls, container, subroutines
from hwgen.verify.screen.reprint import reprint
from hwgen.verify.screen.syntax import Node, Tree, head, parse

if TYPE_CHECKING:
    from hwgen.tasks.task import TaskSpec
    from hwgen.verify.jail.cells import Caps, Reply

Profile = Literal["untrusted", "trusted"]

TRUSTED_BYTES = 16 << 20  # of files that we emitted ourselves
TRUSTED_SCALE = 64  # their other bounds, as multiples
CPU_S, WALL_S = 1.0, 10.0
TRUSTED_CPU_S = 20.0


class Caller(Protocol):
    """What runs a job in the jail: a Cell of kind "screen"."""

    def call(self, job: str, payload: dict[str, Any], caps: Caps) -> Reply: ...


@dataclass(frozen=True)
class Screened:
    """A candidate that may go on: its text, the text's sha256, names found in it.

    `overrides` are the parameters of its top that the task fixes.
    """

    text: str
    digest: str
    overrides: tuple[str, ...]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """A candidate that goes no further: cause of the closed set, line (0: none), and why."""

    cause: str
    line: int
    what: str


_ENDED = {
    "crash": ("crash", "the parser crashed on it"),
    "cpu": ("cpu-limit", "the screen ran out of processor time on it"),
    "memory": ("memory-limit", "the screen ran out of memory on it"),
    "output": ("output-limit", "the screen answers too much"),
    "wall": ("wall-clock", "the screen did not answer in time"),
    "lost": ("lost", "the jail of the screen was lost"),
}


def screen(
    cell: Caller, spec: TaskSpec, files: Mapping[str, str], profile: Profile = "untrusted"
) -> Screened | Refused:
    """Screen the files of a candidate for `spec` in the jail; never raises for what they hold."""
    from hwgen.verify.jail.cells import Caps

    trusted = profile == "trusted"
    size = sum(map(len, files.values()))
    most = TRUSTED_BYTES if trusted else spec.limits.source_bytes
    if size > most:  # not even carried into the jail
        return Refused("too-large", 0, f"{size} characters, the task allows {most} bytes")
    seconds = TRUSTED_CPU_S if trusted else CPU_S
    payload = {"files": dict(files), "spec": spec.model_dump(mode="json"), "profile": profile}
    caps = Caps(cpu_s=seconds, wall_s=WALL_S + 2 * seconds)
    reply = cell.call("hwgen.verify.screen.screen:job", payload, caps)
    if reply.status != "ok":
        cause, what = _ENDED[reply.status]
        return Refused(cause, 0, what)
    data = reply.data
    if "cause" in data:
        return Refused(data["cause"], data["line"], data["what"])
    return Screened(data["text"], data["digest"], tuple(data["overrides"]), tuple(data["modules"]))


def job(payload: dict[str, Any]) -> dict[str, Any]:
    """Screen {"files": {name: text}, "spec": a TaskSpec's fields, "profile"}.

    Gives text, digest, overrides and modules, or cause, line and what of a refusal. Files are
    taken in the order of their names; macros do not pass from one to the next.
    """
    starts: list[tuple[int, str]] = []
    try:
        return _screened(payload, starts)
    except Refusal as no:
        line, what = no.line, no.what
        if len(starts) > 1 and line:
            start, name = max(pair for pair in starts if pair[0] < line)
            line, what = line - start, f"{name}: {what}"
        return {"cause": no.cause, "line": line, "what": what}
    except RecursionError:
        return {"cause": "expansion", "line": 0, "what": "constructs are nested too deeply"}


def warm() -> None:
    """Screen something small of our own: what is loaded then need not be loaded in each child."""
    spec = {"module": "m", "ports": [], "limits": {"source_bytes": 99, "memory_bits": 0}}
    job({"files": {"m.v": "module m; wire a = 1; endmodule"}, "spec": spec, "profile": "untrusted"})


def _screened(payload: dict[str, Any], starts: list[tuple[int, str]]) -> dict[str, Any]:
    spec, trusted = payload["spec"], payload["profile"] == "trusted"
    limits = spec["limits"]
    most = TRUSTED_BYTES if trusted else limits["source_bytes"]
    scale = TRUSTED_SCALE if trusted else 1
    tokens = _tokens(payload["files"], most, Preprocessor(scale), starts)
    text = reprint(tokens, trusted=trusted)
    tree = parse(text)
    check(tree, trusted=trusted, initial=limits.get("initial", False))
    modules = _modules(tree, spec["module"])
    _no_recursion(tree)
    top = modules[spec["module"]]
    census = Census(tree, limits["memory_bits"], scale)
    fixed = spec.get("parameters", {})
    overrides = overridden(top, fixed)
    given = {name: Value(fixed[name]) for name in overrides}
    compare(tree, top, census.parameters(top, dict(given)), census.budget, spec["ports"])
    census.bound(spec["module"], tuple(given.items()))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {
        "text": text,
        "digest": digest,
        "overrides": list(overrides),
        "modules": list(modules),
    }


def _tokens(
    files: Mapping[str, str], most: int, macros: Preprocessor, starts: list[tuple[int, str]]
) -> list[Token]:
    """Tokens of all files, one after the other; `starts` gets the lines before each."""
    size = sum(map(len, files.values()))
    if size > most:
        raise Refusal("too-large", 0, f"{size} characters, the task allows {most} bytes")
    tokens: list[Token] = []
    size = before = 0
    for name in sorted(files):
        starts.append((before, name))
        text = decode(name, files[name])
        size += len(text.encode())
        if size > most:
            raise Refusal("too-large", 0, f"more than the {most} bytes that the task allows")
        own = macros.run(tokenise(text))
        tokens += [(kind, text, line + before) for kind, text, line in own] if before else own
        before += text.count("\n") + 1
    if not tokens:
        raise Refusal("empty", 0, "there is nothing but blanks, comments and directives")
    return tokens


def _modules(tree: Tree, top: str) -> dict[str, Node]:
    """Modules by name: each defined once, the top among them, all that is instantiated."""
    modules: dict[str, Node] = {}
    for node in tree.every("ModuleDeclaration"):
        name = node["header"]["name"]
        if name in modules:
            cause = "no-module" if name == top else "syntax"
            raise tree.refuse(cause, node, f"module {name} is defined twice")
        modules[name] = node
    if top not in modules:
        raise Refusal("no-module", 0, f"module {top} is not defined")
    for node in tree.every("HierarchyInstantiation"):
        if node["type"] not in modules:
            raise tree.refuse("undefined-module", node, f"module {node['type']} is not defined")
    return modules


def _no_recursion(tree: Tree) -> None:
    """Refuses a module or a function that contains itself, through others or not."""
    edges: dict[str, list[tuple[str, Node]]] = {}
    for node in tree.every("HierarchyInstantiation"):
        inside = container(tree, node)["header"]["name"]
        edges.setdefault(inside, []).append((node["type"], node))
    homes: dict[str, set[int]] = {}
    for node, name in subroutines(tree):
        homes.setdefault(name, set()).add(id(container(tree, node)))
    for node, name in calls(tree):
        for up in tree.parents(node):
            if "prototype" in up:
                home = id(container(tree, node))
                own = f"{head(up['prototype']['name'])} {home}"
                for at in {home} & homes.get(name, set()) or homes.get(name, set()):
                    edges.setdefault(own, []).append((f"{name} {at}", node))
    for node in _cycles(edges):
        raise tree.refuse("recursion", node, f"`{tree.first(node)}` contains itself")


def _cycles(edges: Mapping[str, list[tuple[str, Node]]]) -> Iterator[Node]:
    """Nodes of edges that close a circle."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path, waiting = {start}, [(start, iter(edges[start]))]
        while waiting:
            name, rest = waiting[-1]
            for target, node in rest:
                if target in path:
                    yield node
                elif target in edges and target not in done:
                    path.add(target)
                    waiting.append((target, iter(edges[target])))
                    break
            else:
                waiting.pop()
                path.discard(name)
                done.add(name)

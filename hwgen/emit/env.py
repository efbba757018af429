"""The one Jinja environment: strict, printing only; Python decides, templates print.

An expression in a template is a name, an attribute or one of the filters below, never
arithmetic. Undefined names raise.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hwgen import __version__
from hwgen.resources import folder

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def lit(value: int, width: int) -> str:
    """A sized Verilog literal: `5|lit(8)` is 8'h05. Raises ValueError if it does not fit."""
    if not 0 <= value < 1 << width:
        raise ValueError(f"{value} does not fit {width} bits")
    return f"{width}'h{value:0{-(-width // 4)}X}"


def vec(width: int, pad: int = 0) -> str:
    """A packed range, empty for one bit: `8|vec` is "[7:0]"; padded on the right to `pad`."""
    if width < 1:
        raise ValueError(f"a vector of {width} bits")
    return (f"[{width - 1}:0]" if width > 1 else "").ljust(pad)


def ident(name: str) -> str:
    """`name` itself. Raises ValueError unless it is a Verilog identifier."""
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not an identifier")
    return name


def ljust(value: str | int, width: int) -> str:
    """`value`, padded on the right."""
    return str(value).ljust(width)


def instance(text: str) -> str:
    """A Verilog instance from words: module, instance name, `#PARAM=value`, `port=net`.

    Without `=` parameter and port are connected to their own name. For `{% filter instance %}`;
    a net or value holds no spaces.
    """
    module, name, *words = text.split()
    pairs = [(w.lstrip("#").partition("="), w.startswith("#")) for w in words]
    params = [f".{port}({net or port})" for (port, _, net), is_param in pairs if is_param]
    pins = [(port, net or port) for (port, _, net), is_param in pairs if not is_param]
    pad = max(len(port) for port, _ in pins)
    lines = [f"        .{ident(port).ljust(pad)} ({net})" for port, net in pins]
    wrapped = wrap(", ".join(params), 88, break_long_words=False)
    hash_part = " #(\n        " + "\n        ".join(wrapped) + "\n    )" if params else ""
    return f"    {ident(module)}{hash_part} {ident(name)} (\n" + ",\n".join(lines) + "\n    );\n"


@cache
def environment(base: Path | None = None) -> Environment:
    """The environment over templates/; `base` is searched first, for architectures outside."""
    env = Environment(
        loader=FileSystemLoader([*([base] if base else []), folder("templates")]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    env.filters.update(lit=lit, vec=vec, ident=ident, instance=instance, ljust=ljust)
    env.globals["generator"] = f"hwgen {__version__}"
    return env


def render(template: str, view: Any, base: Path | None = None) -> str:
    """Text of `template` (a path below templates/ or `base`) for one typed `view` object."""
    return environment(base).get_template(template).render(view=view, template=template)

"""The Verilog around a design under evaluation, printed from templates/benchsuites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwgen.benchsuites.scopes import Pin
from hwgen.emit.env import environment


def recorder(top: str, path: str, pins: Sequence[Pin], sampled: str, limit: int) -> str:
    """A root called `top` that records what reaches the instance at `path` and what it answers.

    It writes the file `events`: `v<time> <inputs>` for each change of the inputs, in the order in
    which they happen, `o<time> <outputs>` for what has settled by the end of an instant, `s<time>`
    whenever the expression `sampled` changes ("" for none). Times are hexadecimal femtoseconds.
    After `limit` changes of inputs it writes `limit` and ends the run.
    """
    outputs = [p for p in pins if p.dir == "out"]
    return _print(
        "recorder.sv",
        top=top,
        inputs=", ".join(f"{path}.{p.name}" for p in pins if p.dir == "in"),
        outputs=", ".join(f"{path}.{p.name}" for p in outputs),
        output_bits=bits(outputs),
        sampled=sampled,
        limit=limit,
    )


def replay(top: str, module: str, pins: Sequence[Pin], values: Mapping[str, int], rows: int) -> str:
    """A root called `top` that drives the file `rows` into `module` with parameters `values`.

    A row is a mark and the inputs, binary. After each marked row has settled the outputs go to
    the file `trace`, hexadecimal, or binary behind a `b` if a bit is undefined; then `end <rows>`.
    """
    return _print(
        "replay.v",
        top=top,
        module=module,
        rows=rows,
        overrides=_assigned(values),
        **_pins(pins, top),
    )


def player(top: str, module: str, pins: Sequence[Pin], values: Mapping[str, int], rows: int) -> str:
    """A `module` that shows the file `values` on its outputs at the times of the file `times`."""
    return _print(
        "player.sv",
        top=top,
        module=module,
        rows=rows,
        parameters=_declared(values),
        **_pins(pins, top),
    )


def wrapper(module: str, design: str, pins: Sequence[Pin], values: Mapping[str, int]) -> str:
    """A `module` that is `design` under another name, with the same pins and parameters."""
    return _print(
        "wrapper.v",
        module=module,
        design=design,
        pins=pins,
        parameters=_declared(values),
        overrides=f" #({', '.join(f'.{n}({n})' for n in values)})" if values else "",
    )


def bits(pins: Sequence[Pin]) -> int:
    """Bits of these pins together."""
    return sum(pin.width for pin in pins)


def _pins(pins: Sequence[Pin], top: str) -> dict[str, object]:
    inputs = [p for p in pins if p.dir == "in"]
    outputs = [p for p in pins if p.dir == "out"]
    return {
        "pins": pins,
        "inputs": inputs,
        "outputs": outputs,
        "input_bits": max(bits(inputs), 1),
        "output_bits": bits(outputs),
        "input_names": ", ".join(p.name for p in inputs) or f"{top}_unused",
        "output_names": ", ".join(p.name for p in outputs),
    }


def _assigned(values: Mapping[str, int]) -> str:
    return f" #({', '.join(f'.{n}({v})' for n, v in values.items())})" if values else ""


def _declared(values: Mapping[str, int]) -> str:
    return f" #(parameter {', '.join(f'{n} = {v}' for n, v in values.items())})" if values else ""


def _print(template: str, **view: object) -> str:
    return environment().get_template(f"benchsuites/{template}.j2").render(**view)

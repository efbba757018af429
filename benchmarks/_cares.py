"""Outputs without what a task does not care about, so that proofs ask for no more than the task.

A golden model says don't care cycle by cycle. Where it does so for an output exactly while some
one-bit output has one value (`q` while `empty`), both sides of a proof get that output masked.
"""

from __future__ import annotations

import re
from typing import Any

from hwgen.tasks.task import Task
from hwgen.verify.compare import Layout, Stepper
from hwgen.verify.stimulus import stimulus_of

Masks = dict[str, tuple[str, int]]
"""For an output, the one-bit output and its value while the task cares."""


def masks_of(task: Task, seed: int) -> Masks:
    """Masks that keep everything the golden model cared for in a run of its stimulus."""
    if task.spec.kind == "stream":
        return {}
    shown = _shown(task, seed)
    flags = [p.name for p in task.spec.outputs if p.width == 1]
    found: Masks = {}
    for port in task.spec.outputs:
        if all(row[port.name] is not None for row in shown):
            continue
        caring = [row for row in shown if row[port.name] is not None]
        fits = [(flag, value) for flag in flags for value in (0, 1)
                if flag != port.name and all(row[flag] == value for row in caring)]  # fmt: skip
        if fits and caring:
            found[port.name] = fits[0]
    return found


def _shown(task: Task, seed: int) -> list[dict[str, Any]]:
    stimulus = stimulus_of(task, seed)
    layout, model = Layout(task.spec.inputs), Stepper(task)
    rows = []
    for row, flip in zip(stimulus.rows, stimulus.flips, strict=True):
        values = {name: row >> shift & mask for name, (shift, mask) in layout.at.items()}
        shown = model.step(values, row ^ flip)
        if shown is not None:
            rows.append(dict(shown))
    return rows


def masked(task: Task, text: str, masks: Masks) -> str:
    """`text` inside a module that shows zeros where a mask does not care."""
    spec = task.spec
    inner = f"{spec.module}_bare"
    text = re.sub(rf"\bmodule(\s+){spec.module}\b", rf"module\1{inner}", text)
    ports = [f"{port.dir}put [{port.width - 1}:0] {port.name}" for port in spec.ports]
    pins, lines = [], []
    for port in spec.ports:
        wire = port.name
        if port.name in masks:
            wire, (flag, value) = f"{port.name}_bare", masks[port.name]
            lines.append(f"wire [{port.width - 1}:0] {wire};")
            lines.append(f"assign {port.name} = {flag} == 1'd{value} ? {wire} : {port.width}'d0;")
        pins.append(f".{port.name}({wire})")
    lines.append(f"{inner} u ({', '.join(pins)});")
    return "\n".join([text, f"module {spec.module} ({', '.join(ports)});", *lines, "endmodule\n"])

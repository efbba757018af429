"""What a policy can learn leaf blocks from: their own tasks at other parameters, written leanly.

A block of a policy must not exceed the one it replaces by more than a tenth. References of some
leaf tasks do: they are there to be another way of thinking, not to be small. For these there are
second references below templates/tasks/lean, which differ from rtl/ and from the first, and which
the judge proves equal to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hwgen.emit.env import render
from hwgen.tasks.task import Task

View = dict[str, object]


def _token(most: int) -> View:
    return {"regs": ["error"], "width": most.bit_length()}


def _operands(count: int) -> View:
    sizes = {"half": 4 * count - 1, "mid": 4 * count, "top": 8 * count - 1, "last": count - 1}
    return {"regs": ["x", "w"], **sizes}


LEAN: Mapping[str, Callable[[Mapping[str, int]], View]] = {
    "hw_token": lambda values: _token(values["MAX"]),
    "n3h_dsp_operands": lambda values: _operands(values["COUNT"]),
    "n3h_watchdog": lambda values: {"regs": ["fire", "info"]},
}
"""Views of the second references by module, from the values of the task's parameters."""


def training_reference(task: Task) -> str:
    """Verilog that a policy should learn to write for a task: the second, lean reference where
    there is one, else the task's own, empty if it has none. Never a text of rtl/.
    """
    spec = task.spec
    if "/" not in spec.id or spec.module not in LEAN:
        return task.reference or ""
    own = {"module": spec.module, "ports": spec.ports, **spec.parameters}
    return render(f"tasks/lean/{spec.module}.v.j2", own | LEAN[spec.module](spec.parameters))

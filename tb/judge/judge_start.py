"""What runs before cocotb in the judge's cocotb lane: half of the start-up time saved.

cocotb imports pytest to explain failed assertions and to know its outcomes. The recorder asserts
nothing and its outcome is not read, so empty stand-ins take pytest's place.
"""

from __future__ import annotations

import sys
import types


def start() -> None:
    """Put the stand-ins where cocotb's imports find them."""
    outcome = type("Outcome", (Exception,), {})
    outcome.Exception = outcome
    config = type("Config", (), {"fromdictargs": staticmethod(lambda *_: None)})
    contents = {
        "pytest": {"raises": outcome, "skip": outcome, "xfail": outcome},
        "_pytest": {},
        "_pytest.assertion": {"install_importhook": lambda _: None},
        "_pytest.config": {"Config": config},
    }
    for name, members in contents.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)

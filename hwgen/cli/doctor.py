"""hwgen doctor: is every tool there, and does it work?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.errors import EXIT_TOOL


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="install what is missing")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """Check every tool by doing something small with it, and say how to mend it.

    Example: hwgen doctor --fix
    """
    from hwgen.verify.doctor import CHECKS, Finding, examine, mend

    def look() -> list[Finding]:
        found = []
        for check in CHECKS:
            finding = examine(check)
            found.append(finding)
            if not json_output:
                print(finding.line(), flush=True)
        return found

    found = look()
    broken = [f for f in found if not f.ok]
    if fix and broken:
        for command in mend(broken):
            say(f"ran: {command}")
        found = look()
        broken = [f for f in found if not f.ok]
    if json_output:
        print(json.dumps({"checks": [f.as_dict() for f in found]}, indent=2))
    needed = [f for f in broken if f.check.needed]
    if not json_output:
        good = len(found) - len(broken)
        rest = "; what is missing is optional" if broken and not needed else ""
        print(f"{good} of {len(found)} tools work{rest}")
    return EXIT_TOOL if needed else 0

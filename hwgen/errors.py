"""What went wrong, in one sentence, the rule behind it, and the way out.

A user never sees a traceback for a mistake of their own: commands raise `HwgenError` (or one of
its kinds below), the command line prints every problem at once and leaves with its exit code.
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_FAILED = 1  # a verdict failed
EXIT_USAGE = 2  # the command line, a configuration or an input file is wrong
EXIT_TOOL = 3  # a tool or the jail is missing
EXIT_OURS = 4  # our own failure, or a full disk
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Problem:
    """One problem: what is wrong, the rule it breaks, how to mend it (both may be empty)."""

    what: str
    rule: str = ""
    fix: str = ""

    def render(self, level: str = "error") -> str:
        lines = [f"{level}: {self.what}"]
        if self.rule:
            lines.append(f"  {self.rule}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str]:
        return {"what": self.what, "rule": self.rule, "fix": self.fix}


class HwgenError(Exception):
    """One or more problems; `exit_code` says whose they are. Raised for our own failures."""

    exit_code = EXIT_OURS

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(Problem(p) if isinstance(p, str) else p for p in problems)
        super().__init__("\n".join(p.render() for p in self.problems))


class UsageError(HwgenError):
    """The user's command, configuration or input is wrong."""

    exit_code = EXIT_USAGE


class ToolMissing(HwgenError):
    """A tool is missing or does not work; `fix` says how to install it."""

    exit_code = EXIT_TOOL

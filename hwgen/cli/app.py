"""The command line as a table of commands, and what every command shares.

Only the module of the command that is asked for is imported. Commands raise `HwgenError`; here
its problems are printed (to stderr, and with --json as data to stdout) and become the exit code.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from hwgen.arch import load
from hwgen.errors import EXIT_INTERRUPTED, EXIT_OURS, HwgenError, Problem

COMMANDS: dict[str, str] = {
    "list": "hwgen.cli.list:list_command",
    "build": "hwgen.cli.build:build",
    "compile": "hwgen.cli.compile:compile_command",
    "run": "hwgen.cli.run:run",
    "estimate": "hwgen.cli.estimate:estimate",
    "verify": "hwgen.cli.verify:verify",
    "judge": "hwgen.cli.judge:judge",
    "tasks": "hwgen.cli.tasks:tasks",
    "serve": "hwgen.cli.serve:serve",
    "report": "hwgen.cli.report:report",
    "eval": "hwgen.cli.eval:evaluate",
    "data": "hwgen.cli.data:data",
    "train": "hwgen.cli.train:train",
    "doctor": "hwgen.cli.doctor:doctor",
}
"""Import path of each command's function, in the order of the help page."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point of the console script; always ends in SystemExit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments == ["--version"]:
            from hwgen import __version__

            print(f"hwgen {__version__}")
            sys.exit(0)
        wanted = arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else list(COMMANDS)
        application(wanted)(arguments, prog_name="hwgen")
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(0)


def application(names: list[str]) -> typer.Typer:
    """A typer application with the named commands."""
    app = typer.Typer(
        help="Generate synthesisable, verified neural-network accelerators.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_common)
    for name in names:
        app.command(name)(guarded(load(COMMANDS[name])))
    return app


def _common() -> None:
    """Generate synthesisable, verified neural-network accelerators.

    Example: hwgen build --arch n3h --preset tiny -o design
    """


def guarded(command: Callable[..., Any]) -> Callable[..., None]:
    """`command` with its failures turned into sentences and exit codes.

    A whole number that it returns is the exit code.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        as_json = bool(kwargs.get("json_output", "--json" in sys.argv))
        try:
            code = command(*args, **kwargs)
        except HwgenError as error:
            show(error.problems, as_json, error.exit_code)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BrokenPipeError:
            # the reader of our output has left; Python must not complain about it at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as error:
            show((_of_system(error),), as_json, EXIT_OURS)
            raise typer.Exit(EXIT_OURS) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            if os.environ.get("HWGEN_DEBUG"):
                traceback.print_exc()
            what = f"hwgen itself failed: {type(error).__name__}: {error}"
            fix = "set HWGEN_DEBUG=1 to see where, and report it"
            show((Problem(what, fix=fix),), as_json, EXIT_OURS)
            raise typer.Exit(EXIT_OURS) from None
        if isinstance(code, int) and code:
            raise typer.Exit(code)

    return run


def show(problems: tuple[Problem, ...], as_json: bool, code: int) -> None:
    """Print problems to stderr, and with --json as one object to stdout."""
    for problem in problems:
        say(problem.render())
    if as_json:
        record = {"exit_code": code, "problems": [problem.as_dict() for problem in problems]}
        print(json.dumps(record, indent=2))


def say(text: str) -> None:
    """Talk: to stderr."""
    print(text, file=sys.stderr, flush=True)


def _of_system(error: OSError) -> Problem:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(f"the disk is full{place}", fix="free some space and run this again")
    return Problem(f"{error.strerror or error}{place}")

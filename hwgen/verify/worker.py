"""A worker of the pool: `python -m hwgen.verify.worker FD SETTINGS`, one candidate at a time.

Talks over an inherited socket: in come (number, origin of the task, files), out go (number, None)
when it begins and (number, verdict as JSON values) when it has ended. It ends with its socket, and
its cells end with it.
"""

from __future__ import annotations

import json
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from hwgen.errors import HwgenError
from hwgen.tasks.library import find_task
from hwgen.verify.judge import Judge
from hwgen.verify.options import Options
from hwgen.verify.verdict import Verdict


def main() -> None:
    """Judge what the socket brings until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it is over
    settings = json.loads(sys.argv[2])
    options = Options(**settings["options"])
    link: Connection[Any, Any] = Connection(int(sys.argv[1]))
    with Judge(options, unsafe=settings["unsafe"]) as judge:
        while True:
            try:
                number, origin, files = link.recv()
            except (EOFError, ConnectionResetError):
                return
            link.send((number, None))
            try:
                verdict = judge.judge(find_task(origin), files)
            except HwgenError as error:
                verdict = Verdict.stopped("screen", "tool", error.problems[0].what)
            except Exception as error:  # our bug: this candidate has no verdict, others have
                what = f"{type(error).__name__}: {error}"
                verdict = Verdict.stopped("screen", "internal", what)
            link.send((number, verdict.as_dict()))


if __name__ == "__main__":
    main()

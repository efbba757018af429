"""hwgen serve: the judge as an HTTP service on this machine."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from hwgen.cli.app import say
from hwgen.errors import Problem, ToolMissing
from hwgen.verify.options import Options
from hwgen.verify.pool import WORKERS, Pool
from hwgen.verify.store import Store

TOKENS = Path("~/.config/hwgen/serve-tokens")


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port")] = 8321,
    jobs: Annotated[int, typer.Option(min=1, help="candidates at once")] = WORKERS,
    room: Annotated[int, typer.Option(min=1, help="candidates that may wait")] = 4096,
    token_file: Annotated[Path, typer.Option(help="names and tokens, mode 0600")] = TOKENS,
    prove: Annotated[bool, typer.Option(help="prove what passes against the reference")] = True,
    json_output: Annotated[bool, typer.Option("--json", help="where it is, on stdout")] = False,
) -> int:
    """Serve verdicts over HTTP: built-in tasks and Verilog text only, with a token.

    Listens on loopback unless told otherwise; there is no TLS, put a proxy before it. The first
    start writes a token to the token file.

    Example: hwgen serve --port 8321
    """
    try:
        import uvicorn

        from hwgen.serve.app import application
        from hwgen.serve.desk import Desk
        from hwgen.serve.guard import LOOPBACK
        from hwgen.serve.tokens import read_tokens
    except ModuleNotFoundError as error:
        raise ToolMissing(
            Problem(f"the service needs {error.name}", fix="pip install 'hwgen[serve]'")
        ) from error
    path = token_file.expanduser()
    tokens = read_tokens(path)
    options = Options(seed=secrets.randbits(63), until="prove" if prove else "synthesise")
    with Pool(options, jobs, Store()) as pool:
        desk = Desk(pool, room)
        if json_output:
            print(json.dumps({"url": f"http://{host}:{port}", "tokens": str(path)}), flush=True)
        say(f"serving on http://{host}:{port}; tokens in {path}; Ctrl-C ends it")
        app = application(desk, tokens, LOOPBACK | {host})
        uvicorn.run(app, host=host, port=port, log_level="warning")
    return 0

"""What stands before every request: host, origin, size of the body, token.

Pure ASGI, because the body must be counted before anything parses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hwgen.serve.tokens import owner_of

BODY = 16 << 20  # bytes
OPEN = frozenset({"/health"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Guard:
    """Refuses what does not come from this machine's own programs with a token.

    A page in a browser can reach loopback: its Host or Origin betrays it.
    """

    def __init__(self, app: ASGIApp, tokens: Mapping[str, str], hosts: frozenset[str]) -> None:
        self.app, self.tokens, self.hosts = app, tokens, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refusal = self._refusal(scope["path"], headers)
        if refusal:
            await _answer(send, *refusal)
            return
        scope.setdefault("state", {})["owner"] = owner_of(self.tokens, _bearer(headers)) or ""
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > BODY:
                await _answer(send, 413, f"the body is larger than {BODY} bytes")
                return
            if not message.get("more_body"):
                break
        await self.app(scope, _replay(body, receive), send)

    def _refusal(self, path: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return 421, "this service answers to its own host name alone"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "requests of other sites' pages are refused"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY:
            return 413, f"the body is larger than {BODY} bytes"
        if path not in OPEN and owner_of(self.tokens, _bearer(headers)) is None:
            return 401, "the header Authorization: Bearer TOKEN is missing or wrong"
        return None


def _name(host: str) -> str:
    """A Host header without its port."""
    return host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once, and then whatever comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(send: Send, status: int, said: str) -> None:
    body = json.dumps({"detail": said}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""A WSGI app called as an ASGI app, on the thread of the loop: threads of a server are no work of the app's."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .inprocess import ASGIApp, ASGIMessage

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def as_asgi(app: WSGIApp) -> ASGIApp:
    """An ASGI app without a lifespan that calls a WSGI app."""

    async def call(scope: ASGIMessage, receive: Any, send: Any) -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], error: Any = None
        ) -> Callable[[bytes], None]:
            started.append((status, headers))
            return written.append

        answer = app(_environ(scope, (await receive())["body"]), start_response)
        try:
            written.extend(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        status, headers = started[-1]
        lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": lines})
        await send({"type": "http.response.body", "body": b"".join(written)})

    return call


def _environ(scope: ASGIMessage, body: bytes) -> dict[str, Any]:
    """The environment of a request, as PEP 3333 has it."""
    prefix = scope["root_path"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": prefix,
        "PATH_INFO": scope["path"][len(prefix) :].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("ascii"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ

"""The command line of each kind of server, with every default that would skew a measurement set the same way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from bench.model.plan import Setup

_BACKLOG = "4096"
_KEEP_ALIVE_S = "75"
_GRACE_S = "2"  # less than Processes gives, so that a server ends itself
_WORKER_CLASS = {
    ("uvloop", "httptools"): "UvloopHttptools",
    ("uvloop", "h11"): "UvloopH11",
    ("asyncio", "httptools"): "AsyncioHttptools",
    ("asyncio", "h11"): "AsyncioH11",
}


def command(setup: Setup, host: str, port: int) -> list[str]:
    """The argv that starts a setup on an address; `{tmp}` is left for the caller to fill in."""
    if setup.server == "command":
        return list(setup.command)
    return [sys.executable, "-m", *_KINDS[setup.server](setup, host, port), *setup.args]


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _target(setup: Setup) -> list[str]:
    """The app as uvicorn and granian want it: a plain name, with a flag when it is a factory."""
    name = setup.app.removesuffix("()")
    return [name] if name == setup.app else ["--factory", name]


def _uvicorn(setup: Setup, host: str, port: int) -> list[str]:
    return [
        *("uvicorn", "--host", host, "--port", str(port), "--workers", str(setup.workers)),
        *("--loop", setup.loop, "--http", setup.http, "--ws", "none", "--lifespan", "on"),
        *("--no-access-log", "--no-server-header", "--no-date-header", "--no-proxy-headers"),
        *("--backlog", _BACKLOG, "--timeout-keep-alive", _KEEP_ALIVE_S, "--log-level", "warning"),
        *_target(setup),
    ]


def _gunicorn(setup: Setup, host: str, port: int) -> list[str]:
    if setup.worker == "asgi":
        worker = ["asgi", "--asgi-loop", setup.loop, "--asgi-lifespan", "on", "--http-parser", "python"]
    else:
        worker = [f"bench.serve.gunicorn_workers.{_WORKER_CLASS[setup.loop, setup.http]}"]
    return [
        *("gunicorn", setup.app, "-w", str(setup.workers), "-b", _address(host, port), "-k", *worker),
        *("-c", os.devnull, "--no-control-socket", "--worker-tmp-dir", "{tmp}", "--backlog", _BACKLOG),
        *(
            "--keep-alive",
            _KEEP_ALIVE_S,
            "--timeout",
            "60",
            "--graceful-timeout",
            _GRACE_S,
            "--log-level",
            "warning",
        ),
    ]


def _granian(setup: Setup, host: str, port: int) -> list[str]:
    return [
        *("granian", "--interface", "asgi", "--host", host, "--port", str(port)),
        *("--workers", str(setup.workers), "--runtime-mode", "st", "--runtime-threads", "1"),
        *("--loop", setup.loop, "--http", "1", "--no-ws", "--backlog", _BACKLOG, "--backpressure", "2048"),
        *("--respawn-failed-workers", "--no-access-log", "--log-level", "warning"),
        *_target(setup),
    ]


def _hypercorn(setup: Setup, host: str, port: int) -> list[str]:
    return [
        *("hypercorn", setup.app, "-w", str(setup.workers), "-k", setup.loop, "-b", _address(host, port)),
        *("--backlog", _BACKLOG, "--keep-alive", _KEEP_ALIVE_S, "--graceful-timeout", _GRACE_S),
        *("--log-level", "warning"),
    ]


_KINDS: dict[str, Callable[[Setup, str, int], list[str]]] = {
    "uvicorn": _uvicorn,
    "gunicorn": _gunicorn,
    "granian": _granian,
    "hypercorn": _hypercorn,
}

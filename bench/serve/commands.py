"""The command line of each kind of server, and the placeholders in it.

Every default that would skew a measurement is set the same way for all kinds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.model.plan import Setup

_BENCH = Path(__file__).parents[1]
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
    """The argv that starts a setup on an address, with its placeholders; a plain `python` is this interpreter."""
    if setup.server != "command":
        return [sys.executable, "-m", *_KINDS[setup.server](setup, host, port), *setup.args]
    program, *arguments = setup.command
    return [sys.executable if program in ("python", "python3") else program, *arguments]


def placeholders(folder: Path, host: str, port: int, urls: Mapping[str, str]) -> dict[str, str]:
    """The value of each placeholder of a setup; `urls` are those of its services, by name."""
    return {
        "{tmp}": str(folder),
        "{port}": str(port),
        "{host}": host,
        "{python}": sys.executable,
        "{bench}": str(_BENCH),
        **{f"{{{name}}}": url for name, url in urls.items()},
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced by its value."""
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


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

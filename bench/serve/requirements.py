"""The modules that a setup's server needs in the service's interpreter, and how to get the missing ones."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.serve.interpreter import Interpreter, service_interpreter
from bench.serve.interpreter_facts import ask

_PACKAGES = {
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
    "gunicorn.workers.gasgi": "gunicorn>=24",
    "gunicorn.http2.negotiation": "gunicorn>=26.2",
    "h2": "h2",
    "granian": "granian",
    "hypercorn": "hypercorn",
    "uvicorn_worker": "uvicorn-worker",
    "uvloop": "uvloop",
    "httptools": "httptools",
    "h11": "h11",
    "websockets": "websockets",
    "wsproto": "wsproto",
}
"""The package that holds a module."""

_OLD_WORKER = "uvicorn.workers"
"""What uvicorn had before the package uvicorn-worker was split off; as good as that."""

_PIP = "pip"
_ASKED = (*_PACKAGES, _OLD_WORKER, _PIP)
_WEBSOCKETS = {"websockets": "websockets", "websockets-sansio": "websockets", "wsproto": "wsproto"}
"""The module that a way to speak WebSocket needs."""
_NO_LIBRARY = "No supported WebSocket library detected"
_WITHOUT = {"uvloop": 'loop = "asyncio"', "httptools": 'http = "h11"'}


def needed_modules(setup: Setup) -> tuple[str, ...]:
    """The modules without which a setup cannot be started; of a command of one's own nothing is known."""
    if setup.server == "command":
        return ()
    loop = ("uvloop",) if setup.loop == "uvloop" else ()
    parser = (setup.http,) if setup.http != "own" else ()
    if setup.interface == "asgi" and setup.ws in _WEBSOCKETS:
        parser = (*parser, _WEBSOCKETS[setup.ws])
    if setup.server == "uvicorn":
        return ("uvicorn", *loop, *parser)
    if setup.server != "gunicorn":
        return (setup.server, *loop)
    http2 = ("gunicorn.http2.negotiation", "h2") if setup.http2 else ()
    if setup.interface == "wsgi":
        return ("gunicorn", *http2)
    if setup.worker == "asgi":
        return ("gunicorn", *(http2 or ("gunicorn.workers.gasgi",)), *loop)
    return ("gunicorn", "uvicorn", "uvicorn_worker", *loop, *parser)


def check_installed(setup: Setup, interpreter: Interpreter, folders: tuple[Path, ...] = ()) -> None:
    """Raise ServerError, with the command that installs them, where modules of a setup's server are missing.

    They are looked for in these folders, too.
    """
    needed = needed_modules(setup)
    if not needed:
        return
    present = ask(interpreter.path, _ASKED, folders).modules
    if _OLD_WORKER in present:
        present |= {"uvicorn_worker"}
    missing = [module for module in needed if module not in present]
    if "gunicorn" in missing and any(module.startswith("gunicorn.") for module in missing):
        missing.remove("gunicorn")
    if missing:
        raise ServerError(
            f"setup '{setup.name}': {interpreter.path} ({interpreter.source}) lacks {' and '.join(missing)}; install "
            f"it there: {_installing(missing, interpreter, has_pip=_PIP in present)}{_otherwise(missing)}"
        )


def missing_websockets(setup: Setup, log: Path) -> str:
    """How to make a setup's server speak WebSocket, where its log says that it has no library for it; else empty."""
    if setup.ws == "none":
        return 'its setup has ws = "none"; take that out'
    if not log.is_file() or _NO_LIBRARY not in log.read_text(errors="replace"):
        return ""
    interpreter = service_interpreter(setup)
    has_pip = _PIP in ask(interpreter.path, _ASKED).modules
    return (
        f"{interpreter.path} ({interpreter.source}) has no WebSocket library for uvicorn; install one there: "
        f"{_installing(['websockets'], interpreter, has_pip=has_pip)}"
    )


def _installing(missing: list[str], interpreter: Interpreter, *, has_pip: bool) -> str:
    """The command that installs modules; environments that uv made have no pip."""
    packages = [_PACKAGES[module] for module in missing]
    if has_pip or shutil.which("uv") is None:
        return shlex.join([str(interpreter.path), "-m", "pip", "install", *packages])
    return shlex.join(["uv", "pip", "install", "--python", str(interpreter.path), *packages])


def _otherwise(missing: list[str]) -> str:
    """The keys of a setup that do without what is missing, where that is only what makes a server quicker."""
    keys = [_WITHOUT[module] for module in missing if module in _WITHOUT]
    return f"; or do without: {', '.join(keys)}" if keys and len(keys) == len(missing) else ""

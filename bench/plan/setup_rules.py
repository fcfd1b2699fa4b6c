"""What a setup may say beyond the types of its keys, and the paths in it, which start from its file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.system.home import HOME, holds_module, module_of, names_own

_SERVICES = ("postgres", "redis")
_WSGI_WORKERS = ("sync", "gthread")
_WAY_OUT = (
    "and an app of this name is taken from the harness; rename the package, or start the service by a "
    'setup with server = "command"'
)
_CERTIFICATE = ("{cert}", "{key}", "{ca}")
_LIFESPAN = {"granian": ("auto", "off"), "hypercorn": ("auto",)}
"""The servers that have no switch for each value."""
_WS = {"granian": ("auto", "none"), "hypercorn": ("auto",)}
_HTTP2_WORKERS = {"asgi": "asgi", "wsgi": "gthread"}
"""The worker of gunicorn that speaks HTTP/2, by interface."""


def with_absolute_paths(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A setup's table with `cwd`, `ca` and a `python` that is a path made absolute, from the file's folder on."""
    paths = {
        key: absolute_path(value, folder)
        for key, value in table.items()
        if isinstance(value, str)
        and (key == "cwd" or (key == "ca" and value) or (key == "python" and is_path(value)))
    }
    return {**table, **paths}


def is_path(python: str) -> bool:
    """Whether `python` names a place, not a version or a program that is looked for: it has a `/`, or begins so."""
    return "/" in python or python.startswith((".", "~"))


def absolute_path(path: str, folder: Path) -> str:
    """A path from a folder on, made absolute; `~` is the user's own folder."""
    return str(folder.absolute() / os.path.expanduser(path))


def check_own_name(where: str, table: Mapping[str, Any]) -> None:
    """Raise UsageError, which begins with `where`, for an app named in a table that may be another's than it seems.

    An app that has the name of one of the harness's is the harness's, and must not be a module of the service.
    """
    app = str(table.get("app", ""))
    if table.get("server") == "command" or not names_own(app):
        return
    folder = Path(str(table.get("cwd") or Path.cwd())).absolute()
    env = table.get("env")
    listed = str(env.get("PYTHONPATH", "")) if isinstance(env, Mapping) else ""
    places = [folder, folder / str(table.get("app_dir", "")), *map(folder.joinpath, listed.split(os.pathsep))]
    package = module_of(app).partition(".")[0]
    for place in places:
        if place.resolve() != HOME and holds_module(place, package):
            raise UsageError(f"{where} {app!r}: {place} holds a {package} of its own, {_WAY_OUT}")
    if not holds_module(HOME, module_of(app)):
        raise UsageError(f"{where} {app!r}: {package} is the harness's, and has no such module, {_WAY_OUT}")


def check_setup(where: str, setup: Setup) -> None:
    """Raise UsageError, which begins with `where`, for the first thing in a setup that cannot be."""
    faults = (*_server_faults(setup), *_app_faults(setup), *_place_faults(setup), *_address_faults(setup))
    for fault in faults:
        raise UsageError(f"{where} {fault}")


def _server_faults(setup: Setup) -> Iterator[str]:
    if setup.server == "running":
        yield "server: a server that runs already is no setup of a file; give it with --url"
    if setup.workers < 1:
        yield f"workers: {setup.workers} is too few; 1 is the least"
    for service in _SERVICES:
        for key, words in (("env", setup.env.values()), ("prepare", setup.prepare)):
            if service not in setup.services and f"{{{service}}}" in "".join(words):
                yield f'{key}: mentions {{{service}}}; add services = ["{service}"]'
    if setup.server == "command" and not setup.command:
        yield 'command: a server = "command" needs one, such as ["python", "my_server.py", "{port}"]'
    yield from _http2_faults(setup)
    if not setup.health.startswith("/"):
        yield f"health: {setup.health!r} is not a path; it must begin with /"
    if not setup.ready_within_s > 0:
        yield f"ready_within_s: {setup.ready_within_s:g} is too short; give the seconds that a start may take"
    if any(cpu < 0 for cpu in setup.cpus):
        yield f"cpus: {min(setup.cpus)} is not a CPU number (numbering starts at 0)"


def _http2_faults(setup: Setup) -> Iterator[str]:
    if not setup.http2:
        return
    if setup.server == "uvicorn":
        yield 'http2: uvicorn speaks HTTP/1.1 alone; take server = "granian", "hypercorn" or "gunicorn"'
    worker = _HTTP2_WORKERS[setup.interface]
    if setup.server == "gunicorn" and setup.worker != worker:
        yield f'http2: gunicorn\'s worker "{setup.worker}" speaks HTTP/1.1 alone; give worker = "{worker}"'


def _app_faults(setup: Setup) -> Iterator[str]:
    known = _LIFESPAN.get(setup.server, ("auto", "on", "off"))
    if setup.interface == "wsgi":
        if setup.lifespan == "on":
            yield 'lifespan: a WSGI app has none; leave it out, or interface = "asgi"'
        if setup.server == "gunicorn" and setup.worker == "asgi":
            yield 'worker: "asgi" serves no WSGI app; leave it out, or give "sync" or "gthread"'
    elif setup.lifespan not in known:
        words = " or ".join(f'"{one}"' for one in known)
        yield f'lifespan: {setup.server} knows no "{setup.lifespan}"; give {words}, or take another server'
    elif setup.worker in _WSGI_WORKERS:
        yield f'worker: "{setup.worker}" serves WSGI apps alone; add interface = "wsgi"'
    ways = _websocket_ways(setup)
    if ways and setup.ws not in ways:
        words = " or ".join(f'"{one}"' for one in ways)
        yield f'ws: {_server_words(setup)} knows no "{setup.ws}"; give {words}'
    if setup.root_path and (not setup.root_path.startswith("/") or setup.root_path.endswith("/")):
        yield f"root_path: {setup.root_path!r} must begin with / and not end with one, such as /api"


def _websocket_ways(setup: Setup) -> tuple[str, ...]:
    """The values of `ws` that a server knows; empty where it knows all."""
    if setup.interface == "wsgi":
        return ("auto", "none")
    if setup.server == "gunicorn" and setup.worker == "asgi":
        return ("auto",)
    return _WS.get(setup.server, ())


def _server_words(setup: Setup) -> str:
    if setup.interface == "wsgi":
        return "a WSGI app"
    return "gunicorn's own worker" if setup.server == "gunicorn" else setup.server


def _place_faults(setup: Setup) -> Iterator[str]:
    if setup.python.strip() != setup.python or "\n" in setup.python:
        yield f'python: {setup.python!r} is neither a path nor a version such as "3.13"'
    for file in setup.carry:
        path = PurePath(file)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            yield f"carry: {file!r} must be the path of a file below the repository's own folder"
    if setup.prepare and not setup.prepare[0].strip():
        yield 'prepare: begins without a program; write it as ["alembic", "upgrade", "head"]'


def _address_faults(setup: Setup) -> Iterator[str]:
    words = "".join((*setup.command, *setup.args, *setup.env.values()))
    if not setup.tls:
        if setup.ca or not setup.verify:
            yield f"{'ca' if setup.ca else 'verify'}: says how to trust a certificate; add tls = true"
        for name in _CERTIFICATE:
            if name in words:
                yield f"command: mentions {name}; add tls = true"
    elif setup.server != "command" and (setup.ca or not setup.verify):
        yield (
            f"{'ca' if setup.ca else 'verify'}: {setup.server} is given a certificate that the harness makes and "
            'trusts; leave it out, or start the service by server = "command"'
        )
    if (setup.bind == "unix") != ("{socket}" in words) and (setup.server == "command" or "{socket}" in words):
        yield (
            'bind: a command that listens on a Unix socket has bind = "unix" and is given its path, as in '
            '["my-server", "--socket", "{socket}"]'
        )

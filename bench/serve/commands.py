"""The command line and the environment of each kind of server, and the placeholders in them.

Every default that would skew a measurement is set the same way for all kinds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path

from bench.model.plan import Setup
from bench.serve.certificates import Certificate
from bench.serve.interpreter import Interpreter
from bench.system.home import HOME

INSIDE = HOME / "bench" / "inside"
"""The folder of what runs in the service's interpreter: modules that nobody else has, and need no package."""

CERTIFICATE = ("cert", "key", "ca")
"""The placeholders for a certificate's files, by its fields."""

_BENCH = HOME / "bench"
_BACKLOG = "4096"
_KEEP_ALIVE_S = "75"
_GRACE_S = "2"  # less than Processes gives, so that a server ends itself
_SILENT_WITHIN_S = 60
"""gunicorn kills a worker that it hears nothing of for so long, one that still starts, too."""

_SCRUBBED = ("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS")
_SCRUBBED_PREFIXES = ("UVICORN_", "GRANIAN_", "HYPERCORN_")


def command(setup: Setup, python: Path, host: str, port: int) -> list[str]:
    """The argv that starts a setup on an address, with its placeholders; a plain `python` is the service's.

    Where the setup listens on a Unix socket, host and port mean nothing.
    """
    if setup.server != "command":
        return [str(python), "-m", *_KINDS[setup.server](setup, host, port), *setup.args]
    return words(setup.command, python)


def words(given: tuple[str, ...], python: Path) -> list[str]:
    """A command of the user's own, in which a plain `python` is the service's."""
    program, *arguments = given
    return [str(python) if program in ("python", "python3") else program, *arguments]


def environment(setup: Setup, interpreter: Interpreter, folder: Path) -> dict[str, str]:
    """The environment of a setup's server in a folder: ours without what would configure a server, and the setup's own.

    Programs of the service's environment come first on PATH, its `app_dir` first on PYTHONPATH. Last there is our
    module for gunicorn, which is all of ours that a server imports.
    """
    given = {key: value for key, value in os.environ.items() if not _is_scrubbed(key)} | dict(setup.env)
    is_gunicorn = (
        setup.server == "gunicorn"
    )  # it passes over its option for a folder that stands here already
    app_dir = str(folder / setup.app_dir) if setup.app_dir and not is_gunicorn else ""
    path = _path(app_dir, given.get("PYTHONPATH", ""), str(INSIDE) if is_gunicorn else "")
    return {
        **given,
        "PATH": _path(str(interpreter.programs or ""), given.get("PATH", os.defpath)),
        **({"PYTHONPATH": path} if path else {}),
        **_options(setup),
    }


def placeholders(
    folder: Path,
    python: Path,
    address: tuple[str, int],
    urls: Mapping[str, str],
    certificate: Certificate | None = None,
) -> dict[str, str]:
    """The value of each placeholder of a setup; `urls` are those of its services, by name."""
    host, port = address
    return {
        "{tmp}": str(folder),
        "{port}": str(port),
        "{host}": host,
        "{socket}": str(socket_in(folder)),
        **({f"{{{name}}}": str(getattr(certificate, name)) for name in CERTIFICATE} if certificate else {}),
        "{python}": str(python),
        "{bench}": str(_BENCH),
        **{f"{{{name}}}": url for name, url in urls.items()},
    }


def socket_in(folder: Path) -> Path:
    """The Unix socket of a server that has a folder; its name is short, as its path may have 107 bytes (unix(7))."""
    return folder / "app.sock"


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced by its value."""
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _is_scrubbed(key: str) -> bool:
    return key in _SCRUBBED or key.startswith(_SCRUBBED_PREFIXES)


def _path(*parts: str) -> str:
    """A search path of what is not empty: an empty entry would be the current folder."""
    return os.pathsep.join(filter(None, parts))


def _options(setup: Setup) -> dict[str, str]:
    """What gunicorn and its worker have no words for."""
    if setup.server != "gunicorn":
        return {}
    if setup.interface == "wsgi":
        return {"SCRIPT_NAME": setup.root_path} if setup.root_path else {}
    options = {
        "loop": setup.loop,
        "http": setup.http,
        "ws": setup.ws,
        "lifespan": setup.lifespan,
        "root_path": setup.root_path,
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
    }
    return {"FASTAPI_BENCH_UVICORN": json.dumps(options)} if setup.worker == "uvicorn" else {}


def _listening(setup: Setup, host: str, port: int) -> tuple[str, str]:
    """Where gunicorn and hypercorn shall listen."""
    if setup.bind == "unix":
        return "-b", "unix:{socket}"
    return "-b", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listening_apart(setup: Setup, host: str, port: int) -> tuple[str, ...]:
    """Where uvicorn and granian shall listen."""
    return ("--uds", "{socket}") if setup.bind == "unix" else ("--host", host, "--port", str(port))


def _certificate(setup: Setup, cert: str, key: str) -> tuple[str, ...]:
    """The certificate that a server with `tls` shows, by its names for these options."""
    return (cert, "{cert}", key, "{key}") if setup.tls else ()


def _target(app: str) -> list[str]:
    """The app as uvicorn and granian want it: a plain name, with a flag when it is a factory."""
    name = app.removesuffix("()")
    return [name] if name == app else ["--factory", name]


def _option(name: str, value: str) -> tuple[str, ...]:
    return (name, value) if value else ()


def _in_folder(setup: Setup) -> str:
    """The app with the folder that granian and hypercorn shall put before the current one on the path of imports."""
    return f"{setup.app_dir.rstrip('/')}/{setup.app}" if setup.app_dir else setup.app


def _uvicorn(setup: Setup, host: str, port: int) -> list[str]:
    wsgi = ("--interface", "wsgi", "--lifespan", "off")
    return [
        *("uvicorn", *_listening_apart(setup, host, port), "--workers", str(setup.workers)),
        *("--loop", setup.loop, "--http", setup.http),
        *("--ws", "none" if setup.interface == "wsgi" else setup.ws),
        *(wsgi if setup.interface == "wsgi" else ("--lifespan", setup.lifespan)),
        *("--no-access-log", "--no-server-header", "--no-date-header", "--no-proxy-headers"),
        *("--backlog", _BACKLOG, "--timeout-keep-alive", _KEEP_ALIVE_S, "--log-level", "warning"),
        *_option("--app-dir", setup.app_dir),
        *_option("--root-path", setup.root_path),
        *_certificate(setup, "--ssl-certfile", "--ssl-keyfile"),
        *_target(setup.app),
    ]


def _gunicorn(setup: Setup, host: str, port: int) -> list[str]:
    timeout_s = max(_SILENT_WITHIN_S, ceil(setup.ready_within_s))
    return [
        *("gunicorn", setup.app, "-w", str(setup.workers), *_listening(setup, host, port)),
        *("-k", *_gunicorn_worker(setup), "-c", "python:_fastapi_bench_settings"),
        *("--worker-tmp-dir", "{tmp}", "--backlog", _BACKLOG, "--keep-alive", _KEEP_ALIVE_S),
        *("--timeout", str(timeout_s), "--graceful-timeout", _GRACE_S, "--log-level", "warning"),
        *_option("--pythonpath", setup.app_dir),
        *_certificate(setup, "--certfile", "--keyfile"),
        *(("--http-protocols", "h2", "--http2-cleartext", "prior-knowledge") if setup.http2 else ()),
    ]


def _gunicorn_worker(setup: Setup) -> list[str]:
    if setup.interface == "wsgi":
        return [setup.worker if setup.worker in ("sync", "gthread") else "sync"]
    if setup.worker == "asgi":
        options = ("--asgi-loop", setup.loop, "--asgi-lifespan", setup.lifespan, "--http-parser", "python")
        return ["asgi", *options, *_option("--root-path", setup.root_path)]
    return ["_fastapi_bench_gunicorn.FixedWorker"]


def _granian(setup: Setup, host: str, port: int) -> list[str]:
    interface = "asginl" if setup.lifespan == "off" and setup.interface == "asgi" else setup.interface
    return [
        *("granian", "--interface", interface, *_listening_apart(setup, host, port)),
        *("--workers", str(setup.workers), "--runtime-mode", "st", "--runtime-threads", "1"),
        *("--loop", setup.loop, "--http", "2" if setup.http2 else "1"),
        "--no-ws" if setup.ws == "none" or setup.interface == "wsgi" or setup.http2 else "--ws",
        *("--backlog", _BACKLOG, "--backpressure", "2048"),
        *("--respawn-failed-workers", "--no-access-log", "--log-level", "warning"),
        *_option("--url-path-prefix", setup.root_path),
        *_certificate(setup, "--ssl-certificate", "--ssl-keyfile"),
        *_target(_in_folder(setup)),
    ]


def _hypercorn(setup: Setup, host: str, port: int) -> list[str]:
    app = f"{setup.interface}:{_in_folder(setup)}"
    return [
        *("hypercorn", app, "-w", str(setup.workers), "-k", setup.loop, *_listening(setup, host, port)),
        *("--backlog", _BACKLOG, "--keep-alive", _KEEP_ALIVE_S, "--graceful-timeout", _GRACE_S),
        *("--log-level", "warning"),
        *_option("--root-path", setup.root_path),
        *_certificate(setup, "--certfile", "--keyfile"),
    ]


_KINDS: dict[str, Callable[[Setup, str, int], list[str]]] = {
    "uvicorn": _uvicorn,
    "gunicorn": _gunicorn,
    "granian": _granian,
    "hypercorn": _hypercorn,
}

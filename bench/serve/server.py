"""A setup's server, started for as long as a `with` block lasts, and known to answer before the block begins."""

from __future__ import annotations

import contextlib
import http.client
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.observe import telemetry
from bench.observe.process_tree import ProcessTree
from bench.serve import commands
from bench.serve.services import providing
from bench.system.host import check_cpus
from bench.system.ports import free_port, is_free
from bench.system.processes import Processes

_READY_WITHIN_S = 30.0
_WORKERS_WITHIN_S = 10.0
_POLL_S = 0.02
_LOG_LINES = 12

_SCRUBBED = ("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS")
_SCRUBBED_PREFIXES = ("UVICORN_", "GRANIAN_", "HYPERCORN_")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, its first process, where it writes its log, and how to ask if it ended."""

    setup: Setup
    host: str
    port: int
    pid: int
    log: Path
    cpus: tuple[int, ...]
    exit_status: Callable[[], int | None]

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@contextlib.contextmanager
def serving(
    setup: Setup,
    processes: Processes,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    cpus: Sequence[int] = (),
    ready_within_s: float = _READY_WITHIN_S,
    cwd: Path | None = None,
) -> Iterator[Server]:
    """Start a setup, wait until its health path answers 200 and all its workers are up, and stop it in every case.

    `port` 0 picks a free one; `cpus` are used where the setup names none; `cwd` is the folder that a setup's app is
    imported from, ours when it is None. Raises UsageError for CPUs that do not exist
    and ServerError, with the end of the server's log, when it cannot be started, dies, or does not answer in time.
    """
    if port and not is_free(port, host):
        raise ServerError(f"setup '{setup.name}': port {port} of {host} is in use")
    port = port or free_port(host)
    check_cpus(setup)
    cpus = tuple(setup.cpus or cpus)
    with processes.folder() as tmp, providing(setup.services, processes, cpus) as urls:
        places = {"{tmp}": str(tmp), "{port}": str(port), "{host}": host, "{python}": sys.executable}
        places["{bench}"] = str(Path(__file__).parents[1])
        places.update({f"{{{name}}}": url for name, url in urls.items()})
        filled = replace(setup, env={key: _fill(value, places) for key, value in setup.env.items()})
        argv = [_fill(word, places) for word in commands.command(setup, host, port)]
        if setup.server == "command" and argv[0] in ("python", "python3"):
            argv[0] = sys.executable
        log = tmp / "server.log"
        env = {key: value for key, value in os.environ.items() if not _is_scrubbed(key)}
        env.update(filled.env)
        with contextlib.ExitStack() as stack:
            try:
                child = stack.enter_context(processes.running(argv, log=log, cpus=cpus, env=env, cwd=cwd))
            except OSError as error:
                what = f"setup '{setup.name}': {argv[0]} cannot be started: {error.strerror}"
                raise ServerError(what) from None
            server = Server(filled, host, port, child.pid, log, cpus, child.poll)
            _wait_until_ready(server, ready_within_s)
            _wait_for_workers(server)
            yield server


def ended(server: Server) -> ServerError:
    """The error of a server that is no longer there, with the end of its log."""
    return ServerError(
        f"setup '{server.setup.name}': the server ended with status {server.exit_status()}; its log:\n"
        + log_tail(server.log)
    )


def log_tail(log: Path) -> str:
    """The last lines of a server's log, indented, or a remark that it is empty."""
    lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    return "\n".join(f"    {line}" for line in lines) if lines else "    (the server wrote nothing)"


def _fill(text: str, places: dict[str, str]) -> str:
    for mark, value in places.items():
        text = text.replace(mark, value)
    return text


def _is_scrubbed(key: str) -> bool:
    return key in _SCRUBBED or key.startswith(_SCRUBBED_PREFIXES)


def _wait_until_ready(server: Server, within_s: float) -> None:
    setup = server.setup
    deadline_s = time.monotonic() + within_s
    seen = "no answer"
    while time.monotonic() < deadline_s:
        status = server.exit_status()
        if status is not None:
            raise ended(server)
        answer = _status(server.host, server.port, setup.health)
        if answer == 200:
            return
        if answer is not None:
            seen = f"status {answer}"
        time.sleep(_POLL_S)
    raise ServerError(
        f"setup '{setup.name}': GET {setup.health} gave {seen} for {within_s:g} s; its log:\n"
        + log_tail(server.log)
    )


def _wait_for_workers(server: Server) -> None:
    """The first worker answers for all: connections made now would stay with it while the others still start.

    A server whose workers cannot be told is not waited for longer than 10 s.
    """
    deadline_s = time.monotonic() + _WORKERS_WITHIN_S
    while _workers_up(server) < server.setup.workers and time.monotonic() < deadline_s:
        if server.exit_status() is not None:
            raise ended(server)
        time.sleep(_POLL_S)


def _workers_up(server: Server) -> int:
    """Those that write how they fare, which begins when the app does; where none is to, the processes there are."""
    if server.setup.workers == 1:
        return 1
    folder = server.setup.env.get(telemetry.TELEMETRY_DIR)
    return len(telemetry.writers(Path(folder)) if folder else ProcessTree(server.pid).workers())


def _status(host: str, port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()

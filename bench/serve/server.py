"""A setup's server, started for as long as a `with` block lasts, and known to answer before the block begins."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
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
from bench.system.logs import quote
from bench.system.ports import free_port, is_free
from bench.system.processes import Processes
from bench.system.waiting import wait_until

_READY_WITHIN_S = 30.0
_WORKERS_WITHIN_S = 10.0

_SCRUBBED = ("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS")
_SCRUBBED_PREFIXES = ("UVICORN_", "GRANIAN_", "HYPERCORN_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: its address, its first process, its log, its CPUs.

    `exit_status` returns None while the server runs.
    """

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
    with processes.folder() as folder, providing(setup.services, processes, cpus) as urls:
        values = commands.placeholders(folder, host, port, urls)
        setup = replace(setup, env={key: commands.fill(value, values) for key, value in setup.env.items()})
        argv = [commands.fill(word, values) for word in commands.command(setup, host, port)]
        log = folder / "server.log"
        with _running(setup, processes, argv, log=log, cpus=cpus, cwd=cwd) as child:
            server = Server(
                setup=setup,
                host=host,
                port=port,
                pid=child.pid,
                log=log,
                cpus=cpus,
                exit_status=child.poll,
            )
            _wait_until_ready(server, ready_within_s)
            _wait_for_workers(server)
            yield server


@contextlib.contextmanager
def _running(
    setup: Setup,
    processes: Processes,
    argv: Sequence[str],
    *,
    log: Path,
    cpus: Sequence[int],
    cwd: Path | None,
) -> Iterator[subprocess.Popen[str]]:
    """The server's first process, in our environment without what would configure a server."""
    env = {key: value for key, value in os.environ.items() if not _is_scrubbed(key)} | dict(setup.env)
    with contextlib.ExitStack() as stack:
        try:
            child = stack.enter_context(processes.running(argv, log=log, cpus=cpus, env=env, cwd=cwd))
        except OSError as error:
            what = f"setup '{setup.name}': {argv[0]} cannot be started: {error.strerror}"
            raise ServerError(what) from None
        yield child


def server_ended(server: Server) -> ServerError:
    """The error for a server that is no longer there, with the end of its log."""
    return ServerError(
        f"setup '{server.setup.name}': the server ended with status {server.exit_status()}; its log:\n"
        + quote(server.log)
    )


def _is_scrubbed(key: str) -> bool:
    return key in _SCRUBBED or key.startswith(_SCRUBBED_PREFIXES)


def _wait_until_ready(server: Server, within_s: float) -> None:
    setup = server.setup
    seen = "no answer"

    def is_ready() -> bool:
        nonlocal seen
        _check_alive(server)
        status = _status(server.host, server.port, setup.health)
        if status is not None:
            seen = f"status {status}"
        return status == 200

    if not wait_until(is_ready, within_s):
        raise ServerError(
            f"setup '{setup.name}': GET {setup.health} gave {seen} for {within_s:g} s; its log:\n"
            + quote(server.log)
        )


def _wait_for_workers(server: Server) -> None:
    """The first worker answers for all: connections made now would stay with it while the others still start.

    The wait ends after 10 s, as the workers of some servers cannot be counted.
    """

    def are_up() -> bool:
        if _count_workers(server) >= server.setup.workers:
            return True
        _check_alive(server)
        return False

    wait_until(are_up, _WORKERS_WITHIN_S)


def _check_alive(server: Server) -> None:
    if server.exit_status() is not None:
        raise server_ended(server)


def _count_workers(server: Server) -> int:
    """The workers that write telemetry, which begins when the app does; without telemetry, the processes."""
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

"""A setup's server, started for as long as a `with` block lasts, and known to answer before the block begins."""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import subprocess
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import ServerError
from bench.model.address import Address
from bench.model.attachment import Attachment
from bench.model.plan import Setup
from bench.model.secrets import mask_words, secrets_of
from bench.observe import telemetry
from bench.observe.process_tree import ProcessTree
from bench.serve import commands
from bench.serve.certificates import write_certificate
from bench.serve.interpreter import Interpreter, service_interpreter
from bench.serve.places import address_of, pick_place
from bench.serve.requirements import check_installed
from bench.serve.services import providing
from bench.system.extras import check_demo
from bench.system.home import HOME, is_own
from bench.system.host import allow_open_files, check_cpus
from bench.system.http2 import Http2Error
from bench.system.logs import copy_masked, quote
from bench.system.processes import Processes
from bench.system.reach import HttpConnection
from bench.system.tls import handshake_fault
from bench.system.waiting import wait_until

_WORKERS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: its address, its first process, its log, its CPUs.

    `exit_status` returns None while the server runs. `pid` is None where its processes are not known, as may be where
    it ran already: then it has an `attachment`.
    """

    setup: Setup
    address: Address
    pid: int | None
    log: Path
    cpus: tuple[int, ...]
    exit_status: Callable[[], int | None]
    attachment: Attachment | None = None

    @property
    def port(self) -> int:
        return self.address.port

    @property
    def url(self) -> str:
        return self.address.url

    def workers(self) -> tuple[int, ...]:
        """The processes that can answer its requests, as `ProcessTree.workers` finds them now."""
        return ProcessTree(self.pid).workers(self.port, self.address.socket)

    @property
    def most_rps(self) -> float:
        """Its ceiling; 0 is none."""
        return self.attachment.most_rps if self.attachment else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlace:
    """Where a setup's processes run: in which folder, by which interpreter, on which CPUs."""

    folder: Path
    interpreter: Interpreter
    cpus: tuple[int, ...]


@contextlib.contextmanager
def serving(
    setup: Setup,
    processes: Processes,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    cpus: Sequence[int] = (),
    cwd: Path | None = None,
    ready: Container[int] = (200,),
    kept_log: Path | None = None,
) -> Iterator[Server]:
    """Start a setup, wait until its health path answers 200 and all its workers are up, and stop it in every case.

    `port` 0 picks a free one; `cpus` are used where the setup names none. The server runs in `cwd`; where that is
    None, in the setup's own folder, else in the harness's for an app of ours and in the current one for any other.
    `ready` are the statuses of the health path that will do. Once the server has stopped its log is copied to
    `kept_log`, secrets masked. Raises UsageError for CPUs that do not exist and
    ServerError, with the end of the log, when it does not start.
    """
    host, port = pick_place(setup, host, port)
    check_cpus(setup)
    place = _place(setup, tuple(setup.cpus or cpus), cwd)
    allow_open_files()  # the server inherits the limit
    with processes.folder() as tmp, providing(setup.services, processes, place.cpus) as urls:
        certificate = write_certificate(tmp) if setup.tls else None
        address = address_of(setup, (host, port), tmp, certificate)
        values = commands.placeholders(tmp, place.interpreter.path, (host, port), urls, certificate)
        setup = fill(setup, place, values)
        prepare(setup, processes, place, tmp / "prepare.log")
        words = commands.command(setup, place.interpreter.path, host, port)
        argv, log = [commands.fill(word, values) for word in words], tmp / "server.log"
        with (
            _keeping(log, kept_log, setup),
            _running(setup, processes, argv, place=place, log=log) as child,
        ):
            server = _server(setup, address, child, log=log, cpus=place.cpus)
            _wait_until_ready(server, ready)
            _wait_for_workers(server)
            yield server


def _server(
    setup: Setup, address: Address, child: subprocess.Popen[str], *, log: Path, cpus: tuple[int, ...]
) -> Server:
    return Server(setup=setup, address=address, pid=child.pid, log=log, cpus=cpus, exit_status=child.poll)


@contextlib.contextmanager
def _keeping(log: Path, kept: Path | None, setup: Setup) -> Iterator[None]:
    """Copy a log at the end of the block, where it is to be kept."""
    try:
        yield
    finally:
        if kept is not None:
            copy_masked(log, kept, secrets_of(setup))


def _place(setup: Setup, cpus: tuple[int, ...], cwd: Path | None) -> ServerPlace:
    """Raises ServerError where the folder or the interpreter is not there, or lacks what the server needs."""
    check_demo([setup])
    folder = cwd
    if folder is None:
        folder = Path(setup.cwd) if setup.cwd else HOME if is_own(setup) else Path.cwd()
    folder = folder.absolute()
    if not folder.is_dir():
        raise ServerError(
            f"setup '{setup.name}': cwd: {folder} is no folder; name the one that the app runs in"
        )
    try:
        interpreter = service_interpreter(setup)
    except ServerError as error:
        raise ServerError(f"setup '{setup.name}': {error}") from None
    listed = commands.environment(setup, interpreter, folder).get("PYTHONPATH", "")
    check_installed(setup, interpreter, tuple(folder / one for one in listed.split(os.pathsep) if one))
    return ServerPlace(folder=folder, interpreter=interpreter, cpus=cpus)


def fill(setup: Setup, place: ServerPlace, values: Mapping[str, str]) -> Setup:
    """The setup with placeholders replaced where its first processes read them, and its source folder absolute."""
    return replace(
        setup,
        env={key: commands.fill(value, values) for key, value in setup.env.items()},
        prepare=tuple(commands.fill(word, values) for word in setup.prepare),
        app_dir=str(place.folder / setup.app_dir) if setup.app_dir else "",
    )


def prepare(setup: Setup, processes: Processes, place: ServerPlace, log: Path) -> None:
    """Run the command that comes before the server, if any. Raises ServerError with the end of its output."""
    if not setup.prepare:
        return
    secrets = secrets_of(setup)
    said = f"setup '{setup.name}': prepare: {' '.join(mask_words(setup.prepare, secrets))}"
    argv = commands.words(setup.prepare, place.interpreter.path)
    with _running(replace(setup, server="command"), processes, argv, place=place, log=log) as child:
        if not wait_until(lambda: child.poll() is not None, setup.ready_within_s):
            ended = f"took longer than ready_within_s = {setup.ready_within_s:g}"
            raise ServerError(f"{said} {ended}; its output:\n{quote(log, known=secrets)}")
        if child.returncode:
            ended = f"ended with status {child.returncode}"
            raise ServerError(f"{said} {ended}; its output:\n{quote(log, known=secrets)}")


@contextlib.contextmanager
def _running(
    setup: Setup, processes: Processes, argv: Sequence[str], *, place: ServerPlace, log: Path
) -> Iterator[subprocess.Popen[str]]:
    """A process of the setup's in its place. Raises ServerError where it cannot be started."""
    env = commands.environment(setup, place.interpreter, place.folder)
    with contextlib.ExitStack() as stack:
        try:
            child = stack.enter_context(
                processes.running(argv, log=log, cpus=place.cpus, env=env, cwd=place.folder)
            )
        except OSError as error:
            what = f"setup '{setup.name}': {argv[0]} cannot be started: {error.strerror}"
            raise ServerError(what) from None
        yield child


def server_ended(server: Server) -> ServerError:
    """The error for a server that is no longer there, with the end of its log."""
    if server.setup.server == "running":
        return ServerError(
            f"setup '{server.setup.name}': the server on {server.setup.address} has ended or accepts no connection; "
            "start it there, and run this again"
        )
    return ServerError(
        f"setup '{server.setup.name}': the server ended with status {server.exit_status()}; its log:\n"
        + quote(server.log, known=secrets_of(server.setup))
    )


def _wait_until_ready(server: Server, ready: Container[int]) -> None:
    setup = server.setup
    within_s = setup.ready_within_s
    seen = "no answer"

    def is_ready() -> bool:
        nonlocal seen
        _check_alive(server)
        status = _status(server.address, setup.health)
        if status is not None:
            seen = status if isinstance(status, str) else f"status {status}"
        return status in ready

    if not wait_until(is_ready, within_s):
        raise ServerError(
            f"setup '{setup.name}': GET {setup.health} gave {seen} for {within_s:g} s (ready_within_s: give it more "
            f"where the app needs longer to start; health: the path that answers 200); its log:\n"
            + quote(server.log, known=secrets_of(setup))
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
    """The workers that wait for requests and write telemetry, if any; of a command of one's own one says enough."""
    if server.setup.workers == 1:
        return 1
    folder = server.setup.env.get(telemetry.TELEMETRY_DIR)
    writers = len(telemetry.writers(Path(folder))) if folder else server.setup.workers
    if folder and server.setup.server == "command":
        return writers
    return min(writers, len(server.workers()))


def _status(address: Address, path: str) -> int | str | None:
    """The status of a path; why there is none where that is the fault of TLS or HTTP/2, None for any other reason."""
    connection = HttpConnection(address, 2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except ssl.SSLError as error:
        return handshake_fault(error)
    except Http2Error as error:
        return str(error)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()

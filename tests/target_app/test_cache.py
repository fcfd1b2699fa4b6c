"""Items that were read are kept, until they are written; what is somebody's own never is."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import redis
from fastapi.testclient import TestClient
from sqlalchemy import event

from bench.plan.config import load_setups
from bench.serve.server import serving
from bench.system.processes import Processes
from tests.target_app.conftest import StartApp, caller
from tests.target_app.test_auth import new_user

LAMP = {"name": "lamp", "price": 2.5}
ROOTS = [pytest.param("/api/v1/items", id="async"), pytest.param("/api/v1/sync/items", id="sync")]


@pytest.fixture(scope="module", autouse=True)
def quick(weak_passwords: None) -> None:
    """Real hashes are in test_security.py."""


@pytest.fixture(params=["memory", "redis"])
def client(request: pytest.FixtureRequest, start_app: StartApp) -> TestClient:
    """The app with each kind of cache in turn."""
    if request.param == "memory":
        return start_app(cache="memory")
    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as server:
        server.flushdb()
    return start_app(cache="redis", redis_url=url)


@pytest.mark.parametrize("root", [*ROOTS, pytest.param("/bench/cache", id="bench")])
def test_the_second_reader_finds_it(client: TestClient, root: str) -> None:
    answers = [client.get(f"{root}/3") for _ in range(3)]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1


@pytest.mark.parametrize("root", ROOTS)
def test_a_write_is_seen_by_the_next_reader(client: TestClient, root: str) -> None:
    path = client.post(root, json=LAMP).headers["location"]
    seen = [client.get(path).json()["name"]]
    client.patch(path, json={"name": "light"})
    seen.append(client.get(path).json()["name"])
    client.put(path, json={"name": "torch", "price": 1})
    seen += [
        client.get(f"/bench/cache/{path.rpartition('/')[2]}").json()["name"],
        client.get(path).json()["name"],
    ]
    assert seen == ["lamp", "light", "torch", "torch"]
    client.delete(path)
    assert client.get(path).status_code == 404


def test_what_is_not_there_is_not_kept(client: TestClient) -> None:
    assert [client.get("/bench/cache/21").status_code for _ in range(2)] == [404, 404]
    client.post("/api/v1/items", json=LAMP)
    assert client.get("/bench/cache/21").json()["name"] == "lamp"


@pytest.mark.parametrize("root", ROOTS)
def test_what_is_mine_is_never_kept(client: TestClient, root: str) -> None:
    ann, ben = new_user(client, "ann"), new_user(client, "ben")
    path = client.post(root, json=LAMP, headers=ann).headers["location"]
    for _ in range(2):
        mine = client.get(path, headers=ann)
        assert (mine.status_code, mine.headers["x-cache"]) == (200, "MISS")
        assert mine.headers["cache-control"] == "no-store"
        assert "etag" not in mine.headers
        assert [client.get(path, headers=other).status_code for other in (ben, {})] == [404, 404]
        assert client.get(f"/bench/cache/{mine.json()['id']}").status_code == 404


def test_a_client_that_has_it_is_told_so(client: TestClient) -> None:
    first = client.get("/bench/cache/1")
    assert first.headers["cache-control"] == "no-cache"
    assert {"Authorization", "X-API-Key"} <= set(first.headers["vary"].split(", "))
    for known in (first.headers["etag"], f'"other", {first.headers["etag"]}', "*"):
        again = client.get("/bench/cache/1", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert "content-type" not in again.headers
    assert client.get("/bench/cache/1", headers={"If-None-Match": 'W/"other"'}).status_code == 200
    client.patch("/api/v1/items/1", json={"price": 9})
    assert client.get("/bench/cache/1", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_crowd_asks_the_database_once(client: TestClient) -> None:
    """And once more each time after the item was written."""
    statements: list[str] = []
    engine = client.app.state.database.reader.sync_engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: statements.append(statement))
    for _ in range(2):
        statements.clear()
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: client.get("/bench/cache/5"), range(16)))
        assert {answer.status_code for answer in answers} == {200}
        assert len([statement for statement in statements if "items" in statement]) == 1
        client.patch("/api/v1/items/5", json={"price": 2})


def test_a_crowd_of_two_workers_asks_once(processes: Processes, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
    setup = load_setups()["uvicorn-2"]
    env = {**setup.env, "APP_CACHE": "redis", "APP_REDIS_URL": redis_url, "APP_REDIS_TIMEOUT_S": "10"}
    with (
        serving(replace(setup, env=env), processes) as running,
        caller(running.url) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        answers = list(pool.map(client.get, ["/bench/cache/5"] * 48))
    assert sorted(answer.headers["x-cache"] for answer in answers) == ["HIT"] * 47 + ["MISS"]


def test_nothing_is_pickled(redis_url: str, start_app: StartApp) -> None:
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        item = start_app(cache="redis", redis_url=redis_url).get("/bench/cache/1").json()
        kept = server.get("target-app:1:item:1")
        assert isinstance(kept, bytes)
        assert json.loads(kept[kept.index(b"{") :]) == item
        assert 0 < server.ttl("target-app:1:item:1") <= 60


@pytest.mark.parametrize("value", [b"{}", b'{"id": 1}', b'{"id": 1, "title": "of before"}', b"[]", b"7"])
def test_what_another_version_left_is_as_good_as_nothing(
    value: bytes, redis_url: str, start_app: StartApp
) -> None:
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        client = start_app(cache="redis", redis_url=redis_url)
        server.set("target-app:1:item:1", value)
        answers = [client.get("/bench/cache/1") for _ in range(2)]
    assert [(answer.status_code, answer.headers["x-cache"]) for answer in answers] == [
        (200, "MISS"),
        (200, "HIT"),
    ]


def test_the_keys_of_another_service_are_let_be(redis_url: str, start_app: StartApp) -> None:
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        server.set("item:1", json.dumps({"id": 1, "name": "theirs", "price": 1.0}))
        assert start_app(cache="redis", redis_url=redis_url).get("/bench/cache/1").json()["name"] != "theirs"


@pytest.mark.parametrize("what", ["an item of mine", "nothing"])
def test_nobody_waits_to_load_what_is_never_kept(what: str, client: TestClient) -> None:
    """Once that is known. Each query waits here for another one, in a thread, so that they must be side by side."""
    ann = new_user(client, "ann")
    mine = client.post("/api/v1/sync/items", json=LAMP, headers=ann).headers["location"]
    path, status = (mine, 200) if what == "an item of mine" else ("/api/v1/sync/items/999", 404)
    client.get(path, headers=ann)
    pairs = threading.Barrier(2)
    engine = client.app.state.database.reader_sync  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda *_: pairs.wait(20) and None)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(path, headers=ann), range(8)))
    assert {answer.status_code for answer in answers} == {status}


def test_without_redis_everything_goes_on(start_app: StartApp) -> None:
    client = start_app(cache="redis", redis_url="redis://127.0.0.1:1/0")
    answers = [client.get("/bench/cache/1") for _ in range(2)]
    assert [(answer.status_code, answer.headers["x-cache"]) for answer in answers] == [(200, "MISS")] * 2
    assert client.patch("/api/v1/items/1", json={"price": 3}).status_code == 200
    assert client.get("/api/v1/items/1").json()["price"] == 3


def test_off_means_absent(start_app: StartApp) -> None:
    headers = start_app(cache="off").get("/bench/cache/1").headers
    assert {"x-cache", "etag", "cache-control"} & set(headers) == set()


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_whoever_read_an_item_before_it_was_changed_changes_nothing(
    start_app: StartApp, root: str, method: str
) -> None:
    client = start_app(cache="memory")
    body = None if method == "DELETE" else LAMP
    read = client.get(f"{root}/3").headers["etag"]
    assert client.head(f"{root}/3").headers["etag"] == read
    assert client.patch(f"{root}/3", json={"price": 7}, headers={"If-Match": read}).json()["price"] == 7
    late = client.request(method, f"{root}/3", json=body, headers={"If-Match": read})
    assert (late.status_code, client.get(f"{root}/3").json()["price"]) == (412, 7)
    known = f'"other", {client.get(f"{root}/3").headers["etag"]}'
    answer = client.request(method, f"{root}/3", json=body, headers={"If-Match": known})
    assert answer.is_success
    gone = client.request(method, f"{root}/999", json=body, headers={"If-Match": "*"})
    assert gone.status_code == 404


@pytest.mark.parametrize("root", ROOTS)
def test_of_many_who_change_what_they_have_read_one_does(root: str, processes: Processes) -> None:
    """Under a server with two workers over PostgreSQL, where transactions are side by side."""
    setup = load_setups()["uvicorn-2-postgres"]
    caching = replace(setup, env={**setup.env, "APP_CACHE": "memory"})
    with serving(caching, processes) as server, caller(server.url) as client, ThreadPoolExecutor(16) as pool:
        tag = client.get(f"{root}/5").headers["etag"]

        def change(price: int) -> int:
            answer = client.patch(f"{root}/5", json={"price": price}, headers={"If-Match": tag})
            return answer.status_code

        assert sorted(pool.map(change, range(1000, 1032))) == [200] + 31 * [412]

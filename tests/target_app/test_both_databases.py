"""Both kinds of database keep the same promises."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from target_app import seed
from target_app.crud import worlds
from target_app.engines import writing_engine
from target_app.settings import Settings
from tests.target_app.conftest import StartApp
from tests.target_app.settings import settings_of

ROOTS = [
    pytest.param("/api/v1/items", id="async"),
    pytest.param("/api/v1/sync/items", id="sync"),
]
ITEM = {"name": "lamp", "price": 2.5, "description": None}


@pytest.mark.parametrize("root", ROOTS)
def test_an_item_lives_and_dies(either: TestClient, root: str) -> None:
    created = either.post(root, json=ITEM)
    path = f"{root}/{created.json()['id']}"
    assert (created.status_code, created.headers["location"]) == (201, path)
    assert either.patch(path, json={"price": 3}).json() == created.json() | {"price": 3.0}
    assert either.put(path, json={"name": "light", "price": 1}).json()["name"] == "light"
    assert [item["id"] for item in either.get(root, params={"q": "LIGHT"}).json()] == [created.json()["id"]]
    assert either.delete(path).status_code == 204
    assert either.get(path).status_code == 404


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        pytest.param("GET", "/2147483648", {}, id="an id beyond int32"),
        pytest.param("GET", "/99999999999999999999", {}, id="an id beyond int64"),
        pytest.param("GET", "", {"params": {"offset": 2**31}}, id="an offset beyond int32"),
        pytest.param("GET", "", {"params": {"q": "a\x00b"}}, id="NUL in a search"),
        pytest.param("POST", "", {"json": ITEM | {"name": "a\x00b"}}, id="NUL in a name"),
        pytest.param("POST", "", {"json": ITEM | {"description": "\x00"}}, id="NUL in a description"),
        pytest.param("POST", "", {"content": b'{"name": "\\ud800", "price": 1}'}, id="half a character"),
        pytest.param("POST", "", {"content": b'{"name": "x", "price": 1e999}'}, id="an infinite price"),
    ],
)
def test_what_a_database_cannot_keep_is_refused_before_it(
    either: TestClient, root: str, method: str, path: str, given: dict[str, object]
) -> None:
    headers = {"content-type": "application/json"} if "content" in given else {}
    answer = either.request(method, root + path, headers=headers, **given)  # type: ignore[arg-type]
    assert answer.status_code == 422


def test_the_largest_id_there_can_be_is_not_found(either: TestClient) -> None:
    assert either.get("/api/v1/items/2147483647").status_code == 404


def test_a_search_is_text_and_not_a_pattern(either: TestClient) -> None:
    either.post("/api/v1/items", json=ITEM | {"name": "50 % of_all; DROP TABLE items"})
    names = {
        q: [item["name"] for item in either.get("/api/v1/items", params={"q": q}).json()]
        for q in ("50 %", "of_a", "5_ %", "'; --")
    }
    whole = ["50 % of_all; DROP TABLE items"]
    assert names == {"50 %": whole, "of_a": whole, "5_ %": [], "'; --": []}


def test_names_are_sorted_by_code_point(either: TestClient) -> None:
    for name in ("ä", "z", "Z", "a"):
        either.post("/api/v1/items", json=ITEM | {"name": name})
    found = either.get("/api/v1/items", params={"sort": "name", "limit": 100}).json()
    assert [item["name"] for item in found if len(item["name"]) == 1] == ["Z", "a", "z", "ä"]


def test_an_id_is_never_given_out_again(start_app: StartApp, database_url: str) -> None:
    app = start_app(database_url=database_url, seed_rows=5)
    assert app.post("/api/v1/items", json=ITEM).json()["id"] == 6
    for item_id in (3, 6):
        assert app.delete(f"/api/v1/items/{item_id}").status_code == 204
    again = start_app(database_url=database_url, seed_rows=5)
    assert again.get("/api/v1/items/3").status_code == 200
    assert again.post("/api/v1/items", json=ITEM).json()["id"] == 7


def test_workers_that_start_at_once_seed_once(database_url: str) -> None:
    settings = Settings(database_url=database_url, seed_rows=50, bench=True)
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        seed.prepare(settings)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(start) for _ in range(4)]:
            done.result()
    engine = writing_engine(settings)
    with engine.connect() as connection:
        counts = [
            connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("items", "world", "fortune", "counters")
        ]
    engine.dispose()
    assert counts == [50, 10_000, 12, 1]


def test_worlds_have_these_numbers_and_come_back_when_they_are_missing(database_url: str) -> None:
    settings = Settings(database_url=database_url, seed_rows=0, bench=True)
    seed.prepare(settings)
    first = worlds.read_all(settings)
    assert [first[world] for world in (1, 2, 3, 10_000)] == [7920, 5839, 3758, 1]
    assert (sorted(first), sorted(first.values())) == ([*range(1, 10_001)],) * 2

    engine = writing_engine(settings)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM world WHERE id IN (2, 10000)"))
        connection.execute(text("UPDATE world SET randomnumber = 5 WHERE id = 3"))
    engine.dispose()
    seed.prepare(settings)
    assert worlds.read_all(settings) == first | {3: 5}


def test_a_worker_opens_no_more_than_four_pools_of_connections(start_app: StartApp, postgres: str) -> None:
    app = start_app(database_url=postgres, pool_size=2, pool_timeout_s=20)
    paths = [
        f"/bench/db/{tier}/{way}" for tier in ("orm", "core", "raw", "counter") for way in ("async", "sync")
    ]
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda path: app.get(path).status_code, paths * 16))
    with psycopg.connect(postgres) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert set(statuses) == {200}
    assert row is not None
    assert 4 <= row[0] <= 8


@pytest.mark.parametrize(
    ("given", "backend"),
    [
        pytest.param({}, "sqlite", id="nothing said"),
        pytest.param({"database": "", "database_url": ""}, "sqlite", id="nothing said, in so many words"),
        pytest.param({"database": "sqlite"}, "sqlite", id="a kind"),
        pytest.param({"database": "postgres"}, "postgres", id="the other kind"),
        pytest.param({"database_url": "postgresql://u:w@h/d"}, "postgres", id="a URL"),
        pytest.param(
            {"database": "postgres", "database_url": "postgresql://u:w@h/d"}, "postgres", id="both alike"
        ),
    ],
)
def test_a_kind_or_a_url_chooses_the_database(given: dict[str, str], backend: str) -> None:
    assert settings_of(**given).backend == backend


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param(
            {"database": "postgres", "database_url": "sqlite:///x.db"}, "another kind", id="contradiction"
        ),
        pytest.param({"database": "mysql"}, "sqlite", id="an unknown kind"),
        pytest.param({"database_url": "mysql://h/d"}, "not supported", id="a URL of an unknown kind"),
        pytest.param({"database_url": "postgresql+asyncpg://h/d"}, "driver is chosen", id="a driver's name"),
        pytest.param({"database_url": "postgresql://h/d?sslmode=off"}, "question mark", id="options"),
        pytest.param({"database_url": "sqlite://"}, "plain file", id="in memory"),
    ],
)
def test_a_database_that_cannot_be_is_refused_at_once(given: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        settings_of(**given)


def test_the_seed_can_be_written_without_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APP_DATABASE_URL", f"sqlite:///{tmp_path}/seeded.db")
        patch.setenv("APP_SEED_ROWS", "3")
        patch.delitem(__import__("sys").modules, "target_app.seed")
        runpy.run_module("target_app.seed", run_name="__main__")
    assert capsys.readouterr().out == f"{tmp_path}/seeded.db: items 1 to 3 are there\n"

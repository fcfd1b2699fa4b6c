"""The app over a temporary database, asked in-process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from target_app.main import create_app
from tests.target_app.settings import settings_of

StartApp = Callable[..., TestClient]
ROOTS = ("/api/v1/items", "/api/v1/sync/items")


@pytest.fixture(scope="session")
def start_shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartApp]:
    """Starts the app with these settings over a database of its own, for as long as the tests last."""
    with ExitStack() as stack:

        def start(**settings: object) -> TestClient:
            return stack.enter_context(
                app_over(sqlite_url(tmp_path_factory.mktemp("app") / "app.db"), **settings)
            )

        yield start


@pytest.fixture(scope="session")
def unchanged(start_shared_app: StartApp) -> TestClient:
    """An app that tests share, as none of them changes its items."""
    return start_shared_app()


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    """Where the app of a test keeps its items."""
    return tmp_path / "app.db"


@pytest.fixture
def start_app(database_path: Path) -> Iterator[StartApp]:
    """Starts the app with these settings, for as long as the test lasts."""
    with ExitStack() as stack:

        def start(**settings: object) -> TestClient:
            return stack.enter_context(app_over(sqlite_url(database_path), **settings))

        yield start


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, database_path: Path) -> str:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return sqlite_url(database_path)
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The app in bench mode with twenty seeded items over each kind of database, shared by the tests of a module."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = sqlite_url(tmp_path_factory.mktemp("shared") / "app.db")
        else:
            url = stack.enter_context(request.getfixturevalue("fresh_postgres")())
        yield stack.enter_context(app_over(url))


@pytest.fixture
def client(start_app: StartApp) -> TestClient:
    """An app for one test alone."""
    return start_app()


@pytest.fixture(params=ROOTS, ids=("async", "sync"))
def root(request: pytest.FixtureRequest) -> str:
    """The path of the items, in the async API and its sync twin in turn."""
    path: str = request.param
    return path


def item_names(client: TestClient, root: str, **query: str | int) -> list[str]:
    """The names of the items in one listing."""
    answer = client.get(root, params=query)
    assert answer.status_code == 200
    return [item["name"] for item in answer.json()]


def caller(url: str) -> httpx2.Client:
    """Asks a real server; each request has a connection of its own, which any worker may accept."""
    return httpx2.Client(base_url=url, headers={"Connection": "close"}, timeout=30)


def sqlite_url(database: Path) -> str:
    """Where the app finds this file."""
    return f"sqlite:///{database}"


def app_over(url: str, **settings: object) -> TestClient:
    """The app in bench mode with twenty seeded items over a database, unless the settings say otherwise."""
    given = {"database_url": url, "bench": True, "seed_rows": 20} | settings
    return TestClient(create_app(settings_of(**given)), raise_server_exceptions=False)

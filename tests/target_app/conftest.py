"""The app over a temporary database, asked in-process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from target_app.main import create_app
from target_app.settings import Settings

StartApp = Callable[..., TestClient]


@pytest.fixture(scope="session")
def start_shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartApp]:
    """Starts the app with these settings over a database of its own, for as long as the tests last."""
    with ExitStack() as stack:

        def start(**settings: object) -> TestClient:
            return stack.enter_context(serving(tmp_path_factory.mktemp("app") / "app.db", settings))

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
            return stack.enter_context(serving(database_path, settings))

        yield start


@pytest.fixture
def client(start_app: StartApp) -> TestClient:
    """An app for one test alone."""
    return start_app()


def serving(database: Path, settings: dict[str, object]) -> TestClient:
    """The app in bench mode with twenty seeded items, unless the settings say otherwise."""
    given = {"database_url": f"sqlite:///{database}", "bench": True, "seed_rows": 20} | settings
    return TestClient(create_app(Settings(_env_file=None, **given)), raise_server_exceptions=False)

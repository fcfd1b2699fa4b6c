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


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    """Where the app of a test keeps its items."""
    return tmp_path / "app.db"


@pytest.fixture
def start_app(database_path: Path) -> Iterator[StartApp]:
    """Starts the app with these settings, for as long as the test lasts."""
    with ExitStack() as stack:

        def start(**settings: object) -> TestClient:
            given = {"database_url": f"sqlite:///{database_path}", "bench": True, "seed_rows": 20} | settings
            return stack.enter_context(
                TestClient(create_app(Settings(**given)), raise_server_exceptions=False)
            )

        yield start


@pytest.fixture
def client(start_app: StartApp) -> TestClient:
    """The app in bench mode with twenty seeded items."""
    return start_app()

"""The app in-process, for pytest-benchmark: no socket, no server, one event loop that stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import uvloop

from bench.inprocess import InProcess
from scenarios import SCENARIOS
from scenarios.model import Request, Response, drive
from target_app.main import create_app
from target_app.settings import Settings


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The target app with its lifespan, on uvloop, over a database of its own."""
    database: Path = tmp_path_factory.mktemp("app") / "app.db"
    settings = Settings(bench=True, database_url=f"sqlite:///{database}")
    with InProcess(create_app(settings), uvloop.new_event_loop) as running:
        yield running


@pytest.fixture
def session(app: InProcess) -> Callable[[str], Callable[[], list[tuple[Request, Response]]]]:
    """Gives, for a scenario's name, a function that runs one session of it to its end."""

    def prepared(name: str) -> Callable[[], list[tuple[Request, Response]]]:
        flow, rng = SCENARIOS[name].flow, Random(1)
        return lambda: list(drive(flow(rng), app.send))

    return prepared

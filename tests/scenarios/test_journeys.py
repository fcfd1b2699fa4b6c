"""Journeys against an app with every feature that does not want Redis, and without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from bench.engines.inprocess import InProcess
from scenarios import SCENARIOS
from scenarios.model import Request, Response, drive, requests_of
from target_app.main import create_app
from target_app.settings import Settings

EVERYTHING = {
    "auth": "on",
    "cache": "memory",
    "compression": "auto",
    "rate_limit": "memory",
    "rate_limit_requests": 10_000,
    "login_limit_requests": 10_000,
    "security_headers": "on",
    "cors_origins": ("https://shop.example",),
    "request_log": True,
}


@pytest.fixture(scope="module")
def app(weak_passwords: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The app with every feature on."""
    url = f"sqlite:///{tmp_path_factory.mktemp('app') / 'app.db'}"
    with InProcess(create_app(Settings(bench=True, database_url=url, **EVERYTHING))) as running:  # type: ignore[arg-type]
        yield running


def session(app: InProcess, name: str, rng: Random) -> list[tuple[Request, Response]]:
    """One session, all of whose answers are right."""
    exchanged = list(drive(SCENARIOS[name].flow(rng), app.send))
    assert [request.fault(response) for request, response in exchanged] == [None] * len(exchanged)
    return exchanged


@pytest.mark.parametrize(
    "name", ["items-read", "cache-read", "gzip", "limited", "auth-login", "auth-me", "journey-browser"]
)
def test_works_with_every_feature_on(app: InProcess, name: str) -> None:
    rng = Random(1)
    assert [len(session(app, name, rng)) for _ in range(3)]


def test_an_editor_logs_in_once(app: InProcess) -> None:
    rng = Random(1)
    labels = [[request.label for request, _ in session(app, "journey-editor", rng)] for _ in range(3)]
    assert labels[0][:2] == ["POST /auth/register", "POST /auth/token"]
    assert labels[0][2:] == labels[1] == labels[2]
    assert [label.partition(" ")[0] for label in labels[1]] == ["POST", "PATCH", "GET", "DELETE"]


def test_two_users_of_one_seed_are_two(app: InProcess) -> None:
    """Engines begin every cell with the same seeds, and a name can be taken once."""
    assert all(session(app, "journey-editor", Random(1)) for _ in range(2))


def test_who_only_looks_logs_in_where_that_is_needed(app: InProcess, tmp_path: Path) -> None:
    closed = [request.label for request, _ in session(app, "items-read", Random(1))]
    assert closed == ["GET /bench/info", "POST /auth/register", "POST /auth/token", "GET /api/v1/items/{id}"]
    with InProcess(create_app(Settings(bench=True, database_url=f"sqlite:///{tmp_path}/a.db"))) as without:
        rng = Random(1)
        opened = [[request.label for request, _ in session(without, "items-read", rng)] for _ in range(2)]
    assert opened == [["GET /bench/info", "GET /api/v1/items/{id}"], ["GET /api/v1/items/{id}"]]


def test_an_item_that_is_the_same_is_not_sent_again(app: InProcess) -> None:
    assert [response.status for _, response in session(app, "cache-revalidate", Random(5))] == [200, 304]


def test_a_login_that_fails_ends_the_session() -> None:
    for name in ("auth-login", "auth-me", "journey-editor"):
        exchanged = list(drive(SCENARIOS[name].flow(Random(1)), lambda _request: Response(503, b"busy")))
        assert [request.label for request, _ in exchanged] == ["POST /auth/register"]


def test_a_shop_has_its_proportions() -> None:
    """By the first request of a session: 80 of 100 look around, 20 are somebody."""
    rng = Random(1)
    sessions = (requests_of(SCENARIOS["journey-shop"].flow(rng)) for _ in range(2000))
    assert Counter(next(one).label for one in sessions) == {
        "GET /bench/info": 1600,
        "POST /auth/register": 400,
    }

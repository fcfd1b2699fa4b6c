"""Whatever is sent, the app answers as its schema says: on both databases, with a token and without."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis.config import SchemathesisConfig
from schemathesis.python.asgi import shutdown_lifespans
from starlette.types import Receive, Scope, Send

from target_app.main import create_app
from target_app.routers.bench import background, io
from tests.conftest import FreshDatabase
from tests.target_app.conftest import sqlite_url
from tests.target_app.settings import settings_of
from tests.target_app.test_auth import new_user

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
"""For each operation, and each of the three ways to ask; 100 take a quarter of an hour."""
_RIGHT = ["2xx", "3xx", "401", "403", "404", "409", "412", "429", "5xx"]


def _accepting(*statuses: str) -> dict[str, Any]:
    """The statuses with which an app may answer what fits its schema."""
    return {"checks": {"positive_data_acceptance": {"expected-statuses": [*_RIGHT, *statuses]}}}


CONFIG = {
    "seed": 1,
    "generation": {"max-examples": EXAMPLES, "deterministic": True},
    **_accepting(),
    # no pattern says of which alphabet a name's letters are
    "operations": [{"include-path": "/auth/register", **_accepting("422")}],
}
SECRET = "a secret of more than thirty-two characters"


def schema_of(**settings: object) -> schemathesis.schemas.BaseSchema:
    """The schema of an app with these settings."""
    made = create_app(settings_of(bench=True, **settings))
    return schemathesis.openapi.from_dict(made.openapi(), config=SchemathesisConfig.from_dict(CONFIG))


OPTIONAL = schema_of()
OF_DATABASES = OPTIONAL.include(path_regex="^/(bench/db|tfb)")
REQUIRED = schema_of(auth="on", cache="memory", rate_limit="memory", compression="auto").include(
    path_regex="^/(api|auth|users|reports|health|bench/cache|bench/gzip|bench/limited)"
)


@pytest.fixture(scope="module", autouse=True)
def quick(weak_passwords: None) -> Iterator[None]:
    """Slow things take no time, as the longest of them are among the examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "sleep", lambda _delay_s: None)
        patch.setattr(io, "sleep_async", lambda _delay_s: asyncio.sleep(0))
        patch.setattr(background, "sleep", lambda _delay_s: None)
        patch.setattr(background, "sleep_async", lambda _delay_s: asyncio.sleep(0))
        yield
        shutdown_lifespans()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of each kind."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield sqlite_url(tmp_path_factory.mktemp("schema") / "app.db")
        else:
            yield stack.enter_context(request.getfixturevalue("fresh_postgres")())


class Staying:
    """An app that stays up between tests, though schemathesis starts and stops it with each; on the same loop."""

    def __init__(self, **settings: object) -> None:
        self._app = create_app(settings_of(bench=True, seed_rows=20, **settings))
        self._life = self._app.router.lifespan_context(self._app)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            await self._life.__aenter__()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def close(self) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._life.__aexit__(None, None, None), self._loop).result(30)


# Either has one parameter, as without any all operations would be tests of one name, and run only once when shared out.
@pytest.fixture(scope="module", params=["sqlite"])
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staying]:
    """The app over SQLite, where one may log in."""
    with closing(Staying(database_url=sqlite_url(tmp_path_factory.mktemp("optional") / "app.db"))) as app:
        yield app


@pytest.fixture(scope="module", params=["postgres"])
def postgres_app(fresh_postgres: FreshDatabase) -> Iterator[Staying]:
    """The same over PostgreSQL."""
    with fresh_postgres() as url, closing(Staying(database_url=url)) as app:
        yield app


@pytest.fixture(scope="module")
def closed_app(url: str) -> Iterator[Staying]:
    """The app with every feature on that needs no Redis, where one must."""
    features = {"auth": "on", "cache": "memory", "compression": "auto", "rate_limit": "memory"}
    plenty = {"rate_limit_requests": 1_000_000, "login_limit_requests": 1_000_000}
    with closing(Staying(database_url=url, secret=SECRET, **features, **plenty)) as app:
        yield app


@pytest.fixture(scope="module")
def token(closed_app: Staying, url: str) -> dict[str, str]:
    """The header of a user of the same database, logged in elsewhere."""
    with TestClient(create_app(settings_of(database_url=url, secret=SECRET, seed_rows=20))) as client:
        return new_user(client, "schema")


@OPTIONAL.parametrize()
def test_where_one_may_log_in(case: schemathesis.Case[Any], app: Staying) -> None:
    case.call_and_validate(app=app)


@OF_DATABASES.parametrize()
def test_what_asks_the_other_database(case: schemathesis.Case[Any], postgres_app: Staying) -> None:
    case.call_and_validate(app=postgres_app)


@REQUIRED.parametrize()
def test_where_one_must_and_has_not(case: schemathesis.Case[Any], closed_app: Staying) -> None:
    case.call_and_validate(app=closed_app)


@REQUIRED.parametrize()
def test_where_one_must_and_has(
    case: schemathesis.Case[Any], closed_app: Staying, token: dict[str, str]
) -> None:
    case.call_and_validate(app=closed_app, headers=token)

"""Whatever is sent, the app answers as its schema says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.python.asgi import shutdown_lifespans

from target_app.main import create_app
from target_app.routers.bench import background, io
from target_app.settings import Settings

CONFIG = {"seed": 1, "generation": {"max-examples": 15, "deterministic": True}}
SCHEMA = schemathesis.openapi.from_dict(
    create_app(Settings(bench=True)).openapi(), config=SchemathesisConfig.from_dict(CONFIG)
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The app; slow things take no time in it, as the longest of them are among the examples."""
    database = tmp_path_factory.mktemp("schema") / "app.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "sleep", lambda _delay_s: None)
        patch.setattr(io, "sleep_async", lambda _delay_s: asyncio.sleep(0))
        patch.setattr(background, "sleep", lambda _delay_s: None)
        patch.setattr(background, "sleep_async", lambda _delay_s: asyncio.sleep(0))
        yield create_app(Settings(database_url=f"sqlite:///{database}", bench=True))
        shutdown_lifespans()


@SCHEMA.parametrize()
def test_every_answer_is_documented(case: schemathesis.Case, app: FastAPI) -> None:
    case.call_and_validate(app=app)

"""Puts the parts together; servers load `target_app.main:app` or the factory `target_app.main:create_app`."""

import logging
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import Depends, FastAPI

from target_app import errors, openapi, seed
from target_app.cache import ItemCache
from target_app.crud.users import read_secret
from target_app.database import Database, connected
from target_app.dependencies import authenticate, require_user
from target_app.limiter import MemoryWindows, RedisWindows
from target_app.middleware import stack
from target_app.middleware.request_log import writing_requests
from target_app.redis_client import redis_client
from target_app.routers import auth, bench, docs, health, items, items_sync, reports, tfb, users
from target_app.schemas.error import INVALID, TOO_MANY, UNAUTHORIZED, WRONG_HOST, Responses
from target_app.security import Passwords, Signer
from target_app.settings import Settings

_log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; without settings, those of the environment."""
    settings = settings or Settings()
    app = FastAPI(
        title="Target app",
        summary="A service to be loaded.",
        lifespan=_lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        middleware=stack(settings),
        responses=_common_responses(settings),
    )
    app.state.settings = settings
    errors.install(app)
    if settings.bench:
        for router in (*bench.ROUTERS, *tfb.ROUTERS):
            app.include_router(router)
    app.include_router(health.router)
    for router in (items.router, items_sync.router, reports.router):
        app.include_router(router, **_identified(settings))
    if settings.auth != "off":
        app.include_router(auth.router)
        app.include_router(users.router)
    docs.install(app)
    openapi.install(app)
    return app


def _identified(settings: Settings) -> dict[str, Any]:
    """Whom an endpoint asks for a name: nobody, those who give one, or all."""
    if settings.auth == "off":
        return {}
    guard = require_user if settings.auth == "on" else authenticate
    return {"dependencies": [Depends(guard)], "responses": UNAUTHORIZED}


def _common_responses(settings: Settings) -> Responses:
    limited = TOO_MANY if settings.rate_limit != "off" else {}
    return INVALID | limited | (WRONG_HOST if settings.allowed_hosts else {})


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    _warn_of_memory(settings)
    to_thread.current_default_thread_limiter().total_tokens = settings.thread_tokens
    await to_thread.run_sync(seed.prepare, settings)
    async with AsyncExitStack() as opened:
        if settings.logs_requests:
            opened.enter_context(writing_requests())
        database = app.state.database = await opened.enter_async_context(connected(settings))
        redis = app.state.redis = await opened.enter_async_context(redis_client(settings))
        app.state.windows = (
            RedisWindows(redis) if settings.rate_limit == "redis" and redis else MemoryWindows()
        )
        app.state.cache = ItemCache(settings)
        opened.push_async_callback(app.state.cache.close)
        app.state.passwords = Passwords()
        app.state.signer = await _signer(settings, database)
        if settings.bench:
            app.state.world_cache = dict(await database.raw.read_all_worlds())
        yield


async def _signer(settings: Settings, database: Database) -> Signer | None:
    if settings.auth == "off":
        return None
    if settings.secret is not None:
        return Signer(settings.secret.get_secret_value(), settings.token_lifetime_s)
    async with database.reading() as session:
        return Signer(await read_secret(session), settings.token_lifetime_s)


def _warn_of_memory(settings: Settings) -> None:
    """A server's worker is a child of its master, or one of gunicorn's, which cannot be told how many there are."""
    of_several = multiprocessing.parent_process() or "gunicorn" in sys.modules
    if of_several or int(os.environ.get("WEB_CONCURRENCY") or 1) > 1:
        if settings.rate_limit == "memory":
            _log.warning("APP_RATE_LIMIT=memory: N workers let N times as many requests through; take redis")
        if settings.cache == "memory":
            _log.warning("APP_CACHE=memory: a write reaches the cache of one worker alone; take redis")


def __getattr__(name: str) -> FastAPI:
    """Make `app` when it is first asked for, so that importing the factory does not build a second one."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    app: FastAPI = globals().setdefault("app", create_app())
    return app

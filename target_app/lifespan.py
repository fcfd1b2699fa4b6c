"""The resources that a process opens at its start and closes at its end, kept in the state of the application."""

import gc
import logging
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from anyio import to_thread
from fastapi import FastAPI

from target_app import seed
from target_app.cache import ItemCache
from target_app.crud import users, worlds
from target_app.database import open_database
from target_app.limiter import MemoryWindows, RedisWindows
from target_app.middleware.request_log import write_request_log
from target_app.probe import run_probe
from target_app.processes import calculators
from target_app.redis_client import redis_breaker, redis_client
from target_app.security import Passwords, Signer
from target_app.settings import Settings

_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Prepare the database and open what the settings ask for."""
    settings: Settings = app.state.settings
    _warn_of_memory(settings)
    to_thread.current_default_thread_limiter().total_tokens = settings.thread_tokens
    await to_thread.run_sync(seed.prepare, settings)
    if settings.bench:
        app.state.world_cache = await to_thread.run_sync(worlds.read_all, settings)
    async with AsyncExitStack() as opened:
        if settings.logs_requests:
            opened.enter_context(write_request_log())
        database = await opened.enter_async_context(open_database(settings))
        app.state.database = database
        app.state.calculators = await opened.enter_async_context(calculators())
        await opened.enter_async_context(run_probe(settings, database))
        await _open_features(app, settings, opened)
        if settings.gc_freeze:
            opened.enter_context(freeze_heap())
        yield


@contextmanager
def freeze_heap() -> Iterator[None]:
    """Exclude the objects that exist now from garbage collections, for as long as the block lasts.

    A full collection visits all live objects, most of them from modules, and stops the worker meanwhile: 75 to 115 ms,
    once in some thousand requests, as the probe measured in this app. If something is frozen already, this does
    nothing: whoever froze it is in charge.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _open_features(app: FastAPI, settings: Settings, opened: AsyncExitStack) -> None:
    redis = await opened.enter_async_context(redis_client(settings))
    app.state.redis = redis
    breaker = redis_breaker(settings)
    app.state.windows = (
        RedisWindows(redis, breaker) if redis and settings.rate_limit == "redis" else MemoryWindows()
    )
    app.state.cache = ItemCache(settings, breaker)
    opened.push_async_callback(app.state.cache.close)
    app.state.passwords = Passwords(settings.most_waiting_hashes)
    app.state.signer = await _signer(settings)


async def _signer(settings: Settings) -> Signer | None:
    if settings.auth == "off":
        return None
    if settings.secret is not None:
        return Signer(settings.secret.get_secret_value(), settings.token_lifetime_s)
    return Signer(await to_thread.run_sync(users.read_secret, settings), settings.token_lifetime_s)


def _warn_of_memory(settings: Settings) -> None:
    """A worker is a child of its server's master, or runs under gunicorn; neither knows the number of workers."""
    of_several = multiprocessing.parent_process() is not None or "gunicorn" in sys.modules
    if not of_several and int(os.environ.get("WEB_CONCURRENCY") or 1) < 2:
        return
    if settings.rate_limit == "memory":
        _log.warning("APP_RATE_LIMIT=memory: N workers let N times as many requests through; redis would not")
    if settings.cache == "memory":
        _log.warning("APP_CACHE=memory: a write reaches the cache of one worker alone; take redis")

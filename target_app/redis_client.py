"""The Redis client: it gives up quickly, and recovers quickly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cashews.exceptions import CacheBackendInteractionError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from target_app.breaker import Breaker
from target_app.settings import Settings

ONE_RETRY = Retry(NoBackoff(), 1)
"""One retry, for a connection that Redis has closed; by default the client retries for seconds."""

_REST_S = 1.0


def redis_breaker(settings: Settings) -> Breaker:
    """A breaker for all that a worker asks Redis: a request waits for it once, and others meanwhile do not."""
    return Breaker(settings.redis_timeout_s, _REST_S, (RedisError, OSError, CacheBackendInteractionError))


@asynccontextmanager
async def redis_client(settings: Settings) -> AsyncIterator[Redis | None]:
    """A client that connects on first use, or None if nothing is kept in Redis."""
    if not settings.needs_redis:
        yield None
        return
    client = Redis.from_url(
        settings.redis_url,
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=ONE_RETRY,
    )
    try:
        yield client
    finally:
        await client.aclose()

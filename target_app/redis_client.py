"""The Redis client: it gives up quickly, and recovers quickly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from target_app.settings import Settings

ONE_RETRY = Retry(NoBackoff(), 1)
"""One retry, for a connection that Redis has closed; by default the client retries for seconds."""


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

"""Sliding windows: whether a key may have one more hit in the seconds that lie behind it.

Ours, as the memory storage of `limits` (5.8) starts a task for each hit and wakes a thread for each key, and its
Redis storage wants two round trips where the headers tell what remains. A window here is exact, and one round trip.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from redis.asyncio import Redis


@dataclass(frozen=True, slots=True)
class HitLimit:
    """At most `hits` in any `window_s` seconds for each key."""

    name: str
    hits: int
    window_s: int


class Hit(NamedTuple):
    """Whether a hit was let through, how many more may be, and the seconds until the oldest one leaves the window."""

    allowed: bool
    remaining: int
    reset_s: float


class Windows(Protocol):
    """Where hits are remembered; those that are refused are not."""

    async def hit(self, limit: HitLimit, key: str) -> Hit:
        """Count one hit. Raises RedisError or OSError where it cannot be counted."""


class MemoryWindows:
    """Hits of this process alone: several workers let through several times as much."""

    def __init__(self) -> None:
        self._hits: dict[tuple[str, str], deque[float]] = {}
        self._swept_s = time.monotonic()

    async def hit(self, limit: HitLimit, key: str) -> Hit:
        """Count one hit; with a queue of their times a key, as long as the limit at most."""
        now_s = time.monotonic()
        self._sweep(now_s, limit.window_s)
        hits = self._hits.setdefault((limit.name, key), deque())
        while hits and hits[0] <= now_s - limit.window_s:
            hits.popleft()
        allowed = len(hits) < limit.hits
        if allowed:
            hits.append(now_s)
        return Hit(allowed, limit.hits - len(hits), hits[0] + limit.window_s - now_s)

    def _sweep(self, now_s: float, window_s: int) -> None:
        """Forget keys whose hits are all over, once a window, or they would pile up for ever."""
        if now_s - self._swept_s < window_s:
            return
        self._swept_s = now_s
        self._hits = {key: hits for key, hits in self._hits.items() if hits[-1] > now_s - window_s}


# Times are those of Redis, in microseconds: the clocks of several machines differ. A list holds them, newest first.
_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), ARGV[2] * 1000000
local oldest = tonumber(redis.call('LINDEX', KEYS[1], -1) or now)
while oldest <= now - window do
  redis.call('RPOP', KEYS[1])
  oldest = tonumber(redis.call('LINDEX', KEYS[1], -1) or now)
end
local hits = redis.call('LLEN', KEYS[1])
if hits >= limit then return {0, limit - hits, oldest + window - now} end
redis.call('LPUSH', KEYS[1], now)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {1, limit - hits - 1, oldest + window - now}
"""


class RedisWindows:
    """Hits of all workers together, counted by one script that nothing comes in between of."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(_HIT)

    async def hit(self, limit: HitLimit, key: str) -> Hit:
        """Count one hit, in one round trip."""
        allowed, remaining, reset_us = await self._script(
            keys=[f"target-app:limit:{limit.name}:{key}"], args=[limit.hits, limit.window_s]
        )
        return Hit(bool(allowed), remaining, reset_us / 1e6)

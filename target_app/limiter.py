"""Sliding windows: may a key have one more hit within the last seconds?

Our own, because the memory storage of `limits` (5.8) starts a task for each hit and wakes a thread for each key, and
its Redis storage needs two round trips when headers report the remaining hits. Here a window is exact, and takes one.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from redis.asyncio import Redis

from target_app.breaker import Breaker


@dataclass(frozen=True, slots=True)
class HitLimit:
    """At most `hits` in any `window_s` seconds for each key."""

    name: str
    hits: int
    window_s: int


class Hit(NamedTuple):
    """Whether a hit was allowed, how many more are, and the seconds until the oldest one leaves the window."""

    allowed: bool
    remaining: int
    reset_s: float


class Windows(Protocol):
    """A store of hits; refused hits are not stored."""

    async def hit(self, limit: HitLimit, key: str) -> Hit:
        """Count one hit. Raises RedisError, OSError or RestingError if it cannot be counted."""


class MemoryWindows:
    """Hits of this process only: N workers allow N times as many."""

    def __init__(self) -> None:
        self._hits: dict[tuple[str, str], deque[float]] = {}
        self._swept_s = time.monotonic()

    async def hit(self, limit: HitLimit, key: str) -> Hit:
        """Count one hit, in a queue of times per key, at most as long as the limit."""
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
        """Once a window, forget the keys whose hits have all left it, or they would pile up for ever."""
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
    """Hits of all workers together, counted by one atomic script."""

    def __init__(self, redis: Redis, breaker: Breaker) -> None:
        self._script = redis.register_script(_HIT)
        self._breaker = breaker

    async def hit(self, limit: HitLimit, key: str) -> Hit:
        """Count one hit, in one round trip."""
        async with self._breaker.question():
            allowed, remaining, reset_us = await self._script(
                keys=[f"target-app:limit:{limit.name}:{key}"], args=[limit.hits, limit.window_s]
            )
        return Hit(bool(allowed), remaining, reset_us / 1e6)

"""Telemetry of a worker, ten lines per second: event-loop lag, and the queues for threads and connections.

It costs 2.3 million instructions per second (callgrind, 10 s more of an idle loop), a thousandth of a core; with cold
caches at every wake-up, 0.4 % of a core (CPU time of an idle process with and without); and 1.5 us per collection.
"""

import asyncio
import gc
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TextIO

from anyio import to_thread
from sqlalchemy.pool import Pool, QueuePool

from target_app.database import Database
from target_app.settings import Settings

_WAKE_S = 0.05
_LINE_NS = 90_000_000
"""A line is due at the second wake-up, or at the first if that is late."""


@asynccontextmanager
async def run_probe(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Append a line of JSON to `<probe_dir>/<pid>.jsonl` about every 100 ms, for as long as the block lasts.

    Without a folder, or outside bench mode, it does nothing. A line holds CLOCK_MONOTONIC (`at_ns`), the largest values
    since the previous line (`loop_lag_ms`, `tokens_busy`, `tokens_waiting`, `pool_busy`, `pool_waiting`,
    `gc_pause_ms`), the limits (`tokens` of the thread pool, `pool` connections for reading), and since the start the
    `collections` of each generation with their total time (`gc_ms`). After a blocked loop there is one late line,
    whose lag covers the whole block.
    """
    folder = settings.probe_dir
    if folder is None or not settings.bench:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    garbage = _Garbage()
    gc.callbacks.append(garbage)
    with (folder / f"{os.getpid()}.jsonl").open("a", buffering=1) as file:
        task = asyncio.create_task(_probe(file, database, garbage))
        try:
            yield
        finally:
            gc.callbacks.remove(garbage)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _probe(file: TextIO, database: Database, garbage: "_Garbage") -> None:
    limiter = to_thread.current_default_thread_limiter()
    pools = (database.reader.sync_engine.pool, database.reader_sync.pool)
    size = max(pool.size() for pool in pools if isinstance(pool, QueuePool))
    written_ns = time.monotonic_ns()
    seen: list[tuple[float, ...]] = []
    while True:
        slept_ns = time.monotonic_ns()
        await asyncio.sleep(_WAKE_S)
        now_ns = time.monotonic_ns()
        lag_ms = max((now_ns - slept_ns) / 1e6 - _WAKE_S * 1e3, 0.0)
        waiting = limiter.statistics().tasks_waiting
        seen.append(
            (lag_ms, limiter.borrowed_tokens, waiting, *map(sum, zip(*map(_usage, pools), strict=True)))
        )
        if now_ns - written_ns < _LINE_NS:
            continue
        written_ns = now_ns
        lag_ms, busy, waiting, connections, waiters = map(max, zip(*seen, strict=True))
        seen.clear()
        line = {
            "at_ns": now_ns,
            "loop_lag_ms": round(lag_ms, 3),
            "tokens": int(limiter.total_tokens),
            "tokens_busy": busy,
            "tokens_waiting": waiting,
            "pool": size,
            "pool_busy": connections,
            "pool_waiting": waiters,
            "collections": list(garbage.collections),
            "gc_ms": round(garbage.total_ns / 1e6, 3),
            "gc_pause_ms": round(garbage.longest_since_asked_ns() / 1e6, 3),
        }
        file.write(json.dumps(line) + "\n")


def _usage(pool: Pool) -> tuple[int, int]:
    """The number of connections that are checked out, and of waiters for one.

    SQLAlchemy does not report waiters, but its queues know them: the async one by its getters, the other by its
    condition.
    """
    if not isinstance(pool, QueuePool):
        return 0, 0
    queue: Any = pool._pool
    waiters = queue._queue._getters if hasattr(queue, "_queue") else queue.not_empty._waiters
    return pool.checkedout(), len(waiters)


class _Garbage:
    """Counts collections and times their pauses; the interpreter calls it before and after each collection."""

    def __init__(self) -> None:
        self.collections = [0, 0, 0]
        self.total_ns = 0
        self._longest_ns = 0
        self._began_ns = 0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began_ns = time.monotonic_ns()
            return
        pause_ns = time.monotonic_ns() - self._began_ns
        self.collections[info["generation"]] += 1
        self.total_ns += pause_ns
        self._longest_ns = max(self._longest_ns, pause_ns)

    def longest_since_asked_ns(self) -> int:
        longest_ns, self._longest_ns = self._longest_ns, 0
        return longest_ns

"""Waiting for something slow: on the event loop, in a thread, the mistake, and its repair."""

from asyncio import TaskGroup
from asyncio import sleep as sleep_async
from time import sleep
from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool

from target_app.routing import Router
from target_app.schemas.bench import Waited

WaitMilliseconds = Annotated[int, Query(ge=0, le=1000, description="How long the slow thing takes")]
Calls = Annotated[int, Query(ge=1, le=20, description="How many slow things there are")]

router = Router(prefix="/bench/io", tags=["bench"])


@router.get("/async")
async def io_async(ms: WaitMilliseconds = 10) -> Waited:
    """Wait on the event loop, which serves others meanwhile."""
    await sleep_async(ms / 1000)
    return Waited(calls=1, ms=ms)


@router.get("/sync")
def io_sync(ms: WaitMilliseconds = 10) -> Waited:
    """Wait in a thread; as many requests are served at once as there are threads."""
    sleep(ms / 1000)
    return Waited(calls=1, ms=ms)


@router.get("/misuse")
async def io_misuse(ms: WaitMilliseconds = 10) -> Waited:
    """Block the event loop, on purpose: nobody else is served meanwhile."""
    sleep(ms / 1000)
    return Waited(calls=1, ms=ms)


@router.get("/offload")
async def io_offload(ms: WaitMilliseconds = 10) -> Waited:
    """Send the blocking call to a thread: the repair of the misuse."""
    await run_in_threadpool(sleep, ms / 1000)
    return Waited(calls=1, ms=ms)


@router.get("/fanout/async")
async def io_fanout_async(n: Calls = 5, ms: WaitMilliseconds = 10) -> Waited:
    """Wait for several things at once."""
    async with TaskGroup() as group:
        for _ in range(n):
            group.create_task(sleep_async(ms / 1000))
    return Waited(calls=n, ms=ms)


@router.get("/fanout/sync")
def io_fanout_sync(n: Calls = 5, ms: WaitMilliseconds = 10) -> Waited:
    """Wait for several things, one after the other."""
    for _ in range(n):
        sleep(ms / 1000)
    return Waited(calls=n, ms=ms)

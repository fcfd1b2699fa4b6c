"""Work after the response: a task that counts its runs in this process."""

from threading import Lock
from time import sleep
from typing import Annotated

from anyio import sleep as sleep_async
from fastapi import BackgroundTasks, Query

from target_app.routing import Router
from target_app.schemas.bench import Count

TaskMilliseconds = Annotated[int, Query(ge=0, le=1000, description="How long the task takes")]

router = Router(prefix="/bench/background", tags=["bench"])


class _Tally:
    """The number of finished tasks, in threads or not."""

    def __init__(self) -> None:
        self.done = 0
        self._lock = Lock()

    def add(self) -> None:
        with self._lock:
            self.done += 1


_async, _sync = _Tally(), _Tally()


async def _work(ms: int) -> None:
    await sleep_async(ms / 1000)
    _async.add()


def _work_sync(ms: int) -> None:
    sleep(ms / 1000)
    _sync.add()


@router.post("/async", status_code=202)
async def background_async(tasks: BackgroundTasks, ms: TaskMilliseconds = 10) -> Count:
    """Answer with the tasks done so far, then wait on the event loop, which serves others meanwhile."""
    tasks.add_task(_work, ms)
    return Count(value=_async.done)


@router.post("/sync", status_code=202)
def background_sync(tasks: BackgroundTasks, ms: TaskMilliseconds = 10) -> Count:
    """Answer with the tasks done so far, then wait in a thread, which is one less for others meanwhile."""
    tasks.add_task(_work_sync, ms)
    return Count(value=_sync.done)


@router.get("/async")
async def background_async_done() -> Count:
    """How many tasks of the async way are done in this process."""
    return Count(value=_async.done)


@router.get("/sync")
async def background_sync_done() -> Count:
    """How many tasks of the sync way are done in this process."""
    return Count(value=_sync.done)

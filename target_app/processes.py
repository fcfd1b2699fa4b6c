"""Worker processes for computations: each starts on first use, and ends when its input does.

They speak lines over pipes. Pools of the standard library or of anyio do not work everywhere: hypercorn's workers may
not start children by multiprocessing, and anyio's do not start under granian. This way they also end with a server
that is killed.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from target_app import work


class ProcessEndedError(Exception):
    """A process that was to compute something has ended."""


class Calculators:
    """Up to one process per CPU, each with one computation at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(os.cpu_count() or 1)
        self._idle: list[Process] = []

    async def checksum(self, n: int) -> int:
        """The same as `work.checksum(n)`. Raises ProcessEndedError when two new processes in turn end over it."""
        async with self._turns:
            while self._idle:  # one that was killed meanwhile costs nobody an answer
                with suppress(ProcessEndedError):
                    return await self._ask(self._idle.pop(), n)
            with suppress(ProcessEndedError):
                return await self._ask(await _start(), n)
            return await self._ask(await _start(), n)

    async def _ask(self, process: Process, n: int) -> int:
        """Ask a process, which is idle again after its answer."""
        try:
            result = await _ask(process, n)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()  # its result may still come, and would be read as that of the next request
            raise
        self._idle.append(process)
        return result

    async def close(self) -> None:
        """End all processes."""
        for process in self._idle:
            assert process.stdin is not None
            process.stdin.close()  # `communicate()` alone leaves it open before Python 3.12
        for process in self._idle:
            await process.wait()


@asynccontextmanager
async def calculators() -> AsyncIterator[Calculators]:
    """Worker processes, for as long as the block lasts."""
    running = Calculators()
    try:
        yield running
    finally:
        await running.close()


async def _start() -> Process:
    # In a session of its own: Ctrl-C is for the server, which then closes the pipe.
    command = (sys.executable, "-m", work.__name__)
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)


async def _ask(process: Process, n: int) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"%d\n" % n)
    with suppress(ConnectionError):
        if line := await process.stdout.readline():
            return int(line)
    raise ProcessEndedError(f"process {process.pid} ended over a computation")

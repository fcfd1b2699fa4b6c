"""A server in the background that is ready when its `with` block begins; its error quotes its log."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.errors import ServerError
from bench.system.logs import quote
from bench.system.processes import Processes
from bench.system.waiting import wait_until

_READY_WITHIN_S = 20.0


@contextlib.contextmanager
def running(
    processes: Processes,
    command: Sequence[str],
    answers: Callable[[], bool],
    *,
    folder: Path,
    cpus: Sequence[int] = (),
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Run a command in a folder for as long as the block lasts, which begins when it `answers`. Raises ServerError."""
    with started(processes, command, folder=folder, cpus=cpus, user=user, stop=stop) as child:

        def is_ready() -> bool:
            if answers():
                return True
            if child.poll() is not None:
                raise failure(command[0], folder)
            return False

        if not wait_until(is_ready, _READY_WITHIN_S):
            raise failure(command[0], folder)
        yield


@contextlib.contextmanager
def started(
    processes: Processes,
    command: Sequence[str],
    *,
    folder: Path,
    cpus: Sequence[int] = (),
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[str]]:
    """A child whose output goes to a file in its folder. Raises ServerError when it cannot be started."""
    with contextlib.ExitStack() as stack:
        try:
            child = stack.enter_context(
                processes.running(command, log=_log(folder), cpus=cpus, cwd=folder, user=user, stop=stop)
            )
        except OSError as error:
            raise ServerError(f"{command[0]} cannot be started: {error.strerror}") from None
        yield child


def failure(name: str, folder: Path) -> ServerError:
    """The error for a command that failed, with the end of its log."""
    return ServerError(f"{name} did not start; its log:\n{quote(_log(folder))}")


def _log(folder: Path) -> Path:
    return folder / "log"

"""A server in the background that is ready when its `with` block begins, and whose words are in its error."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.errors import ServerError
from bench.system.processes import Processes

_READY_WITHIN_S = 20.0
_POLL_S = 0.02
_LOG_CHARS = 1500


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
        deadline_s = time.monotonic() + _READY_WITHIN_S
        while not answers():
            if child.poll() is not None or time.monotonic() > deadline_s:
                raise failure(command[0], folder)
            time.sleep(_POLL_S)
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
    """The error of a command that did not do what it should, with the end of what it said."""
    said = _log(folder).read_text(errors="replace")[-_LOG_CHARS:].strip() or "(nothing)"
    return ServerError(f"{name} did not start; it said:\n{said}")


def _log(folder: Path) -> Path:
    return folder / "log"

"""Child processes that never outlive the run: each in a group of its own, on chosen CPUs, and always stopped.

A guard process holds the reading end of a pipe whose writing end is ours. When we are gone, however that came about,
it reads the end of the pipe and stops the groups that are still registered.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

_GUARD = """
import os, signal, sys, time
groups = set()
for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(signum, signal.SIG_IGN)
for line in sys.stdin:
    group = int(line[1:])
    groups.add(group) if line[0] == "+" else groups.discard(group)
for signum in (signal.SIGTERM, signal.SIGKILL):
    for group in groups:
        try:
            os.killpg(group, signum)
        except ProcessLookupError:
            pass
    if groups and signum == signal.SIGTERM:
        time.sleep(2)
"""

_POLL_S = 0.01


class Processes:
    """Starts children and answers for their end; use it in a `with`."""

    def __init__(self) -> None:
        self._guard = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", _GUARD],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()

    @contextlib.contextmanager
    def running(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cpus: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        grace_s: float = 3.0,
        talking: bool = False,
    ) -> Iterator[subprocess.Popen[str]]:
        """A child for as long as the block lasts; its output goes to `log`, or to pipes where it is `talking`.

        On leaving it gets SIGTERM, and its whole group SIGKILL after `grace_s`. Raises OSError when the command
        cannot be started.
        """
        with log.open("ab") as log_file:
            child = _spawn(command, log_file, cpus, env, talking)
        self._tell("+", child.pid)
        try:
            yield child
        finally:
            _stop(child, grace_s)
            self._tell("-", child.pid)

    def _tell(self, sign: str, group: int) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{sign}{group}\n")
        self._guard.stdin.flush()


def _spawn(
    command: Sequence[str],
    log: IO[bytes],
    cpus: Sequence[int],
    env: Mapping[str, str] | None,
    talking: bool,
) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    with _on_cpus(cpus):
        return subprocess.Popen(
            list(command),
            stdin=pipe if talking else subprocess.DEVNULL,
            stdout=pipe if talking else log,
            stderr=log,
            env=dict(env) if env is not None else None,
            text=True,
            start_new_session=True,
        )


@contextlib.contextmanager
def _on_cpus(cpus: Sequence[int]) -> Iterator[None]:
    """Let children start on these CPUs: they inherit this thread's affinity, so there is no moment without it."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _stop(child: subprocess.Popen[str], grace_s: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        if child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(grace_s)
    deadline_s = time.monotonic() + 1.0
    while _killed(child.pid) and time.monotonic() < deadline_s:
        child.poll()
        time.sleep(_POLL_S)
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _killed(group: int) -> bool:
    """Kill what is left of a group; False when nothing is.

    The dead do not count: where the first process of a container waits for nobody, they stay in the table for ever.
    """
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return any(_lives_in(group, process) for process in psutil.process_iter())


def _lives_in(group: int, process: psutil.Process) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False

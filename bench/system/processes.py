"""Child processes that never outlive the run: each in a group of its own, on chosen CPUs, and always stopped.

A guard process holds the reading end of a pipe whose writing end is ours. When we are gone, however that came about,
it reads the end of the pipe, stops the groups that are still registered and removes the folders.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

from bench.system.host import on_cpus
from bench.system.waiting import wait_until

_GUARD = """
import os, shutil, signal, sys, time
groups, folders = set(), set()
for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(signum, signal.SIG_IGN)
for line in sys.stdin:
    name = line[1:-1]
    known, what = (groups, int(name)) if name.isdigit() else (folders, name)
    known.add(what) if line[0] == "+" else known.discard(what)
def there(group, signum):
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        return False
    return True
until_s = time.monotonic() + 2
groups = [group for group in groups if there(group, signal.SIGTERM)]
while groups and time.monotonic() < until_s:
    time.sleep(0.01)
    groups = [group for group in groups if there(group, 0)]
for group in groups:
    there(group, signal.SIGKILL)
for folder in folders:
    shutil.rmtree(folder, ignore_errors=True)
"""

FOLDER_PREFIX = "fastapi-bench-"
"""How the names of our temporary folders begin."""

_POLL_S = 0.01
_KILLED_WITHIN_S = 1.0


class Processes:
    """Starts children and answers for their end; use it in a `with`."""

    def __init__(self) -> None:
        self._children: set[int] = set()
        self._telling = threading.Lock()  # servers may be started from several threads
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

    @property
    def children(self) -> frozenset[int]:
        """The children whose blocks last, by pid; each may have children of its own."""
        return frozenset(self._children)

    @contextlib.contextmanager
    def running(
        self,
        command: Sequence[str],
        *,
        log: Path,
        out: Path | None = None,
        cpus: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        grace_s: float = 3.0,
        talking: bool = False,
        cwd: Path | None = None,
        user: str | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> Iterator[subprocess.Popen[str]]:
        """A child for as long as the block lasts; its output goes to `log`, or to pipes where it is `talking`.

        Its standard output goes to `out` where that is given.

        On leaving it gets the signal `stop`, and its whole group SIGKILL after `grace_s`. Raises OSError when the
        command cannot be started.
        """
        child = None
        try:
            with (
                log.open("ab") as log_file,
                (out or log).open("ab") as out_file,
                _hold_interruptions(),
            ):
                files = (subprocess.PIPE if talking else out_file, log_file)
                with on_cpus(cpus):  # a child inherits this thread's affinity: it never runs elsewhere
                    child = _spawn(command, files, env=env, cwd=cwd, user=user)
                self._tell("+", child.pid)
                self._children.add(child.pid)
            yield child
        finally:
            if child is not None:
                _stop(child, grace_s, stop)
                self._children.discard(child.pid)
                self._tell("-", child.pid)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A temporary folder for as long as the block lasts; the guard removes it where we cannot."""
        path = tempfile.mkdtemp(prefix=FOLDER_PREFIX)
        self._tell("+", path)
        try:
            yield Path(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)
            self._tell("-", path)

    def _tell(self, sign: str, what: int | str) -> None:
        assert self._guard.stdin is not None
        with self._telling:
            self._guard.stdin.write(f"{sign}{what}\n")
            self._guard.stdin.flush()


@contextlib.contextmanager
def _hold_interruptions() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block ends: in its midst a child may live that nobody knows of yet."""
    if threading.current_thread() is not threading.main_thread():  # signals come to the main thread alone
        yield
        return
    waiting: list[int] = []
    before = {
        signum: signal.signal(signum, lambda number, _: waiting.append(number))
        for signum in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
        for came in waiting:
            signal.raise_signal(came)


def user_options(user: str | None) -> dict[str, Any]:
    """The options of `subprocess` that run a child as this user, and as ours where none is named."""
    if user is None:
        return {}
    person = pwd.getpwnam(user)
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _spawn(
    command: Sequence[str],
    files: tuple[IO[bytes] | int, IO[bytes]],
    *,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    user: str | None,
) -> subprocess.Popen[str]:
    output, errors = files
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE if output == subprocess.PIPE else subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=dict(env) if env is not None else None,
        text=True,
        start_new_session=True,
        cwd=cwd,
        **user_options(user),
    )


def _stop(child: subprocess.Popen[str], grace_s: float, stop: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if child.poll() is None:
            child.send_signal(stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(grace_s)

    def is_gone() -> bool:
        lives = _kill_group(child.pid)
        child.poll()
        return not lives

    wait_until(is_gone, _KILLED_WITHIN_S, _POLL_S)
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _kill_group(group: int) -> bool:
    """Kill the rest of a process group; returns whether any of it still lives.

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

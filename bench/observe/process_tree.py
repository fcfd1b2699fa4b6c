"""Reads a server's process tree: CPU time, memory, threads and waits of each process, at moments of one clock.

On Linux it is read from /proc itself, with few system calls: on two CPUs it happens on the generator's.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import psutil

from bench.model.readings import Reading, Snapshot
from bench.observe.sockets import listeners, unix_listeners

_HELPER = "multiprocessing.resource_tracker"
_LINUX = sys.platform == "linux"
_SETTLED_S = 0.0005
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ProcessTree:
    """A process and its descendants, as they come and go; nothing where the process is not known."""

    def __init__(self, pid: int | None) -> None:
        self._root = pid or 0
        self._members: tuple[int, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Look for processes that were started or ended since."""
        self._members = tuple(_tree(self._root)) if self._root else ()

    def snapshot(self) -> Snapshot:
        """Read every process that is still there."""
        at_ns = time.monotonic_ns()
        readings = tuple(reading for pid in self._members if (reading := _read(pid)) is not None)
        return Snapshot(at_ns, readings)

    def cpu_ns(self) -> int:
        """The CPU time of every process that is still there, which takes some 20 µs a process to read."""
        return sum(cpu_ns(pid) for pid in self._members)

    def workers(self, port: int = 0, path: str = "") -> tuple[int, ...]:
        """The processes that can answer requests on a port (0: any): those that wait at the socket that listens there.

        With a `path`, the same of a Unix socket. A supervisor holds that socket as well, but does not wait. What a
        worker forks inherits all of it: below a worker there are none. Where nobody is seen to wait, the workers are
        those without children that hold the socket; where nobody holds it, those without children, less the helper of
        multiprocessing. A process that an app started in a session of its own is neither a worker nor a child.
        """
        parent_of = self._parents()
        inodes = unix_listeners(path) if path else listeners(port)
        roles = {pid: _role(pid, inodes) for pid in parent_of} if inodes else {}
        waiting = {pid for pid, role in roles.items() if role == "waits"}
        if waiting:
            return tuple(
                pid for pid in parent_of if pid in waiting and not _is_below(pid, waiting, parent_of)
            )
        holding = {pid for pid, role in roles.items() if role == "holds"} or set(parent_of)
        parents = {parent_of[pid] for pid in holding}
        return tuple(pid for pid in parent_of if pid in holding and pid not in parents)

    def _parents(self) -> dict[int, int]:
        """The processes that could be workers, each with its parent, parents first."""
        parent_of: dict[int, int] = {}
        for pid in self._members:
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                process = psutil.Process(pid)
                own_session = os.getsid(pid) != os.getsid(self._root)
                if not own_session and not any(_HELPER in word for word in process.cmdline()):
                    parent_of[pid] = process.ppid()
        return parent_of


def _is_below(pid: int, others: Collection[int], parent_of: Mapping[int, int]) -> bool:
    """Whether a process descends from one of the others."""
    above = parent_of.get(pid)
    while above is not None and above not in others:
        above = parent_of.get(above)
    return above is not None


def _role(pid: int, inodes: frozenset[int]) -> Literal["waits", "holds"] | None:
    """Whether a process has one of these sockets open, and whether an epoll in it waits at one (proc(5), fdinfo)."""
    holds, epolls = False, []
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                if target.startswith("socket:[") and int(target[len("socket:[") : -1]) in inodes:
                    holds = True
                elif target == "anon_inode:[eventpoll]":
                    epolls.append(fd)
        if holds and any(not inodes.isdisjoint(_awaited(pid, fd)) for fd in epolls):
            return "waits"
    except OSError:  # it has ended, or is somebody else's
        return None
    return "holds" if holds else None


def _awaited(pid: int, epoll: str) -> set[int]:
    """The inodes of the files that an epoll waits for."""
    with open(f"/proc/{pid}/fdinfo/{epoll}", encoding="ascii") as lines:
        return {
            int(line.partition(" ino:")[2].split(maxsplit=1)[0], 16)
            for line in lines
            if line.startswith("tfd:")
        }


def _tree(root: int) -> list[int]:
    """A process and its descendants, parents first; empty when it is gone."""
    found: list[int] = []
    try:
        waiting = [root]
        while waiting:
            pid = waiting.pop(0)
            children = _children(pid)
            if children is not None:
                found.append(pid)
                waiting += children
    except FileNotFoundError:  # not Linux, or a kernel that does not list children
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(root)
            return [root, *(child.pid for child in process.children(recursive=True))]
    return found


def _children(pid: int) -> list[int] | None:
    """The children of all threads of a process; None when it is gone or dead (proc(5)).

    Raises FileNotFoundError where the system does not list them.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        if not _LINUX:
            raise FileNotFoundError("/proc") from None
        return None
    found: list[int] = []
    for thread in threads:
        try:
            found += map(int, _proc(f"{pid}/task/{thread}/children").split())
        except (FileNotFoundError, ProcessLookupError):
            if os.path.exists(f"/proc/{pid}/task/{thread}/stat"):
                raise FileNotFoundError("children") from None
    return found


def cpu_ns(pid: int) -> int:
    """CPU time of a process at nanosecond resolution (the clock that clock_getcpuclockid(3) names); 0 if it is gone."""
    if sys.platform == "linux":
        try:
            return time.clock_gettime_ns((~pid << 3) | 2)
        except OSError:
            return 0
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0
    return int((times.user + times.system) * 1e9)


def settle() -> None:
    """Let a server wait again: what a process uses is not booked before it stops or a tick comes."""
    time.sleep(_SETTLED_S)


def settled_cpu_ns(pids: Iterable[int]) -> int:
    """CPU time of some processes once they wait again."""
    settle()
    return sum(map(cpu_ns, pids))


def _read(pid: int) -> Reading | None:
    """A living process; None when it is gone, or dead and not yet waited for."""
    if not _LINUX:
        return _read_elsewhere(pid)
    try:
        rss_bytes = int(_proc(f"{pid}/statm").split()[1]) * _PAGE_BYTES
        threads = os.listdir(f"/proc/{pid}/task")
    except (OSError, IndexError):
        return None
    if not rss_bytes:
        return None
    run_wait_ns, switches, preemptions = _waits(pid, threads)
    return Reading(
        pid=pid,
        cpu_ns=cpu_ns(pid),
        rss_bytes=rss_bytes,
        threads=len(threads),
        run_wait_ns=run_wait_ns,
        switches=switches,
        preemptions=preemptions,
    )


def _read_elsewhere(pid: int) -> Reading | None:
    try:
        process = psutil.Process(pid)
        return Reading(
            pid=pid, cpu_ns=cpu_ns(pid), rss_bytes=process.memory_info().rss, threads=process.num_threads()
        )
    except psutil.Error:
        return None


def _waits(pid: int, threads: list[str]) -> tuple[int, int, int]:
    """Over the threads of a process: run-queue wait in nanoseconds, switches, preemptions.

    The files of the process itself, /proc/PID/schedstat and status, count its first thread alone (proc(5)).
    """
    waited_ns = switches = preemptions = 0
    for thread in threads:
        with contextlib.suppress(OSError, ValueError, IndexError):  # threads end while we read
            waited_ns += int(_proc(f"{pid}/task/{thread}/schedstat").split()[1])
            status = _proc(f"{pid}/task/{thread}/status")
            switches += int(status.partition(b"\nvoluntary_ctxt_switches:")[2].split(maxsplit=1)[0])
            preemptions += int(status.partition(b"\nnonvoluntary_ctxt_switches:")[2].split(maxsplit=1)[0])
    return waited_ns, switches, preemptions


def _proc(name: str) -> bytes:
    """A small file of /proc; pathlib takes twice as long, which 40 threads ten times a second would show."""
    file = os.open(f"/proc/{name}", os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)

"""Several servers at once: started side by side on any CPU, moved to their own once they answer, stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.serve.attached import reaching
from bench.serve.server import Server, serving
from bench.system.ports import free_ports
from bench.system.processes import Processes

HASH_SEED = "PYTHONHASHSEED"


@dataclass(frozen=True, slots=True)
class Start:
    """A server to start: its setup, the folder that its app is imported from (None: ours), and its hash seed.

    A PYTHONHASHSEED of the setup's own goes before it. Its log is copied to `kept_log` when it has stopped.
    """

    setup: Setup
    hash_seed: int
    cwd: Path | None = None
    kept_log: Path | None = None


@contextlib.contextmanager
def fleet(
    starts: Sequence[Start], processes: Processes, cpus: Sequence[int], address: str = "127.0.0.1"
) -> Iterator[list[Server | ServerError]]:
    """The servers in the order of their starts, each with the reason where it did not start.

    Those of setups without CPUs of their own run on `cpus`, and so do the services that were started for them. Servers
    that ran already are left alone.
    """
    others = processes.children
    with contextlib.ExitStack() as stack:

        def start(one: Start, port: int) -> Server | ServerError:
            env = {HASH_SEED: str(one.hash_seed), **one.setup.env}
            setup = replace(one.setup, env=env)
            try:
                started = serving(
                    setup, processes, host=address, port=port, cwd=one.cwd, kept_log=one.kept_log
                )
                return stack.enter_context(reaching(setup, started))
            except ServerError as error:
                return error

        at_once = (os.cpu_count() or 1) + 1
        ports = free_ports(len(starts), address)
        with ThreadPoolExecutor(at_once, initializer=_allow_all_cpus, initargs=(cpus,)) as starters:
            started = list(starters.map(start, starts, ports))
        found = [_on_cpus(one, cpus) if isinstance(one, Server) else one for one in started]
        ours = [one for one in found if isinstance(one, Server) and one.attachment is None]
        servers = {one.pid: one for one in ours if one.pid is not None}
        for pid in processes.children - others:
            _move(pid, servers[pid].cpus if pid in servers else cpus)
        try:
            yield found
        finally:
            for pid in servers:  # all at once; the blocks that end now wait for each
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)


def _allow_all_cpus(cpus: Sequence[int]) -> None:
    """Let processes that this thread starts run on the servers' CPUs and on ours."""
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {*cpus, *os.sched_getaffinity(0)})


def _on_cpus(server: Server, cpus: Sequence[int]) -> Server:
    return server if server.attachment else replace(server, cpus=tuple(server.cpus or cpus))


def _move(pid: int, cpus: Sequence[int]) -> None:
    """Move a process and its descendants: new threads inherit the CPUs, existing ones are moved."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        return
    for reading in ProcessTree(pid).snapshot().processes:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{reading.pid}/task"):
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(int(thread), cpus)

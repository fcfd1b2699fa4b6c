"""The arms of a comparison, and pools of their servers: pairs that are started together and share their hash seed.

Two processes of the same program differ by some percent for as long as they live. Every look at the evidence therefore
starts fresh ones, and a pair of processes counts as one observation.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.observe.telemetry import TELEMETRY_DIR
from bench.serve.server import Server, server_ended, serving
from bench.system.ports import free_ports
from bench.system.processes import Processes
from bench.system.revisions import Tree


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a comparison, named base or head: a setup, and the version that its servers are started in."""

    name: str
    setup: Setup
    tree: Tree

    @property
    def title(self) -> str:
        """The title of the version, such as `main (0123456789)`."""
        return self.tree.said


@dataclass(frozen=True, slots=True)
class Instance:
    """A running server of an arm."""

    arm: Arm
    server: Server

    def pids(self) -> tuple[int, ...]:
        """The processes that it consists of now. Raises ServerError where it has ended."""
        if self.server.exit_status() is not None:
            raise server_ended(self.server)
        return tuple(reading.pid for reading in ProcessTree(self.server.pid).snapshot().processes)

    def rss_bytes(self) -> int:
        """The memory of all its processes now; memory that they share counts for each."""
        return sum(reading.rss_bytes for reading in ProcessTree(self.server.pid).snapshot().processes)


@dataclass(frozen=True, slots=True)
class ServerPair:
    """A server of either arm."""

    base: Instance
    head: Instance


@contextlib.contextmanager
def start_pairs(
    base: Arm, head: Arm, hash_seeds: Sequence[int], processes: Processes, cpus: Sequence[int]
) -> Iterator[list[ServerPair]]:
    """Start a pair of servers for each hash seed; all are stopped in the end. Raises ServerError where one fails.

    They start on any CPU, some at a time, and move to `cpus` once they answer.
    """
    with contextlib.ExitStack() as stack:

        def start(arm: Arm, hash_seed: int, port: int) -> Instance:
            env = {key: value for key, value in arm.setup.env.items() if key != TELEMETRY_DIR}
            setup = replace(arm.setup, env={**env, "PYTHONHASHSEED": str(hash_seed)})
            return Instance(
                arm, stack.enter_context(serving(setup, processes, port=port, cwd=arm.tree.folder))
            )

        arms = [(arm, hash_seed) for hash_seed in hash_seeds for arm in (base, head)]
        ports = free_ports(len(arms))
        at_once = (os.cpu_count() or 1) + 1
        with ThreadPoolExecutor(at_once, initializer=_allow_all_cpus, initargs=(cpus,)) as starters:
            starts = [
                starters.submit(start, arm, hash_seed, port)
                for (arm, hash_seed), port in zip(arms, ports, strict=True)
            ]
            instances = [one.result() for one in starts]
        for instance in instances:
            _move(instance, cpus)
        try:
            yield [ServerPair(*two) for two in zip(instances[::2], instances[1::2], strict=True)]
        finally:
            for instance in instances:  # all at once; the blocks that end now wait for each
                with contextlib.suppress(ProcessLookupError):
                    os.kill(instance.server.pid, signal.SIGTERM)


def _allow_all_cpus(cpus: Sequence[int]) -> None:
    """Let processes that this thread starts run on the servers' CPUs and on the gate's."""
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {*cpus, *os.sched_getaffinity(0)})


def _move(instance: Instance, cpus: Sequence[int]) -> None:
    """Move a server to its setup's own CPUs, else to `cpus`: new threads inherit them, existing ones are moved."""
    cpus = instance.server.cpus or cpus
    if not cpus or not hasattr(os, "sched_setaffinity"):
        return
    for pid in instance.pids():
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(thread), cpus)

"""The arms of a comparison, and pools of their servers: pairs that are started together and share their hash seed.

Two processes of the same program differ by some percent for as long as they live, so every look at the evidence starts
fresh ones, and the pair of processes is what counts as one observation.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.observe.telemetry import TELEMETRY_DIR
from bench.serve.server import Server, server_ended, serving
from bench.system.ports import free_ports
from bench.system.processes import Processes


@dataclass(frozen=True, slots=True)
class Arm:
    """One side: a setup, the folder that its servers are started in, what to call it, and the tree of its version.

    The folder lies in the tree, or is it.
    """

    name: str
    setup: Setup
    folder: Path
    said: str
    tree: Path


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
        """Memory of all its processes now; what they share counts for each."""
        return sum(reading.rss_bytes for reading in ProcessTree(self.server.pid).snapshot().processes)


@dataclass(frozen=True, slots=True)
class Pair:
    """A server of either arm, in this order: base, head."""

    base: Instance
    head: Instance


@contextlib.contextmanager
def pairs(
    base: Arm, head: Arm, seeds: Sequence[int], processes: Processes, cpus: Sequence[int]
) -> Iterator[list[Pair]]:
    """A pair of servers for each hash seed, stopped in every case. Raises ServerError where one does not start.

    They start on any CPU, some at a time, and are moved to `cpus` once they answer.
    """
    with contextlib.ExitStack() as stack:
        arms = [(arm, seed) for seed in seeds for arm in (base, head)]
        ports = free_ports(len(arms))
        at_once = (os.cpu_count() or 1) + 1
        with ThreadPoolExecutor(at_once, initializer=_anywhere, initargs=(cpus,)) as starters:
            begun = [
                starters.submit(_started, stack, arm, seed, port, processes)
                for (arm, seed), port in zip(arms, ports, strict=True)
            ]
            instances = [start.result() for start in begun]
        for instance in instances:
            _move(instance, cpus)
        try:
            yield [Pair(*two) for two in zip(instances[::2], instances[1::2], strict=True)]
        finally:
            for instance in instances:  # all at once; the blocks that end now wait for each
                with contextlib.suppress(ProcessLookupError):
                    os.kill(instance.server.pid, signal.SIGTERM)


def _started(stack: contextlib.ExitStack, arm: Arm, seed: int, port: int, processes: Processes) -> Instance:
    env = {key: value for key, value in arm.setup.env.items() if key != TELEMETRY_DIR}
    env["PYTHONHASHSEED"] = str(seed)
    server = stack.enter_context(serving(replace(arm.setup, env=env), processes, port=port, cwd=arm.folder))
    return Instance(arm, server)


def _anywhere(cpus: Sequence[int]) -> None:
    """Let what this thread starts run on the server's CPUs and on ours."""
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {*cpus, *os.sched_getaffinity(0)})


def _move(instance: Instance, cpus: Sequence[int]) -> None:
    """Threads to come inherit the CPUs; those that there are must be moved one by one."""
    cpus = instance.server.cpus or cpus
    if not cpus or not hasattr(os, "sched_setaffinity"):
        return
    for pid in instance.pids():
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(thread), cpus)

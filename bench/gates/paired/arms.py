"""The arms of a comparison, and pools of their servers: pairs that are started together and share their hash seed.

Two processes of the same program differ by some percent for as long as they live. Every look at the evidence therefore
starts fresh ones, and a pair of processes counts as one observation.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.observe.process_tree import ProcessTree
from bench.observe.telemetry import TELEMETRY_DIR
from bench.serve.fleet import HASH_SEED, Start, fleet
from bench.serve.server import Server, server_ended
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
    """Start a pair of servers for each hash seed; all are stopped in the end. Raises ServerError where one fails."""
    arms = [(arm, hash_seed) for hash_seed in hash_seeds for arm in (base, head)]
    with fleet([_start(arm, hash_seed) for arm, hash_seed in arms], processes, cpus) as started:
        instances = []
        for (arm, _), one in zip(arms, started, strict=True):
            if isinstance(one, ServerError):
                raise one
            instances.append(Instance(arm, one))
        yield [ServerPair(*two) for two in zip(instances[::2], instances[1::2], strict=True)]


def _start(arm: Arm, hash_seed: int) -> Start:
    """Without telemetry, and without a hash seed of the setup's own: a pair shares its seed."""
    env = {key: value for key, value in arm.setup.env.items() if key not in (TELEMETRY_DIR, HASH_SEED)}
    return Start(replace(arm.setup, env=env), hash_seed, arm.tree.folder)

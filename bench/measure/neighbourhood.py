"""Who else uses the CPUs of some servers and of their generator."""

from __future__ import annotations

from collections.abc import Sequence

from bench.measure.workbench import Workbench
from bench.observe.neighbours import Neighbours
from bench.serve.server import Server
from bench.system.processes import Processes


def watch_neighbours(
    servers: Sequence[Server], bench: Workbench, processes: Processes, *, makes_load: bool = False
) -> Neighbours:
    """Watch the CPUs that the servers may use, from now on; one that runs elsewhere has none of ours.

    `makes_load` where this process itself makes the load.
    """
    cpus = {cpu for server in servers for cpu in _usable_cpus(server)}
    pids = {server.pid for server in servers if server.pid is not None}
    return Neighbours(
        pids, sorted(cpus), bench.generator_cpus, processes, None if makes_load else bench.own_cpus
    )


def _usable_cpus(server: Server) -> Sequence[int]:
    return server.attachment.affinity if server.attachment else server.cpus

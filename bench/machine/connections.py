"""Whether a machine has room for the connections of a load: the part of `bench doctor` that is pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.machine.diagnosis import Diagnosis
from bench.system.limits import Limits

_OPEN_FILES = 4096
_OWN_FILES = 100
"""Of a generator that are no connections: libraries, logs, samples."""
_ANSWER_S = 1.0
"""For which a session of an open load holds its connection: a server that takes longer is not well loaded."""
_RANGE = 64_512
"""Ports from 1024 on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A load that somebody wants to make from this machine: users, and sessions per second of an open load."""

    users: int = 0
    rate_per_s: float = 0.0

    @property
    def connections(self) -> int:
        """Open at once: one a user, and those of the sessions of a second."""
        return self.users + math.ceil(self.rate_per_s * _ANSWER_S)


def examine_connections(limits: Limits, wanted: Wanted) -> Iterator[Diagnosis]:
    """Open files, ports and conntrack's entries, each against the connections that are wanted."""
    yield _open_files(limits, wanted.connections)
    yield _ports(limits, wanted.connections)
    if limits.conntrack is not None:
        yield _conntrack(limits.conntrack, wanted.connections)


def lacking(limits: Limits, wanted: Wanted) -> Iterator[Diagnosis]:
    """What a load does not find enough of on this machine."""
    return (one for one in examine_connections(limits, wanted) if wanted.connections and not one.well)


def _open_files(limits: Limits, connections: int) -> Diagnosis:
    hard = limits.open_files
    needed = connections + _OWN_FILES if connections else _OPEN_FILES
    for_what = (
        f"{_for(connections)} take {needed:,}" if connections else f"loads with many users take {needed:,}"
    )
    most = "no hard limit" if hard is None else f"hard {hard:,}"
    return Diagnosis(
        "open files",
        hard is None or hard >= needed,
        f"limit {limits.soft_open_files:,} ({most}){_wants(connections, needed)}",
        f"{for_what}: raise the hard limit: ulimit -Hn {needed}, LimitNOFILE= of systemd, --ulimit of a container",
    )


def _ports(limits: Limits, connections: int) -> Diagnosis:
    if limits.ports is None:
        return Diagnosis("ports", True, "a free port was found")
    way_out = "use more addresses: more machines with Locust's workers, or network namespaces"
    if connections <= _RANGE:
        way_out = 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"; or ' + way_out
    return Diagnosis(
        "ports",
        limits.ports >= connections,
        f"{limits.ports:,} ephemeral ports from one address to one server{_wants(connections, connections)}",
        way_out,
    )


def _conntrack(free: int, connections: int) -> Diagnosis:
    needed = 2 * connections
    return Diagnosis(
        "conntrack",
        free >= needed,
        f"{free:,} connections more can be tracked{_wants(connections, needed)}",
        "a full table drops packets without a word, and closed connections stay in it for two minutes: "
        f"sysctl -w net.netfilter.nf_conntrack_max={2 * needed}, or NOTRACK for the port of the server",
    )


def _for(connections: int) -> str:
    return f"{connections:,} connections"


def _wants(connections: int, needed: int) -> str:
    return f"; {needed:,} wanted for {_for(connections)}" if connections else ""

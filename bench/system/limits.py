"""The limits of this machine on connections: open files, ports of one address, and entries that conntrack holds."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc/sys/net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Most open files of a process, ports for connections from one address to one other, and conntrack's free entries.

    `open_files` is the hard limit, up to which the harness raises its own; None is none. `ports` is None where it is
    not known, and `conntrack` where nothing is tracked.
    """

    soft_open_files: int
    open_files: int | None
    ports: int | None = None
    conntrack: int | None = None


def read_limits(proc: Path = _PROC) -> Limits:
    """Read them; `proc` is the folder of the kernel's network settings."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low_high = _numbers(proc / "ipv4/ip_local_port_range")
    most, used = (
        _numbers(proc / "netfilter/nf_conntrack_max"),
        _numbers(proc / "netfilter/nf_conntrack_count"),
    )
    return Limits(
        soft_open_files=soft,
        open_files=None if hard == resource.RLIM_INFINITY else hard,
        ports=low_high[1] - low_high[0] + 1 if len(low_high) == 2 else None,
        conntrack=most[0] - used[0] if most and used else None,
    )


def _numbers(path: Path) -> list[int]:
    try:
        return [int(word) for word in path.read_text().split()]
    except (OSError, ValueError):
        return []

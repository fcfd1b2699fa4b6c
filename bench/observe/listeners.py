"""The process that listens on a port or a Unix socket of ours: /proc/net names its socket, /proc/PID/fd its owner.

See proc(5).
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.observe.sockets import unix_listeners

_LISTEN = "0A"
_WILDCARDS = ("0" * 8, "0" * 32)
_MAPPED = "0000000000000000FFFF0000"
"""Of an IPv4 address within IPv6, as the kernel writes it."""

_FORWARDERS = frozenset(
    {
        *("docker-proxy", "rootlesskit", "rootlessport", "conmon", "slirp4netns", "pasta", "passt"),
        *("ssh", "sshd", "kubectl", "socat", "gvproxy"),
    }
)
"""Programs that pass a port on: what they use is not what the service behind them uses."""


@dataclass(frozen=True, slots=True)
class FoundListener:
    """The first process of a server that listens; without one, `unread` says why it is not known."""

    pid: int | None
    unread: str = ""


def find_listener(host: str, port: int) -> FoundListener:
    """Find the process that listens on an address of this machine; of master and workers, the master."""
    if sys.platform != "linux":
        return FoundListener(None, "only Linux says which process listens on a port")
    sockets = _sockets(host, port)
    if not sockets:
        return FoundListener(
            None, "no process that can be seen from here listens on its port; it may run in a container"
        )
    return _owner(sockets, "port")


def find_unix_listener(path: str) -> FoundListener:
    """Find the process that listens on a Unix socket; of master and workers, the master."""
    sockets = {str(inode) for inode in unix_listeners(path)}
    if not sockets:
        return FoundListener(
            None, "no process that can be seen from here listens on its socket; it may run in a container"
        )
    return _owner(sockets, "socket")


def _owner(sockets: set[str], kind: str) -> FoundListener:
    """The first process that holds one of these listening sockets."""
    owners = set(_owners(sockets))
    if not owners:
        return FoundListener(
            None, "its process belongs to another user; run this as that user or as root to have them"
        )
    root = _first(owners)
    if root is None:
        named = ", ".join(map(str, sorted(owners)))
        return FoundListener(None, f"several servers share its {kind}: processes {named}")
    name = _name(root)
    if name in _FORWARDERS:
        return FoundListener(None, f"{name} (process {root}) only passes its {kind} on")
    return FoundListener(root)


def _sockets(host: str, port: int) -> set[str]:
    """Inodes of the listening sockets of an address; those of all addresses where none has it alone."""
    exact, wild = set(), set()
    for address, inode in _listening(port):
        if address in _as_kernel_writes(host):
            exact.add(inode)
        elif address in _WILDCARDS:
            wild.add(inode)
    return exact or wild


def _listening(port: int) -> Iterator[tuple[str, str]]:
    """(address, inode) of every listening socket of a port."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                fields = line.split()
                address, _, local_port = fields[1].partition(":")
                if fields[3] == _LISTEN and int(local_port, 16) == port:
                    yield address, fields[9]


def _as_kernel_writes(host: str) -> set[str]:
    """An address in the words of the machine's byte order, in hexadecimal; of IPv4 that within IPv6, too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    packed = socket.inet_pton(family, host)
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    text = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return {text} if family == socket.AF_INET6 else {text, _MAPPED + text}


def _owners(inodes: set[str]) -> Iterator[int]:
    """The processes that hold one of these sockets, as far as we may look."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError):  # it ended, or is another user's
                if any(
                    _link(f"/proc/{name}/fd/{number}") in wanted for number in os.listdir(f"/proc/{name}/fd")
                ):
                    yield int(name)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _first(owners: set[int]) -> int | None:
    """The process that all others descend from: one of them, or else the parent that they share.

    The parent counts where it runs the same program: it may give each worker a socket of its own, and have none.
    """
    tops = [pid for pid in owners if not owners & set(_ancestors(pid))]
    if len(tops) == 1:
        return tops[0]
    parents = {next(_ancestors(pid), 0) for pid in tops}
    if len(parents) != 1:
        return None
    (parent,) = parents
    same_program = {_link(f"/proc/{pid}/exe") for pid in (parent, *tops)}
    return parent if parent > 1 and len(same_program) == 1 else None


def _ancestors(pid: int) -> Iterator[int]:
    with contextlib.suppress(psutil.Error):
        for parent in psutil.Process(pid).parents():
            yield parent.pid


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""

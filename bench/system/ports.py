"""TCP ports of this machine."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address
from random import randrange


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Ports of an address that nobody listens on at this moment, all different.

    They lie below those that outgoing connections are given (from 32,768 on, on Linux): one of those could be taken
    before the last of many servers has started.
    """
    with contextlib.ExitStack() as stack:
        found: list[int] = []
        while len(found) < count:
            probe = stack.enter_context(socket.socket(_family(host)))
            with contextlib.suppress(OSError):  # that one is taken
                probe.bind((host, randrange(10_000, 32_768)))
                found.append(probe.getsockname()[1])
        return found


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on a port now."""
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def is_loopback(host: str) -> bool:
    """Whether an address can only be this machine's; of names `localhost` alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET

"""A connection that the server closed: had it done so before it read the request?"""

from __future__ import annotations

import socket

_TCP_CLOSE = 7
_ONE_WRITE_BYTES = 16 * 1024
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


def may_be_unread(wire: bytes) -> bool:
    """Whether a request is so small that it is read as a whole or not at all."""
    return len(wire) <= _ONE_WRITE_BYTES


def is_repeatable(method: str) -> bool:
    """Whether a request may be sent again after a reset (RFC 9110, section 9.2.2).

    A system resets a connection that is closed with a request unread; one that is closed after the request was read
    just ends. But a server can reset it on purpose, too, and then has read the request.
    """
    return method in _IDEMPOTENT


def was_closed_before(connection: socket.socket) -> bool:
    """Whether a connection that has come to its end was closed before the request reached the server.

    Its system then answers the request with a reset, which comes after the end. The request cannot have had any effect.
    Where the reset is still on its way, this says False.
    """
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE
    except OSError:  # not a TCP connection, or gone altogether
        return False

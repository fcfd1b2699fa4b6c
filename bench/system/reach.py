"""Opens a connection to an address, as a blocking socket: by TCP or a Unix socket, in the clear or by TLS."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import cast

from bench.model.address import Address
from bench.model.samples import EXHAUSTED
from bench.system import tls
from bench.system.http2_socket import Http2Socket

MOST_SOCKET_BYTES = 107
"""Of the path of a Unix socket (unix(7))."""


def connect(address: Address, timeout_s: float) -> socket.socket:
    """An open connection, its handshake made where there is one. Raises OSError, and UsageError as `tls.context`.

    Over HTTP/2, too, what is sent and received is HTTP/1.1.
    """
    secured = tls.context(address.tls, tls.protocols_of(address)) if address.tls else None
    opened = _open(address, timeout_s)
    try:
        if secured is not None:
            opened = secured.wrap_socket(opened, server_hostname=address.server_name)
        if not address.http2:
            return opened
        if isinstance(opened, ssl.SSLSocket):
            tls.check_http2(opened)
        return cast(socket.socket, Http2Socket(opened))
    except BaseException:
        opened.close()
        raise


def _open(address: Address, timeout_s: float) -> socket.socket:
    if not address.socket:
        opened = socket.create_connection((address.host, address.port), timeout_s)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(timeout_s)
    try:
        opened.connect(address.socket)
    except BaseException:
        opened.close()
        raise
    return opened


def connect_fault(error: OSError, address: Address) -> str:
    """The name of a failure to connect, in all engines: `refused`, `connect-timeout`, `tls-certificate: ...`."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError):
        return "connect-timeout"
    if address.tls and (fault := tls.handshake_fault(error)):
        return fault
    kind = EXHAUSTED.get(error.errno or 0) or f"connect-{error.strerror or 'failed'}".lower()
    return kind.replace(" ", "-")


class HttpConnection(http.client.HTTPConnection):
    """The standard library's client, on a connection to an address. What fails in HTTP/2 is an HTTPException, too."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        super().__init__(address.host, None if address.socket else address.port, timeout=timeout_s)
        self._address = address
        self._timeout_s = timeout_s

    def connect(self) -> None:
        self.sock = connect(self._address, self._timeout_s)

"""Opens the native engine's connections: by TCP or a Unix socket, in the clear or by TLS."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.model.address import Address
from bench.system import tls


def prepare_opening(address: Address) -> None:
    """Do once what takes long: the authorities of the system are read, and are no part of the first connection's time.

    Raises UsageError for a file of authorities that cannot be read.
    """
    if address.tls:
        tls.context(address.tls, tls.protocols_of(address))


async def open_transport(client: asyncio.Protocol, address: Address) -> None:
    """Connect a protocol to an address; its `connection_made` comes after the handshake. Raises OSError.

    One for HTTP/2 gives a connection up on which the server did not agree to that.
    """
    loop = asyncio.get_running_loop()
    secured: dict[str, Any] = {}
    if address.tls:
        context = tls.context(address.tls, tls.protocols_of(address))
        secured = {"ssl": context, "server_hostname": address.server_name}
    if address.socket:
        transport, _ = await loop.create_unix_connection(lambda: client, address.socket, **secured)
    else:
        transport, _ = await loop.create_connection(lambda: client, address.host, address.port, **secured)
    if address.http2 and address.tls:
        tls.check_http2(transport.get_extra_info("ssl_object"))

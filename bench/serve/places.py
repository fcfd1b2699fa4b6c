"""Where a setup's server will answer: on a port or a Unix socket, in the clear or by TLS."""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import ServerError
from bench.model.address import Address, Tls
from bench.model.plan import Setup
from bench.serve.certificates import Certificate
from bench.serve.commands import socket_in
from bench.system.ports import free_port, is_free
from bench.system.reach import MOST_SOCKET_BYTES


def pick_place(setup: Setup, host: str, port: int) -> tuple[str, int]:
    """The host and the port of a server: `host` where the setup names none, and a free port for 0.

    One that listens on a Unix socket is `localhost`, without a port. Raises ServerError for a port that is taken, and
    for an address that this machine does not have.
    """
    if setup.bind == "unix":
        return "localhost", 0
    if setup.bind != "127.0.0.1":
        host = setup.bind
    try:
        free = free_port(host)
    except OSError as error:
        raise ServerError(f"setup '{setup.name}': nothing can listen on {host}: {error.strerror}") from None
    if port and not is_free(port, host):
        raise ServerError(f"setup '{setup.name}': port {port} of {host} is in use")
    return host, port or free


def address_of(
    setup: Setup, place: tuple[str, int], folder: Path, certificate: Certificate | None
) -> Address:
    """The address of a server that has a folder. Raises ServerError where the path of its socket would be too long."""
    path = str(socket_in(folder)) if setup.bind == "unix" else ""
    if len(os.fsencode(path)) > MOST_SOCKET_BYTES:
        raise ServerError(
            f"setup '{setup.name}': {path} is longer than the {MOST_SOCKET_BYTES} bytes that the path of a Unix "
            "socket may have; name a shorter folder in TMPDIR"
        )
    return Address(*place, socket=path, tls=_tls(setup, certificate), http2=setup.http2)


def _tls(setup: Setup, certificate: Certificate | None) -> Tls | None:
    if certificate is None:
        return None
    brings_own = setup.ca or not setup.verify
    return Tls(ca=setup.ca if brings_own else str(certificate.ca), verify=setup.verify)

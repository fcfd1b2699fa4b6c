"""Where a URL leads: its addresses, whether they are this machine's alone, and whether something listens there."""

from __future__ import annotations

import contextlib
import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import psutil

from bench.errors import UsageError

_HTTP_PORT = 80
_CONNECT_S = 3.0
_PREFIX = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_EXAMPLE = "such as http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL as it was given, its host's name and addresses, its port, and the path that goes before all others."""

    url: str
    name: str
    addresses: tuple[str, ...]
    port: int
    prefix: str = ""

    @property
    def authority(self) -> str:
        """What the Host header says."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == _HTTP_PORT else f"{name}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it can only be this machine's: one loopback address, or `localhost` with its two."""
        certain = len(self.addresses) == 1 or self.name == "localhost"
        return certain and all(ip_address(one).is_loopback for one in self.addresses)

    def answering(self) -> str | None:
        """The first of its addresses that accepts a connection within 3 s; None where none does."""
        return next((one for one in self.addresses if accepts(one, self.port)), None)


def find_endpoint(url: str) -> Endpoint:
    """Read a URL and look its host up. Raises UsageError, which says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        raise UsageError(
            f"{url}: https:// is not supported yet; give the address of the server behind the TLS, {_EXAMPLE}"
        )
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(f"{url}: not the address of a server; write it with its scheme, {_EXAMPLE}")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            f"{url}: leave out user, query and fragment; what each request needs belongs into the scenario"
        )
    prefix = parts.path.rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"{url}: {prefix!r} is not a path that can go before those of the scenarios")
    return Endpoint(
        url=url,
        name=parts.hostname,
        addresses=_addresses(url, parts.hostname),
        port=_port(url),
        prefix=prefix,
    )


def _port(url: str) -> int:
    try:
        return urlsplit(url).port or _HTTP_PORT
    except ValueError:
        raise UsageError(f"{url}: the port is not a number from 1 to 65535") from None


def _addresses(url: str, name: str) -> tuple[str, ...]:
    """Every address of a host, each once. Raises UsageError."""
    with contextlib.suppress(ValueError):
        if ip_address(name).is_unspecified:
            raise UsageError(
                f"{url}: {name} is where a server listens, not where it is reached; give 127.0.0.1 for this machine"
            )
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError(f"{url}: the name {name} leads to no address; check how it is written") from None
    return tuple(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))


def is_local(address: str) -> bool:
    """Whether this machine has an address, on any of its networks."""
    own = {one.address.partition("%")[0] for some in psutil.net_if_addrs().values() for one in some}
    return ip_address(address).is_loopback or address in own


def accepts(host: str, port: int) -> bool:
    """Whether something accepts a connection within 3 s."""
    try:
        with socket.create_connection((host, port), _CONNECT_S):
            return True
    except OSError:
        return False

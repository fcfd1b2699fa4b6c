"""Where a URL leads: its addresses, whether they are this machine's alone, and whether something listens there."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.errors import UsageError
from bench.model.address import Address, Tls
from bench.system.reach import connect, connect_fault
from bench.system.tls import AlpnError

_PORTS = {"http": 80, "https": 443}
_CONNECT_S = 3.0
_MISMATCHES = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (OpenSSL's x509_vfy.h)."""
_PREFIX = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_EXAMPLE = "such as http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL as it was given, its host's name and addresses, its port, and the path that goes before all others.

    One that is `unix:` and a path has a `socket` in place of addresses and port, and the name `localhost`.
    """

    url: str
    name: str
    addresses: tuple[str, ...]
    port: int
    prefix: str = ""
    is_tls: bool = False
    socket: str = ""

    @property
    def authority(self) -> str:
        """What the Host header says."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        is_usual = self.socket or self.port == _PORTS["https" if self.is_tls else "http"]
        return name if is_usual else f"{name}:{self.port}"

    @property
    def label(self) -> str:
        """A short name: host and port, or that of the socket's file."""
        return Path(self.socket).name if self.socket else f"{self.name}:{self.port}"

    @property
    def place(self) -> str:
        """Its addresses, or its socket, to be shown."""
        return self.socket or " and ".join(self.addresses)

    @property
    def is_loopback(self) -> bool:
        """Whether it can only be this machine's: one loopback address, or `localhost` with its two."""
        if self.socket:
            return True
        certain = len(self.addresses) == 1 or self.name == "localhost"
        return certain and all(ip_address(one).is_loopback for one in self.addresses)

    def answering(self, *, ca: str = "", verify: bool = True) -> Address | None:
        """Where requests reach it: the first of its addresses that accepts a connection within 3 s, or None.

        It will be trusted by the authority in the file `ca`, or by the system's; unless `verify`, in any case.
        """
        tls = Tls(ca=ca, verify=verify, name=self.name) if self.is_tls else None
        hosts = (self.name,) if self.socket else self.addresses
        found = (
            Address(
                one, self.port, host_header=self.authority, prefix=self.prefix, socket=self.socket, tls=tls
            )
            for one in hosts
        )
        return next((one for one in found if accepts(one)), None)


def find_endpoint(url: str) -> Endpoint:
    """Read a URL and look its host up. Raises UsageError, which says what is wrong with it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UsageError(f"{url}: not an address; write one of IPv6 as in http://[::1]:8000") from None
    if parts.scheme == "unix":
        return _find_socket(url)
    if parts.scheme not in _PORTS or not parts.hostname:
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
        is_tls=parts.scheme == "https",
    )


def _find_socket(url: str) -> Endpoint:
    """The endpoint of `unix:` and a path, which starts from the current folder. Raises UsageError."""
    path = os.path.abspath(url.removeprefix("unix:").removeprefix("//"))
    if not Path(path).is_socket():
        raise UsageError(f"{url}: {path} is not a Unix socket; start the server there, or give its path")
    return Endpoint(url=f"unix:{path}", name="localhost", addresses=(), port=0, socket=path)


def _port(url: str) -> int:
    try:
        parts = urlsplit(url)
        return parts.port or _PORTS[parts.scheme]
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


def accepts(address: Address) -> bool:
    """Whether something accepts a connection within 3 s; a handshake, where one is to follow, is not made."""
    try:
        with connect(replace(address, tls=None), _CONNECT_S):
            return True
    except OSError:
        return False


def complain_of_tls(address: Address, url: str) -> str | None:
    """Why no handshake can be made with a server that accepts connections, and the way out; None where it can.

    Raises UsageError for a file of authorities that cannot be read.
    """
    if address.tls is None:
        return None
    try:
        with connect(address, _CONNECT_S):
            return None
    except ssl.SSLCertVerificationError as error:
        way_out = (
            "give a name or an address that the certificate is for"
            if error.verify_code in _MISMATCHES
            else "give the certificate of its authority with --ca FILE"
        )
        return (
            f"the certificate of {url} cannot be verified: {error.verify_message.rstrip('.')}; {way_out}, or take any "
            "with --no-verify"
        )
    except AlpnError:
        return f"{url} does not speak HTTP/2 over TLS; leave out --http2"
    except OSError as error:
        reason = connect_fault(error, address).partition(": ")[2] or error.strerror or "no answer in time"
        return f"no TLS handshake can be made with {url}: {reason}; where it speaks no TLS, write http://"

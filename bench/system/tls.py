"""TLS for clients: a context that is made once a process, and names for the ways in which a handshake fails."""

from __future__ import annotations

import functools
import ssl

from bench.errors import UsageError
from bench.model.address import Address, Tls
from bench.system.http2 import ALPN

HTTP_1 = ("http/1.1",)
HTTP_2 = (ALPN,)


class AlpnError(ssl.SSLError):
    """The server did not agree to the protocol that the client speaks (RFC 7301)."""


@functools.cache
def context(tls: Tls, protocols: tuple[str, ...] = HTTP_1) -> ssl.SSLContext:
    """The context of all connections that trust alike and offer the same protocols (ALPN, RFC 7301).

    Each connection makes a handshake of its own: none resumes the session of another. Raises UsageError for a file of
    authorities that cannot be read.
    """
    try:
        made = ssl.create_default_context(cafile=tls.ca or None)
    except ssl.SSLError:
        raise UsageError(f"{tls.ca}: holds no certificate; give a PEM file of the authority") from None
    except OSError as error:
        raise UsageError(f"{tls.ca}: cannot be read: {error.strerror}") from None
    if not tls.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    made.set_alpn_protocols(list(protocols))
    return made


def protocols_of(address: Address) -> tuple[str, ...]:
    """The protocols that a client of an address offers."""
    return HTTP_2 if address.http2 else HTTP_1


def check_http2(secured: ssl.SSLSocket | ssl.SSLObject) -> None:
    """Raise AlpnError where the handshake did not end with HTTP/2."""
    if secured.selected_alpn_protocol() not in HTTP_2:
        raise AlpnError("the server does not speak h2")


def handshake_fault(error: OSError) -> str | None:
    """Why a handshake failed: `tls-certificate: certificate has expired`; None for an error that is not TLS's.

    A certificate that is not trusted has the words of OpenSSL; all else is `tls-handshake` and its reason, such as
    `wrong version number` of a server that does not speak TLS.
    """
    if isinstance(error, AlpnError):
        return "tls-alpn: the server does not speak h2"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"tls-certificate: {error.verify_message.split(', ')[0].rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"tls-handshake: {(getattr(error, 'reason', None) or 'failed').replace('_', ' ').lower()}"
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return "tls-handshake: connection lost"
    return None

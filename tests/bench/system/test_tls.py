"""Contexts for TLS: made once, and their handshakes against OpenSSL's own server side."""

from __future__ import annotations

import errno
import socket
import ssl
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.model.address import Tls
from bench.system.tls import context, handshake_fault
from tests.bench.authority import Authority


def test_there_is_one_context_for_those_who_trust_alike(tmp_path: Path) -> None:
    tls = Authority(tmp_path).trusted
    assert context(tls) is context(Tls(ca=tls.ca))
    assert context(tls) is not context(tls, ("h2",))
    assert context(tls) is not context(Tls())


def test_certificates_are_verified_unless_they_are_not_to_be() -> None:
    assert (context(Tls()).verify_mode, context(Tls()).check_hostname) == (ssl.CERT_REQUIRED, True)
    loose = context(Tls(verify=False))
    assert (loose.verify_mode, loose.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize("protocols", [("http/1.1",), ("h2", "http/1.1"), ("h2",)], ids=",".join)
def test_the_protocols_are_offered_in_their_order(protocols: tuple[str, ...], tmp_path: Path) -> None:
    """ALPN lets the server choose: this one takes the first that it is offered of the two."""
    authority = Authority(tmp_path)
    theirs = authority.context()
    theirs.set_alpn_protocols(["http/1.1", "h2"] if protocols == ("http/1.1",) else ["h2", "http/1.1"])
    to_them, to_us = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = theirs.wrap_bio(to_them, to_us, server_side=True)
    client = context(authority.trusted, protocols).wrap_bio(to_us, to_them, server_hostname="localhost")
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.selected_alpn_protocol() == server.selected_alpn_protocol() == protocols[0]


def test_a_file_without_certificates_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(UsageError, match="holds no certificate"):
        context(Tls(ca=str(tmp_path / "empty.pem")))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        context(Tls(ca=str(tmp_path / "absent.pem")))


FAULTS = {
    "what is not TLS": (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] x"), "tls-handshake: failed"),
    "a loss": (ConnectionResetError(errno.ECONNRESET, "x"), "tls-handshake: connection lost"),
    "another error": (OSError(errno.EHOSTUNREACH, "No route to host"), None),
    "a name that is not found": (socket.gaierror(-2, "x"), None),
}


@pytest.mark.parametrize(("error", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_has_a_name_where_it_is_that_of_tls(error: OSError, expected: str | None) -> None:
    assert handshake_fault(error) == expected

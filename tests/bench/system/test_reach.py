"""Blocking connections to addresses of every kind, to servers that the test runs, and their failures by name."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path

import pytest

from bench.model.address import Address, Tls
from bench.system.ports import free_port
from bench.system.reach import HttpConnection, connect, connect_fault
from tests.bench.authority import UNTRUSTED, Authority
from tests.bench.engines.peer import Peer
from tests.bench.engines.scripted import Scripted, refuse_what_is_no_request
from tests.bench.system.http2_peer import Http2Peer


def body(address: Address) -> bytes:
    connection = HttpConnection(address, 5)
    connection.request("GET", "/ok")
    found = connection.getresponse().read()
    connection.close()
    return found


def fault(address: Address) -> str:
    try:
        connect(address, 5).close()
    except OSError as error:
        return connect_fault(error, address)
    return "none"


@pytest.mark.parametrize("is_tls", [False, True], ids=["clear", "TLS"])
@pytest.mark.parametrize("is_unix", [False, True], ids=["TCP", "Unix"])
def test_the_standard_librarys_client_gets_through(is_unix: bool, is_tls: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    path = str(tmp_path / "a.sock") if is_unix else ""
    with Peer(tls=authority.context() if is_tls else None, path=path) as peer:
        tls = authority.trusted if is_tls else None
        host = "localhost" if is_unix else "127.0.0.1"
        assert body(Address(host, peer.port, socket=path, tls=tls)) == b"hello"
        assert peer.seen == {"/ok": 1}
        (head,) = peer.requests
    expected = b"localhost" if is_unix else f"127.0.0.1:{peer.port}".encode()
    assert b"\r\nHost: %s\r\n" % expected in head


def test_an_ipv6_address_is_reached() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        address = Address("::1", listening.getsockname()[1])
        with connect(address, 5) as opened:
            assert opened.getpeername()[:2] == ("::1", address.port)


def test_a_name_that_is_given_is_what_the_server_is_told_and_what_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    told = []
    theirs = authority.context("shop.example")
    theirs.sni_callback = lambda _, name, __: told.append(name)
    with Peer(tls=theirs) as peer:
        named = Tls(ca=authority.pem, name="shop.example")
        assert body(Address("127.0.0.1", peer.port, tls=named)) == b"hello"
        wrong = fault(Address("127.0.0.1", peer.port, tls=authority.trusted))
    assert told == ["shop.example", None]
    assert wrong == "tls-certificate: IP address mismatch"


def test_each_certificate_that_is_not_trusted_has_its_reason(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Peer(tls=authority.context(is_expired=True)) as peer:
        address = Address("127.0.0.1", peer.port, tls=authority.trusted)
        assert fault(address) == "tls-certificate: certificate has expired"
        assert fault(Address("127.0.0.1", peer.port, tls=Tls())) == f"tls-certificate: {UNTRUSTED}"
        assert body(Address("127.0.0.1", peer.port, tls=Tls(verify=False))) == b"hello"


def test_a_server_without_tls_and_one_with_it_are_told_apart(tmp_path: Path) -> None:
    with Scripted(refuse_what_is_no_request) as plain:
        found = fault(Address("127.0.0.1", plain.port, tls=Tls()))
    assert found == "tls-handshake: wrong version number"
    authority = Authority(tmp_path)
    with Peer(tls=authority.context()) as secure, pytest.raises(http.client.HTTPException):
        body(Address("127.0.0.1", secure.port))


def test_nobody_there_has_one_name(tmp_path: Path) -> None:
    assert fault(Address("127.0.0.1", free_port())) == "refused"
    assert fault(Address("127.0.0.1", free_port(), tls=Tls())) == "refused"
    assert fault(Address("x", 0, socket=str(tmp_path / "no"))) == "connect-no-such-file-or-directory"
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(left))
    assert fault(Address("x", 0, socket=str(left))) == "refused"


def test_what_is_no_failure_of_tls_keeps_its_name() -> None:
    assert connect_fault(ConnectionResetError(104, "Connection reset by peer"), Address("a", 1)) == (
        "connect-connection-reset-by-peer"
    )
    assert connect_fault(ssl.SSLError(1, "x"), Address("a", 1, tls=Tls())) == "tls-handshake: failed"
    assert connect_fault(TimeoutError(), Address("a", 1, tls=Tls())) == "connect-timeout"
    assert connect_fault(OSError(24, "Too many open files"), Address("a", 1)) == "out-of-files"


# --- HTTP/2


@pytest.mark.parametrize(("path", "error"), [("/refused", http.client.HTTPException), ("/closes", OSError)])
def test_what_fails_in_http2_is_what_the_library_raises(path: str, error: type[Exception]) -> None:
    with Http2Peer() as peer:
        connection = HttpConnection(Address("127.0.0.1", peer.port, http2=True), 5)
        connection.request("GET", path)
        with pytest.raises(error):
            connection.getresponse()
        connection.close()


def test_the_standard_librarys_client_speaks_http2() -> None:
    with Http2Peer() as peer:
        connection = HttpConnection(Address("127.0.0.1", peer.port, http2=True), 5)
        for _ in range(2):
            connection.request("POST", "/ok", b"sent", {"Content-Type": "text/plain"})
            assert connection.getresponse().read() == b"hello"
        connection.close()
        assert peer.bodies == [b"sent", b"sent"]
        assert peer.connections == 1


def test_a_server_that_does_not_agree_to_http2_is_a_fault_of_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Peer(tls=authority.context()) as peer:
        address = Address("127.0.0.1", peer.port, tls=authority.trusted, http2=True)
        assert fault(address) == "tls-alpn: the server does not speak h2"

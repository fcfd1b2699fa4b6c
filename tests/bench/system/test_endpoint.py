"""URLs: what they lead to, which of them are this machine's alone, and what is wrong with the others."""

from __future__ import annotations

import socket

import pytest

from bench.errors import UsageError
from bench.model.address import Address
from bench.system.endpoint import Endpoint, accepts, find_endpoint, is_local
from bench.system.ports import free_port

READ = {
    "http://127.0.0.1:8000": ("127.0.0.1", 8000, "", "127.0.0.1:8000"),
    "http://127.0.0.1": ("127.0.0.1", 80, "", "127.0.0.1"),
    "http://127.0.0.1:8000/": ("127.0.0.1", 8000, "", "127.0.0.1:8000"),
    "http://127.0.0.1:8000/api/v1/": ("127.0.0.1", 8000, "/api/v1", "127.0.0.1:8000"),
    "http://[::1]:8000/a%20b": ("::1", 8000, "/a%20b", "[::1]:8000"),
    "http://LOCALHOST:81": ("localhost", 81, "", "localhost:81"),
    "https://127.0.0.1": ("127.0.0.1", 443, "", "127.0.0.1"),
    "https://[::1]:80/api": ("::1", 80, "/api", "[::1]:80"),
}


@pytest.mark.parametrize(("url", "expected"), READ.items(), ids=READ.keys())
def test_a_url_is_read(url: str, expected: tuple[str, int, str, str]) -> None:
    found = find_endpoint(url)
    assert (found.name, found.port, found.prefix, found.authority) == expected
    assert found.is_loopback
    assert found.addresses


WRONG = {
    "https://127.0.0.1:443000": "the port is not a number",
    "unix:/no/such/app.sock": "/no/such/app.sock is not a Unix socket",
    "127.0.0.1:8000": "write it with its scheme",
    "localhost:8000": "write it with its scheme",
    "ftp://127.0.0.1": "write it with its scheme",
    "http://": "write it with its scheme",
    "http://me:word@127.0.0.1": "leave out user, query and fragment",
    "http://127.0.0.1/?a=1": "leave out user, query and fragment",
    "http://127.0.0.1/#top": "leave out user, query and fragment",
    "http://127.0.0.1:port": "the port is not a number",
    "http://127.0.0.1:99999": "the port is not a number",
    "http://[::1:8000": "write one of IPv6 as in http://[::1]:8000",
    "http://127.0.0.1/a b": "is not a path",
    "http://127.0.0.1/a\r\nX: y": "is not a path",
    "http://0.0.0.0:8000": "give 127.0.0.1 for this machine",
    "http://[::]:8000": "give 127.0.0.1 for this machine",
    "http://no-such-host.invalid:8000": "no-such-host.invalid leads to no address",
}


@pytest.mark.parametrize(("url", "sentence"), WRONG.items(), ids=WRONG.keys())
def test_a_url_that_cannot_be_used_is_wrong_usage(url: str, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        find_endpoint(url)
    assert sentence in str(error.value)


LEADS = {
    "loopback": ("127.0.0.1", ("127.0.0.1",), True),
    "another loopback": ("127.0.0.2", ("127.0.0.2",), True),
    "loopback of IPv6": ("::1", ("::1",), True),
    "localhost has two": ("localhost", ("::1", "127.0.0.1"), True),
    "a name of this machine alone": ("my-app.test", ("127.0.0.1",), True),
    "a name of two": ("my-app.test", ("127.0.0.1", "127.0.0.2"), False),
    "localhost elsewhere": ("localhost", ("127.0.0.1", "192.0.2.1"), False),
    "a name of another machine": ("staging.test", ("192.0.2.1",), False),
    "another machine": ("192.0.2.1", ("192.0.2.1",), False),
    "IPv4 within IPv6": ("::ffff:192.0.2.1", ("::ffff:192.0.2.1",), False),
}


@pytest.mark.parametrize(("name", "addresses", "expected"), LEADS.values(), ids=LEADS.keys())
def test_what_is_loopback_for_certain(name: str, addresses: tuple[str, ...], expected: bool) -> None:
    found = Endpoint(url=f"http://{name}", name=name, addresses=addresses, port=80)
    assert found.is_loopback is expected


def test_the_addresses_of_this_machine_are_its_own() -> None:
    assert is_local("127.0.0.1")
    assert is_local("127.0.0.2")
    assert is_local("::1")
    assert not is_local("203.0.113.9")


def test_a_port_accepts_where_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert accepts(Address("127.0.0.1", port))
        found = Endpoint(url="http://x", name="localhost", addresses=("127.0.0.9", "127.0.0.1"), port=port)
        assert found.answering() == Address("127.0.0.1", port, host_header=f"localhost:{port}")
    assert not accepts(Address("127.0.0.1", free_port()))

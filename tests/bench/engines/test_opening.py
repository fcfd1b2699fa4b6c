"""Engines by TLS and over Unix sockets: each answer and each loss is judged as over plain TCP, and counted once."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench.engines.channel import Channel, ExchangeError
from bench.model import samples
from bench.model.address import Address, Tls
from bench.model.plan import ClosedLoad
from bench.model.samples import Samples
from bench.system.ports import free_port
from bench.system.processes import Processes
from scenarios.model import Request
from tests.bench.authority import UNTRUSTED, Authority
from tests.bench.engines.conftest import Engine
from tests.bench.engines.outcomes import CLOSED, USERS, outcomes
from tests.bench.engines.peer import Peer, answer
from tests.bench.engines.scripted import Scripted, refuse_what_is_no_request

OK = Request("GET", "/ok")
KINDS = {
    "ok": "ok",
    "chunked": "ok",
    "pieces": "ok",
    "says-close": "ok",
    "until-close": "ok",
    "garbage": "garbage: not an HTTP/1.1 response",
    "twice": "garbage: bytes after the end of the answer",
    "truncated": "truncated",
    "no-answer": "reset",
    "reset": "reset",
    "silent": "timeout",
}
"""Of test_native and test_channel: the outcome of each behaviour over plain TCP."""
SILENT_S = 1.0
"""Enough for a handshake on a busy machine, as long as nobody else asks for one."""


@dataclass
class Ways:
    """Samples by behaviour, and what the peer saw."""

    rows: dict[str, Samples]
    seen: Counter[str]
    connections: int
    channel: dict[str, str]


def judged(channel: Channel, path: str) -> str:
    try:
        return "ok" if channel.send(Request("GET", path)).body == b"hello" else "wrong-body"
    except ExchangeError as error:
        return str(error)


@pytest.fixture(scope="module", params=["TLS", "Unix", "TLS on Unix"])
def ways(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Ways:
    folder = tmp_path_factory.mktemp("ways")
    authority = Authority(folder)
    is_tls, path = "TLS" in request.param, str(folder / "a.sock") if "Unix" in request.param else ""
    with Peer(tls=authority.context() if is_tls else None, path=path) as peer:
        address = Address("127.0.0.1", peer.port, socket=path, tls=authority.trusted if is_tls else None)
        engine = Engine(peer, processes, folder)
        load = ClosedLoad(USERS, duration_s=0.6, warmup_s=0.0)
        jobs = {
            name: replace(
                engine.job(name, load, name, timeout_s=SILENT_S if name == "silent" else 10.0),
                address=address,
            )
            for name in KINDS
        }
        engine.run(*(job for name, job in jobs.items() if name != "silent"))
        engine.run(jobs["silent"])
        seen, connections = Counter(peer.seen), peer.connections
        channel = {}
        for name in KINDS:
            one = Channel(address, timeout_s=SILENT_S if name == "silent" else 5.0)
            channel[name] = f"{judged(one, f'/{name}')}, {judged(one, '/ok')}"
            one.close()
    return Ways({name: samples.read(job.samples) for name, job in jobs.items()}, seen, connections, channel)


@pytest.mark.parametrize("name", KINDS)
def test_native_counts_what_the_peer_saw_by_the_same_kind(name: str, ways: Ways) -> None:
    assert outcomes(ways.rows[name]) == {KINDS[name]: ways.seen[f"/{name}"]}
    assert ways.seen[f"/{name}"] >= USERS


@pytest.mark.parametrize("name", KINDS)
def test_a_channel_judges_as_native_and_goes_on(name: str, ways: Ways) -> None:
    assert ways.channel[name] == f"{KINDS[name]}, ok"


def test_a_connection_is_kept_and_its_opening_is_in_the_first_request(ways: Ways) -> None:
    rows = ways.rows["ok"]
    assert (rows.connect_ns > 0).sum() == USERS, "of each user's first request alone"
    assert ways.connections < sum(ways.seen.values())


def closes_without_notice(authority: Authority) -> Callable[[Scripted, socket.socket], None]:
    """Answers over TLS, then ends the connection below it: no close_notify comes (RFC 8446, section 6.1)."""
    theirs = authority.context()

    def script(server: Scripted, one: socket.socket) -> None:
        with theirs.wrap_socket(one, server_side=True) as secure:
            server.read(secure)
            secure.sendall(answer())

    return script


def test_an_end_without_notice_between_requests_is_no_failure(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Scripted(closes_without_notice(authority)) as server:
        channel = Channel(Address("127.0.0.1", server.port, tls=authority.trusted), timeout_s=5)
        for _ in range(3):
            assert channel.send(OK).body == b"hello"
        channel.close()
    assert server.connections == 3


def test_native_counts_what_was_answered_before_an_end_without_notice(engine: Engine, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one_user = ClosedLoad(1, duration_s=0.4, warmup_s=0.0)
    with Scripted(closes_without_notice(authority)) as server:
        address = Address("127.0.0.1", server.port, tls=authority.trusted)
        kinds = outcomes(engine.run(replace(engine.job("ok", one_user), address=address)))
    assert kinds["ok"] == len(server.heads) > 2
    assert set(kinds) <= {"ok", "reset"}, "of a request that met the end"


def test_tickets_between_requests_cost_no_connection(tmp_path: Path) -> None:
    """TLS 1.3 sends its two tickets after the handshake, where nobody waits for them."""
    authority = Authority(tmp_path)
    with Peer(tls=authority.context()) as peer:
        channel = Channel(Address("127.0.0.1", peer.port, tls=authority.trusted), timeout_s=5)
        for _ in range(5):
            assert channel.send(OK).body == b"hello"
        assert isinstance(channel._socket, ssl.SSLSocket)
        assert channel._socket.version() == "TLSv1.3"
        channel.close()
    assert (peer.connections, peer.seen["/ok"], channel.resent) == (1, 5, 0)


def test_a_large_body_arrives_whole_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    sent = Request("POST", "/ok", bytes(range(256)) * 12_000)
    with Peer(tls=authority.context()) as peer:
        channel = Channel(Address("127.0.0.1", peer.port, tls=authority.trusted), timeout_s=10)
        assert channel.send(sent).body == b"hello"
        channel.close()
        (arrived,) = peer.requests
    assert arrived.endswith(sent.body)


def wrong(folder: Path) -> dict[str, tuple[ssl.SSLContext | None, Tls | None, str]]:
    """The server's side, the client's trust, and the kind of failure."""
    authority = Authority(folder)
    return {
        "another authority": (authority.context(), Tls(), f"tls-certificate: {UNTRUSTED}"),
        "expired": (
            authority.context(is_expired=True),
            authority.trusted,
            "tls-certificate: certificate has expired",
        ),
        "another name": (
            authority.context("shop.example"),
            authority.trusted,
            "tls-certificate: IP address mismatch",
        ),
        "no TLS here": (authority.context(), None, "reset"),
    }


@pytest.mark.parametrize("name", ["another authority", "expired", "another name", "no TLS here"])
def test_native_and_channel_name_a_handshake_that_fails(
    name: str, processes: Processes, tmp_path: Path
) -> None:
    theirs, ours, kind = wrong(tmp_path)[name]
    with Peer(tls=theirs) as peer:
        assert failures(Engine(peer, processes, tmp_path), peer.port, ours) == {kind}
        assert not peer.seen


def test_a_server_without_tls_is_no_certificate_that_is_wrong(engine: Engine) -> None:
    with Scripted(refuse_what_is_no_request) as server:
        assert failures(engine, server.port, Tls()) == {"tls-handshake: wrong version number"}


def failures(engine: Engine, port: int, tls: Tls | None) -> set[str]:
    """The outcomes of native, and that of a channel."""
    address = Address("127.0.0.1", port, tls=tls)
    rows = engine.run(replace(engine.job("ok", CLOSED), address=address))
    channel = Channel(address, timeout_s=5)
    said = judged(channel, "/ok")
    channel.close()
    return {*outcomes(rows), said}


@pytest.mark.parametrize("engine_name", ["locust", "locust-http"])
def test_locust_counts_over_tls_as_the_peer_does(
    engine_name: str, processes: Processes, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    load = ClosedLoad(USERS, duration_s=1.0, warmup_s=0.0)
    with Peer(tls=authority.context()) as peer:
        engine = Engine(peer, processes, tmp_path)
        address = Address("127.0.0.1", peer.port, tls=authority.trusted)
        rows = engine.run(replace(engine.job("ok", load), address=address), engine=engine_name)
        untrusted = replace(address, tls=Tls())
        failed = engine.run(
            replace(engine.job("ok", load, "failed", timeout_s=5.0), address=untrusted), engine=engine_name
        )
        seen = peer.seen["/ok"]
    assert outcomes(rows) == {"ok": seen}
    assert seen > USERS
    assert set(outcomes(failed)) == {f"tls-certificate: {UNTRUSTED}"}


def test_nobody_there_is_refused_with_tls_as_without(engine: Engine) -> None:
    address = Address("127.0.0.1", free_port(), tls=Tls())
    assert set(outcomes(engine.run(replace(engine.job("ok", CLOSED), address=address)))) == {"refused"}


@pytest.mark.parametrize("is_tls", [False, True], ids=["clear", "TLS"])
def test_a_close_on_a_unix_socket_that_nobody_announced_costs_no_request(
    is_tls: bool, processes: Processes, tmp_path: Path
) -> None:
    """Both ends know at once what the other has read: a request that met the close was not, and is sent again."""
    authority = Authority(tmp_path)
    path = str(tmp_path / "a.sock")
    with Peer(tls=authority.context() if is_tls else None, path=path) as peer:
        engine = Engine(peer, processes, tmp_path)
        address = Address("localhost", 0, socket=path, tls=authority.trusted if is_tls else None)
        kinds = outcomes(engine.run(replace(engine.job("just-closes", CLOSED), address=address)))
        seen = peer.seen["/just-closes"]
    assert kinds["ok"] == seen > 2 * USERS
    assert set(kinds) <= ({"ok", "reset"} if is_tls else {"ok"})

"""HTTP/2 under every engine: against a server of oddities, and against real servers with second clients beside them."""

from __future__ import annotations

import gzip
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Literal

import httpx
import pytest

from bench.engines.bursts import Bursts, run_bursts
from bench.engines.channel import Channel, ExchangeError
from bench.engines.job import Job
from bench.errors import EngineError
from bench.measure.answers import check_answers
from bench.model.address import Address
from bench.model.plan import ClosedLoad, Setup
from bench.model.samples import Samples
from bench.serve.server import Server, serving
from bench.system.processes import Processes
from scenarios.model import Flow, Request, Response, Scenario
from scenarios.single import Always
from scenarios.websocket import WebSocket
from tests.bench.authority import Authority
from tests.bench.engines import http2_flows
from tests.bench.engines.conftest import Engine
from tests.bench.engines.http2_flows import BODY, ODD, PLAIN, is_hello
from tests.bench.engines.outcomes import labelled, outcomes
from tests.bench.engines.peer import Peer, server_at
from tests.bench.engines.scripted import Scripted
from tests.bench.system.frames import goaway
from tests.bench.system.http2_peer import BEHAVIOURS, WORKER, Behaviour, Exchange, Http2Peer

VERDICTS = {path: verdict for path, (_, verdict) in BEHAVIOURS.items()}
ENGINES = ("native", "locust", "locust-http")
OK = Request("GET", "/ok", check=is_hello)


def http2_at(port: int) -> Address:
    return Address("127.0.0.1", port, http2=True)


@pytest.fixture
def h2_peer() -> Iterator[Http2Peer]:
    with Http2Peer() as peer:
        yield peer


# --- one request, one verdict, whoever drives


@pytest.fixture(scope="module", params=ENGINES)
def ran(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Samples, Http2Peer]:
    """What an engine made of all answers, and what the server saw of it."""
    with Http2Peer() as peer, Peer() as unused:
        engine = Engine(unused, processes, tmp_path_factory.mktemp("http2"))
        load = ClosedLoad(4, duration_s=2.5, warmup_s=0.0)
        job = engine.job("in-turn", load, timeout_s=2.0, scenarios_file=Path(http2_flows.__file__))
        rows = engine.run(replace(job, address=http2_at(peer.port)), engine=request.param)
    return rows, peer


@pytest.mark.parametrize("path", VERDICTS)
def test_an_engine_gives_the_verdict(path: str, ran: tuple[Samples, Http2Peer]) -> None:
    assert set(outcomes(labelled(ran[0], path))) == {VERDICTS[path]}


def test_an_engine_sends_what_the_server_reads(ran: tuple[Samples, Http2Peer]) -> None:
    rows, peer = ran
    assert {label: set(outcomes(labelled(rows, label))) for label in ("upload", "head")} == {
        "upload": {"ok"},
        "head": {"ok"},
    }
    assert set(peer.bodies) == {b"", BODY}
    for fields in peer.fields:
        assert fields[":authority"] == f"127.0.0.1:{peer.port}"
        assert fields[":scheme"] == "http"
        assert set(fields) - {"content-type", "content-length"} == {
            ":method",
            ":scheme",
            ":authority",
            ":path",
        }
    assert peer.settings_acknowledged > 0
    assert peer.pings_answered > 0


def check_verdict(request: Request, port: int) -> str:
    """What the check says of the answer to a request."""
    server = replace(server_at(port), address=http2_at(port))
    try:
        check_answers(Scenario("odd", Always(request)), server)
    except EngineError as error:
        said = str(error).partition(f" {request.label} ")[2]
        return said.removeprefix("failed: ") if said.startswith("failed") else said.split(" ")[1].strip(":")
    return "ok"


@pytest.mark.parametrize("path", [path for path, verdict in VERDICTS.items() if verdict != "timeout"])
def test_the_check_gives_the_verdict(path: str, h2_peer: Http2Peer) -> None:
    assert check_verdict(ODD[path], h2_peer.port) == VERDICTS[path]


async def burst(bursts: Bursts, sessions: int) -> None:
    await bursts.closed(sessions)
    bursts.disconnect()


def lane_of(
    address: Address, folder: Path, request: Request, sessions: int, *, timeout_s: float = 5.0
) -> Samples:
    """The samples of a lane on one connection to an address."""
    job = Job(address, "lane", ClosedLoad(1, 1), folder / "lane", timeout_s=timeout_s)
    bursts = Bursts(job, Always(request), 1)
    run_bursts(burst(bursts, sessions))
    return bursts.close()


def run_lane(port: int, folder: Path, request: Request, sessions: int, *, timeout_s: float = 5.0) -> Samples:
    """The same over HTTP/2 in the clear."""
    return lane_of(http2_at(port), folder, request, sessions, timeout_s=timeout_s)


@pytest.mark.parametrize("path", VERDICTS)
def test_a_lane_gives_the_verdict(path: str, h2_peer: Http2Peer, tmp_path: Path) -> None:
    sessions, timeout_s = (1, 1.0) if VERDICTS[path] == "timeout" else (4, 5.0)
    rows = run_lane(h2_peer.port, tmp_path, ODD[path], sessions, timeout_s=timeout_s)
    assert set(outcomes(rows)) == {VERDICTS[path]}


def test_a_lane_keeps_its_connection_and_knows_the_answer(h2_peer: Http2Peer, tmp_path: Path) -> None:
    """1,000 requests, each on a stream of its own; the settings change the table of fields in between."""
    rows = run_lane(h2_peer.port, tmp_path, OK, 1000)
    assert outcomes(rows) == {"ok": 1000}
    assert set(rows.worker) == {WORKER}
    assert h2_peer.connections == 1
    assert h2_peer.seen["/ok"] == 1000


# --- connections that end


def unread_once() -> dict[str, Behaviour]:
    """A server that leaves the second request unread, whatever it is, and reads all others."""
    streams: list[int] = []

    def answer(one: Exchange) -> None:
        streams.append(one.stream)
        if len(streams) == 2:
            one.send(goaway(one.stream - 2))
            one.over = True
        else:
            one.answer()

    return {"/ok": answer}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_goaway_leaves_unread_is_sent_again(method: str, tmp_path: Path) -> None:
    """Even one that may not be repeated: the server says that it did not read it (RFC 9113, section 6.8)."""
    request = Request(method, "/ok", check=is_hello)
    with Http2Peer(unread_once()) as peer:
        rows = run_lane(peer.port, tmp_path, request, 4)
        assert outcomes(rows) == {"ok": 4}
        assert peer.connections == 2
    with Http2Peer(unread_once()) as peer:
        channel = Channel(http2_at(peer.port), timeout_s=5)
        for _ in range(4):
            assert channel.send(request).body == b"hello"
        channel.close()
        assert (channel.resent, peer.connections) == (1, 2)


def test_one_that_leaves_every_request_unread_is_a_fault(tmp_path: Path) -> None:
    def answer(one: Exchange) -> None:
        one.send(goaway(0))
        one.over = True

    with Http2Peer({"/ok": answer}) as peer:
        assert set(outcomes(run_lane(peer.port, tmp_path, OK, 3))) == {"reset"}
        with pytest.raises(ExchangeError, match="reset"):
            Channel(http2_at(peer.port), timeout_s=5).send(OK)


def test_a_server_of_http1_has_one_name_under_all(tmp_path: Path) -> None:
    fault = "garbage: an answer of HTTP/1.1 to HTTP/2"

    def refuse(server: Scripted, connection: object) -> None:
        server.read(connection)  # type: ignore[arg-type]
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")  # type: ignore[attr-defined]

    with Scripted(refuse) as server:
        assert set(outcomes(run_lane(server.port, tmp_path, OK, 2))) == {fault}
        assert check_verdict(OK, server.port) == fault


def test_a_websocket_is_refused_with_the_way_out(h2_peer: Http2Peer, tmp_path: Path) -> None:
    """There is RFC 8441 for it, which no server here offers."""
    fault = "unsent: no WebSocket over HTTP/2; take a setup without http2"
    handshake = WebSocket("/ws").open()
    with pytest.raises(EngineError, match=fault):
        check_answers(
            Scenario("ws", Always(handshake)),
            replace(server_at(h2_peer.port), address=http2_at(h2_peer.port)),
        )
    assert set(outcomes(run_lane(h2_peer.port, tmp_path, handshake, 2))) == {fault}
    assert h2_peer.seen == {}


# --- real servers, and what other clients see of them

APP = """
import asyncio, gzip, json

TEXT = b"compressible " * 1000

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path, body = scope["path"], b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    status, headers, pieces = 200, [(b"x-version", scope["http_version"].encode())], [b"hello"]
    if path == "/empty":
        pieces = [b""]
    elif path == "/large":
        pieces = [b"0123456789" * 30_000]
    elif path == "/streamed":
        pieces = [b"piece %d;" % number for number in range(20)]
    elif path == "/upload":
        pieces = [b"%d %d" % (len(body), sum(body))]
    elif path == "/no-content":
        status, pieces = 204, [b""]
    elif path == "/not-found":
        status, pieces = 404, [b"no such thing"]
    elif path == "/cookies":
        headers += [(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2")]
    elif path == "/gzip":
        headers.append((b"content-encoding", b"gzip"))
        pieces = [gzip.compress(TEXT, mtime=0)]
    if path not in ("/streamed", "/no-content"):
        headers.append((b"content-length", b"%d" % sum(map(len, pieces))))
    if scope["method"] == "HEAD":
        pieces = [b""]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for number, piece in enumerate(pieces, 1):
        await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})
        await asyncio.sleep(0)
"""

SETUPS = {
    "granian": Setup("granian-h2", "granian", http2=True, http="own", app="h2app:app", health="/"),
    "hypercorn": Setup("hypercorn-h2", "hypercorn", http2=True, app="h2app:app", health="/"),
    "gunicorn": Setup(
        "gunicorn-h2", "gunicorn", http2=True, worker="asgi", http="own", app="h2app:app", health="/"
    ),
}
GZIP = (("Accept-Encoding", "gzip"),)
ASKED = {
    "small": Request("GET", "/small"),
    "empty": Request("GET", "/empty"),
    "large": Request("GET", "/large"),
    "streamed": Request("GET", "/streamed"),
    "upload": Request("POST", "/upload", BODY),
    "head": Request("HEAD", "/small"),
    "no content": Request("GET", "/no-content", expect=204),
    "not found": Request("GET", "/not-found", expect=404),
    "cookies": Request("GET", "/cookies"),
    "gzip": Request("GET", "/gzip", headers=GZIP),
}
_OURS = ("transfer-encoding", "content-length")
"""Lines that stand for the framing of HTTP/2."""


@pytest.fixture(scope="module", params=SETUPS)
def real(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "h2app.py").write_text(APP)
    setup = replace(SETUPS[request.param], app_dir=".")
    with serving(setup, processes, cwd=folder) as server:
        yield server


def fields_of(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in pairs if name.lower() not in (*_OURS, "date"))


@pytest.mark.parametrize("name", ASKED)
def test_httpx_sees_the_same(name: str, real: Server) -> None:
    request = ASKED[name]
    channel = Channel(real.address, timeout_s=10)
    mine = channel.send(request)
    again = channel.send(request)
    channel.close()
    assert (again.status, again.body) == (mine.status, mine.body)
    with httpx.Client(http1=False, http2=True, trust_env=False) as client:
        theirs = client.request(
            request.method, real.url + request.path, content=request.body or None, headers=request.headers
        )
    assert theirs.http_version == "HTTP/2"
    assert (mine.status, mine.body) == (theirs.status_code, theirs.content)
    assert fields_of(mine.fields()) == fields_of(theirs.headers.multi_items())
    assert mine.headers["x-version"] in ("2", "2.0")
    assert mine.status == request.expect


def curl(request: Request, url: str, folder: Path) -> Response:
    """What curl sees."""
    (folder / "body").write_bytes(request.body)
    words = ["curl", "-sS", "--http2-prior-knowledge", "--max-time", "20", "-D", "head", "-o", "answer"]
    words += ["-I"] if request.method == "HEAD" else ["-X", request.method]
    words += ["--data-binary", "@body", "-H", "Content-Type:"] if request.body else []
    words += ["--compressed"] if request.headers else []
    subprocess.run([*words, url + request.path], cwd=folder, check=True, timeout=30)
    head = (folder / "head").read_bytes()
    answer = folder / "answer"
    body = answer.read_bytes() if answer.exists() and request.method != "HEAD" else b""
    return Response(int(head.split(b" ")[1]), body, head)


@pytest.mark.parametrize("name", ASKED)
def test_curl_sees_the_same(name: str, real: Server, tmp_path: Path) -> None:
    request = ASKED[name]
    channel = Channel(real.address, timeout_s=10)
    mine = channel.send(request)
    channel.close()
    theirs = curl(request, real.url, tmp_path)
    assert (mine.status, mine.body) == (theirs.status, theirs.body)
    assert fields_of(mine.fields()) == fields_of(theirs.fields())


def test_the_native_engine_sees_it_too(real: Server, tmp_path: Path) -> None:
    """Each answer several times over few connections, held against what the app was written to give."""
    bodies = {
        "small": b"hello",
        "empty": b"",
        "large": b"0123456789" * 30_000,
        "streamed": b"".join(b"piece %d;" % number for number in range(20)),
        "upload": b"%d %d" % (len(BODY), sum(BODY)),
        "head": b"",
        "no content": b"",
        "not found": b"no such thing",
        "cookies": b"hello",
        "gzip": b"compressible " * 1000,
    }

    def flow(_: Random) -> Flow:
        for name, request in ASKED.items():
            for _number in range(3):
                response = yield request._replace(name=name)
                seen.setdefault(name, set()).add(response.body)

    seen: dict[str, set[bytes]] = {}
    job = Job(real.address, "all", ClosedLoad(2, 1), tmp_path / "rows", timeout_s=10.0)
    bursts = Bursts(job, flow, 2)
    run_bursts(burst(bursts, 4))
    assert outcomes(bursts.close()) == {"ok": 4 * 3 * len(ASKED)}
    assert seen == {name: {body} for name, body in bodies.items()}
    assert gzip.compress(bodies["gzip"], mtime=0) != bodies["gzip"]


# --- TLS, where the protocol is agreed in the handshake


@pytest.mark.parametrize("bind", ["127.0.0.1", "unix"])
@pytest.mark.parametrize("name", SETUPS)
def test_http2_goes_by_tls_and_over_sockets(
    name: str, bind: Literal["127.0.0.1", "unix"], processes: Processes, tmp_path: Path
) -> None:
    (tmp_path / "h2app.py").write_text(APP)
    setup = replace(SETUPS[name], app_dir=".", tls=True, bind=bind)
    with serving(setup, processes, cwd=tmp_path) as server:
        channel = Channel(server.address, timeout_s=10)
        for request in (ASKED["large"], ASKED["upload"], ASKED["large"]):
            mine = channel.send(request)
            assert (mine.status, mine.headers["x-version"][0]) == (200, "2")
        assert mine.body == b"0123456789" * 30_000
        channel.close()
        right = ASKED["large"]._replace(check=lambda response: len(response.body) == 300_000)
        assert outcomes(lane_of(server.address, tmp_path, right, 20)) == {"ok": 20}
        if bind == "127.0.0.1":
            assert server.address.tls is not None
            trusted = ssl.create_default_context(cafile=server.address.tls.ca)
            with httpx.Client(http1=False, http2=True, trust_env=False, verify=trusted) as client:
                theirs = client.get(server.url + "/large")
            assert (theirs.http_version, theirs.content) == ("HTTP/2", mine.body)


WSGI_APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    size = int(environ.get("CONTENT_LENGTH") or 0)
    return [b"%d " % len(environ["wsgi.input"].read(size)), environ["SERVER_PROTOCOL"].encode()]
"""
WSGI = {
    "granian": replace(SETUPS["granian"], interface="wsgi"),
    "hypercorn": replace(SETUPS["hypercorn"], interface="wsgi"),
    "gunicorn": replace(SETUPS["gunicorn"], interface="wsgi", worker="gthread"),
}


@pytest.mark.parametrize("name", WSGI)
def test_wsgi_apps_are_reached_over_http2(name: str, processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "h2app.py").write_text(WSGI_APP)
    with serving(replace(WSGI[name], app_dir="."), processes, cwd=tmp_path) as server:
        channel = Channel(server.address, timeout_s=10)
        for size in (0, 5, 200_000):
            body = channel.send(Request("POST", "/", b"x" * size)).body
            assert body.startswith(b"%d HTTP/2" % size)
        channel.close()


def test_a_server_that_agrees_to_http1_alone_is_a_fault_under_all(tmp_path: Path) -> None:
    fault = "tls-alpn: the server does not speak h2"
    authority = Authority(tmp_path)
    with Peer(tls=authority.context()) as peer:
        address = Address("127.0.0.1", peer.port, tls=authority.trusted, http2=True)
        assert set(outcomes(lane_of(address, tmp_path, OK, 2))) == {fault}
        with pytest.raises(ExchangeError, match=fault):
            Channel(address, timeout_s=5).send(OK)
        assert peer.seen == {}


def test_large_requests_and_answers_cross(h2_peer: Http2Peer) -> None:
    channel = Channel(http2_at(h2_peer.port), timeout_s=10)
    for _ in range(3):
        assert channel.send(PLAIN[0]).body == b"hello"
    channel.close()
    assert h2_peer.bodies == [BODY] * 3
    assert h2_peer.connections == 1

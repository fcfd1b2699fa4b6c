"""Messages of WebSockets against the library `websockets`, and each driver against servers that are odd."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode
from websockets.protocol import OPEN, Protocol, Side
from websockets.sync.server import ServerConnection, serve

from bench.engines import messages
from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.engines.messages import MessageReader, UpgradeReader, frame
from bench.engines.wire import WireError
from bench.errors import EngineError
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import Samples
from scenarios.mistakes import ScenarioError
from scenarios.model import Flow, Request, Response, contains, content_type
from scenarios.single import Always
from scenarios.websocket import WebSocket
from tests.bench.authority import Authority
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.scripted import Scripted
from tests.bench.engines.talks import (
    DRIVERS,
    READ,
    SWITCH,
    Drive,
    Script,
    close,
    text,
)

chat = WebSocket("/chat")
OPENING, CLOSING = chat.open(), chat.close()
HELLO = chat.message("hello", check=contains(b"hello"))
ECHO = text(b"hello")

each_driver = pytest.mark.parametrize("drive", DRIVERS.values(), ids=DRIVERS)
payloads = st.one_of(st.text(max_size=300), st.binary(max_size=300))


def other_side() -> Protocol:
    """A server of another author, its WebSocket open."""
    return Protocol(Side.SERVER, state=OPEN)


def nowhere(reply: bytes) -> None:
    raise AssertionError(reply)


def reader(replies: list[bytes] | None = None) -> MessageReader:
    return MessageReader(UpgradeReader(), ([] if replies is None else replies).append)


# --- what is written


@given(st.one_of(payloads, st.sampled_from([125, 126, 65535, 65536]).map(lambda size: b"x" * size)))
def test_a_frame_is_read_by_another_server(payload: str | bytes) -> None:
    server = other_side()
    server.receive_data(frame(chat.send(payload)))
    (received,) = server.events_received()
    data = payload.encode() if isinstance(payload, str) else payload
    kind = Opcode.TEXT if isinstance(payload, str) else Opcode.BINARY
    assert (received.opcode, received.data, received.fin) == (kind, data, True)  # type: ignore[union-attr]


def test_a_step_without_a_message_writes_none() -> None:
    assert frame(chat.receive()) == b""
    server = other_side()
    server.receive_data(frame(CLOSING))
    assert server.close_rcvd is not None
    assert server.close_rcvd.code == 1000


# --- what is read


@given(
    sent=st.lists(st.tuples(payloads, st.booleans()), max_size=5),
    cuts=st.lists(st.integers(0, 2000), max_size=20),
    size=st.integers(1, 50),
)
def test_messages_are_read_however_they_come(
    sent: list[tuple[str | bytes, bool]], cuts: list[int], size: int
) -> None:
    """In fragments, with pings between these, cut at any place."""
    server = other_side()
    replies: list[bytes] = []
    read = reader(replies)
    pings = 0
    for payload, is_whole in sent:
        data = payload.encode() if isinstance(payload, str) else payload
        send = server.send_text if isinstance(payload, str) else server.send_binary
        if is_whole:
            send(data)
            continue
        send(data[:size], fin=False)
        server.send_ping(b"%d" % pings)
        pings += 1
        server.send_continuation(data[size:], fin=True)
    wire = b"".join(server.data_to_send())
    places = sorted({0, len(wire), *(place for place in cuts if place < len(wire))})
    for begin, end in itertools.pairwise(places):
        read.keep(wire[begin:end])
    got = []
    for _ in sent:
        read.ask("WS-RECEIVE")
        got.append(read.take())
    assert [(one.body, one.header("Content-Type")) for one in got if one] == [
        (payload.encode(), "text/plain; charset=utf-8")
        if isinstance(payload, str)
        else (payload, "application/octet-stream")
        for payload, _ in sent
    ]
    assert not read.started
    for reply in replies:
        server.receive_data(reply)
    pongs = [event for event in server.events_received() if event.opcode is Opcode.PONG]  # type: ignore[union-attr]
    assert [pong.data for pong in pongs] == [b"%d" % number for number in range(pings)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("pieces", "is_alone"),
    [
        ((ECHO,), True),
        ((ECHO[:3], ECHO[3:]), True),
        ((text(b"", 0x89) + ECHO,), False),
        ((text(b"", 0x89), ECHO), False),
        ((ECHO + ECHO,), False),
        ((ECHO + ECHO[:2],), False),
    ],
    ids=["whole", "cut", "ping before", "ping apart", "two", "one and a half"],
)
def test_only_a_message_alone_may_be_known_again(pieces: tuple[bytes, ...], is_alone: bool) -> None:
    read = reader()
    read.ask("WS")
    response: Response | None = None
    for piece in pieces:
        response = read.feed(piece)
    assert response is not None
    assert response.body == b"hello"
    assert read.is_alone == is_alone


def test_nothing_is_known_of_bytes_that_came_while_no_step_was_under_way() -> None:
    read = reader()
    read.keep(ECHO[:2])
    read.ask("WS")
    assert read.feed(ECHO[2:]) is not None
    assert not read.is_alone


def test_a_servers_close_is_answered_with_its_code() -> None:
    replies: list[bytes] = []
    read = reader(replies)
    read.ask("WS")
    with pytest.raises(WireError, match=r"^closed-4001$"):
        read.feed(close(4001))
    server = other_side()
    server.receive_data(b"".join(replies))
    assert server.close_rcvd is not None
    assert server.close_rcvd.code == 4001


# --- every driver, against odd servers


def session(*steps: Request) -> Callable[[Random], Flow]:
    def flow(_rng: Random) -> Flow:
        for number in range(len(steps)):
            yield steps[number]

    return flow


OK_OPEN, OK_HELLO, OK_CLOSE = ("GET /chat", "ok"), ("WS /chat", "ok"), ("WS-CLOSE /chat", "ok")
RECEIVE, SEND = chat.receive(check=contains(b"news")), chat.send("hello")
OK_RECEIVE, OK_SEND = ("WS-RECEIVE /chat", "ok"), ("WS-SEND /chat", "ok")
NEWS = text(b"news")
WRONG = SWITCH.replace(b"s3pP", b"S3pP")
OFFERED = SWITCH[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


def failed(kind: str) -> list[tuple[str, str]]:
    return [OK_OPEN, ("WS /chat", kind)]


TALK = (OPENING, HELLO, HELLO, CLOSING)
TALKED = [OK_OPEN, OK_HELLO, OK_HELLO, OK_CLOSE]
CASES: dict[str, tuple[Script, tuple[Request, ...], list[tuple[str, str]]]] = {
    "plain": (Script(READ, ECHO, READ, ECHO, READ, close(1000)), TALK, TALKED),
    "fragments": (
        Script(READ, text(b"he", 1), text(b"llo", 0x80), READ, ECHO, READ, close(1000)),
        TALK,
        TALKED,
    ),
    "ping between fragments": (
        Script(
            READ, text(b"he", 1) + text(b"?", 0x89), READ, text(b"llo", 0x80), READ, ECHO, READ, close(1000)
        ),
        TALK,
        TALKED,
    ),
    "ping before the known answer": (
        Script(READ, ECHO, READ, text(b"", 0x89) + ECHO, READ, READ, ECHO, READ, close(1000)),
        (OPENING, HELLO, HELLO, HELLO, CLOSING),
        [OK_OPEN, OK_HELLO, OK_HELLO, OK_HELLO, OK_CLOSE],
    ),
    "closed in place of an answer": (Script(READ, close(1011)), TALK, failed("closed-1011")),
    "closed without a code": (Script(READ, text(b"", 0x88)), TALK, failed("closed-1005")),
    "closed with half a code": (
        Script(READ, text(b"\x03", 0x88)),
        TALK,
        failed("garbage: close without a valid code"),
    ),
    "closed before the message": (Script(close(1001), READ), TALK, failed("closed-1001")),
    "closed normally before the close": (
        Script(READ, ECHO, READ, ECHO + close(1000), READ),
        TALK,
        TALKED,
    ),
    "closed by an error before the close": (
        Script(READ, ECHO, READ, ECHO + close(1011), READ),
        TALK,
        [OK_OPEN, OK_HELLO, OK_HELLO, ("WS-CLOSE /chat", "closed-1011")],
    ),
    "lost": (Script(READ), TALK, failed("reset")),
    "lost within a message": (Script(READ, ECHO[:3]), TALK, failed("truncated")),
    "lost within the known message": (
        Script(READ, ECHO, READ, ECHO[:3]),
        TALK,
        [OK_OPEN, OK_HELLO, ("WS /chat", "truncated")],
    ),
    "wrong key": (Script(switch=WRONG), TALK, [("GET /chat", "garbage: wrong Sec-WebSocket-Accept")]),
    "extension that nobody offered": (
        Script(switch=OFFERED),
        TALK,
        [("GET /chat", "garbage: a Sec-WebSocket-Extensions that nobody offered")],
    ),
    "refused": (Script(switch=FORBIDDEN), TALK, [("GET /chat", "status-403")]),
    "masked": (
        Script(READ, bytes((0x81, 0x85)) + bytes(4) + b"hello"),
        TALK,
        failed("garbage: client received unexpected masked frame"),
    ),
    "not UTF-8": (Script(READ, text(b"\xff\xfe")), TALK, failed("garbage: text is not UTF-8")),
    "unknown kind": (Script(READ, text(b"", 0x83)), TALK, failed("garbage: Invalid opcode 0x3")),
    "HTTP": (
        Script(READ, b"HTTP/1.1 200 OK\r\n\r\n"),
        TALK,
        failed("garbage: Invalid attempt to fragment control frame"),
    ),
    "pushed with the head": (
        Script(NEWS, READ, ECHO, READ, close(1000)),
        (OPENING, RECEIVE, HELLO, CLOSING),
        [OK_OPEN, OK_RECEIVE, OK_HELLO, OK_CLOSE],
    ),
    "half pushed with the head": (
        Script(NEWS[:3], READ, NEWS[3:], ECHO, READ, close(1000)),
        (OPENING, SEND, RECEIVE, RECEIVE._replace(check=contains(b"hello")), CLOSING),
        [OK_OPEN, OK_SEND, OK_RECEIVE, OK_RECEIVE, OK_CLOSE],
    ),
    "pushed with an answer": (
        Script(READ, ECHO + NEWS, READ, close(1000)),
        (OPENING, HELLO, RECEIVE, CLOSING),
        [OK_OPEN, OK_HELLO, OK_RECEIVE, OK_CLOSE],
    ),
    "what was pushed is the next answer": (
        Script(NEWS, READ, ECHO),
        TALK,
        failed("wrong-body"),
    ),
    "binary for text": (
        Script(READ, text(b"hello", 0x82)),
        (OPENING, HELLO._replace(check=content_type("text/plain"))),
        failed("wrong-body"),
    ),
}


@each_driver
@pytest.mark.parametrize(("script", "steps", "wanted"), CASES.values(), ids=CASES)
def test_each_driver_sees_the_same(
    drive: Drive, script: Script, steps: tuple[Request, ...], wanted: list[tuple[str, str]]
) -> None:
    with Scripted(script) as server:
        assert drive(server.port, session(*steps)) == wanted
        assert server.connections == 1


@each_driver
def test_a_refusal_that_ends_the_connection_ends_it(drive: Drive) -> None:
    """The server reads on, so that a client which sends the next handshake to it is seen."""

    def refuse(server: Scripted, one: socket.socket) -> None:
        server.read(one)
        one.sendall(FORBIDDEN.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        server.read(one)

    with Scripted(refuse) as server:
        assert drive(server.port, session(*TALK), sessions=3) == 3 * [("GET /chat", "status-403")]
        assert server.connections == 3


@each_driver
def test_a_ping_is_answered_with_its_payload(drive: Drive) -> None:
    script = Script(READ, text(b"?", 0x89) + ECHO, READ, READ, close(1000))
    with Scripted(script) as server:
        assert drive(server.port, session(OPENING, HELLO, CLOSING)) == [OK_OPEN, OK_HELLO, OK_CLOSE]
    assert script.frames == [(0x81, b"hello"), (0x8A, b"?"), (0x88, b"\x03\xe8")]


@each_driver
def test_a_message_that_is_too_large_is_no_message(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST_MESSAGE_BYTES", 1 << 20)
    endless = bytes((0x81, 127)) + (1 << 60).to_bytes(8, "big") + bytes(2 << 20)
    with Scripted(Script(READ, endless)) as server:
        assert drive(server.port, session(*TALK)) == failed("garbage: message over 1 MiB")


@each_driver
def test_what_nobody_receives_does_not_pile_up(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST_UNREAD_BYTES", 10_000)
    news = Script(NEWS * 200, READ, READ)
    with Scripted(news) as server:
        assert drive(server.port, session(OPENING, SEND, CLOSING))[-1] == ("WS-SEND /chat", "unread-messages")


@each_driver
def test_a_server_that_is_silent_is_too_late(drive: Drive) -> None:
    with Scripted(Script(READ, READ)) as server:
        assert drive(server.port, session(*TALK), timeout_s=1) == failed("timeout")


def test_a_server_that_never_ends_what_was_left_hides_no_loss(tmp_path: Path) -> None:
    """By TLS a close waits for that of the server: the loss of the next connection is not taken for that one."""
    authority = Authority(tmp_path)
    kept: list[socket.socket] = []

    def keep(server: Scripted, one: socket.socket) -> None:
        kept.append(secure := authority.context().wrap_socket(one, server_side=True))
        server.read(secure)
        secure.sendall(SWITCH)

    def drop(server: Scripted, one: socket.socket) -> None:
        with authority.context().wrap_socket(one, server_side=True) as secure:
            server.read(secure)

    async def burst() -> None:
        await bursts.closed(2)
        bursts.disconnect()

    with Scripted(keep, drop) as server:
        address = Address("127.0.0.1", server.port, tls=authority.trusted)
        job = Job(address, "left", ClosedLoad(1, 1), tmp_path / "rows", timeout_s=5.0)
        bursts = Bursts(job, Always(OPENING), 1)
        run_bursts(burst())
        kept.pop().close()
    assert outcomes(bursts.close()) == {"ok": 1, "reset": 1}


@each_driver
def test_a_session_that_leaves_its_websocket_open_closes_it(drive: Drive) -> None:
    script = Script(READ, ECHO, READ)
    with Scripted(script) as server:
        assert drive(server.port, session(OPENING, HELLO), sessions=2) == 2 * [OK_OPEN, OK_HELLO]
        assert server.connections == 2
    assert script.frames == 2 * [(0x81, b"hello"), (0x88, b"\x03\xe9")]


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@each_driver
def test_http_after_a_websocket_has_a_connection_of_its_own(drive: Drive) -> None:
    def plain(server: Scripted, one: socket.socket) -> None:
        while server.read(one):
            one.sendall(PLAIN)

    script = Script(READ, ECHO, READ)
    with Scripted(script, plain) as server:
        steps = (OPENING, HELLO, Request("GET", "/"), Request("GET", "/"))
        assert drive(server.port, session(*steps)) == [OK_OPEN, OK_HELLO, ("GET /", "ok"), ("GET /", "ok")]
        assert server.connections == 2


@each_driver
@pytest.mark.parametrize("steps", [(HELLO,), (OPENING, CLOSING, HELLO)], ids=["never", "closed"])
def test_a_message_without_a_websocket_is_the_authors_mistake(
    drive: Drive, steps: tuple[Request, ...]
) -> None:
    with (
        Scripted(Script(READ, close(1000))) as server,
        pytest.raises(
            (EngineError, ScenarioError), match=r"test_messages\.py:\d+: .*without an open WebSocket"
        ),
    ):
        drive(server.port, session(*steps))


@each_driver
def test_a_session_cannot_go_on_with_the_websocket_of_the_last(drive: Drive) -> None:
    sessions = iter([(OPENING, HELLO), (HELLO,)])

    def next_one(rng: Random) -> Flow:
        yield from session(*next(sessions))(rng)

    with (
        Scripted(Script(READ, ECHO, READ)) as server,
        pytest.raises((EngineError, ScenarioError), match="without an open WebSocket"),
    ):
        drive(server.port, next_one, sessions=2)


@given(place=st.integers(1, len(SWITCH + NEWS + ECHO) - 1))
def test_a_handshake_may_be_cut_at_any_place(place: int) -> None:
    wire = SWITCH + NEWS + ECHO
    upgrade, read = UpgradeReader(), None
    for piece in (wire[:place], wire[place:]):
        if read is not None:
            read.keep(piece)
        elif (response := upgrade.feed(piece)) is not None:
            read = messages.open_messages(OPENING, response, upgrade, nowhere)
    assert read is not None
    bodies = []
    for _ in range(2):
        read.ask("WS-RECEIVE")
        response = read.take()
        bodies.append(response and response.body)
    assert bodies == [b"news", b"hello"]


def once(rng: Random) -> Flow:
    yield OPENING
    for _ in range(3):
        yield HELLO


class TestLoads:
    """Loads of other kinds, against a server that answers whoever talks."""

    @pytest.fixture
    def job(self, tmp_path: Path) -> Iterator[Job]:
        def talk(socket: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    socket.send(socket.recv())

        with serve(talk, "127.0.0.1", 0, compression=None) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            address = Address("127.0.0.1", server.socket.getsockname()[1])
            yield Job(address, "talk", ClosedLoad(2, 1.0, 0.0), tmp_path / "samples")
            server.shutdown()
            thread.join(5)

    def test_a_session_that_never_ends_goes_on_from_burst_to_burst(self, job: Job) -> None:
        def endless(rng: Random) -> Flow:
            yield OPENING
            while True:
                yield HELLO

        async def run() -> Counter[tuple[str, str]]:
            bursts = Bursts(job, endless, 2, lasting=True)
            for _ in range(3):
                await bursts.closed(10)
            bursts.reconnect()
            await bursts.closed(10)
            return count(bursts.close())

        assert uvloop.run(run()) == {("GET /chat", "ok"): 4, ("WS /chat", "ok"): 36}

    def test_a_ceiling_counts_messages_as_well(self, job: Job) -> None:
        async def run() -> tuple[Counter[tuple[str, str]], float]:
            bursts = Bursts(replace(job, most_rps=100), once, 2)
            start_ns, end_ns = await bursts.closed(10)
            return count(bursts.close()), (end_ns - start_ns) / 1e9

        counted, took_s = uvloop.run(run())
        assert counted == {("GET /chat", "ok"): 10, ("WS /chat", "ok"): 30}
        assert took_s >= 0.25

    def test_sessions_that_are_due_talk(self, job: Job) -> None:
        async def run() -> Counter[tuple[str, str]]:
            bursts = Bursts(job, once, 2)
            await bursts.paced([number * 1_000_000 for number in range(10)])
            return count(bursts.close())

        assert uvloop.run(run()) == {("GET /chat", "ok"): 10, ("WS /chat", "ok"): 30}


def count(samples: Samples) -> Counter[tuple[str, str]]:
    return Counter(
        (samples.labels[label], samples.outcomes[outcome])
        for label, outcome in zip(samples.label, samples.outcome, strict=True)
    )

"""A server of HTTP/2 on a thread that answers each path in a way of its own, and counts what it saw."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping

from h2.connection import H2Connection
from h2.events import Event, RequestReceived
from h2.exceptions import ProtocolError

from tests.bench.listening import Listening
from tests.bench.system.frames import Served, goaway, plain, reset, rst, server

WORKER = 4242
HELLO = (("content-length", "5"), ("x-worker", str(WORKER)))


class Exchange:
    """One request under way, for a behaviour to answer. `over` says that the connection is to be closed."""

    def __init__(self, connection: socket.socket, state: H2Connection, stream: int) -> None:
        self.socket = connection
        self.state = state
        self.stream = stream
        self.over = False

    def send(self, *more: bytes) -> None:
        """Send what h2 has to say, and then these frames."""
        self.socket.sendall(self.state.data_to_send() + b"".join(more))

    def answer(self) -> None:
        plain(b"hello", headers=HELLO)(self.state, self.stream)


Behaviour = Callable[[Exchange], None]


def _right(one: Exchange) -> None:
    one.answer()


def _head(one: Exchange) -> None:
    plain(headers=HELLO)(one.state, one.stream)


def _in_pieces(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "200")])
    for piece in (b"he", b"l", b"lo"):
        one.send()
        one.state.send_data(one.stream, piece)
    one.state.end_stream(one.stream)


def _in_bytes(one: Exchange) -> None:
    one.answer()
    for byte in one.state.data_to_send():
        one.socket.sendall(bytes((byte,)))


def _padded(one: Exchange) -> None:
    plain(b"hello", headers=HELLO, padding=100)(one.state, one.stream)


def _trailers(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "200")])
    one.state.send_data(one.stream, b"hello")
    one.state.send_headers(one.stream, [("x-sum", "1")], end_stream=True)


def _hints(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "103"), ("link", "</a.css>")])
    one.send()
    one.answer()


def _ping(one: Exchange) -> None:
    one.state.ping(b"12345678")
    one.state.update_settings({1: 0, 5: 20_000})
    one.send()
    one.answer()


def _goaway_before(one: Exchange) -> None:
    one.send(goaway(one.stream))
    one.answer()
    one.over = True


def _goaway_in_the_middle(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "200")])
    one.state.send_data(one.stream, b"hel")
    one.send(goaway(one.stream))
    one.state.send_data(one.stream, b"lo", end_stream=True)
    one.over = True


def _goaway_after(one: Exchange) -> None:
    one.answer()
    one.send(goaway(one.stream))
    one.over = True


def _goaway_error(one: Exchange) -> None:
    one.send(goaway(one.stream, 11))
    one.over = True


def _half_reset(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "200")])
    one.state.send_data(one.stream, b"hel")
    one.send(rst(one.stream, 2))


def _truncated(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "200"), ("content-length", "5")])
    one.state.send_data(one.stream, b"hel")
    one.over = True


def _wrong_length(one: Exchange) -> None:
    one.state.send_headers(one.stream, [(":status", "200"), ("content-length", "9")])
    one.state.send_data(one.stream, b"hello", end_stream=True)


def _closes(one: Exchange) -> None:
    one.over = True


def _resets(one: Exchange) -> None:
    one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.over = True


def _silent(one: Exchange) -> None:
    pass


def _with(answer: Callable[[H2Connection, int], None]) -> Behaviour:
    return lambda one: answer(one.state, one.stream)


BEHAVIOURS: dict[str, tuple[Behaviour, str]] = {
    "/ok": (_right, "ok"),
    "/no-length": (_with(plain(b"hello")), "ok"),
    "/pieces": (_in_pieces, "ok"),
    "/bytes": (_in_bytes, "ok"),
    "/padded": (_padded, "ok"),
    "/trailers": (_trailers, "ok"),
    "/103": (_hints, "ok"),
    "/ping": (_ping, "ok"),
    "/goaway-before": (_goaway_before, "ok"),
    "/goaway-in-the-middle": (_goaway_in_the_middle, "ok"),
    "/goaway-after": (_goaway_after, "ok"),
    "/wrong-body": (_with(plain(b"holla", headers=HELLO)), "wrong-body"),
    "/status-503": (_with(plain(b"hello", status="503")), "status-503"),
    "/refused": (_with(reset(7)), "reset: REFUSED_STREAM"),
    "/half-reset": (_half_reset, "reset: INTERNAL_ERROR"),
    "/goaway-error": (_goaway_error, "goaway: ENHANCE_YOUR_CALM"),
    "/truncated": (_truncated, "truncated"),
    "/wrong-length": (_wrong_length, "garbage: body of another length than its Content-Length"),
    "/closes": (_closes, "reset"),
    "/resets": (_resets, "reset"),
    "/silent": (_silent, "timeout"),
}
"""What the server does, and the verdict of whoever asked for a 200 with `hello`."""


def _close(connection: socket.socket) -> None:
    """End a connection as a careful server does: a system resets one that is closed with something unread."""
    if connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
        return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


class Http2Peer(Listening):
    """Listens for as long as the `with` block lasts; a path without a behaviour gets a plain answer.

    `seen` counts requests by path; `fields` and `bodies` are theirs, in the order in which they ended.
    """

    def __init__(self, behaviours: Mapping[str, Behaviour] | None = None) -> None:
        super().__init__()
        self._behaviours = behaviours or {path: behaviour for path, (behaviour, _) in BEHAVIOURS.items()}
        self.seen: Counter[str] = Counter()
        self.fields: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.settings_acknowledged = self.pings_answered = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def accepted(self, connection: socket.socket) -> None:
        """Serve a connection on a thread of its own."""
        self._open.append(connection)
        self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
        self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError, ProtocolError):
            state, served, paths = server(), Served(), {}
            connection.sendall(state.data_to_send())
            while data := connection.recv(65536):
                events = state.receive_data(data)
                self._count(events)
                for event in events:
                    if isinstance(event, RequestReceived):
                        paths[event.stream_id] = dict(event.headers or ())
                for stream in served.take(state, events):
                    fields = {str(name): str(value) for name, value in paths.pop(stream).items()}
                    self.fields.append(fields)
                    self.bodies.append(served.bodies.pop(stream))
                    path = fields[":path"]
                    self.seen[path] += 1
                    one = Exchange(connection, state, stream)
                    is_head = fields[":method"] == "HEAD"
                    behaviour = _head if is_head else self._behaviours.get(path, _right)
                    behaviour(one)
                    connection.sendall(state.data_to_send())
                    if one.over:
                        _close(connection)
                        return
                connection.sendall(state.data_to_send())

    def _count(self, events: list[Event]) -> None:
        names = [type(event).__name__ for event in events]
        self.settings_acknowledged += names.count("SettingsAcknowledged")
        self.pings_answered += names.count("PingAckReceived")

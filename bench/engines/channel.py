"""A connection for a thread that waits: sends one request at a time, and reads its answer as the native engine does.

The check before a load drives it, and under Locust each user, so that one reader judges all answers.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time

from bench.engines.closing import is_repeatable, may_be_unread, was_closed_before
from bench.engines.encoding import encode
from bench.engines.messages import LEAVING, MessageReader, UpgradeReader, open_messages
from bench.engines.wire import ResponseReader, WireError
from bench.model.address import Address
from bench.system.http2 import Http2Error, UnreadError
from bench.system.reach import connect, connect_fault
from scenarios.mistakes import ScenarioError
from scenarios.model import Request, Response
from scenarios.websocket import MESSAGES, NOT_OPEN, SWITCHED

_READ_BYTES = 256 * 1024


class ExchangeError(Exception):
    """A request has no whole answer; the message is its fault, by the native engine's name: `reset`, `timeout`."""


class _UnreadError(ExchangeError):
    """The server closed the connection before it read the request."""


class Channel:
    """The connection to one server; it opens when a request needs it, and opens again after it was lost.

    A request that has no answer after `timeout_s` has failed. `resent` counts the requests that met a connection which
    the server had just closed, unread, and were sent again. `arrivals_ns` are the moments (CLOCK_MONOTONIC) at which
    the pieces of the last answer came, whole or not, and `first_ns` is the first of them, 0 where it came in one piece
    or not at all; `open_ended` says whether its end was not known ahead.
    """

    def __init__(self, address: Address, *, timeout_s: float) -> None:
        self.resent = 0
        self.arrivals_ns: list[int] = []
        self.first_ns = 0
        self.open_ended = False
        self.address = address
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._reader: ResponseReader | MessageReader = ResponseReader()

    def send(self, request: Request) -> Response:
        """The answer to a request. Raises ExchangeError, and ValueError where the request cannot be written.

        Raises ScenarioError for a message without an open WebSocket.
        """
        self.arrivals_ns, self.first_ns, self.open_ended = [], 0, False
        wire = encode(request, self.address.authority, self.address.prefix)
        until_s = time.monotonic() + self._timeout_s
        if request.method in MESSAGES:
            return self._talk(wire, request, until_s)
        self.end_session()
        if self._socket is not None and _is_over(self._socket):
            self.close()
        may_send_again = self._socket is not None and may_be_unread(wire)
        try:
            return self._exchange(wire, request, until_s)
        except _UnreadError:
            if not may_send_again:
                raise
        self.resent += 1
        return self._exchange(wire, request, until_s)

    def end_session(self) -> None:
        """Close the WebSocket that a session has left open."""
        if isinstance(self._reader, MessageReader):
            if self._socket is not None:
                self._reply(LEAVING)
            self.close()

    def close(self) -> None:
        """Drop the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._reader = ResponseReader()

    def _exchange(self, wire: bytes, request: Request, until_s: float) -> Response:
        try:
            if self._socket is None:
                self._socket = self._connect(until_s)
            if request.expect == SWITCHED:
                self._reader = UpgradeReader()
            elif type(self._reader) is UpgradeReader:  # of a handshake that was refused
                self._reader = ResponseReader()
            response, is_written = self._converse(self._socket, wire, request, until_s)
            if type(self._reader) is UpgradeReader and response.status == SWITCHED:
                self._reader = open_messages(request, response, self._reader, self._reply)
        except TimeoutError:
            self.close()
            raise ExchangeError("timeout") from None
        except (WireError, Http2Error) as error:
            self.close()
            raise ExchangeError(str(error)) from None
        except BaseException:
            self.close()
            raise
        if not self._reader.keep_alive or not is_written:
            self.close()
        return response

    def _talk(self, wire: bytes, message: Request, until_s: float) -> Response:
        """Take a step over the open WebSocket, and wait for its outcome."""
        reader = self._reader
        if not isinstance(reader, MessageReader):
            raise ScenarioError(NOT_OPEN)
        assert self._socket is not None
        try:
            reader.ask(message.method)
            while _hear(self._socket, reader, 0):
                pass
            rest = memoryview(wire)
            while rest:
                if not _is_readable(self._socket, until_s):
                    rest = _write(self._socket, rest, until_s)
                elif _hear(self._socket, reader, 0) == b"":
                    break
            while (response := reader.take()) is None:
                _hear(self._socket, reader, _left_s(until_s))
        except TimeoutError:
            self.close()
            raise ExchangeError("timeout") from None
        except WireError as error:
            self.close()
            raise ExchangeError(str(error)) from None
        except BaseException:
            self.close()
            raise
        if not reader.keep_alive:
            self.close()
        return response

    def _reply(self, wire: bytes) -> None:
        """Send what a WebSocket's server must be sent in between."""
        assert self._socket is not None
        with contextlib.suppress(OSError):
            self._socket.sendall(wire)

    def _connect(self, until_s: float) -> socket.socket:
        try:
            return connect(self.address, _left_s(until_s))
        except OSError as error:
            raise ExchangeError(connect_fault(error, self.address)) from None

    def _converse(
        self, connection: socket.socket, wire: bytes, request: Request, until_s: float
    ) -> tuple[Response, bool]:
        """The answer, and whether the request was written to its end: a server may answer a large one before."""
        rest = _write(connection, memoryview(wire), until_s)
        while True:
            if rest and not _is_readable(connection, until_s):
                rest = _write(connection, rest, until_s)
                continue
            response = self._read(connection, request, until_s, is_waiting=not rest)
            if response is not None:
                return response, not rest

    def _read(
        self, connection: socket.socket, request: Request, until_s: float, *, is_waiting: bool
    ) -> Response | None:
        """The answer, where it is whole by now. Under TLS bytes may come that belong to none, such as a ticket."""
        data, lost = _receive(connection, _left_s(until_s) if is_waiting else 0)
        if data is None:
            return None
        if data:
            self.arrivals_ns.append(time.monotonic_ns())
            response = self._reader.feed(data, request.method == "HEAD")
            self.open_ended = self._reader.open_ended
            if response is None or len(self.arrivals_ns) > 1:
                self.first_ns = self.arrivals_ns[0]
            return response
        response = self._reader.eof() if lost is None else None
        if response is not None:
            return response
        if self._reader.started:
            raise ExchangeError("truncated")
        if isinstance(lost, UnreadError):
            is_unread = True
        elif isinstance(lost, ConnectionResetError):
            is_unread = is_repeatable(request.method)
        else:
            is_unread = was_closed_before(connection)
        raise (_UnreadError if is_unread else ExchangeError)("reset")


def _hear(connection: socket.socket, reader: MessageReader, wait_s: float) -> bytes | None:
    """Hand on bytes of a WebSocket that come in time; none where no more will come, None where they have not come yet.

    Raises TimeoutError after `wait_s`; 0 is not to wait.
    """
    data, _ = _receive(connection, wait_s)
    if data:
        reader.keep(data)
    elif data is not None:
        reader.eof()
    return data


def _receive(connection: socket.socket, wait_s: float) -> tuple[bytes | None, OSError | None]:
    """Bytes that come in time, none at the end of the connection, with the error that ended it; None: not yet.

    Raises TimeoutError after `wait_s`; 0 is not to wait.
    """
    connection.settimeout(wait_s)
    try:
        return connection.recv(_READ_BYTES), None
    except TimeoutError:
        raise
    except (BlockingIOError, ssl.SSLWantReadError):
        return None, None
    except OSError as error:
        return b"", error


def _write(connection: socket.socket, rest: memoryview, until_s: float) -> memoryview:
    """Write as much as goes at once; what is left. Nothing is, where the server is gone, as its answer may be here."""
    connection.settimeout(_left_s(until_s))
    try:
        return rest[connection.send(rest) :]
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        return rest[:0]


def _is_readable(connection: socket.socket, until_s: float) -> bool:
    """Wait until more can be written, or read. Raises TimeoutError."""
    poll = select.poll()
    poll.register(connection, select.POLLIN | select.POLLOUT)
    events = poll.poll(_left_s(until_s) * 1000)
    if not events:
        raise TimeoutError
    return bool(events[0][1] & ~select.POLLOUT)


def _is_over(connection: socket.socket) -> bool:
    """Whether the server closed an idle connection, or sent what nobody asked for."""
    connection.settimeout(0)
    try:
        if isinstance(connection, ssl.SSLSocket):
            connection.recv(1)  # reads past tickets, too
        else:
            connection.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True


def _left_s(until_s: float) -> float:
    """The time that is left, of which there is always a little: zero would mean not to wait at all."""
    return max(1e-3, until_s - time.monotonic())

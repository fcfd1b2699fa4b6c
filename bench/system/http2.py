"""HTTP/2 for those who know HTTP/1.1: its bytes on one side, frames of RFC 9113 on the other. No I/O.

Requests and answers keep the form that encoder, reader, checks and evidence know; the library h2 does the framing. A
connection has one stream at a time, so that a user of HTTP/2 does what a user of HTTP/1.1 does.
"""

from __future__ import annotations

from functools import lru_cache
from http.client import HTTPException

from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import ConnectionInputs, ConnectionState, H2Connection, H2ConnectionStateMachine
from h2.errors import ErrorCodes
from h2.exceptions import FlowControlError, InvalidBodyLengthError, ProtocolError
from h2.settings import SettingCodes, Settings

from bench.system.hpack_memory import RememberingDecoder, RememberingEncoder
from bench.system.http2_request import Fields, Http2Request, read_request

ALPN = "h2"
"""The name of the protocol in a TLS handshake (RFC 9113, section 3.2)."""

_WINDOW_BYTES = (1 << 30) - 1  # as h2load has it: a server never waits for this client
_ACKNOWLEDGED_BYTES = 1 << 20
_HEAD_LIMIT_BYTES = 256 * 1024  # that of answers in HTTP/1.1
_HEADS_KEPT = 1024
_LAST_STREAM = (1 << 31) - 1
_HTTP_1 = b"HTTP/1."


class Http2Error(HTTPException):
    """An exchange failed; the message is a fault such as `reset: REFUSED_STREAM`.

    Those who drive http.client over HTTP/2 meet it where they expect an HTTPException.
    """


class UnreadError(ConnectionResetError):
    """The server takes no more requests on this connection, and has not read this one: it may be sent again."""


class Translation:
    """One connection of a client: requests of HTTP/1.1 in, frames out, frames in, answers of HTTP/1.1 out.

    The caller writes what `take` gives after each call. `send` and `receive` raise Http2Error for a failed exchange,
    after which the connection is of no use, and UnreadError.
    """

    def __init__(self, scheme: str = "http") -> None:
        self._scheme = scheme.encode()
        self._connection = _connect()
        self._request = b""  # as far as it has come
        self._stream = 0
        self._is_open = False  # the stream of the request under way
        self._upload = memoryview(b"")
        self._is_head = self._closes = False
        self._left: int | None = None  # bytes of the body to come; None where only the stream's end tells
        self._held = b""  # the end of an answer, until the stream's
        self._unacknowledged = 0
        self._beginning = b""
        self._last_stream = _LAST_STREAM  # that the server reads

    @property
    def is_over(self) -> bool:
        """Whether the server takes no other request, and no answer is to come."""
        return not self._is_open and self._last_stream != _LAST_STREAM

    def take(self) -> bytes:
        """The bytes to write to the server."""
        return self._connection.data_to_send()

    def send(self, data: bytes) -> None:
        """Take a request, or a piece of one. Raises Http2Error and UnreadError."""
        if self._request:
            data = self._request + data
        try:
            request = read_request(data)
        except ValueError as error:
            raise Http2Error(f"unsent: {error}") from None
        if request is None:
            self._request = data
            return
        self._request = b""
        if self._last_stream != _LAST_STREAM:
            raise UnreadError("the server takes no more requests on this connection")
        self._begin(request)

    def _begin(self, request: Http2Request) -> None:
        connection = self._connection
        self._stream = stream = connection.get_next_available_stream_id()
        self._is_head = request.is_head
        self._closes = request.closes or stream + 2 > _LAST_STREAM
        self._held = b""
        headers = (request.fields[0], (b":scheme", self._scheme), *request.fields[1:])
        try:
            connection.send_headers(stream, headers, end_stream=not request.body)
        except ProtocolError as error:
            raise _garbage(error) from None
        self._is_open = True
        self._upload = memoryview(request.body)
        if request.body:
            self._pump()

    def _pump(self) -> None:
        """Send as much of the body as the server's windows let through."""
        connection, stream = self._connection, self._stream
        while self._upload:
            room = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
            if room <= 0:
                return
            piece, self._upload = self._upload[:room], self._upload[room:]
            connection.send_data(stream, bytes(piece), end_stream=not self._upload)

    def receive(self, data: bytes) -> bytes:
        """The bytes of an answer that came in frames; empty where there are none. Raises Http2Error and UnreadError."""
        if len(self._beginning) < len(_HTTP_1):
            self._beginning += data[: len(_HTTP_1)]
            if self._beginning.startswith(_HTTP_1):
                raise Http2Error("garbage: an answer of HTTP/1.1 to HTTP/2")
        pieces: list[bytes] = []
        try:
            for event in self._connection.receive_data(data):
                self._take_event(event, pieces)
            self._answer_frames()
        except ProtocolError as error:
            raise _garbage(error) from None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take_event(self, event: h2_events.Event, pieces: list[bytes]) -> None:
        if isinstance(event, h2_events.ResponseReceived):
            pieces.append(self._head(tuple(event.headers)))
        elif isinstance(event, h2_events.DataReceived):
            self._unacknowledged += event.flow_controlled_length or 0
            if event.data and event.stream_id == self._stream and self._is_open:
                pieces.append(self._body(event.data))
        elif isinstance(event, h2_events.StreamEnded):
            if event.stream_id == self._stream:
                pieces.append(self._end())
        elif isinstance(event, h2_events.InformationalResponseReceived):
            pieces.append(_render(tuple(event.headers), b""))
        elif isinstance(event, h2_events.StreamReset):
            self._stop(event)
        elif isinstance(event, h2_events.ConnectionTerminated):
            self._go_away(event)

    def _stop(self, event: h2_events.StreamReset) -> None:
        """A stream was reset: the one under way has failed, and one that was answered takes no more of its upload."""
        if event.stream_id != self._stream:
            return
        if self._is_open:
            raise Http2Error(f"reset: {_name(event.error_code)}")
        self._upload = memoryview(b"")

    def _head(self, headers: Fields) -> bytes:
        length, is_empty = _framing(headers)
        self._left = 0 if is_empty or self._is_head else length
        framing = (
            b"" if length is not None or is_empty or self._is_head else b"transfer-encoding: chunked\r\n"
        )
        if self._closes or self._last_stream != _LAST_STREAM:
            framing += b"connection: close\r\n"
        return self._hold_at_end(_render(headers, framing))

    def _body(self, data: bytes) -> bytes:
        if self._left is None:
            return b"%x\r\n%b\r\n" % (len(data), data)
        self._left -= len(data)
        return self._hold_at_end(data)

    def _hold_at_end(self, piece: bytes) -> bytes:
        """Keep back the piece that makes an answer whole: it is not, before the stream's end."""
        if self._left != 0:
            return piece
        self._held += piece
        return b""

    def _end(self) -> bytes:
        """The last piece of an answer."""
        self._is_open = False
        return b"0\r\n\r\n" if self._left is None else self._held

    def _answer_frames(self) -> None:
        """Send what the frames ask for, once all are read: a stream may have ended since one of them."""
        if self._unacknowledged >= _ACKNOWLEDGED_BYTES:
            self._connection.increment_flow_control_window(self._unacknowledged)
            if self._is_open:
                self._connection.increment_flow_control_window(self._unacknowledged, self._stream)
            self._unacknowledged = 0
        if self._upload and self._is_open:
            self._pump()
        elif self._upload:  # the server has answered without it
            self._upload = memoryview(b"")
            self._connection.reset_stream(self._stream, ErrorCodes.CANCEL)

    def _go_away(self, event: h2_events.ConnectionTerminated) -> None:
        """No other request is read; the one under way may be still (RFC 9113, section 6.8)."""
        last = event.last_stream_id or 0
        self._last_stream = min(last, _LAST_STREAM - 1)
        if not self._is_open:
            return
        if event.error_code != ErrorCodes.NO_ERROR:
            raise Http2Error(f"goaway: {_name(event.error_code)}")
        if last < self._stream:
            raise UnreadError("the server did not read this request")


class _GracefulStates(H2ConnectionStateMachine):
    """The states of a connection, on which answers still come after a GOAWAY: h2 would take them for errors."""

    _transitions = {  # noqa: RUF012
        **H2ConnectionStateMachine._transitions,
        (ConnectionState.CLIENT_OPEN, ConnectionInputs.RECV_GOAWAY): (None, ConnectionState.CLIENT_OPEN),
    }


class _Connection(H2Connection):
    """One that remembers few of its streams: h2 keeps 65,536 a connection, which are 8 MB."""

    MAX_CLOSED_STREAMS = 64


def _connect() -> H2Connection:
    config = H2Configuration(
        client_side=True,
        header_encoding=None,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
        normalize_inbound_headers=False,
    )
    connection = _Connection(config)
    connection.state_machine = _GracefulStates()
    connection.encoder, connection.decoder = (
        RememberingEncoder(),
        RememberingDecoder(config, _HEAD_LIMIT_BYTES),
    )
    connection.local_settings = Settings(
        client=True,
        initial_values={
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW_BYTES,
            SettingCodes.MAX_HEADER_LIST_SIZE: _HEAD_LIMIT_BYTES,
        },
    )
    connection.initiate_connection()
    connection.increment_flow_control_window(_WINDOW_BYTES - 65535)
    return connection


@lru_cache(_HEADS_KEPT)
def _render(headers: Fields, framing: bytes) -> bytes:
    """The head of an answer as HTTP/1.1 has it, with lines about its framing at its end."""
    lines = [b"HTTP/1.1 %b \r\n" % headers[0][1]]
    lines += [b"%b: %b\r\n" % pair for pair in headers if not pair[0].startswith(b":")]
    return b"".join((*lines, framing, b"\r\n"))


@lru_cache(_HEADS_KEPT)
def _framing(headers: Fields) -> tuple[int | None, bool]:
    """The Content-Length of an answer, if it has one, and whether its status leaves no room for a body."""
    length = next((int(value) for name, value in headers if name == b"content-length"), None)
    return length, headers[0][1] in (b"204", b"304")


def _name(code: int | ErrorCodes | None) -> str:
    try:
        return ErrorCodes(code or 0).name
    except ValueError:
        return f"error {code}"


def _garbage(error: ProtocolError) -> Http2Error:
    """The fault for a connection on which the server did not keep to the protocol."""
    if isinstance(error, InvalidBodyLengthError):
        return Http2Error("garbage: body of another length than its Content-Length")
    if isinstance(error, FlowControlError):
        return Http2Error("garbage: more data than the window has room for")
    return Http2Error(f"garbage: {_name(error.error_code)}")

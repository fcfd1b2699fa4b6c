"""Messages of WebSockets as bytes (RFC 6455), written and read.

Frames are masked with a key of zeros. The RFC wants keys that nobody can foresee, so that a page cannot make a browser
write what a careless proxy takes for HTTP; here the flow's author writes to the author's own server. Constant frames
make constant answers, which the native engine knows again, and leave the payload readable in a failed request.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from wsproto.frame_protocol import CloseReason, Frame, FrameDecoder, MessageDecoder, Opcode, ParseFailed

from bench.engines.wire import ResponseReader, WireError
from scenarios.model import Request, Response
from scenarios.websocket import BINARY, CLOSE, RECEIVE, SEND, SWITCHED, TEXT, is_binary

MOST_UNREAD_BYTES = 4 << 20
"""Of messages that no step has received, each with some bytes for the object around it."""
MOST_MESSAGE_BYTES = 64 << 20

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MASK = bytes(4)
_TEXT_HEAD = f"\r\nContent-Type: {TEXT}".encode()
_BINARY_HEAD = f"\r\nContent-Type: {BINARY}".encode()
_TEXT_FRAME, _BINARY_FRAME, _CLOSE_FRAME, _PONG_FRAME = 0x81, 0x82, 0x88, 0x8A
_OBJECT_BYTES = 200
_SENT = Response(SWITCHED, b"")
_NORMAL = (CloseReason.NORMAL_CLOSURE, CloseReason.GOING_AWAY, CloseReason.NO_STATUS_RCVD)
_REMARKS = {CloseReason.INVALID_FRAME_PAYLOAD_DATA: "text is not UTF-8"}


def frame(message: Request) -> bytes:
    """The bytes of a step over an open WebSocket: one frame, or none to receive."""
    if message.method == RECEIVE:
        return b""
    if message.method == CLOSE:
        return CLOSING
    return _frame(_BINARY_FRAME if is_binary(message) else _TEXT_FRAME, message.body)


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((first, 0x80 | size)) + _MASK + payload
    if size < 1 << 16:
        return bytes((first, 0x80 | 126)) + size.to_bytes(2, "big") + _MASK + payload
    return bytes((first, 0x80 | 127)) + size.to_bytes(8, "big") + _MASK + payload


CLOSING = _frame(_CLOSE_FRAME, CloseReason.NORMAL_CLOSURE.to_bytes(2, "big"))
"""The frame that closes a WebSocket whose work is done."""
LEAVING = _frame(_CLOSE_FRAME, CloseReason.GOING_AWAY.to_bytes(2, "big"))
"""The frame that closes one which a session has left open."""


class UpgradeReader(ResponseReader):
    """Reads the answer to a request to switch to another protocol; after a 101 `rest` are the bytes behind its head."""

    __slots__ = ("rest",)
    is_alone = False
    switches = True

    def __init__(self) -> None:
        super().__init__()
        self.rest = b""

    def _finish(self, head: Any, body: bytes) -> Response:
        if head.status == 101:
            self.rest, body = body, b""
        return super()._finish(head, body)


class MessageReader:
    """Reads the messages of one WebSocket from the bytes after its handshake; has the interface of ResponseReader.

    `ask` says which step is under way. `feed` gives its answer, `keep` takes bytes while no step is. Both hand what
    the server must be sent, a pong or the answer to its close, to `reply`. A message that nobody asked for is kept, up
    to MOST_UNREAD_BYTES, until a step takes it. `feed` and `take` raise WireError: `closed-1011` with the code of a
    server that closes in place of an answer.
    """

    __slots__ = (
        "_asked",
        "_decoder",
        "_fault",
        "_fragments",
        "_is_closed",
        "_pieces",
        "_reason",
        "_reply",
        "_size",
        "_unread",
        "_unread_bytes",
        "is_alone",
        "keep_alive",
        "sets_cookies",
        "worker",
    )
    open_ended = False

    def __init__(self, upgrade: UpgradeReader, reply: Callable[[bytes], object]) -> None:
        self.worker = upgrade.worker
        self.sets_cookies = upgrade.sets_cookies  # as long as that is the last answer
        self.keep_alive = True
        self.is_alone = False
        self._fault = ""  # why no more will come
        self._is_closed = False  # as it should be
        self._reason = b""
        self._asked = ""
        self._reply = reply
        self._decoder = FrameDecoder(client=True)
        self._fragments = MessageDecoder()
        self._pieces: list[bytes] = []
        self._size = 0
        self._unread: deque[Response] = deque()
        self._unread_bytes = 0

    @property
    def started(self) -> bool:
        """Whether a part of a message has arrived."""
        decoder = self._decoder
        return self._fragments.opcode is not None or decoder.header is not None or len(decoder.buffer) > 0

    def ask(self, method: str) -> bool:
        """Begin a step; whether `take` has its outcome at once."""
        self._asked = method
        self.sets_cookies = False
        self.is_alone = not self.started
        return bool(method == SEND or self._fault or (self._unread and method != CLOSE))

    def feed(self, data: bytes, bodyless: bool = False) -> Response | None:
        """Take bytes while a step is under way; gives its answer once that is whole."""
        self.keep(data)
        response = self.take()
        if response is not None and (self._unread or self.started):
            self.is_alone = False
        return response

    def keep(self, data: bytes) -> None:
        """Take bytes while nothing is under way."""
        if self._fault:
            return
        try:
            self._parse(data)
        except ParseFailed as error:
            self._fault = f"garbage: {_REMARKS.get(error.code, '') or str(error)}"

    def take(self) -> Response | None:
        """The outcome of the step under way, if that is known."""
        if self._asked == CLOSE:
            if self._is_closed:
                self.keep_alive = False
                return Response(SWITCHED, self._reason)
        elif self._unread and self._asked != SEND:
            response = self._unread.popleft()
            self._unread_bytes -= len(response.body) + _OBJECT_BYTES
            return response
        if self._fault:
            raise WireError(self._fault)
        return _SENT if self._asked == SEND else None

    def eof(self, *, within: bool = False) -> None:
        """The connection is lost, `within` a message perhaps; the step under way, or the next one, fails by that."""
        self._fault = self._fault or ("truncated" if within or self.started else "reset")

    def _parse(self, data: bytes) -> None:
        self._decoder.receive_bytes(data)
        while not self._fault and (one := self._decoder.process_buffer()) is not None:
            if one.opcode.iscontrol():
                self.is_alone = False
                self._obey(one.opcode, cast(bytes, one.payload))
            else:
                self._add(self._fragments.process_frame(one))

    def _obey(self, opcode: Opcode, payload: bytes) -> None:
        """Do what a control frame wants."""
        if opcode is Opcode.PING:
            self._reply(_frame(_PONG_FRAME, payload))
        elif opcode is Opcode.CLOSE:
            code = int.from_bytes(payload[:2], "big") if payload else CloseReason.NO_STATUS_RCVD
            if len(payload) == 1 or (payload and not _is_code(code)):
                raise ParseFailed("close without a valid code")
            self._fault, self._reason = f"closed-{int(code)}", payload[2:]
            self._is_closed = code in _NORMAL
            if self._asked != CLOSE:
                self._reply(_frame(_CLOSE_FRAME, payload[:2]))

    def _add(self, piece: Frame) -> None:
        """Add a piece to the message that is being read, and end that where it is the last."""
        payload = piece.payload.encode() if isinstance(piece.payload, str) else cast(bytes, piece.payload)
        if payload:  # frames of nothing without end must not pile up
            self._pieces.append(payload)
        self._size += len(payload)
        if self._size > MOST_MESSAGE_BYTES:
            raise ParseFailed(f"message over {MOST_MESSAGE_BYTES >> 20} MiB")
        if not piece.message_finished:
            return
        head = _TEXT_HEAD if piece.opcode is Opcode.TEXT else _BINARY_HEAD
        self._unread.append(Response(SWITCHED, b"".join(self._pieces), head))
        self._unread_bytes += self._size + _OBJECT_BYTES
        self._pieces.clear()
        self._size = 0
        if self._unread_bytes > MOST_UNREAD_BYTES and len(self._unread) > 1:
            self._fault = "unread-messages"


def _is_code(code: int) -> bool:
    """Whether a close may have this code, by RFC 6455, section 7.4."""
    return 3000 <= code < 5000 or (1000 <= code < 1015 and code not in (1004, 1005, 1006))


class MessageTransport:
    """Stands in place of the transport of a connection that has become a WebSocket.

    It calls `asked` for each step that is written, which may need no more than that, or have its answer already.
    """

    __slots__ = ("_asked", "_transport")

    def __init__(self, transport: asyncio.Transport, asked: Callable[[], object]) -> None:
        self._transport = transport
        self._asked = asked

    def write(self, wire: bytes) -> None:
        """Write the frame of a step, if it has one."""
        if wire:
            self._transport.write(wire)
        self._asked()

    def leave(self) -> None:
        """Close a WebSocket that its flow has left open, without waiting for the server.

        Its client hears no more of it. By TLS a close would wait for that of the server, for 30 s, and uvloop could
        not end meanwhile.
        """
        transport = self._transport
        transport.set_protocol(asyncio.Protocol())
        transport.write(LEAVING)
        if transport.get_extra_info("ssl_object") is None:
            transport.close()
        else:
            asyncio.get_running_loop().call_soon(transport.abort)  # once the frame is written

    def abort(self) -> None:
        self._transport.abort()

    def get_extra_info(self, name: str) -> Any:
        return self._transport.get_extra_info(name)


def open_messages(
    request: Request, response: Response, upgrade: UpgradeReader, reply: Callable[[bytes], object]
) -> MessageReader:
    """The reader of the WebSocket that a 101 opened, with what came after it. Raises WireError for a false answer."""
    keys = [value for name, value in request.headers if name.lower() == "sec-websocket-key"]
    if response.header("Sec-WebSocket-Accept") != _accept("".join(keys)):
        raise WireError("garbage: wrong Sec-WebSocket-Accept")
    if response.header("Sec-WebSocket-Extensions"):
        raise WireError("garbage: a Sec-WebSocket-Extensions that nobody offered")
    reader = MessageReader(upgrade, reply)
    reader.keep(upgrade.rest)
    return reader


@lru_cache(64)
def _accept(key: str) -> str:
    """The answer to a handshake's key (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()

"""WebSockets in a flow: each step is a request with an answer, so that checks, names and tables work as for HTTP.

chat = WebSocket("/chat")

def talk(rng):
    yield chat.open()
    answer = yield chat.message("hello", check=contains(b"hello"))
    yield chat.close()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.mistakes import ScenarioError, caller_place
from scenarios.model import Check, Request

if TYPE_CHECKING:  # Python 3.9 cannot compute it
    Payload = str | bytes

MESSAGE = "WS"
SEND = "WS-SEND"
RECEIVE = "WS-RECEIVE"
CLOSE = "WS-CLOSE"
MESSAGES = frozenset((MESSAGE, SEND, RECEIVE, CLOSE))
"""The methods of the steps over an open WebSocket; none of them is a word of HTTP."""

SWITCHED = 101
"""The status of each answer, that to `open` as well as a message."""

NOT_OPEN = "a message without an open WebSocket: yield its open() first in the session, and nothing of HTTP in between"

TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
_BINARY_LINE = (("Content-Type", BINARY),)

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The example of RFC 6455, section 1.3: a constant, so that each handshake has the same bytes."""


@dataclass(frozen=True)  # without slots, which Python 3.9 lacks: a service's own Python reads this, too
class WebSocket:
    """A WebSocket of a service (RFC 6455), one at a time in a session.

    The methods give the steps of a flow. Messages are answers in the order in which they come, with status 101: text as
    UTF-8 bytes, its Content-Type text/plain, binary ones with application/octet-stream. `name` stands in place of the
    path in the names of the steps; give one where the path contains an id. No compression is offered. A WebSocket that
    is still open at the end of a session is closed.

    Where a step takes text or bytes, text goes as a text message and bytes as a binary one.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    name: str = ""

    def open(self, *, check: Check | None = None) -> Request:
        """The handshake; its answer has the headers of the server, such as the subprotocol it chose."""
        chosen = (("Sec-WebSocket-Protocol", ", ".join(self.subprotocols)),) if self.subprotocols else ()
        headers = (
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", _KEY),
            *chosen,
            *self.headers,
        )
        return Request("GET", self.path, b"", headers, name=self._name("GET"), expect=SWITCHED, check=check)

    def message(self, payload: Payload, *, check: Check | None = None, name: str = "") -> Request:
        """A round trip: send a message, then wait for the next one from the server.

        A message that the server pushed before, and that no step received, is the answer: receive those first.
        """
        return self._step(MESSAGE, payload, check, name)

    def send(self, payload: Payload, *, name: str = "") -> Request:
        """A message without an answer; its time is that of writing it."""
        return self._step(SEND, payload, None, name)

    def receive(self, *, check: Check | None = None, name: str = "") -> Request:
        """The next message from the server; where none has come, wait for it."""
        return self._step(RECEIVE, b"", check, name)

    def close(self, *, name: str = "") -> Request:
        """Close the WebSocket: the step ends with the server's own close, whose reason is the body."""
        return self._step(CLOSE, b"", None, name)

    def _step(self, method: str, payload: Payload, check: Check | None, name: str) -> Request:
        if isinstance(payload, str):
            body: bytes = payload.encode()
            headers: tuple[tuple[str, str], ...] = ()
        elif isinstance(payload, bytes):
            body, headers = payload, _BINARY_LINE if method in (MESSAGE, SEND) else ()
        else:
            raise ScenarioError(
                f"a message of {type(payload).__name__}: give text or bytes, such as json.dumps(...)",
                caller_place(),
            )
        return Request(
            method, self.path, body, headers, name=name or self._name(method), expect=SWITCHED, check=check
        )

    def _name(self, method: str) -> str:
        return f"{method} {self.name}" if self.name else ""


def is_binary(message: Request) -> bool:
    """Whether a message that is sent is a binary one."""
    return message.headers[:1] == _BINARY_LINE

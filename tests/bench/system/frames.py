"""A server of HTTP/2 in memory: the library h2 in its other role, and frames written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame, RstStreamFrame

from bench.system.http2 import Translation

Answer = Callable[[H2Connection, int], None]


def server(**settings: int) -> H2Connection:
    """The server's side of a connection, its preface ready to be sent."""
    made = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
    made.local_settings.update({SettingCodes[name.upper()]: value for name, value in settings.items()})
    made.local_settings.acknowledge()
    made.initiate_connection()
    return made


def plain(
    *pieces: bytes, status: str = "200", headers: Iterable[tuple[str, str]] = (), padding: int | None = None
) -> Answer:
    """An answer whose body comes in these pieces."""

    def answer(connection: H2Connection, stream: int) -> None:
        connection.send_headers(stream, [(":status", status), *headers], end_stream=not pieces)
        for number, piece in enumerate(pieces, 1):
            connection.send_data(stream, piece, end_stream=number == len(pieces), pad_length=padding)

    return answer


def reset(code: int) -> Answer:
    return lambda connection, stream: connection.reset_stream(stream, code)


def goaway(last: int, code: int = 0) -> bytes:
    """The frame itself: h2 sends nothing after it, and a server may."""
    return bytes(GoAwayFrame(0, last_stream_id=last, error_code=code).serialize())


def rst(stream: int, code: int) -> bytes:
    return bytes(RstStreamFrame(stream, error_code=code).serialize())


class Served:
    """What a server read of one connection: fields, bodies and the streams that came to their end."""

    def __init__(self) -> None:
        self.fields: list[list[tuple[str, str]]] = []
        self.bodies: dict[int, bytes] = {}
        self.ended: list[int] = []

    def take(self, connection: H2Connection, events: Iterable[Event]) -> list[int]:
        """Note what came; the streams whose request is whole now."""
        whole = []
        for event in events:
            if isinstance(event, RequestReceived):
                self.fields.append([(str(name), str(value)) for name, value in event.headers or ()])
                self.bodies[event.stream_id or 0] = b""
            elif isinstance(event, DataReceived):
                stream = event.stream_id or 0
                self.bodies[stream] += event.data or b""
                connection.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            elif isinstance(event, StreamEnded):
                whole.append(event.stream_id or 0)
        self.ended += whole
        return whole


def converse(translation: Translation, connection: H2Connection, served: Served, answer: Answer) -> bytes:
    """Carry bytes to and fro until neither side has any; what came out as HTTP/1.1."""
    given = b""
    while True:
        to_server = translation.take()
        whole = served.take(connection, connection.receive_data(to_server)) if to_server else []
        for stream in whole:
            answer(connection, stream)
        to_client = connection.data_to_send()
        if not to_client and not to_server:
            return given
        if to_client:
            given += translation.receive(to_client)

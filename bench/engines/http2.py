"""HTTP/2 below a client of the native engine, which writes requests and reads answers of HTTP/1.1 as ever."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from bench.system.http2 import ALPN, Http2Error, Translation, UnreadError


class _Client(Protocol):
    """What stands above: `sent_ns` is 0 while no request is under way."""

    sent_ns: int

    def connection_made(self, transport: asyncio.BaseTransport) -> None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...
    def data_received(self, data: bytes) -> None: ...
    def eof_received(self) -> bool | None: ...
    def fail(self, kind: str) -> None: ...


class Http2Connection(asyncio.Protocol):
    """One connection: the protocol of a transport, and the transport of a client. Each loss is reported once."""

    __slots__ = ("_client", "_is_dropped", "_is_lost", "_translation", "_transport")

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._translation: Translation
        self._transport: asyncio.Transport
        self._is_dropped = False  # by the client
        self._is_lost = False  # and the client knows

    # --- as the transport of the client

    def write(self, wire: bytes) -> None:
        translation = self._translation
        try:
            translation.send(wire)
        except (Http2Error, UnreadError) as error:  # later: the client is not done with sending
            asyncio.get_running_loop().call_soon(self._take_fault, error)
            return
        self._transport.write(translation.take())

    def abort(self) -> None:
        self._is_dropped = True
        self._transport.abort()

    def get_extra_info(self, name: str, default: object = None) -> Any:
        return self._transport.get_extra_info(name, default)

    # --- as the protocol of the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        secured = transport.get_extra_info("ssl_object")
        if secured is not None and secured.selected_alpn_protocol() != ALPN:
            self._is_lost = True  # the client never had it: who opened it sees why
            self._transport.abort()
            return
        self._translation = Translation("https" if secured is not None else "http")
        self._client.connection_made(cast(asyncio.BaseTransport, self))
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            answer = self._translation.receive(data)
        except (Http2Error, UnreadError) as error:
            self._flush()
            self._take_fault(error)
            return
        if answer:
            self._client.data_received(answer)
        if not self._is_dropped:
            self._flush()
            if self._translation.is_over and not self._client.sent_ns:
                self._lose(None)

    def eof_received(self) -> bool | None:
        return None if self._is_dropped or self._is_lost else self._client.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._client.connection_lost(exc)

    def _flush(self) -> None:
        if frames := self._translation.take():
            self._transport.write(frames)

    def _take_fault(self, error: Http2Error | UnreadError) -> None:
        if self._is_dropped or self._is_lost:
            return
        if isinstance(error, UnreadError):
            self._lose(error)
        elif self._client.sent_ns:
            self._client.fail(str(error))
        else:
            self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        """Give the connection up, and tell the client that it is lost."""
        self._is_lost = True
        self._transport.abort()
        self._client.connection_lost(error)

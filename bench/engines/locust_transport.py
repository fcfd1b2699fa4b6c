"""Sends what Locust's clients ask for: the bytes and the reader are those of every engine, the client is Locust's.

Left to themselves, each of its two clients adds header lines of its own, keeps cookies from session to session, lets
cut and doubled answers pass, or sends a request twice.
"""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

from geventhttpclient.response import HTTPConnectionClosed, HTTPSocketResponse
from requests import ConnectionError as RequestsError
from requests import PreparedRequest
from requests import Response as RequestsResponse
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from bench.engines.channel import Channel, ExchangeError
from bench.engines.encoding import encode
from bench.engines.job import Job
from bench.model.address import Address, Tls
from scenarios.model import Request, Response
from scenarios.websocket import SWITCHED

_NO_ANSWER = Response(0, b"")
_REPLACED = ("connection", "content-encoding", "content-length", "transfer-encoding")
_BODYLESS = (204, 304)
_SUCCESS = 200


class Transport:
    """The connection of one Locust user, who drives the named `scenario`.

    After a request, `response` is its answer; `fault` says why it has none, or what is wrong with it.
    """

    def __init__(self, channel: Channel, scenario: str = "") -> None:
        self.channel = channel
        self.scenario = scenario
        self.response = _NO_ANSWER
        self.fault = ""
        self.request: Request

    @property
    def wire(self) -> bytes:
        """The request as it goes over the wire."""
        return encode(self.request, self.channel.address.authority, self.channel.address.prefix)

    def fit(self, client: Any, *, is_fast: bool) -> None:
        """Make a client of Locust's, either the fast one or that of `requests`, send by this transport."""
        if is_fast:
            client.client.clientpool = _FastClients(self)
        else:
            for scheme in ("http://", "https://", "unix:"):
                client.mount(scheme, _Adapter(self))

    def expect(self, request: Request) -> None:
        """Name the request that the client is about to send."""
        self.request = request
        self.response = _NO_ANSWER
        self.fault = ""

    def exchange(self) -> Response:
        """Send the request that was named. Raises ExchangeError."""
        try:
            self.response = self.channel.send(self.request)
        except ExchangeError as error:
            self.fault = str(error)
            raise
        return self.response


def channel_for(job: Job) -> Channel:
    """A connection to the server of a job."""
    return Channel(job.address, timeout_s=job.timeout_s)


def channel_to(url: str, timeout_s: float, *, verifies: bool, ca: str = "", http2: bool = False) -> Channel:
    """A connection to the server of a URL, as `address_of` reads it."""
    return Channel(address_of(url, verifies=verifies, ca=ca, http2=http2), timeout_s=timeout_s)


def address_of(url: str, *, verifies: bool, ca: str = "", http2: bool = False) -> Address:
    """The server of a URL, or of `unix:` and a path, as Locust's own command is given one.

    Certificates are verified where an authority's is given in the file `ca`, too; then a Unix socket speaks TLS.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        tls = Tls(ca=ca) if ca else None
        path = url.removeprefix("unix:")  # which may hold what means something in a URL
        return Address("localhost", 0, socket=path, tls=tls, http2=http2)
    tls = Tls(ca=ca, verify=verifies or bool(ca)) if parts.scheme == "https" else None
    return Address(
        parts.hostname or "127.0.0.1",
        parts.port or (443 if tls else 80),
        host_header=parts.netloc.rpartition("@")[2],
        prefix=parts.path.rstrip("/"),
        tls=tls,
        http2=http2,
    )


class _FastClients:
    """Takes the place of a FastHttpUser's pool of clients, and of the one client that is in it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_client(self, url: object) -> _FastClients:
        return self

    def request(self, method: str, *_: object, **__: object) -> HTTPSocketResponse:
        try:
            response = self._transport.exchange()
        except ExchangeError as error:
            raise HTTPConnectionClosed(str(error)) from None
        answer = HTTPSocketResponse(_Replay(_render(response)), method=method)
        answer._sent_request = ""
        return answer

    def close(self) -> None:
        self._transport.channel.close()


class _Replay:
    """A socket from which one answer comes, all at once."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire

    def recv(self, most: int) -> bytes:
        wire, self._wire = self._wire, b""
        return wire

    def close(self) -> None:
        pass


def _render(response: Response) -> bytes:
    """An answer, which was read and decoded already, in the plainest form that it can have.

    That of a WebSocket, a 101, is a 200: Locust's client would take a 101 for one that comes before the answer.
    """
    lines = [f"HTTP/1.1 {_SUCCESS if response.status == SWITCHED else response.status} "]
    lines += [f"{name}: {value}" for name, value in response.fields() if name not in _REPLACED]
    if response.status not in _BODYLESS:
        lines.append(f"content-length: {len(response.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body


class _Adapter(BaseAdapter):
    """Takes the place of the connections below an HttpUser's session of `requests`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    def send(self, request: PreparedRequest, *_: object, **__: object) -> RequestsResponse:
        try:
            response = self._transport.exchange()
        except ExchangeError as error:
            raise RequestsError(str(error), request=request) from None
        answer = RequestsResponse()
        answer.status_code = _SUCCESS if response.status == SWITCHED else response.status
        answer.headers = CaseInsensitiveDict(response.headers)
        answer.raw = io.BytesIO(response.body)
        answer._content = response.body
        answer.url = request.url or ""
        answer.request = request
        return answer

    def close(self) -> None:
        self._transport.channel.close()

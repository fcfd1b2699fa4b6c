"""The parts of a workload: requests, responses, flows and scenarios.

A flow is a generator that yields requests and is sent the responses. It does no I/O, so whoever drives it - the
native engine, Locust, pytest-benchmark, a test - decides how a request travels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from scenarios.decoding import decode

_FIELD = re.compile(rb"\n([^:\r\n]+):[ \t]*((?:[^\r\n]+|\r?\n[ \t])*)")
"""A header line, and the lines that continue it."""
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


class Response(NamedTuple):
    """A response: status, body, and the header lines as they came over the wire.

    The body is decoded where the answer names a Content-Encoding.
    """

    status: int
    body: bytes
    head: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header (any case), or None."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> list[str]:
        """All values of a header (any case), one for each of its lines, such as those of Set-Cookie."""
        wanted = name.lower()
        return [value for key, value in self.fields() if key == wanted]

    @property
    def headers(self) -> dict[str, str]:
        """The headers by lower-case name; several values of one are joined by ", "."""
        joined: dict[str, str] = {}
        for name, value in self.fields():
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined

    def fields(self) -> list[tuple[str, str]]:
        """The header lines in their order, as lower-case names and values; a continued line is one value."""
        return [
            (name.strip().lower().decode("latin-1"), _FOLD.sub(b" ", value).strip().decode("latin-1"))
            for name, value in _FIELD.findall(self.head)
        ]

    @property
    def text(self) -> str:
        """The body as text, in the charset of its Content-Type or UTF-8; what is not text becomes U+FFFD."""
        named = _CHARSET.search(self.header("Content-Type") or "")
        try:
            return self.body.decode(named[1] if named else "utf-8", "replace")
        except LookupError:  # a charset that Python does not know
            return self.body.decode("utf-8", "replace")

    def decoded(self) -> Response:
        """The response with its body as it was before its Content-Encoding. Raises scenarios.decoding.DecodingError.

        Only a driver that brings a body as it came needs this.
        """
        codings = ",".join(self.header_values("Content-Encoding"))
        return self._replace(body=decode(self.body, codings)) if codings else self

    def json(self) -> Any:
        """The body, read as JSON. Raises ValueError."""
        return json.loads(self.body)


Check = Callable[[Response], bool]


class Request(NamedTuple):
    """One request and the response it expects; `name` is the label under which its times are grouped.

    `expect` is a status, or a tuple of those that are right.

    A tuple, not a dataclass: drivers use requests as dictionary keys on the hot path. Yield a module-level constant
    where nothing varies. The path includes the query string; give paths that contain an id a `name`. A `check` must
    depend on the response alone: a driver may skip it for a response that equals the last one byte for byte.
    """

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    name: str = ""
    expect: int | tuple[int, ...] = 200
    check: Check | None = None

    @property
    def label(self) -> str:
        return self.name or f"{self.method} {self.path.partition('?')[0]}"

    def fault(self, response: Response) -> str | None:
        """The fault of a response (`status-500`, `wrong-body`), or None if it is as expected."""
        if response.status != self.expect and not (
            isinstance(self.expect, tuple) and response.status in self.expect
        ):
            return f"status-{response.status}"
        if self.check is not None:
            try:
                right = self.check(response)
            except Exception:  # a check that cannot read the response has found a wrong response
                right = False
            if not right:
                return "wrong-body"
        return None


Flow = Generator[Request, Response, None]


def json_request(
    method: str,
    path: str,
    data: object,
    *,
    name: str = "",
    expect: int | tuple[int, ...] = 200,
    check: Check | None = None,
) -> Request:
    """A request whose body is `data` as JSON."""
    body = json.dumps(data, separators=(",", ":")).encode()
    headers = (("Content-Type", "application/json"),)
    return Request(method, path, body, headers, name=name, expect=expect, check=check)


def contains(part: bytes) -> Check:
    """A check that the body contains `part`: a substring search, cheap enough for every response."""
    return lambda response: part in response.body


def content_type(expected: str) -> Check:
    """A check that the content type is this one, whatever its charset."""
    return lambda response: (
        (response.header("Content-Type") or "").partition(";")[0].strip().lower() == expected
    )


@dataclass(frozen=True)  # without slots, which Python 3.9 lacks: a service's own Python reads this, too
class Scenario:
    """A workload: `flow(rng)` is one session of one user.

    `victim` is an innocent flow that a slow probe repeats on its own connections while the scenario runs: its
    latency shows who else suffers. A session that is `costly` takes so many instructions, as to hash a password, that
    they are counted only where the scenario is named. Scenarios of one `group` do the same work, each as another
    `variant`; without them, the name says both: `db-orm-async` is the variant `async` of `db-orm`.
    """

    name: str
    flow: Callable[[Random], Flow]
    about: str = ""
    victim: Callable[[Random], Flow] | None = None
    costly: bool = False
    group: str = ""
    variant: str = ""

    def __post_init__(self) -> None:
        group, _, variant = self.name.rpartition("-")
        object.__setattr__(self, "group", self.group or group or self.name)
        object.__setattr__(self, "variant", self.variant or variant)


def drive(flow: Flow, send: Callable[[Request], Response]) -> Iterator[tuple[Request, Response]]:
    """Run one session with a blocking `send`; yields each request with its response."""
    try:
        request = next(flow)
        while True:
            response = send(request)
            yield request, response
            request = flow.send(response)
    except StopIteration:
        return


async def drive_async(
    flow: Flow, send: Callable[[Request], Awaitable[Response]]
) -> list[tuple[Request, Response]]:
    """Run one session with an awaitable `send`; returns each request with its response."""
    exchanged: list[tuple[Request, Response]] = []
    try:
        request = next(flow)
        while True:
            response = await send(request)
            exchanged.append((request, response))
            request = flow.send(response)
    except StopIteration:
        return exchanged

"""The parts of a workload: requests, responses, flows and scenarios.

A flow is a generator that yields requests and is sent the responses. It does no I/O, so whoever drives it - the
native engine, Locust, pytest-benchmark, a test - decides how a request travels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, Union

from scenarios import mistakes
from scenarios.decoding import decode
from scenarios.mistakes import ScenarioError
from scenarios.user_start import UserStart

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
    `expect` is a status, or a tuple of those that are right.
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
        """The fault of a response (`status-500`, `wrong-body`, `check-raised`), or None if it is as expected."""
        expect = self.expect
        if response.status != expect and (isinstance(expect, int) or response.status not in expect):
            return f"status-{response.status}"
        if self.check is not None:
            try:
                right = self.check(response)
            except Exception:  # to call it a wrong body would blame the server
                return CHECK_RAISED
            if not right:
                return "wrong-body"
        return None


CHECK_RAISED = "check-raised"


class Pause(NamedTuple):
    """A wait of a user inside a session: yielded in place of a request, and no part of any response time."""

    seconds: float


FlowStep = Union[Request, Pause]  # noqa: UP007 - Python 3.9 cannot compute the other spelling
Flow = Generator[FlowStep, Response, None]
StartFlow = Generator[FlowStep, Response, Any]
"""A flow that ends with a value, which is handed to the user's sessions."""


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

    `on_start(rng)` is a flow that each user runs once, before the first session: to log in, for example. Then the
    sessions are `flow(rng, state)`, where `state` is what it returned. `prepare(rng)` is a flow that runs once on each
    server, before the scenario's first check. `victim` is an innocent flow that a slow probe repeats on its own
    connections while the scenario runs: its latency shows who else suffers. A session that is `costly` takes so many
    instructions, as to hash a password, that they are counted only where the scenario is named. `tags` choose
    scenarios by `--tag`. Scenarios of one `group` do the same work, each as another `variant`; without them, the name
    says both: `db-orm-async` is the variant `async` of `db-orm`. Raises ScenarioError for what cannot be driven.

    Drivers call `session(rng)`, with the same `rng` for all sessions of a user.
    """

    name: str
    flow: Callable[..., Flow]
    about: str = ""
    victim: Callable[[Random], Flow] | None = None
    costly: bool = False
    group: str = ""
    variant: str = ""
    on_start: Callable[[Random], StartFlow] | None = None
    prepare: Callable[[Random], StartFlow] | None = None
    tags: tuple[str, ...] = ()
    session: Callable[[Random], Flow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check()
        group, _, variant = self.name.rpartition("-")
        object.__setattr__(self, "group", self.group or group or self.name)
        object.__setattr__(self, "variant", self.variant or variant)
        session = self.flow if self.on_start is None else UserStart(self.on_start, self.flow)
        object.__setattr__(self, "session", session)
        mistakes.note_scenario(self.name)

    def _check(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ScenarioError(
                f"the name of a scenario is {self.name!r}: give text", mistakes.caller_place()
            )
        who = f"scenario '{self.name}':"
        mistakes.check_flow(f"{who} its flow", self.flow, (1,) if self.on_start is None else (2,))
        for title, flow in (("victim", self.victim), ("on_start", self.on_start), ("prepare", self.prepare)):
            if flow is not None:
                mistakes.check_flow(f"{who} its {title}", flow)
        if not isinstance(self.tags, tuple) or not all(isinstance(tag, str) for tag in self.tags):
            raise ScenarioError(
                f"{who} tags is {self.tags!r}: give a tuple of words, such as ('smoke',)",
                mistakes.caller_place(),
            )


def requests_of(
    flow: Flow, pause: Callable[[float], object] = lambda _seconds: None
) -> Generator[Request, Response, Any]:
    """The requests of a flow alone: its pauses are handed to `pause`, in seconds, and skipped without one.

    Raises ScenarioError where the flow yields something else.
    """
    if not hasattr(flow, "send"):
        raise ScenarioError(mistakes.not_a_flow(flow))
    try:
        step = next(flow)
        while True:
            if isinstance(step, Request):
                step = flow.send((yield step))
            elif isinstance(step, Pause):
                pause(mistakes.checked_seconds(step.seconds, flow))
                step = next(flow)
            else:
                raise ScenarioError(mistakes.step_mistake(step), mistakes.flow_place(flow))
    except StopIteration as end:
        return end.value
    finally:
        flow.close()


def check_request(request: Request, flow: Flow) -> None:
    """Raise ScenarioError, with the line at which the flow waits, for a request that cannot be sent as it stands."""
    problem = mistakes.request_mistake(request)
    if problem:
        raise ScenarioError(problem, mistakes.flow_place(flow))


def drive(
    flow: Flow,
    send: Callable[[Request], Response],
    pause: Callable[[float], object] = lambda _seconds: None,
) -> Iterator[tuple[Request, Response]]:
    """Run one session with a blocking `send`; yields each request with its response.

    `pause` waits so many seconds; without it pauses are skipped. Raises ScenarioError for a mistake of the flow.
    """
    requests = requests_of(flow, pause)
    try:
        request = next(requests)
        while True:
            check_request(request, flow)
            try:
                response = send(request)
            except ScenarioError as error:
                raise error.at(mistakes.flow_place(flow)) from None
            yield request, response
            request = requests.send(response)
    except StopIteration:
        return


async def drive_async(
    flow: Flow, send: Callable[[Request], Awaitable[Response]]
) -> list[tuple[Request, Response]]:
    """Run one session with an awaitable `send`, without its pauses; returns each request with its response.

    Raises ScenarioError for a mistake of the flow.
    """
    exchanged: list[tuple[Request, Response]] = []
    requests = requests_of(flow)
    try:
        request = next(requests)
        while True:
            try:
                response = await send(request)
            except ScenarioError as error:
                raise error.at(mistakes.flow_place(flow)) from None
            exchanged.append((request, response))
            request = requests.send(response)
    except StopIteration:
        return exchanged
    except ScenarioError:
        raise
    except Exception:
        check_request(request, flow)
        raise
